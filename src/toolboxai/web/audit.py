"""Who did what and when in a school, for its admins."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from toolboxai.clock import Clock
from toolboxai.errors import ValidationError
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action, Entry
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.migration.report import age_s
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp

__all__ = ["audit_routes"]


class AuditItem(BaseModel):
    """One thing that somebody did; ``user_id`` null: the operator on the machine, or whoever had a signed link."""

    entry_id: int
    at: str
    action: str
    user_id: str | None
    kind: str
    id: str | None
    details: dict[str, Any]
    request_id: str | None


class AuditAnswer(BaseModel):
    """A page, newest first; ``next_cursor`` is the ``cursor`` of the next, null at the end."""

    items: list[AuditItem]
    next_cursor: str | None


def audit_routes(audit: Audit, clock: Clock, authenticator: Authenticator) -> APIRouter:
    """``GET /api/v1/audit``.

    Args:
        audit: knows what was done.
        clock: for how long ago.
        authenticator: who asks.
    """
    router = APIRouter(prefix="/api/v1/audit", tags=["privacy"])

    @router.get("")
    async def entries(
        who: Annotated[Principal, Depends(authenticator.require("users:manage"))],
        action: Action | None = None,
        user_id: Annotated[str | None, Query(max_length=128, pattern=r"^[A-Za-z0-9_]+$")] = None,
        since: Annotated[str | None, Query(max_length=20)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
    ) -> AuditAnswer:
        """What was done in the asker's own school, newest first."""
        found = await audit.entries(
            who,
            action=action,
            user_id=user_id,
            since=None if since is None else _since(since, clock.now()),
            before=None if cursor is None else _before(cursor),
            limit=limit + 1,
        )
        page = found[:limit]
        return AuditAnswer(
            items=[_item(entry) for entry in page],
            next_cursor=cursor_of((float(page[-1].id),)) if len(found) > limit else None,
        )

    return router


def _before(cursor: str) -> int:
    return int(max(0.0, min(place_in(cursor, float)[0], 2.0**53)))


def _since(age: str, now: float) -> float:
    try:
        return now - age_s(age)
    except ValueError as fault:
        raise ValidationError(f"since: {fault}", details={"fields": {"since": str(fault)}}) from fault


def _item(entry: Entry) -> AuditItem:
    return AuditItem(
        entry_id=entry.id,
        at=timestamp(entry.at),
        action=entry.action.value,
        user_id=entry.user_id,
        kind=entry.kind,
        id=entry.resource_id,
        details=dict(entry.details),
        request_id=entry.request_id,
    )
