"""How a command ends: one table of statuses, documented by ``--help``."""

from enum import IntEnum

__all__ = ["EXIT_HELP", "CommandFailed", "ExitCode"]


class ExitCode(IntEnum):
    """Statuses that scripts may rely on."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    UNREACHABLE = 4
    REFUSED = 5
    STILL_USED = 6
    INTERRUPTED = 130


EXIT_HELP: dict[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.FAILED: "it did not work; the text says why",
    ExitCode.USAGE: "the command line is wrong",
    ExitCode.CONFIGURATION: "a setting or the database's schema is wrong; every fault is listed",
    ExitCode.UNREACHABLE: "no server answers at the address",
    ExitCode.REFUSED: "the server refused: key, token or permission",
    ExitCode.STILL_USED: "clients of the old WebSocket endpoints were seen, as `--fail-if-seen-since` asks",
    ExitCode.INTERRUPTED: "interrupted from the keyboard",
}


class CommandFailed(Exception):
    """A command ends here.

    Args:
        code: its status.
        message: what happened, and what to do.
    """

    def __init__(self, code: ExitCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
