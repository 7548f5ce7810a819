"""The processes in which a server has lessons computed and scripts read: held up, or lost."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server_process import Serving

__all__ = ["held_up", "lost", "reader_caught"]

CAUGHT_WITHIN_S = 15.0


def engines(server: Serving) -> list[int]:
    """Those of lessons; they are kept from one stage to the next."""
    return _children(server, b"engine_worker")


def _children(server: Serving, name: bytes) -> list[int]:
    """Ids of the server's processes with this in their command line."""
    if sys.platform != "linux":
        pytest.skip("LEFT OUT: processes are found in /proc")
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            command = folder.joinpath("cmdline").read_bytes()
        except OSError:
            continue  # it has ended meanwhile
        if parent == server.process.pid and name in command:
            found.append(int(folder.name))
    return found


@contextmanager
def held_up(server: Serving) -> Iterator[None]:
    """As on a machine that is far too slow: what is computed does not get on until the block ends.

    What begins in the block stands still in its first stage where something was computed before.
    """
    stopped = engines(server)
    assert stopped, "nothing was computed yet"
    for each in stopped:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in stopped:
            os.kill(each, signal.SIGCONT)


def lost(server: Serving) -> None:
    """They die, as when the system needs their memory."""
    for each in engines(server):
        os.kill(each, signal.SIGKILL)


def reader_caught(server: Serving) -> int:
    """The next process in which scripts are read, standing still; its id. A world is at its third component then."""
    until = time.monotonic() + CAUGHT_WITHIN_S
    while time.monotonic() < until:
        for each in _children(server, b"luau_worker"):
            os.kill(each, signal.SIGSTOP)
            return each
    raise AssertionError("no script was read")
