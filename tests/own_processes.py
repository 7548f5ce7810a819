"""Processes that the test's own process has started, as Linux tells them."""

import os
from pathlib import Path

__all__ = ["own_processes"]


def own_processes(name: str) -> list[int]:
    """Ids of those with this in their command line."""
    # Not from the lists of children that threads have: a child whose thread is just ending stands in none of them.
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _is_one(pid, name.encode())]


def _is_one(pid: str, name: bytes) -> bool:
    try:
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        return parent == os.getpid() and name in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        return False
