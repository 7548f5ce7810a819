"""The machine: its name for the report, its cores for pinning, what processes cost on it."""

import ctypes
import os
import platform
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CPUCLOCK_SCHED = 2  # linux/posix-timers.h: the clock that counts a process's user and system time
PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None)
LIBRARIES = ("fastapi", "uvicorn", "uvloop", "websockets", "httptools", "starlette")


def describe() -> dict[str, object]:
    """What a reader must know to judge the figures."""
    names = [
        line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")
    ]
    congestion = _lines("/proc/sys/net/ipv4/tcp_congestion_control")
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": len(cores()),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "tcp": congestion[0] if congestion else "unknown",
        "libraries": {name: version(name) for name in LIBRARIES},
    }


@cache  # a run that takes an hour is of the commit at which it began
def origin() -> dict[str, Any]:
    """What stands in every file of results: the commit, whether the sources differ from it, the day, the machine."""
    return {
        "commit": _git("rev-parse", "--short", "HEAD") or "unknown",
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no", "--", "../src")),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": describe(),
    }


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True, check=False)
    except OSError:  # a machine without git
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


@cache
def cores() -> tuple[int, ...]:
    """Those that this process may use, before it takes one of them for itself."""
    return tuple(sorted(os.sched_getaffinity(0)))


def pinned_cores() -> tuple[int, int]:
    """One core for the server, one for the generator; the same one twice where there is no other."""
    return cores()[0], cores()[-1]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """This process works on that core meanwhile: whoever looks at a server, looks from another core than the server's."""
    allowed = cores()
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def at_birth(core: int) -> Callable[[], None]:
    """What a child does before its program begins: takes its core, and ends when the thread that started it does.

    A bench that is killed would otherwise leave servers behind, which disturb the next one.
    """

    def prepare() -> None:
        os.sched_setaffinity(0, {core})
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return prepare


def raise_file_limit() -> int:
    """As many open files as may be had; returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process, to the nanosecond."""
    return time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)


def waited_seconds(pid: int) -> float:
    """How long a process's first thread was ready to run and something else ran on its core.

    The process's own other threads are no disturbance, such as the garbage collector of Node, which shares the core: the
    time in which they ran is taken off. Of two looks the difference counts; only that has a meaning.
    """
    ran, waited = (int(part) / 1e9 for part in Path(f"/proc/{pid}/schedstat").read_text().split()[:2])
    return waited - (cpu_seconds(pid) - ran)


def stolen_seconds(of: Iterable[int]) -> float:
    """How long the machine below held back these cores."""
    names = {f"cpu{core}" for core in of}
    lines = [line.split() for line in _lines("/proc/stat")]
    return sum(int(fields[8]) for fields in lines if fields[0] in names) / os.sysconf("SC_CLK_TCK")


class Lookout:
    """Looks, from now on, for how long processes are kept off their cores.

    Args:
        pids: of them.
    """

    def __init__(self, *pids: int) -> None:
        self._waited = {pid: waited_seconds(pid) for pid in pids}
        self._stolen = stolen_seconds(pinned_cores())

    def waited(self) -> float:
        """Seconds in which they were ready to run and others ran."""
        return sum(max(waited_seconds(pid) - then, 0.0) for pid, then in self._waited.items())

    def stolen(self) -> float:
        """Seconds for which the machine below held back the two cores."""
        return stolen_seconds(pinned_cores()) - self._stolen

    def share(self, seconds: float) -> float:
        """Of these seconds, in which one or the other was the case."""
        return (self.waited() + self.stolen()) / max(seconds, 1e-9)


def resident_bytes(pid: int) -> int:
    """The process's memory, without what the kernel holds for its sockets."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
