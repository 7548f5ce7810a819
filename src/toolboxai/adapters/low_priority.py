"""Processes beside the server that give way to whoever serves live connections.

``python -m toolboxai.adapters.low_priority MODULE`` runs a module as a program that gives way from its first import on;
it is to be started with ``start_new_session=True``.
"""

import os
import runpy
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["NICENESS", "give_way", "main"]

NICENESS: Final = (
    10  # a tenth of the server's weight: on one core, it goes on with what the server leaves over
)
_AUTOGROUP: Final = Path("/proc/self/autogroup")
_PAUSE_S: Final = 0.11  # Linux takes one such word in a tenth of a second, from whoever is not root
_TRIES: Final = 20


def give_way() -> None:
    """This process, whatever threads it has later: get a processor after those that have not called this."""
    os.nice(NICENESS)
    if sys.platform != "linux":
        return
    with suppress(OSError):  # forbidden here: then it is only nice
        os.sched_setscheduler(
            0, os.SCHED_BATCH, os.sched_param(0)
        )  # does not push others aside when it wakes
    # Where Linux shares processors among sessions first, being nice counts within one's own session alone, and each
    # worker has as much as the server with all its threads. The session has a niceness of its own for that.
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            _session_gives_way()


def _session_gives_way() -> None:
    """As long as others are told to at the same time, again: several workers start at once."""
    for _ in range(_TRIES):
        try:
            _AUTOGROUP.write_text(str(NICENESS), encoding="ascii")
        except BlockingIOError:
            time.sleep(_PAUSE_S)
        else:
            return


def main() -> None:
    """See the module."""
    give_way()
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
