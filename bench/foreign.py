"""Who else works on this machine: all processor time that was used, less what this process and its descendants used."""

import os
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

__all__ = ["Foreign"]

_TICK: Final = os.sysconf("SC_CLK_TCK")
_IDLE: Final = (3, 4)  # columns of /proc/stat: idle, and waiting for a disk
_STEAL: Final = 7


class Foreign:
    """Others' work from the moment at which this was made; steal, which the machine below takes, is not in it."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._before = _all_s() - _ours_s()

    def cores(self) -> float:
        """How many cores others had, on average."""
        used = _all_s() - _ours_s() - self._before
        return round(max(used, 0.0) / max(time.monotonic() - self._since, 1e-9), 4)


def _all_s() -> float:
    columns = [
        int(each) for each in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    ]
    return sum(each for at, each in enumerate(columns[: _STEAL + 1]) if at not in (*_IDLE, _STEAL)) / _TICK


def _ours_s() -> float:
    """Of a process that has ended, it counts as soon as its parent has asked for its end."""
    used: dict[int, int] = {}
    children = defaultdict(list)
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = (
                    Path(f"/proc/{entry}/stat")
                    .read_text(encoding="utf-8", errors="replace")
                    .rpartition(")")[2]
                    .split()
                )
            except (FileNotFoundError, ProcessLookupError):
                continue
            children[int(fields[1])].append(int(entry))
            used[int(entry)] = sum(int(each) for each in fields[11:15])
    found, waiting = 0, [os.getpid()]
    while waiting:
        pid = waiting.pop()
        found += used.get(pid, 0)
        waiting += children[pid]
    return found / _TICK
