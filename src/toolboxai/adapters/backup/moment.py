"""One moment of both halves of a database, while a server writes to it."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event, inspect, make_url, text
from sqlalchemy.pool import NullPool

from toolboxai.adapters.backup.rooms import APPLICATION, JOBS, Room
from toolboxai.adapters.database.engine import sync_url
from toolboxai.adapters.jobs_dbos import JOBS_SCHEMA, jobs_database_url

__all__ = ["Moment", "moment_of"]

_WAIT_S: Final = 30.0  # for the turn of a writer that is at work


@dataclass(frozen=True, slots=True)
class Moment:
    """What is seen of a database at one time, for as long as it is held.

    Args:
        engine: ``sqlite`` or ``postgresql``.
        rooms: the halves that are there.
        revision: of the application's schema.
        jobs_revision: of the job engine's; None: it has none yet.
        held_s: how long nobody could write.
    """

    engine: str
    rooms: Sequence[Room]
    revision: str
    jobs_revision: int | None
    held_s: float


@contextmanager
def moment_of(url: str) -> Iterator[Moment]:
    """Hold a moment; those who write go on meanwhile.

    Args:
        url: of the application's database, whose schema is there.
    """
    with ExitStack() as stack:
        if make_url(sync_url(url)).get_backend_name() == "sqlite":
            engine = "sqlite"
            rooms, held_s = _on_sqlite(url, stack)
        else:
            engine = "postgresql"
            rooms, held_s = _on_postgres(url, stack), 0.0
        jobs = [room for room in rooms if room.name == JOBS]
        yield Moment(
            engine,
            rooms,
            MigrationContext.configure(rooms[0].connection).get_current_heads()[0],
            _jobs_revision(jobs[0]) if jobs else None,
            held_s,
        )


def _on_sqlite(url: str, stack: ExitStack) -> tuple[list[Room], float]:
    """Readers of both files, and for how long nobody could write.

    Two files make no transaction together. So both are kept from being written for as long as it takes to begin reading
    both, some milliseconds; then each reader has the file of that moment, and the writers go on.
    """
    found = {APPLICATION: _file(url), JOBS: _file(jobs_database_url(url))}
    files = {name: path for name, path in found.items() if name == APPLICATION or path.exists()}
    readers = {name: stack.enter_context(_reader(path)) for name, path in files.items()}
    began = 0.0
    with ExitStack() as held:
        for path in files.values():
            writer = held.enter_context(closing(_opened(path)))
            writer.execute("BEGIN IMMEDIATE")
            began = began or time.monotonic()
        for reader in readers.values():
            reader.exec_driver_sql("BEGIN")
            reader.exec_driver_sql("SELECT count(*) FROM sqlite_master").one()  # only now it has its moment
    return [Room(name, reader) for name, reader in readers.items()], time.monotonic() - began


def _file(url: str) -> Path:
    return Path(make_url(sync_url(url)).database or "")


def _opened(path: Path) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode=rw"  # one that is missing is not made
    return sqlite3.connect(uri, uri=True, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)


@contextmanager
def _reader(path: Path) -> Iterator[Connection]:
    engine = create_engine("sqlite://", creator=lambda: _opened(path), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _on_postgres(url: str, stack: ExitStack) -> list[Room]:
    engine = create_engine(sync_url(url), poolclass=NullPool, isolation_level="REPEATABLE READ")
    stack.callback(engine.dispose)

    @event.listens_for(engine, "begin")
    def _read_only(connection: Connection) -> None:
        connection.execute(text("SET TRANSACTION READ ONLY"))

    connection = stack.enter_context(engine.connect())
    rooms = [Room(APPLICATION, connection)]
    if JOBS_SCHEMA in inspect(connection).get_schema_names():
        rooms.append(Room(JOBS, connection, JOBS_SCHEMA))
    return rooms


def _jobs_revision(room: Room) -> int | None:
    if not inspect(room.connection).has_table("dbos_migrations", schema=room.schema):
        return None
    table = "dbos_migrations" if room.schema is None else f"{room.schema}.dbos_migrations"
    found: Any = room.connection.exec_driver_sql(f"SELECT version FROM {table}").scalar()  # noqa: S608  # a name of ours
    return None if found is None else int(found)
