"""The forms in which content is handed out, one a file. Each renders a ``ContentDocument``."""
