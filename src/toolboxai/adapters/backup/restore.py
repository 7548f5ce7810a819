"""A backup into an empty database: everything, or nothing."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import JSON, Connection, Table, create_engine, make_url, text, update
from sqlalchemy.pool import NullPool

from toolboxai.adapters.backup.archive import Archive, BadArchive, Manifest, Part, opened, sync_folder
from toolboxai.adapters.backup.numbers import go_on_from
from toolboxai.adapters.backup.rooms import APPLICATION, JOBS, Room, tables_of
from toolboxai.adapters.backup.take import Progress
from toolboxai.adapters.database import migrate
from toolboxai.adapters.database.engine import sync_url
from toolboxai.adapters.database.faults import place_of
from toolboxai.adapters.database.migrate import Schema, SchemaState
from toolboxai.adapters.jobs_dbos import JOBS_SCHEMA, DbosJobs, jobs_database_url
from toolboxai.errors import ConfigError
from toolboxai.node.kept_state import Whence

__all__ = ["check", "restore"]

_BATCH_BYTES: Final = 4 << 20
_BATCH_ROWS: Final = 500


def check(path: Path, progress: Progress) -> Manifest:
    """Read a whole backup and touch nothing.

    Args:
        path: of the file.
        progress: is told how far it is.

    Raises:
        BadArchive: it is none, or damaged.
        OSError: it cannot be read.
    """
    with opened(path) as archive:
        _verify(archive, progress)
        return archive.manifest


def restore(path: Path, url: str, *, jobs: bool, progress: Progress) -> tuple[Manifest, SchemaState]:
    """Restore a backup into a database that is empty; nothing is done to any other.

    Args:
        path: of the file.
        url: of the database, as in the settings.
        jobs: whether the job engine's state is restored; without it unfinished work begins again at the stage that
            was cut.
        progress: is told how far it is.

    Returns:
        What the backup had in it, and how its schema compares with this version.

    Raises:
        BadArchive: it is no backup, or damaged.
        ConfigError: the database is not empty, or this version cannot restore this backup.
        OSError: the file cannot be read, or the disk does not take what is restored.
        DBAPIError: the database does not take it.
    """
    with opened(path) as archive:
        manifest = archive.manifest
        if manifest.revision not in migrate.revisions():
            raise ConfigError(
                [
                    f"{path} has the schema {manifest.revision}, which this version does not know. Restore it with "
                    f"toolboxai {manifest.product}, which made it, or a newer one"
                ]
            )
        _refuse_what_is_there(url)
        _verify(archive, progress)
        with_jobs = jobs and manifest.jobs_revision is not None
        if make_url(sync_url(url)).get_backend_name() == "sqlite":
            _into_files(archive, url, with_jobs, progress)
        else:
            _into_postgres(archive, url, with_jobs, progress)
    return manifest, migrate.check(url)


def _verify(archive: Archive, progress: Progress) -> None:
    for part, count in archive.verify():
        progress(f"checking {part.name}", count, part.rows)


def _refuse_what_is_there(url: str) -> None:
    if migrate.check(url).schema is not Schema.EMPTY:
        raise ConfigError(
            [
                f"the database {place_of(url)} is not empty, and a backup never replaces anything. Stop the server, then "
                "move the database away (on SQLite both files, NAME.db and NAME.jobs.db), or name an empty one in "
                "TOOLBOXAI_DATABASE_URL"
            ]
        )


# ---- SQLite -----------------------------------------------------------------------------------------------------


def _into_files(archive: Archive, url: str, with_jobs: bool, progress: Progress) -> None:
    """Both files are made beside their place, and put there when they are whole; that of the application is the last.

    So a restore that was cut off has not happened. The jobs of a database that is gone belong to nothing.
    """
    place = Path(make_url(sync_url(url)).database or "")
    jobs_place = Path(make_url(jobs_database_url(url)).database or "")
    workshop = Path(tempfile.mkdtemp(prefix=".restore-", dir=place.parent))
    try:
        made = f"sqlite:///{workshop / place.name}"
        with migrate.founded(made, archive.manifest.revision) as connection:
            _fill(archive, Room(APPLICATION, connection), progress)
        files = [(workshop / place.name, place)]
        if with_jobs:
            _make_jobs(made, archive)
            jobs_made = jobs_database_url(made)
            with _jobs_file(jobs_made) as connection:
                _fill(archive, Room(JOBS, connection), progress)
            files.insert(0, (Path(make_url(jobs_made).database or ""), jobs_place))
        for file, _to in files:
            _sync(file)
        for leftover in (place, jobs_place):
            for ending in ("-wal", "-shm"):  # of a file that is not there: they must not be taken for ours
                leftover.with_name(leftover.name + ending).unlink(missing_ok=True)
        jobs_place.unlink(missing_ok=True)
        for file, to in files:
            file.rename(to)
        sync_folder(place.parent)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


@contextmanager
def _jobs_file(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")  # the file alone is moved
            connection.commit()
            yield connection
            connection.commit()
    finally:
        engine.dispose()


def _sync(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ---- Postgres ---------------------------------------------------------------------------------------------------


def _into_postgres(archive: Archive, url: str, with_jobs: bool, progress: Progress) -> None:
    """One transaction; only the empty tables of the job engine are made before it."""
    if with_jobs:
        _make_jobs(url, archive)
    with migrate.founded(url, archive.manifest.revision) as connection:
        _fill(archive, Room(APPLICATION, connection), progress)
        if with_jobs:
            _fill(archive, Room(JOBS, connection, JOBS_SCHEMA), progress)


# ---- both -------------------------------------------------------------------------------------------------------


def _make_jobs(url: str, archive: Archive) -> None:
    """Have the job engine make its tables.

    Raises:
        ConfigError: they are not those that the backup was made from, or there is something in them.
    """

    async def once() -> None:
        engine = DbosJobs(url)
        await engine.launch()
        await engine.close()

    asyncio.run(once())
    schema = None if url.startswith("sqlite") else JOBS_SCHEMA
    prefix = "" if schema is None else f"{schema}."
    engine = create_engine(sync_url(jobs_database_url(url)), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            found = connection.execute(text(f"SELECT version FROM {prefix}dbos_migrations")).scalar_one()  # noqa: S608  # names of ours
            there = connection.execute(text(f"SELECT count(*) FROM {prefix}workflow_status")).scalar_one()  # noqa: S608
    finally:
        engine.dispose()
    if there:
        raise ConfigError([f"there are jobs in {place_of(url)} already; name an empty database"])
    if found != archive.manifest.jobs_revision:
        raise ConfigError(
            [
                f"the job engine of this version has the schema {found}, the backup's has {archive.manifest.jobs_revision}. "
                f"Restore it with toolboxai {archive.manifest.product}, which made it; or with --without-jobs, and "
                "unfinished lessons begin again at the stage that was cut"
            ]
        )


def _fill(archive: Archive, room: Room, progress: Progress) -> None:
    tables = {table.name: table for table in tables_of(room)}
    parts = {part.table: part for part in archive.manifest.parts if part.room == room.name}
    unknown = parts.keys() - tables.keys()
    if unknown:
        raise BadArchive(f"the backup has tables that its schema does not have: {', '.join(sorted(unknown))}")
    for name, table in tables.items():
        if room.name == JOBS:
            room.connection.execute(table.delete())  # the engine has noted its version
        if name in parts:
            _fill_table(archive, parts[name], room.connection, table, progress)
    if room.name == APPLICATION:
        go_on_from(room, archive.manifest.last_numbers)
        if "kept_state" in tables:
            kept = tables["kept_state"]
            room.connection.execute(update(kept).values(whence=Whence.RESTORED.value))
    if room.connection.dialect.name == "sqlite":
        broken = room.connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise BadArchive(f"a row of {broken[0]} refers to one of {broken[2]} that is not in the backup")


def _fill_table(
    archive: Archive, part: Part, connection: Connection, table: Table, progress: Progress
) -> None:
    rows = archive.rows(part)
    columns = next(rows)
    unknown = set(columns) - set(table.columns.keys())
    if unknown:
        raise BadArchive(
            f"{part.name} has columns that its schema does not have: {', '.join(sorted(unknown))}"
        )
    as_json = []
    for name in columns:
        kind = table.c[name].type
        as_json.append(isinstance(kind, JSON))
        if isinstance(kind, JSON):
            kind.none_as_null = True  # nothing stays nothing
    done, batch, size = 0, list[dict[str, Any]](), 0
    for row in chain(rows, [None]):
        if batch and (row is None or len(batch) >= _BATCH_ROWS or size >= _BATCH_BYTES):
            connection.execute(table.insert(), batch)
            done += len(batch)
            progress(part.name, done, part.rows)
            batch, size = [], 0
        if row is not None:
            values = map(_fitting, row, as_json)
            batch.append(dict(zip(columns, values, strict=True)))
            size += sum(len(value) for value in row if isinstance(value, str | bytes))


def _fitting(value: Any, as_json: bool) -> Any:
    """What one kind of database keeps as JSON, the other keeps as its text."""
    if as_json:
        return msgspec.json.decode(value) if isinstance(value, str) else value
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value
