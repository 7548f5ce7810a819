"""Engines and the table metadata, shared by every store."""

from typing import Any

from sqlalchemy import MetaData, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase

__all__ = ["Base", "async_url", "create_engine", "sync_url"]


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


def create_engine(url: str) -> AsyncEngine:
    """An engine for the URL; on SQLite with write-ahead log, foreign keys and a wait for the writer's turn.

    A transaction that is cancelled in the middle is rolled back.
    """
    engine = create_async_engine(async_url(url), pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":

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

    return engine
