"""A folder whose disk is full soon: a file system of its own where this machine gives one, else a limit on files."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

__all__ = ["makes_disks", "on_a_small_disk"]

_MOUNTED = 'mount -t tmpfs -o size="$1" none "$2"'
_LIMITED = 'ulimit -f "$(($1 / 512))"'  # of each file that is written; POSIX counts in blocks of 512 bytes


@cache
def makes_disks() -> bool:
    """Whether a user may mount a file system in memory here; in a container often not."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    tried = subprocess.run(
        [unshare, "-Urm", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


def on_a_small_disk(
    command: Sequence[str], folder: Path, size: int, *, env: Mapping[str, str], cwd: Path
) -> "subprocess.CompletedProcess[str]":
    """Run a command that writes to a folder with room for `size` bytes; the last line of its output names what is there.

    Args:
        command: to run.
        folder: empty.
        size: of its disk, or of the longest file, in bytes.
        env: of the command.
        cwd: of the command.
    """
    script = f'{_MOUNTED if makes_disks() else _LIMITED} && folder="$2" && shift 2 && "$@"; status=$?; echo left: $(ls -A "$folder"); exit $status'
    prefix = ["unshare", "-Urm"] if makes_disks() else []
    return subprocess.run(
        [*prefix, "sh", "-c", script, "sh", str(size), str(folder), *command],
        env=dict(env),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
