"""For how long things are kept, for the admins of a school."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from toolboxai.platform.identity.model import Principal
from toolboxai.web.security import Authenticator

__all__ = ["retention_routes"]


class RetentionAnswer(BaseModel):
    """Days after which things are deleted; 0: never."""

    retention_days: int
    audit_days: int


def retention_routes(retention_days: int, audit_days: int, authenticator: Authenticator) -> APIRouter:
    """``GET /api/v1/admin/retention``.

    Args:
        retention_days: of lessons, answers and guests, as the operator has set it.
        audit_days: of entries of the audit.
        authenticator: who asks.
    """
    router = APIRouter(prefix="/api/v1/admin/retention", tags=["privacy"])
    kept = RetentionAnswer(retention_days=retention_days, audit_days=audit_days)

    @router.get("")
    async def retention(
        who: Annotated[Principal, Depends(authenticator.require("users:manage"))],
    ) -> RetentionAnswer:
        """What the operator has set under ``[privacy]``; nobody changes it from here."""
        return kept

    return router
