"""What goes with a process and comes back with the next, in the database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import BigInteger, Integer, LargeBinary, String, delete, insert, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import UNAVAILABLE, Base
from toolboxai.node.kept_state import KeptChunk, Whence
from toolboxai.node.webhooks.store import StoreUnavailable

__all__ = ["DatabaseKeptStore", "KeptRow"]


class KeptRow(Base):
    """One chunk; all rows are of one save."""

    __tablename__ = "kept_state"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    whence: Mapped[str] = mapped_column(String(16))
    app_id: Mapped[str] = mapped_column(String(20))
    form: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)


class DatabaseKeptStore:
    """Satisfies ``node.kept_state.KeptStore`` on SQLite and Postgres.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def save(self, chunks: Sequence[KeptChunk], whence: Whence) -> None:
        """See the port."""
        async with self._transaction() as connection:
            await connection.execute(delete(KeptRow))
            for chunk in chunks:  # one by one: together they would stand in memory twice
                await connection.execute(insert(KeptRow), {"whence": whence.value, **chunk._asdict()})

    async def take(self) -> tuple[Whence, Sequence[KeptChunk]]:
        """See the port."""
        table = KeptRow.__table__.c
        taken = delete(KeptRow).returning(table.id, table.whence, table.app_id, table.form, table.body)
        async with self._transaction() as connection:
            rows = sorted((await connection.execute(taken)).all(), key=lambda row: row.id)
        known = {each.value: each for each in Whence}
        whence = known.get(rows[0].whence, Whence.RUNNING) if rows else Whence.LEFT
        if whence is Whence.RUNNING:  # it has crashed since, and what came after this is not known
            return whence, ()
        return whence, [KeptChunk(row.app_id, row.form, row.body) for row in rows]

    async def mark_restored(self) -> None:
        """What is there comes from a backup, whatever it was when that was made."""
        async with self._transaction() as connection:
            await connection.execute(update(KeptRow).values(whence=Whence.RESTORED.value))

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (
            *UNAVAILABLE,
            DBAPIError,
        ) as fault:  # broken, or changed by another version, is no worse than away
            raise StoreUnavailable(f"{type(fault).__name__}: {getattr(fault, 'orig', fault)}") from fault
