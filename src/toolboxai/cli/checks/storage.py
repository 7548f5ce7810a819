"""The database, and the disk below it."""

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final

from toolboxai.cli.checks.clocks import clock
from toolboxai.cli.checks.finding import Finding, fault, ok, warning
from toolboxai.errors import ConfigError

__all__ = ["disk", "file_system", "storage"]

_MEBIBYTE: Final = 1024 * 1024
_FULL: Final = 50 * _MEBIBYTE  # a school day of lessons no longer fits
_LITTLE: Final = 1024 * _MEBIBYTE
# Their locks do not hold between machines, and the write-ahead log needs memory that is shared.
_NETWORK: Final = frozenset(
    [
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "fuse.ceph",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    ]
)


async def storage(url: str, *, now: Callable[[], float]) -> AsyncIterator[Finding]:
    """The database answers, its schema fits, there is room, and no webhook was given up.

    Args:
        url: of the database, as in the settings.
        now: the time, in Unix seconds.
    """
    from sqlalchemy.engine import make_url

    from toolboxai.adapters.database.migrate import Schema, check

    parsed = make_url(url)
    path = Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
    schema = None
    try:
        state = check(url)
    except ConfigError as refused:
        for text in refused.faults:
            yield fault("database", text)
    else:
        schema = state.schema
        yield (ok if schema in (Schema.CURRENT, Schema.EMPTY) else fault)("database", state.text)
    if path is not None:
        for finding in (*file_system(path.absolute()), *disk(path.absolute().parent)):
            yield finding
    if schema is Schema.CURRENT:
        async for finding in _asked(url, now):
            yield finding


def file_system(file: Path, *, mounts: Path = Path("/proc/mounts")) -> Iterator[Finding]:
    """Whether an SQLite file lies where its locks hold.

    Args:
        file: absolute.
        mounts: the system's table of mounts.
    """
    try:
        rows = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return
    real = file.parent.resolve()
    found = [
        (len(place), kind)
        for _, place, kind, *_ in rows
        if real.is_relative_to(place.replace("\\040", " "))  # as the table writes a space
    ]
    if found and max(found)[1] in _NETWORK:
        text = (
            f"{file} is SQLite on a file system of the network ({max(found)[1]}), where its locks do not hold: move it "
            "to a disk of this machine, or use Postgres"
        )
        yield fault("file system", text)


def disk(folder: Path) -> Iterator[Finding]:
    """Whether the folder of the database can be written to, and has room."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".toolboxai-doctor-") as probe:
            probe.write(b"\0" * 65536)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as refused:
        why = refused.strerror or str(refused)
        yield fault("disk", f"{folder} takes no file ({why}): make room, or let this user write there")
        return
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    if room.f_files and not room.f_favail:
        yield fault("disk", f"{folder} takes no more files, though bytes are free: remove some")
    elif free < _FULL:
        yield fault("disk", f"{folder} has {free // _MEBIBYTE} MiB left: make room before it takes nothing")
    elif free < _LITTLE:
        yield warning("disk", f"{folder} has {free // _MEBIBYTE} MiB left: make room soon")
    else:
        yield ok("disk", f"{folder} can be written to and has {free // _LITTLE} GiB left")


async def _asked(url: str, now: Callable[[], float]) -> AsyncIterator[Finding]:
    """What the database itself tells: its time, and the webhooks that were given up."""
    from sqlalchemy import text

    from toolboxai.adapters.database.engine import UNAVAILABLE, open_engine
    from toolboxai.adapters.database.webhooks import DatabaseWebhookStore
    from toolboxai.node.webhooks.store import State, StoreUnavailable

    try:
        async with open_engine(url) as engine:
            if engine.dialect.name == "postgresql":
                async with engine.connect() as connection:
                    told = await connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
                if told is not None:
                    yield clock("the database", float(told) - now(), check="database clock")
            dead = await DatabaseWebhookStore(engine).page(
                app_id=None, state=State.DEAD, before=None, limit=100
            )
    except (*UNAVAILABLE, StoreUnavailable) as refused:
        yield fault("database", f"it answers no question ({type(refused).__name__}): look at its own log")
        return
    if dead:
        many = f"{len(dead)}" if len(dead) < 100 else "100 or more"
        text_ = (
            f"{many} were given up, the newest for app {dead[0].app_id} ({dead[0].last_error or 'no answer'}): mend "
            "the receiver, then toolboxai webhooks replay --dead"
        )
        yield warning("webhooks", text_)
