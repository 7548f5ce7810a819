"""Who uses the old sockets, in the database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import BigInteger, Double, String, Subquery, case, delete, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import UNAVAILABLE, Base
from toolboxai.platform.migration.store import (
    ClientUse,
    DayUse,
    EndpointUse,
    Place,
    Selection,
    UsageRow,
    UsageUnavailable,
)

__all__ = ["DatabaseUsageStore", "OldSocketUseRow"]


class OldSocketUseRow(Base):
    """One use on one day; texts are empty where they are not known, so that they can be part of the key."""

    __tablename__ = "old_socket_uses"
    endpoint: Mapped[str] = mapped_column(String(16), primary_key=True)
    user_agent: Mapped[str] = mapped_column(String(200), primary_key=True)
    client: Mapped[str] = mapped_column(String(200), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    organization_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True, index=True)
    connections: Mapped[int] = mapped_column(BigInteger)
    messages: Mapped[int] = mapped_column(BigInteger)
    first_seen: Mapped[float] = mapped_column(Double)
    last_seen: Mapped[float] = mapped_column(Double)


_KEY: Final = ("endpoint", "user_agent", "client", "user_id", "organization_id", "day")


class DatabaseUsageStore:
    """Satisfies ``platform.migration.store.UsageStore`` on SQLite and Postgres; each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, rows: Sequence[UsageRow]) -> None:
        """See the port. The database itself adds, so that no process overwrites what another has counted."""
        sqlite = self._engine.dialect.name == "sqlite"
        new = (sqlite_insert if sqlite else postgres_insert)(OldSocketUseRow)
        least, greatest = (func.min, func.max) if sqlite else (func.least, func.greatest)
        kept, come = OldSocketUseRow, new.excluded
        added = new.on_conflict_do_update(
            index_elements=list(_KEY),
            set_={
                "connections": kept.connections + come.connections,
                "messages": kept.messages + come.messages,
                "first_seen": least(kept.first_seen, come.first_seen),
                "last_seen": greatest(kept.last_seen, come.last_seen),
            },
        )
        async with self._transaction() as connection:
            await connection.execute(added, [_values(row) for row in rows])

    async def prune(self, before_day: str) -> None:
        """See the port."""
        async with self._transaction() as connection:
            await connection.execute(delete(OldSocketUseRow).where(OldSocketUseRow.day < before_day))

    async def clients(
        self, selection: Selection, *, after: Place | None = None, limit: int | None = None
    ) -> Sequence[ClientUse]:
        """See the port."""
        uses = _uses(selection)
        place = [uses.c[name] for name in Place._fields]
        query = (
            select(*place, *_seen(uses), func.count(uses.c.day_in.distinct()), *_counts(uses))
            .group_by(*place)
            .order_by(*place)
            .having(func.count(uses.c.day_in) > 0)
            .limit(limit)
        )
        if after is not None:
            query = query.where(tuple_(*place) > tuple_(*map(literal, after)))
        async with self._engine.connect() as connection:
            return [
                ClientUse(Place(*row[:5]), *row[5:7], *map(int, row[7:]))
                for row in await connection.execute(query)
            ]

    async def endpoints(self, selection: Selection) -> Sequence[EndpointUse]:
        """See the port."""
        uses = _uses(selection)
        query = (
            select(uses.c.endpoint, *_seen(uses), func.count(uses.c.client_in.distinct()), *_counts(uses))
            .group_by(uses.c.endpoint)
            .order_by(uses.c.endpoint)
            .having(func.count(uses.c.day_in) > 0)
        )
        async with self._engine.connect() as connection:
            return [EndpointUse(*row[:3], *map(int, row[3:])) for row in await connection.execute(query)]

    async def days(self, selection: Selection, *, from_day: str) -> Sequence[DayUse]:
        """See the port."""
        row = OldSocketUseRow
        clients = func.count((row.user_agent + literal("\n") + row.client).distinct())
        query = (
            select(row.endpoint, row.day, clients, func.sum(row.connections), func.sum(row.messages))
            .where(row.endpoint.in_([name.value for name in selection.endpoints]), row.day >= from_day)
            .group_by(row.endpoint, row.day)
            .order_by(row.endpoint, row.day)
        )
        async with self._engine.connect() as connection:
            return [DayUse(*each[:2], *map(int, each[2:])) for each in await connection.execute(query)]

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                yield connection
        except UNAVAILABLE as fault:
            raise UsageUnavailable(f"{type(fault).__name__}: {getattr(fault, 'orig', fault)}") from fault


def _values(row: UsageRow) -> dict[str, Any]:
    return {
        **row.use._asdict(),
        "day": row.day,
        "connections": row.connections,
        "messages": row.messages,
        "first_seen": row.first_seen,
        "last_seen": row.last_seen,
    }


def _uses(selection: Selection) -> Subquery:
    """The rows of what is selected: the columns of a `Place`, and what counts, null in rows that do not.

    It stands apart, since Postgres groups by columns and not by expressions with parameters in them.
    """
    row = OldSocketUseRow
    organization_id: Any = row.organization_id
    user_id: Any = row.user_id
    if not selection.by_user:
        organization_id = user_id = literal("")
    elif selection.named_in is not None:
        ours = row.organization_id == selection.named_in
        organization_id = case((ours, row.organization_id), else_=literal(""))
        user_id = case((ours, row.user_id), else_=literal(""))
    counts = row.last_seen >= (selection.since or 0.0)
    return (
        select(
            row.endpoint,
            row.user_agent,
            row.client,
            organization_id.label("organization_id"),
            user_id.label("user_id"),
            row.first_seen,
            row.last_seen,
            case((counts, row.day)).label("day_in"),
            case((counts, row.user_agent + literal("\n") + row.client)).label("client_in"),
            case((counts, func.nullif(row.user_id, ""))).label("user_in"),
            case((counts, row.connections), else_=0).label("connections"),
            case((counts, row.messages), else_=0).label("messages"),
        )
        .where(row.endpoint.in_([name.value for name in selection.endpoints]))
        .subquery()
    )


def _seen(uses: Subquery) -> tuple[Any, Any]:
    return func.min(uses.c.first_seen), func.max(uses.c.last_seen)


def _counts(uses: Subquery) -> tuple[Any, Any, Any]:
    return func.sum(uses.c.connections), func.sum(uses.c.messages), func.count(uses.c.user_in.distinct())
