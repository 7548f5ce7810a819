"""The schema of the database: brought up to date, and looked at before the server starts.

What the server does with each state (`prepare`): an empty database gets its schema without being asked, so that the
first start is one command. One that is behind is left alone and the start refused with the command to run: an upgrade
of data that matters is the operator's decision, after a backup. One that is newer, or only half there, is refused.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from toolboxai.adapters.database import tables as tables  # declares every table on Base
from toolboxai.adapters.database.engine import Base, sync_url
from toolboxai.adapters.database.faults import Reason, place_of, reason_of, remedy, said_by
from toolboxai.errors import ConfigError

__all__ = ["Schema", "SchemaState", "check", "founded", "prepare", "revisions", "upgrade"]

COMMAND: Final = "toolboxai db upgrade"
LOCK: Final = (
    0x746F6F6C  # any number, the same in every process: two that upgrade at once do so one after the other
)


class Schema(StrEnum):
    """How a database compares with this version of the program."""

    EMPTY = "empty"
    CURRENT = "current"
    BEHIND = "behind"
    NEWER = "newer"
    HALF_MIGRATED = "half-migrated"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """What was found, and what to do about it.

    Args:
        schema: how it compares.
        revision: of the database; None where it has none.
        head: the revision that this version of the program needs.
        text: for the operator, with the command to run.
    """

    schema: Schema
    revision: str | None
    head: str
    text: str


def upgrade(url: str) -> SchemaState:
    """Bring the schema up to date, all of it or, when something fails, nothing.

    Args:
        url: of the database, as in the settings.

    Returns:
        The state after it.

    Raises:
        ConfigError: the database does not answer, is newer than this program, or half there.
    """
    try:
        with _transaction(url) as connection:
            state = _state(connection)
            if state.schema in (Schema.NEWER, Schema.HALF_MIGRATED):
                raise ConfigError([state.text])
            if state.schema is not Schema.CURRENT:
                command.upgrade(_config(connection), "head")
            return _state(connection)
    except DBAPIError as fault:
        if reason_of(fault) is None:
            raise
        raise _not_taken(url, fault) from fault


@contextmanager
def founded(url: str, revision: str) -> Iterator[Connection]:
    """Make the schema of an empty database as it was at a revision, and fill it within the same transaction.

    Args:
        url: of the database, as in the settings.
        revision: one of `revisions`.

    Raises:
        ConfigError: the database does not answer, or is not empty.
    """
    with _transaction(url) as connection:
        state = _state(connection)
        if state.schema is not Schema.EMPTY:
            raise ConfigError([f"the database is not empty: {state.text}"])
        command.upgrade(_config(connection), revision)
        yield connection


def revisions() -> frozenset[str]:
    """Every revision of the schema that this version knows."""
    return frozenset(script.revision for script in _scripts().walk_revisions())


def check(url: str) -> SchemaState:
    """Compare the database with this version of the program; nothing is changed.

    Args:
        url: of the database, as in the settings.

    Raises:
        ConfigError: the database does not answer, or could not be made where it is to be.
    """
    parsed = make_url(sync_url(url))
    if parsed.get_backend_name() == "sqlite" and parsed.database and not Path(parsed.database).exists():
        folder = Path(parsed.database).parent
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ConfigError(
                [
                    f"no database can be made in {folder}: make the folder, or name another in TOOLBOXAI_DATABASE_URL"
                ]
            )
        return _told(Schema.EMPTY, None, _head())  # connecting would make the file
    with _transaction(url) as connection:
        return _state(connection)


def prepare(url: str) -> SchemaState:
    """Make the database ready for serving: create the schema of an empty one, refuse all but a current one.

    Args:
        url: of the database, as in the settings.

    Raises:
        ConfigError: it cannot be served from as it is; the text has the command to run.
    """
    state = check(url)
    if state.schema is Schema.EMPTY:
        return upgrade(url)
    if state.schema is not Schema.CURRENT:
        raise ConfigError([state.text])
    return state


def _state(connection: Connection) -> SchemaState:
    known = [script.revision for script in _scripts().walk_revisions()]  # newest first
    head = known[0]
    found = MigrationContext.configure(connection).get_current_heads()
    there = inspect(connection)
    ours = {table.name for table in Base.metadata.sorted_tables} & set(there.get_table_names())
    if not found and not ours:
        return _told(Schema.EMPTY, None, head)
    if not found or len(found) > 1:
        return _told(
            Schema.HALF_MIGRATED, "+".join(found) or None, head, f"found the tables {', '.join(sorted(ours))}"
        )
    if found[0] not in known:
        return _told(Schema.NEWER, found[0], head)
    if found[0] != head:
        return _told(Schema.BEHIND, found[0], head)
    missing = [
        f"{table.name}.{column.name}" if table.name in ours else table.name
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if table.name not in ours or column.name not in {had["name"] for had in there.get_columns(table.name)}
    ]
    if missing:
        return _told(Schema.HALF_MIGRATED, head, head, f"missing: {', '.join(dict.fromkeys(missing))}")
    return _told(Schema.CURRENT, head, head)


def _told(schema: Schema, revision: str | None, head: str, detail: str = "") -> SchemaState:
    said = {
        Schema.EMPTY: f"the database is empty; `toolboxai serve` makes its schema, or run: {COMMAND}",
        Schema.CURRENT: f"the database is up to date (revision {head})",
        Schema.BEHIND: f"the database is at revision {revision}, this version needs {head}. Back it up, then run: {COMMAND}",
        Schema.NEWER: f"the database is at revision {revision}, which is newer than this version knows (up to {head}). "
        "Start the version that made it, or a newer one, or restore the backup from before its upgrade; "
        f"`{COMMAND}` of that version brings it up to date",
        Schema.HALF_MIGRATED: f"the database is half migrated (revision {revision or 'none'}; {detail}). "
        f"Restore the backup from before the last upgrade, then run: {COMMAND}",
    }
    return SchemaState(schema, revision, head, said[schema])


@contextmanager
def _transaction(url: str) -> Iterator[Connection]:
    """One transaction around everything, table definitions too; nobody else upgrades in the meantime."""
    engine = create_engine(sync_url(url), poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        # The driver would begin a transaction late and leave definitions of tables outside it.
        @event.listens_for(engine, "connect")
        def _ours(connection: Any, _record: Any) -> None:
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with _connected(engine, url) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            yield connection
            connection.commit()
    finally:
        engine.dispose()


def _connected(engine: Engine, url: str) -> Connection:
    """A connection whose transaction has begun.

    Raises:
        ConfigError: there is no database at the other end.
    """
    try:
        connection = engine.connect()
        try:
            connection.begin()
        except BaseException:  # whatever it is, nobody else would close it
            connection.close()
            raise
    except DBAPIError as fault:
        raise _not_taken(url, fault) from fault
    return connection


def _not_taken(url: str, fault: DBAPIError) -> ConfigError:
    """What the database says when it cannot be begun with, and what to do."""
    parsed = make_url(sync_url(url))
    sqlite = parsed.get_backend_name() == "sqlite"
    reason = reason_of(fault, file=parsed.database if sqlite else None)
    said = f"the database {place_of(url)} does not take it: {said_by(fault)}."
    if reason in (Reason.DISK_FULL, Reason.READ_ONLY, Reason.DISK_FAULT):
        return ConfigError([f"{said} What to do: {remedy(reason)}"])
    return ConfigError([f"{said} Check TOOLBOXAI_DATABASE_URL"])


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))


def _head() -> str:
    head = _scripts().get_current_head()
    assert head is not None  # the versions stand beside this file
    return head
