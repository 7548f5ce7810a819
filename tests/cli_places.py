"""What tests of the command line share: an app, an environment without settings, a server that answers."""

import os
from dataclasses import dataclass

__all__ = ["APP", "JWT", "Served", "clean_environ"]

APP = {"PUSHER_APP_ID": "3", "PUSHER_KEY": "school-key", "PUSHER_SECRET": "school-secret"}
JWT = "j" * 40


@dataclass
class Served:
    url: str


def clean_environ() -> dict[str, str]:
    """The environment of the test run without any setting of ours."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("TOOLBOXAI_", "PUSHER_"))
    }
