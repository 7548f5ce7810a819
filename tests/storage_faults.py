"""Databases that take nothing for a while, each in its own words: full, only to be read, gone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine import Engine

__all__ = ["FAULTS", "Fault", "fault_of", "may_fail"]

Fault = Callable[[], AbstractContextManager[None]]
FAULTS = ("disk_full", "read_only", "gone")


def fault_of(url: str, reason: str) -> Fault:
    """What brings this database into that state for as long as the block lasts; other programs' connections too."""
    url = url.replace("postgresql+psycopg:", "postgresql:")
    if url.startswith("sqlite"):
        return _SQLITE[reason](url)
    return _POSTGRES[reason](url)


# ---- SQLite: what it is told, it does; that its file may not grow is all that a full disk is to it ---------------


_told: dict[str, str] = {}


@contextmanager
def may_fail() -> Iterator[None]:
    """Around everything that is to meet faults: connections of SQLite's are told what holds whenever they begin."""

    def tell(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            for name, value in _told.copy().items():  # this is another thread than that of the test
                connection.exec_driver_sql(f"PRAGMA {name}={value}")

    event.listen(Engine, "begin", tell)
    try:
        yield
    finally:
        event.remove(Engine, "begin", tell)
        _told.clear()


def _pragma(name: str, now: str, afterwards: str) -> Callable[[str], Fault]:
    @contextmanager
    def told() -> Iterator[None]:
        _told[name] = now
        try:
            yield
        finally:
            _told[name] = afterwards

    return lambda _url: told


def _away(url: str) -> Fault:
    path = Path(make_url(url).database or "")

    @contextmanager
    def away() -> Iterator[None]:
        elsewhere = path.rename(path.with_suffix(".away"))
        try:
            yield
        finally:
            elsewhere.rename(path)

    return away


_SQLITE = {
    "disk_full": _pragma("max_page_count", "1", "1073741823"),
    "read_only": _pragma("query_only", "ON", "OFF"),
    "gone": _away,
}


# ---- Postgres ---------------------------------------------------------------------------------------------------

_FULL = """
CREATE SCHEMA faults;
CREATE FUNCTION faults.no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file "base/5/16384": No space left on device'
        USING ERRCODE = 'disk_full', HINT = 'Check free disk space.';
END $$;
DO $$ DECLARE found record; BEGIN
    FOR found IN SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'toolboxai_jobs') LOOP
        EXECUTE format('CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON %I.%I EXECUTE FUNCTION faults.no_room()',
                       found.schemaname, found.tablename);
    END LOOP;
END $$;
"""


def _do(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _full(url: str) -> Fault:
    @contextmanager
    def full() -> Iterator[None]:
        _do(url, _FULL)
        try:
            yield
        finally:
            _do(url, "DROP SCHEMA faults CASCADE")

    return full


def _altered(now: str, afterwards: str) -> Callable[[str], Fault]:
    """The database is altered, and whoever is connected has to connect anew."""

    def of(url: str) -> Fault:
        name = make_url(url).database
        beside = url.replace(f"/{name}", "/postgres", 1)
        cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"

        @contextmanager
        def altered() -> Iterator[None]:
            _do(beside, f"ALTER DATABASE {name} {now}", cut)
            try:
                yield
            finally:
                _do(beside, f"ALTER DATABASE {name} {afterwards}", cut)

        return altered

    return of


_POSTGRES = {
    "disk_full": _full,
    "read_only": _altered("SET default_transaction_read_only = on", "RESET default_transaction_read_only"),
    "gone": _altered("ALLOW_CONNECTIONS false", "ALLOW_CONNECTIONS true"),
}
