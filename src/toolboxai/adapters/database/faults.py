"""What a database says when it does not take something, in words that an operator and a client understand."""

import os
import sqlite3
from enum import StrEnum
from typing import Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError

from toolboxai.errors import StorageUnavailable

__all__ = ["Reason", "place_of", "reason_of", "remedy", "said_by", "unavailable"]


class Reason(StrEnum):
    """Why the database does not take it."""

    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"
    GONE = "gone"
    DISK_FAULT = "disk_fault"
    BUSY = "busy"
    FAILING = "failing"

    @property
    def lasts(self) -> bool:
        """Whether it stays so until somebody does something about it."""
        return self not in (Reason.BUSY, Reason.FAILING)


_LEAST_BYTES: Final = 128 * 1024  # with less than this no file of SQLite's grows
# By result code, or its primary one: https://www.sqlite.org/rescode.html
_SQLITE: Final = {
    1032: Reason.GONE,  # the file was moved away
    5: Reason.BUSY,
    6: Reason.BUSY,
    8: Reason.READ_ONLY,
    10: Reason.DISK_FAULT,
    13: Reason.DISK_FULL,
    14: Reason.GONE,
}
# By SQLSTATE, or its class: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES: Final = {
    "25006": Reason.READ_ONLY,
    "53100": Reason.DISK_FULL,
    "53": Reason.BUSY,
    "40": Reason.BUSY,
    "55": Reason.BUSY,
    "55000": Reason.GONE,  # nobody is let in
    "57": Reason.GONE,
    "58": Reason.DISK_FAULT,
    "08": Reason.GONE,
    "3D": Reason.GONE,
}
_FOR_CLIENTS: Final = {
    Reason.DISK_FULL: "the disk of the database is full",
    Reason.READ_ONLY: "the database can only be read at this moment",
    Reason.GONE: "the database does not answer at this moment",
    Reason.DISK_FAULT: "the disk of the database does not work at this moment",
    Reason.BUSY: "the database is too busy at this moment",
    Reason.FAILING: "the database does not answer at this moment",
}
_REMEDIES: Final = {
    Reason.DISK_FULL: "make room on its disk",
    Reason.READ_ONLY: "make its file system, or the database itself, writable again",
    Reason.GONE: "bring it back where it was",
    Reason.DISK_FAULT: "look at its disk and file system; the system's log says more",
    Reason.BUSY: "look for another program that holds it",
    Reason.FAILING: "look at what it said",
}


def reason_of(fault: BaseException, *, file: str | None = None) -> Reason | None:
    """Why a database does not take it now; None: it is no such fault.

    Args:
        fault: what SQLAlchemy or the driver raised.
        file: of the database, on SQLite. Where that says only that it failed, its disk is asked why.
    """
    if not isinstance(fault, OperationalError | InternalError | InterfaceError | sqlite3.OperationalError):
        return None
    said = fault if isinstance(fault, sqlite3.Error) else fault.orig
    if isinstance(said, sqlite3.Error):
        code = getattr(said, "sqlite_errorcode", 0)
        reason = _SQLITE.get(code) or _SQLITE.get(code & 0xFF, Reason.FAILING)
        return _of_the_disk(file, reason) if file and reason in (Reason.DISK_FAULT, Reason.GONE) else reason
    state = getattr(said, "sqlstate", None)
    if state is None:  # it did not say anything: nobody is there
        return Reason.GONE
    return _POSTGRES.get(state) or _POSTGRES.get(state[:2], Reason.FAILING)


def _of_the_disk(file: str, reason: Reason) -> Reason:
    """A file that cannot be made or made longer is told alike, whatever hinders it."""
    try:
        disk = os.statvfs(os.path.dirname(file) or ".")
    except OSError:
        return Reason.GONE
    if disk.f_flag & os.ST_RDONLY:
        return Reason.READ_ONLY
    return Reason.DISK_FULL if disk.f_bavail * disk.f_frsize < _LEAST_BYTES else reason


def unavailable(reason: Reason) -> StorageUnavailable:
    """What is raised for it, to be answered with 503."""
    return StorageUnavailable(
        f"{_FOR_CLIENTS[reason]}; this was not done, try again later", reason=reason.value
    )


def remedy(reason: Reason) -> str:
    """What an operator does about it."""
    return _REMEDIES[reason]


def place_of(url: str) -> str:
    """The database as an operator knows it: its file, or its URL without the password."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return parsed.database or ":memory:"
    return parsed.render_as_string(hide_password=True)


def said_by(fault: BaseException) -> str:
    """The driver's own words, on one line."""
    return " ".join(str(getattr(fault, "orig", None) or fault).split())
