"""A folder in memory for what tests write: hundreds of databases are made, filled and thrown away.

What is proved here about processes that are killed holds in memory too: it is there until the machine loses its power.
The full form, which also makes whole environments, writes to the disk.
"""

import os
from pathlib import Path
from typing import Final

from forms import FULL

__all__ = ["memory_folder"]

SHARED: Final = Path("/dev/shm")
ROOM: Final = 4 << 30  # bytes; many times what is there at once
PYTEST_LOOKS_AT: Final = "PYTEST_DEBUG_TEMPROOT"


def memory_folder() -> Path | None:
    """Where there is one that has room, takes files and lets programs be started from it; None: tests write to the disk."""
    if FULL:
        return None
    try:
        there = os.statvfs(SHARED)
        free = next(
            int(line.split()[1]) << 10
            for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("MemAvailable:")
        )
    except (OSError, StopIteration):
        return None
    may = os.access(SHARED, os.W_OK | os.X_OK) and not there.f_flag & os.ST_NOEXEC
    return SHARED if may and min(there.f_bavail * there.f_frsize, free) >= ROOM else None


def pytest_configure() -> None:
    """The temporary folders of the run are there, unless somebody has named another place."""
    if (folder := memory_folder()) is not None:
        os.environ.setdefault(PYTEST_LOOKS_AT, str(folder))
