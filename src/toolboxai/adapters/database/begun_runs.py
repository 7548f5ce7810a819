"""Runs as they begin: once for each key of their owner, and no more than the owner may have under way."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from toolboxai.adapters.database.content_tables import SessionRow
from toolboxai.adapters.database.environment_tables import EnvironmentRow
from toolboxai.adapters.database.owner_turns import one_at_a_time

__all__ = ["Asked", "Begun", "begin_once", "under_way"]

_Table = type[SessionRow] | type[EnvironmentRow]


class Asked(NamedTuple):
    """What somebody asks for.

    Args:
        id: which a new run gets.
        owner_id: whose it becomes.
        key: the same key of the same owner leads to the same run; None: always to a new one.
        digest: of the request, to tell whether the same was asked with that key.
    """

    id: str
    owner_id: str
    key: str | None
    digest: str


class Begun(NamedTuple):
    """The run that it led to, whether it is new, and whether it was asked for as it is."""

    id: str
    fresh: bool
    same_request: bool


async def begin_once(
    engine: AsyncEngine,
    table: _Table,
    asked: Asked,
    insert: Callable[[AsyncConnection], Awaitable[None]],
    *,
    active: Sequence[str],
    limit: int,
) -> Begun | None:
    """Insert a run in one transaction, or find the one of the same key.

    Args:
        engine: of the database.
        table: of the runs.
        asked: for what.
        insert: writes all that a new run has.
        active: statuses of runs that wait or are under way.
        limit: so many of them may the owner have, with this one.

    Returns:
        None: the owner would have more; nothing was written.
    """
    known = await _known(engine, table, asked)
    if known is not None:
        return known
    try:
        async with engine.begin() as connection:
            await one_at_a_time(connection, asked.owner_id)
            await insert(connection)
            if await under_way(connection, table, asked.owner_id, active) > limit:
                await connection.rollback()
                return None
    except IntegrityError:
        known = await _known(engine, table, asked)  # the same key came in twice at the same time
        if known is None:
            raise
        return known
    return Begun(asked.id, fresh=True, same_request=True)


async def _known(engine: AsyncEngine, table: _Table, asked: Asked) -> Begun | None:
    if asked.key is None:
        return None
    query = select(table.id, table.request_sha256).where(
        table.owner_id == asked.owner_id, table.idempotency_key == asked.key
    )
    async with engine.connect() as connection:
        row = (await connection.execute(query)).one_or_none()
    return None if row is None else Begun(row.id, False, row.request_sha256 == asked.digest)


async def under_way(connection: AsyncConnection, table: _Table, owner_id: str, active: Sequence[str]) -> int:
    """How many runs of these statuses an owner has."""
    query = (
        select(func.count()).select_from(table).where(table.owner_id == owner_id, table.status.in_(active))
    )
    return await connection.scalar(query) or 0
