"""What the system lets the server have: descriptors, and the time to leave."""

import re
import resource
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from toolboxai.cli.checks.finding import Finding, fault, ok, warning

__all__ = ["UNITS", "open_files", "serving_process", "unit_file", "unit_files", "wanted_files"]

_LEAST: Final = 4096  # one descriptor for each connection; below this a school day runs into the limit
_BESIDE: Final = 200  # database, logs, workers, requests under way
_KILL_S: Final = 10.0  # beside the drain, until the process is killed
UNITS: Final = (Path("/etc/systemd/system/toolboxai.service"), Path("/lib/systemd/system/toolboxai.service"))
_SPAN: Final = re.compile(
    r"(?:(\d+)\s*min)?\s*(?:(\d+)\s*(?:s|sec)?)?", re.IGNORECASE
)  # of systemd's spans, what is used


def wanted_files(max_connections: int) -> int:
    """So many descriptors.

    Args:
        max_connections: of all apps together; 0: no app has a limit.
    """
    return max(_LEAST, max_connections + _BESIDE)


def open_files(max_connections: int) -> Finding:
    """The limit of whoever starts the server from here."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = wanted_files(max_connections)
    if hard == resource.RLIM_INFINITY or hard >= wanted:
        most = "no limit" if hard == resource.RLIM_INFINITY else f"up to {hard}"
        return ok("open files", f"{most}, one for each connection; serve takes what it may")
    text = f"up to {hard} here, one for each connection, and {wanted} are wanted; {_raise(wanted)}"
    return fault("open files", text)


def _raise(wanted: int) -> str:
    number = max(65536, wanted)
    return f"raise it: ulimit -Hn {number} as root, or LimitNOFILE={number} in the service's unit"


def serving_process(port: int, max_connections: int, *, proc: Path = Path("/proc")) -> Iterator[Finding]:
    """The limit of the process that listens on the port, where it is one of ours to look at."""
    pid = _listening(port, proc)
    if pid is None:
        return
    try:
        limits = (proc / str(pid) / "limits").read_text()
    except OSError:  # it has gone meanwhile
        return
    found = re.search(r"^Max open files\s+(\S+)", limits, re.MULTILINE)
    if found is None or found[1] == "unlimited":
        return
    soft, wanted = int(found[1]), wanted_files(max_connections)
    if soft < wanted:
        text = f"process {pid} on port {port} may open {soft}, and {wanted} are wanted; {_raise(wanted)}, start it anew"
        yield fault("open files of the server", text)
    else:
        yield ok("open files of the server", f"process {pid} on port {port} may open {soft}")


def _listening(port: int, proc: Path) -> int | None:
    """The process that has the listening socket of the port; None: nobody, or another user's."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for process in proc.iterdir() if inodes else ():
        if process.name.isdecimal() and _holds(process / "fd", inodes):
            return int(process.name)
    return None


def _holds(descriptors: Path, names: set[str]) -> bool:
    try:
        there = list(descriptors.iterdir())
    except OSError:  # another user's, or gone
        return False
    for each in there:
        try:
            if str(each.readlink()) in names:
                return True
        except OSError:  # closed meanwhile
            continue
    return False


def unit_files(max_connections: int, *, drain_s: float, places: Sequence[Path] = UNITS) -> Iterator[Finding]:
    """The service's unit, if there is one."""
    for place in places:
        try:
            text = place.read_text(encoding="utf-8")
        except OSError:
            continue
        yield from unit_file(str(place), text, max_connections, drain_s=drain_s)
        return


def unit_file(name: str, text: str, max_connections: int, *, drain_s: float) -> Iterator[Finding]:
    """What a systemd unit gives the server.

    Args:
        name: of the file.
        text: of the file.
        max_connections: as in `wanted_files`.
        drain_s: over how long it leaves.
    """
    values = dict(re.findall(r"^\s*(\w+)\s*=\s*(.*?)\s*$", text, re.MULTILINE))
    wanted, troubles = wanted_files(max_connections), []
    files = values.get("LimitNOFILE", "").rpartition(":")[2]
    if files != "infinity" and (not files.isdecimal() or int(files) < wanted):
        troubles.append(f"LimitNOFILE={files or '(none)'}, set it to {max(65536, wanted)}")
    stop_s = _seconds(values.get("TimeoutStopSec", "90"))
    if stop_s is not None and stop_s < drain_s + _KILL_S:
        least = int(drain_s + _KILL_S)
        troubles.append(
            f"TimeoutStopSec={values['TimeoutStopSec']} kills it while it leaves, set it to {least} or more"
        )
    if "Restart" not in values:
        troubles.append("no Restart=, so a crash stays one: set Restart=on-failure")
    if troubles:
        yield warning("systemd", f"{name}: {'; '.join(troubles)}; then systemctl daemon-reload")
    else:
        yield ok("systemd", f"{name} gives it what it needs")


def _seconds(span: str) -> float | None:
    """Seconds of a span such as ``20``, ``20s`` or ``1min 30s``; None: without end, or a form not known here."""
    found = _SPAN.fullmatch(span.strip())
    if found is None or not any(found.groups()):
        return None
    return 60.0 * int(found[1] or 0) + int(found[2] or 0)
