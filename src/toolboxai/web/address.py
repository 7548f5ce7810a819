"""Whom the server takes a caller for, so that an operator sees whether its proxies are set up."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from toolboxai.platform.identity.model import Principal
from toolboxai.web.security import Authenticator

__all__ = ["address_routes"]


class AddressAnswer(BaseModel):
    """The caller's address as limits count it, the other end of the connection, and whether a proxy has said anything."""

    address: str
    peer: str
    forwarded: bool


def address_routes(authenticator: Authenticator) -> APIRouter:
    """``GET /api/v1/admin/address``.

    Args:
        authenticator: who asks, and from where.
    """
    router = APIRouter(prefix="/api/v1/admin", tags=["operations"])

    @router.get("/address")
    async def address(
        request: Request, _operator: Annotated[Principal, Depends(authenticator.require("system:manage"))]
    ) -> AddressAnswer:
        """The address that the server sees, behind trusted proxies and before."""
        return AddressAnswer(
            address=authenticator.address(request),
            peer="unknown" if request.client is None else request.client.host,
            forwarded="x-forwarded-for" in request.headers or "forwarded" in request.headers,
        )

    return router
