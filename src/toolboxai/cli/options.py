"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AsJson", "ConfigFile", "Key", "Url"]

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", help="Settings file; else TOOLBOXAI_CONFIG, else toolboxai.toml if it is there."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
Url = Annotated[
    str | None,
    typer.Option("--url", help="The server; else TOOLBOXAI_URL, else the host and port of the settings."),
]
Key = Annotated[str | None, typer.Option("--key", help="The app's key; else that of the settings.")]
