"""What became of a publication, for those who run the server."""

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from toolboxai.errors import ResourceNotFound
from toolboxai.node.accounts import Accounts
from toolboxai.platform.identity.model import Principal
from toolboxai.protocol.publication import Position
from toolboxai.web.security import Authenticator

__all__ = ["admin_publications_routes"]

PERMISSION: Final = "admin:apps"


class SocketAnswer(BaseModel):
    """What became of it for one connection: the ``verdict`` in a word, ``text`` in a sentence."""

    socket_id: str
    verdict: str
    text: str
    acknowledged: bool | None
    connected_at: str | None
    closed_at: str | None


class PublicationAnswer(BaseModel):
    """What became of one publication; ``acknowledged`` is null where no connection is asked for receipts."""

    id: str
    app_id: str
    channel: str
    event: str
    bytes: int
    at: str
    origin: str
    excluded: str | None
    subscribers: int
    written: int
    waiting: int
    conflated: int
    dropped: int
    known: int
    slow: int
    unsent: int
    failed: int
    handed_later: int
    acknowledged: int | None
    webhooks: int
    complete: bool
    socket: SocketAnswer | None


def admin_publications_routes(accounts: Accounts, authenticator: Authenticator) -> APIRouter:
    """The route ``/api/v1/admin/publications/{publication_id}``.

    Args:
        accounts: of the node of this process, all apps.
        authenticator: who asks.
    """
    router = APIRouter(prefix="/api/v1/admin/publications", tags=["admin"])

    @router.get("/{publication_id}")
    async def publication(
        _who: Annotated[Principal, Depends(authenticator.require(PERMISSION))],
        publication_id: str,
        socket_id: Annotated[str | None, Query(pattern=r"^[0-9]{1,20}\.[0-9]{1,20}$")] = None,
    ) -> PublicationAnswer:
        """What became of a publication of any app, and with ``socket_id`` why that connection did not get it."""
        try:
            position = Position.parse(publication_id)
        except ValueError as fault:
            raise ResourceNotFound(f"there is no publication of this id: {fault}") from fault
        account = await accounts.of(position, socket_id=socket_id)
        if account is None:
            raise ResourceNotFound(accounts.not_remembered(position))
        # Without the user: it is one of the app's, which may be another organisation's. The app's secret opens it.
        facts: dict[str, Any] = msgspec.to_builtins(account)
        return PublicationAnswer.model_validate(facts)

    return router
