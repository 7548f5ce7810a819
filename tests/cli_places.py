"""An app's credentials for tests of the command line, and an environment without settings."""

import os

__all__ = ["APP", "JWT", "clean_environ"]

APP = {"PUSHER_APP_ID": "3", "PUSHER_KEY": "school-key", "PUSHER_SECRET": "school-secret"}
JWT = "j" * 40


def clean_environ() -> dict[str, str]:
    """The environment of the test run without any setting of ours."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("TOOLBOXAI_", "PUSHER_"))
    }
