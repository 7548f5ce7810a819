"""The two halves of what is kept: the application's tables, and those of its job engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, Connection, MetaData, Table, inspect

__all__ = ["APPLICATION", "JOBS", "Room", "tables_of"]

APPLICATION: Final = "application"
JOBS: Final = "jobs"

# What is no data: which schema it is, and what a backup and a full disk are noted in.
_LEFT_OUT: Final = {
    APPLICATION: frozenset({"alembic_version", "backup_requests", "storage_probe"}),
    JOBS: frozenset({"dbos_migrations"}),
}


@dataclass(frozen=True, slots=True)
class Room:
    """One half, seen through one connection.

    Args:
        name: `APPLICATION` or `JOBS`.
        connection: sees one moment; on SQLite each half has its own.
        schema: of its tables; None: the usual one.
    """

    name: str
    connection: Connection
    schema: str | None = None


def tables_of(room: Room) -> Sequence[Table]:
    """The tables as they are, whatever version made them; those that others refer to come first."""
    found = inspect(room.connection)
    ordered = [name for name, _keys in found.get_sorted_table_and_fkc_names(schema=room.schema) if name]
    return [
        Table(
            name,
            MetaData(),
            *(
                Column(column["name"], column["type"])
                for column in found.get_columns(name, schema=room.schema)
            ),
            schema=room.schema,
        )
        for name in ordered
        if name not in _LEFT_OUT[room.name]
    ]
