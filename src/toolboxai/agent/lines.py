"""Log lines of a worker that is a program of its own."""

import logging

from toolboxai.client.debugging import masked

__all__ = ["log_to_stderr"]

_OURS = "toolboxai.agent"
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Lines(logging.Formatter):
    """Time, text, and the facts beside it; nothing that opens a door."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line, newline, trace = super().format(record).partition("\n")
        facts = "".join(f" {name}={value}" for name, value in vars(record).items() if name not in _USUAL)
        return masked(f"{line}{facts}{newline}{trace}")


def log_to_stderr() -> None:
    """Show what the kit logs, unless the program has a logging of its own."""
    log = logging.getLogger(_OURS)
    if log.hasHandlers():
        return
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
