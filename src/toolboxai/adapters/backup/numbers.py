"""Numbers that the database gives by itself, and never twice: the place of a webhook in its queue is one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, func, inspect, select, text

from toolboxai.adapters.backup.rooms import Room, tables_of

__all__ = ["go_on_from", "last_numbers"]


def last_numbers(room: Room) -> dict[str, int]:
    """The last number that each table has given, of those that remember one."""
    connection = room.connection
    if connection.dialect.name == "sqlite":
        if not inspect(connection).has_table("sqlite_sequence"):
            return {}
        query = "SELECT name, seq FROM sqlite_sequence"
        return {row.name: row.seq for row in connection.exec_driver_sql(query)}
    found: dict[str, int] = {}
    for table in tables_of(room):
        for _column, sequence in _sequences(connection, table):
            last, called = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608  # a name that Postgres has quoted
            if called:
                found[f"{table.name}"] = last  # a plain text
    return found


def go_on_from(room: Room, last: Mapping[str, int]) -> None:
    """Have the next number of each table be one that it has never given.

    Args:
        room: with all its rows.
        last: the numbers that were given, where they are known; rows that are there count in any case.
    """
    connection = room.connection
    if connection.dialect.name == "sqlite":
        for name, number in last.items():
            if not _counts(connection, name):
                continue
            done: Any = connection.exec_driver_sql(
                "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (number, name)
            )
            if not done.rowcount:
                connection.exec_driver_sql(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, number)
                )
        return
    for table in tables_of(room):
        for column, sequence in _sequences(connection, table):
            there = connection.scalar(select(func.max(table.c[column]))) or 0
            number = max(there, last.get(table.name, 0))
            if number:
                connection.execute(
                    text("SELECT setval(:sequence, :number)"), {"sequence": sequence, "number": number}
                )


def _counts(connection: Connection, table: str) -> bool:
    """Whether a table of SQLite's remembers the last number that it has given."""
    made: Any = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar()
    return "AUTOINCREMENT" in (made or "").upper()


def _sequences(connection: Connection, table: Table) -> list[tuple[str, str]]:
    """Column and sequence, for each column of a table that has one."""
    query = text("SELECT pg_get_serial_sequence(quote_ident(:table), :column)")
    named = [
        (column.name, connection.scalar(query, {"table": table.name, "column": column.name}))
        for column in table.columns
    ]
    return [(column, sequence) for column, sequence in named if sequence is not None]
