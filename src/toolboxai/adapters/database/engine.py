"""Engines and the table metadata, shared by every store."""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Thread
from typing import Any, Final, TypeAlias
from weakref import WeakSet

import aiosqlite
from sqlalchemy import MetaData, event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from toolboxai.adapters.database.faults import Reason, reason_of, said_by, unavailable
from toolboxai.errors import StorageUnavailable

__all__ = [
    "SEQ_MOST",
    "UNAVAILABLE",
    "Base",
    "Failed",
    "Seen",
    "answers",
    "async_url",
    "open_engine",
    "sync_url",
]

UNAVAILABLE: Final = (StorageUnavailable, PoolTimeout, OSError)
"""What says that the database does not take it now, and that the same may succeed later."""

Failed: TypeAlias = Callable[[Reason, str], None]
"""Is told why the database did not take something, and in which words."""

Seen: TypeAlias = list[tuple[int, int]]
"""Device and inode of the one SQLite file that was opened; empty before, and on Postgres."""

SEQ_MOST: Final = 2**31 - 1
"""The largest number of an event that a column has; Postgres refuses to compare with a larger one."""

BUSY_S: Final = 5.0
"""How long a statement waits for the writer's turn on SQLite."""

CLOSE_S = 5.0
"""How long a connection that was being opened when its user was cancelled may take to close."""


class Base(DeclarativeBase):
    """All tables; constraint names are fixed so that migrations can name them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


async def answers(engine: AsyncEngine) -> None:
    """Return when the database has answered the smallest question: which version its schema has."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT version_num FROM alembic_version"))


def async_url(url: str) -> str:
    """The URL with the driver that we bring: aiosqlite, or psycopg for Postgres."""
    return _with_driver(url, sqlite="sqlite+aiosqlite", postgres="postgresql+psycopg")


def sync_url(url: str) -> str:
    """The same database for tools that are not asynchronous: alembic and the job engine."""
    return _with_driver(url, sqlite="sqlite", postgres="postgresql+psycopg")


def _with_driver(url: str, *, sqlite: str, postgres: str) -> str:
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind not in ("sqlite", "postgresql", "postgres"):
        raise ValueError(
            f"database URL begins with {parsed.drivername!r}; use sqlite:///PATH or postgresql://USER@HOST/NAME"
        )
    return parsed.set(drivername=sqlite if kind == "sqlite" else postgres).render_as_string(
        hide_password=False
    )


# So long is waited for a host that does not answer, and for one that has stopped in the middle. In seconds, but the last.
_POSTGRES: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}


@asynccontextmanager
async def open_engine(
    url: str, *, failed: Failed | None = None, seen: Seen | None = None
) -> AsyncIterator[AsyncEngine]:
    """An engine for the URL; on SQLite with write-ahead log, foreign keys and a wait for the writer's turn.

    What says that the database does not take something now is raised as ``StorageUnavailable``. A transaction that is
    cancelled in the middle is rolled back. At the end every connection is closed, those too that were only being
    opened when their user was cancelled.

    Args:
        url: of the database, as in the settings.
        failed: is told of every such fault.
        seen: shared by all engines that have to stay with one file; filled here.
    """
    sqlite = url.startswith("sqlite")
    options = (
        {}
        if sqlite
        else {name: value for name, value in _POSTGRES.items() if name not in make_url(url).query}
    )
    engine = create_async_engine(async_url(url), pool_pre_ping=not sqlite, connect_args=options)
    _translate(
        engine, failed or _nobody, [] if seen is None else seen
    )  # first: a file that is missing must not be made
    threads = _set_up_sqlite(engine) if engine.dialect.name == "sqlite" else WeakSet[Thread]()
    try:
        yield engine
    finally:
        await engine.dispose()
        for thread in list(threads):
            if thread.is_alive():  # it has still to answer, and its answer needs this loop
                await asyncio.to_thread(thread.join, CLOSE_S)


def _nobody(_reason: Reason, _said: str) -> None:
    """Nobody is told."""


def _translate(engine: AsyncEngine, failed: Failed, seen: Seen) -> None:
    """Have what the drivers say raised in our own words; on SQLite, too, that the file is not there any more.

    SQLite goes on with a file that was removed or replaced, and what it then takes is never seen again.
    """
    file = (
        engine.url.database if engine.dialect.name == "sqlite" and engine.url.database != ":memory:" else None
    )

    def told(fault: BaseException) -> StorageUnavailable | None:
        reason = reason_of(fault, file=file)
        if reason is None:
            return None
        failed(reason, said_by(fault))
        return unavailable(reason)

    @event.listens_for(engine.sync_engine, "handle_error", retval=True)
    def _raised(context: ExceptionContext) -> BaseException | None:
        if context.is_pre_ping or context.sqlalchemy_exception is None:
            return None
        return told(context.sqlalchemy_exception)

    def look(*_asked: Any) -> None:
        found = _identity(file or "")
        if seen and found != seen[0]:
            failed(Reason.GONE, f"{file} was removed or replaced" if found else f"{file} is not there")
            raise unavailable(Reason.GONE)
        if found and not seen:
            seen.append(found)

    if file is not None:
        if not seen and (there := _identity(file)) is not None:
            seen.append(there)
        for moment in ("do_connect", "checkout", "commit"):
            event.listen(engine.sync_engine, moment, look)


def _identity(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _set_up_sqlite(engine: AsyncEngine) -> WeakSet[Thread]:
    """Sets up how it connects; answers the threads in which its connections work."""
    threads = WeakSet[Thread]()

    def connect(*args: Any, **options: Any) -> aiosqlite.Connection:
        connection = aiosqlite.Connection(lambda: _opened(*args, **options), iter_chunk_size=64)
        connection._thread.daemon = True
        threads.add(connection._thread)
        return connection

    @event.listens_for(engine.sync_engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
        options["async_creator_fn"] = connect

    @event.listens_for(engine.sync_engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("foreign_keys=ON", "synchronous=NORMAL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    # A cancelled statement stays alive with its traceback. SQLite closes a connection only after its last
    # statement, and until then nobody else could write.
    @event.listens_for(engine.sync_engine, "invalidate")
    def _undo(connection: Any, _record: Any, _fault: BaseException | None) -> None:
        connection.rollback()

    return threads


def _opened(*args: Any, **options: Any) -> sqlite3.Connection:
    """A connection with a write-ahead log. It waits for the writer's turn from its first statement on.

    Works in the connection's own thread. Of two that turn a new file to the log at once SQLite refuses one without a
    wait, as each might be waiting for the other; that one asks again.
    """
    connection: sqlite3.Connection = sqlite3.connect(*args, **{"timeout": BUSY_S, **options})
    until = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return connection
        except sqlite3.Error as fault:
            busy = getattr(fault, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > until:
                connection.close()
                raise
            time.sleep(0.01)
