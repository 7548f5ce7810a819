"""Whoever counts what an owner has counts alone."""

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["one_at_a_time"]

_OWNERS: Final = 0x6F776E  # any number: keeps these locks apart from others in the database


async def one_at_a_time(connection: AsyncConnection, owner_id: str) -> None:
    """Until the transaction ends, no other one of this owner counts: each would miss what the others have not committed.

    SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(_OWNERS, func.hashtext(owner_id))))
