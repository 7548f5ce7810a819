"""The command line, one file a group, imported when it is called."""
