"""The audit in the database."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Double, Index, Integer, String, Text, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import UNAVAILABLE, Base
from toolboxai.platform.audit.entry import Action, Entry
from toolboxai.platform.audit.store import AuditUnavailable

__all__ = ["AuditRow", "DatabaseAuditStore"]


class AuditRow(Base):
    """One thing that somebody did; people are named by id only, so that entries outlive accounts."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_organization_id", "organization_id", "id"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    at: Mapped[float] = mapped_column(Double, index=True)
    action: Mapped[str] = mapped_column(String(40))
    organization_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str | None] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(40))
    resource_id: Mapped[str | None] = mapped_column(String(200))
    details: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(String(64))


class DatabaseAuditStore:
    """Satisfies ``platform.audit.store.AuditStore`` on SQLite and Postgres; each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, entry: Entry) -> None:
        """See the port."""
        row = {
            "at": entry.at,
            "action": entry.action.value,
            "organization_id": entry.organization_id,
            "user_id": entry.user_id,
            "kind": entry.kind,
            "resource_id": entry.resource_id,
            "details": json.dumps(dict(entry.details), separators=(",", ":")),
            "request_id": entry.request_id,
        }
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(AuditRow).values(row))
        except UNAVAILABLE as fault:
            raise AuditUnavailable(f"{type(fault).__name__}: {getattr(fault, 'orig', fault)}") from fault

    async def entries(
        self,
        organization_id: str,
        *,
        action: Action | None,
        user_id: str | None,
        since: float | None,
        before: int | None,
        limit: int,
    ) -> Sequence[Entry]:
        """See the port."""
        query = (
            select(AuditRow.__table__)
            .where(AuditRow.organization_id == organization_id)
            .order_by(AuditRow.id.desc())
            .limit(limit)
        )
        if action is not None:
            query = query.where(AuditRow.action == action.value)
        if user_id is not None:
            query = query.where(AuditRow.user_id == user_id)
        if since is not None:
            query = query.where(AuditRow.at >= since)
        if before is not None:
            query = query.where(AuditRow.id < before)
        async with self._engine.connect() as connection:
            return [_entry(row) for row in await connection.execute(query)]

    async def prune(self, before: float) -> int:
        """See the port."""
        async with self._engine.begin() as connection:
            done = await connection.execute(delete(AuditRow).where(AuditRow.at < before))
        return done.rowcount


def _entry(row: Any) -> Entry:
    known = dict(row._mapping)
    return Entry(**{**known, "action": Action(row.action), "details": json.loads(row.details)})
