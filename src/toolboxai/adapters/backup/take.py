"""Everything that a server keeps, of one moment, into one file."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, func, select

from toolboxai.adapters.backup.archive import FORMAT, ArchiveWriter, Manifest, writing
from toolboxai.adapters.backup.asking import Asked, asked
from toolboxai.adapters.backup.moment import Moment, moment_of
from toolboxai.adapters.backup.numbers import last_numbers
from toolboxai.adapters.backup.rooms import APPLICATION, Room, tables_of
from toolboxai.adapters.database import migrate
from toolboxai.adapters.database.migrate import Schema
from toolboxai.errors import ConfigError

__all__ = ["Progress", "Taken", "take"]

Progress = Callable[[str, int, int], None]
"""Is told the part, how many of its rows are done, and how many it has."""

_AT_ONCE: Final = 50  # rows that are fetched together: a file to download may have some megabytes
_TELL: Final = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was made.

    Args:
        manifest: of the file.
        size: of the file, in bytes.
        asked: what came of asking the running server.
        held_s: for how long nobody could write to the database.
    """

    manifest: Manifest
    size: int
    asked: Asked
    held_s: float


def take(url: str, path: Path, *, product: str, wait_s: float, replace: bool, progress: Progress) -> Taken:
    """Make a backup; a server may run on the database and goes on.

    Args:
        url: of the database, as in the settings.
        path: of the file to write.
        product: our version.
        wait_s: for a running server to answer.
        replace: whether a file that is there may go.
        progress: is told how far it is.

    Raises:
        ConfigError: there is no database that could be copied.
        FileExistsError: there is such a file, and it may not go.
        OSError: the disk does not take the file.
        DBAPIError: the database went away in the middle.
    """
    state = migrate.check(url)
    if state.schema not in (Schema.CURRENT, Schema.BEHIND):
        raise ConfigError([f"nothing was copied: {state.text}"])
    with writing(path, replace=replace) as archive, asked(url, wait_s) as came, moment_of(url) as moment:
        for room in moment.rooms:
            for table in tables_of(room):
                _copy(archive, room, table, progress)
        numbers = {
            name: last
            for room in moment.rooms
            if room.name == APPLICATION
            for name, last in last_numbers(room).items()
        }
        manifest = _manifest(archive, moment, numbers, product, memory=came is Asked.WRITTEN)
        archive.finish(manifest)
    return Taken(manifest, path.stat().st_size, came, moment.held_s)


def _copy(archive: ArchiveWriter, room: Room, table: Table, progress: Progress) -> None:
    total = room.connection.scalar(select(func.count()).select_from(table)) or 0
    if not total:
        return
    # Plain texts: SQLAlchemy's names are of a kind of their own, which nothing else can write down.
    name, columns = f"{table.name}", [f"{column.name}" for column in table.columns]
    part = f"{room.name}/{name}"
    with archive.part(room.name, name, columns) as writer:
        for count, row in enumerate(_rows(room.connection, table), 1):
            writer.add(row)
            if count % _TELL == 0:
                progress(part, count, total)
    progress(part, total, total)


def _rows(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """All rows, some at a time."""
    with closing(connection.execution_options(yield_per=_AT_ONCE).execute(select(table))) as result:
        for row in result:
            yield tuple(row)


def _manifest(
    archive: ArchiveWriter, moment: Moment, numbers: dict[str, int], product: str, *, memory: bool
) -> Manifest:
    return Manifest(
        format=FORMAT,
        product=product,
        made_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        engine=moment.engine,
        revision=moment.revision,
        jobs_revision=moment.jobs_revision,
        memory=memory,
        last_numbers=numbers,
        parts=tuple(archive.parts),
    )
