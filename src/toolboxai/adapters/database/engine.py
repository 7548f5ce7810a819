"""Engines and the table metadata, shared by every store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread
from typing import Any, Final
from weakref import WeakSet

import aiosqlite
from sqlalchemy import MetaData, event, make_url, text
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase

__all__ = ["UNAVAILABLE", "Base", "answers", "async_url", "open_engine", "sync_url"]

# An InternalError, on Postgres: it takes no writes for now, as after a change of its primary.
UNAVAILABLE: Final = (OperationalError, InternalError, InterfaceError, PoolTimeout, OSError)
"""What says that the database does not take it now, and that the same may succeed later."""

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


@asynccontextmanager
async def open_engine(url: str) -> AsyncIterator[AsyncEngine]:
    """An engine for the URL; on SQLite with write-ahead log, foreign keys and a wait for the writer's turn.

    A transaction that is cancelled in the middle is rolled back. At the end every connection is closed, those
    too that were only being opened when their user was cancelled.
    """
    engine = create_async_engine(async_url(url), pool_pre_ping=not url.startswith("sqlite"))
    threads = _set_up_sqlite(engine) if engine.dialect.name == "sqlite" else WeakSet[Thread]()
    try:
        yield engine
    finally:
        await engine.dispose()
        for thread in list(threads):
            if thread.is_alive():  # it has still to answer, and its answer needs this loop
                await asyncio.to_thread(thread.join, CLOSE_S)


def _set_up_sqlite(engine: AsyncEngine) -> WeakSet[Thread]:
    """Sets up how it connects; answers the threads in which its connections work."""
    threads = WeakSet[Thread]()

    def connect(*args: Any, **options: Any) -> aiosqlite.Connection:
        connection = aiosqlite.connect(*args, **options)
        connection._thread.daemon = True
        threads.add(connection._thread)
        return connection

    @event.listens_for(engine.sync_engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
        options["async_creator_fn"] = connect

    @event.listens_for(engine.sync_engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "busy_timeout=5000", "foreign_keys=ON", "synchronous=NORMAL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    # A cancelled statement stays alive with its traceback. SQLite closes a connection only after its last
    # statement, and until then nobody else could write.
    @event.listens_for(engine.sync_engine, "invalidate")
    def _undo(connection: Any, _record: Any, _fault: BaseException | None) -> None:
        connection.rollback()

    return threads
