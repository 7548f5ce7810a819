"""What has been announced of brown-outs, in the database."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Double, Integer, String, delete, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import UNAVAILABLE, Base
from toolboxai.platform.notifications.store import NoticesUnavailable

__all__ = ["BrownoutNoticeRow", "DatabaseNoticeStore"]


class BrownoutNoticeRow(Base):
    """How far one brown-out has been announced."""

    __tablename__ = "brownout_notices"
    brownout: Mapped[str] = mapped_column(String(200), primary_key=True)
    step: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[float] = mapped_column(Double)


class DatabaseNoticeStore:
    """Satisfies ``platform.notifications.store.NoticeStore`` on SQLite and Postgres.

    Args:
        engine: from `open_engine`.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def told(self) -> Mapping[str, int]:
        """See the port."""
        try:
            async with self._engine.connect() as connection:
                rows = await connection.execute(select(BrownoutNoticeRow.brownout, BrownoutNoticeRow.step))
                return {row.brownout: row.step for row in rows}
        except UNAVAILABLE as fault:
            raise _unavailable(fault) from fault

    async def note(self, brownout: str, step: int, *, ends_at: float, forget_before: float) -> None:
        """See the port."""
        new = (sqlite_insert if self._engine.dialect.name == "sqlite" else postgres_insert)(BrownoutNoticeRow)
        noted = new.values(brownout=brownout, step=step, ends_at=ends_at).on_conflict_do_update(
            index_elements=["brownout"], set_={"step": new.excluded.step}
        )
        try:
            async with self._engine.begin() as connection:
                await connection.execute(noted)
                await connection.execute(
                    delete(BrownoutNoticeRow).where(BrownoutNoticeRow.ends_at < forget_before)
                )
        except UNAVAILABLE as fault:
            raise _unavailable(fault) from fault


def _unavailable(fault: Any) -> NoticesUnavailable:
    return NoticesUnavailable(f"{type(fault).__name__}: {getattr(fault, 'orig', fault)}")
