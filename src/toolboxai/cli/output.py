"""What commands print: text for people, or one JSON object a line for programs."""

import json
import sys
from typing import Any

__all__ = ["Output", "complain"]


class Output:
    """Standard output of one command.

    Args:
        as_json: one JSON object for each thing that happens, and nothing else.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.terminal = sys.stdout.isatty() and not as_json

    def say(self, text: str, /, **fields: Any) -> None:
        """One thing that happened: `text` for people, `fields` for programs; without fields, for people only."""
        if not self.as_json:
            print(text, flush=True)
        elif fields:
            print(json.dumps(fields, ensure_ascii=False, default=str), flush=True)


def complain(text: str) -> None:
    """Tell what went wrong, on standard error."""
    print(text, file=sys.stderr, flush=True)
