"""Who was refused a channel of late, why, and what would have allowed it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from toolboxai.platform.identity.authorisations import Authorisations, Refused, Way
from toolboxai.platform.identity.explanations import explained
from toolboxai.platform.identity.model import Principal
from toolboxai.web.admin_live import PERMISSION
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp

__all__ = ["EVERYWHERE", "admin_refusals_routes"]

EVERYWHERE = "system:manage"
"""Whose holders see the refusals of all organisations, and of who is not known; others see those of their own."""

_Text = Annotated[str | None, Query(max_length=200)]


class RefusalItem(BaseModel):
    """Refusals of one user on one channel for one reason; ``at`` is when the last was, ``count`` how many there were.

    User and role are null where no token said who it was: all such are one.
    """

    at: str
    first_at: str
    count: int
    way: Way
    channel: str
    user_id: str | None
    role: str | None
    reason: str
    text: str
    allowed_by: str


class RefusalsAnswer(BaseModel):
    """The latest first: 500 at most, and 200 of who is not known; there is no second page."""

    items: list[RefusalItem]


def admin_refusals_routes(authorisations: Authorisations, authenticator: Authenticator) -> APIRouter:
    """``/api/v1/admin/refusals``, of this process.

    Args:
        authorisations: remember them.
        authenticator: who asks.
    """
    router = APIRouter(prefix="/api/v1/admin", tags=["admin"])
    # It stands first: who may not ask does not learn what is there.
    operator = Annotated[Principal, Depends(authenticator.require(PERMISSION))]

    @router.get("/refusals")
    async def refusals(who: operator, channel: _Text = None, user_id: _Text = None) -> RefusalsAnswer:
        """Refused authorisations of channels, on one channel, of one user."""
        everywhere = who.can(EVERYWHERE)
        found = authorisations.refused(
            None if everywhere else who.organization_id, channel=channel, user_id=user_id
        )
        return RefusalsAnswer(items=[_item(each, everywhere=everywhere) for each in found])

    return router


def _item(refused: Refused, *, everywhere: bool) -> RefusalItem:
    why = explained(refused, everywhere=everywhere)
    return RefusalItem(
        at=timestamp(refused.last_at),
        first_at=timestamp(refused.first_at),
        count=refused.count,
        way=refused.way,
        channel=refused.channel,
        user_id=refused.user_id,
        role=refused.role,
        reason=why.reason,
        text=why.text,
        allowed_by=why.allowed_by,
    )
