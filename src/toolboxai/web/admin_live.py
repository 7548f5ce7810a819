"""Who is connected, and which channels are occupied, for those who run the server."""

import re
from ipaddress import ip_address, ip_network
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from toolboxai.errors import ResourceNotFound
from toolboxai.hub.about import Transport
from toolboxai.ids import SOCKET_ID
from toolboxai.node.listing import ChannelPlace, ConnectionPlace, Listing, LiveChannel, LiveConnection, Wanted
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.identity.model import Principal
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp

__all__ = ["PERMISSION", "WHOLE_ADDRESSES", "ConnectionItem", "admin_live_routes", "connection_item"]


PERMISSION: Final = "admin:connections"
WHOLE_ADDRESSES: Final = "system:manage"
"""Whose holders see addresses whole; others see the network: an address is personal data."""

_NETWORK_BITS: Final = {4: 24, 6: 48}
_NAME_CHARS: Final = 1000  # the longest name of a channel that may be configured
_Text = Annotated[str | None, Query(max_length=_NAME_CHARS)]
_Limit = Annotated[int, Query(ge=1, le=100)]
_Cursor = Annotated[str | None, Query(max_length=CURSOR_CHARS)]


class ConnectionItem(BaseModel):
    """One connection; what it did not tell of itself is empty, and ``user_id`` null where nobody signed in."""

    socket_id: str
    app_id: str
    user_id: str | None
    address: str
    transport: Transport
    protocol: str
    client: str
    version: str
    user_agent: str
    channels: int
    queued_bytes: int
    connected_since: str
    heard_s_ago: float | None


class ConnectionsAnswer(BaseModel):
    """A page of connections, the oldest first; ``next_cursor`` is the ``cursor`` of the next, null at the end."""

    items: list[ConnectionItem]
    next_cursor: str | None


class ChannelItem(BaseModel):
    """One channel; ``users`` is null off presence channels, ``last_event_at`` where there was none yet."""

    app_id: str
    channel: str
    subscribers: int
    users: int | None
    kept_events: int
    last_event_at: str | None


class ChannelsAnswer(BaseModel):
    """A page of channels with a subscriber; ``next_cursor`` is the ``cursor`` of the next, null at the end."""

    items: list[ChannelItem]
    next_cursor: str | None


def admin_live_routes(listing: Listing, authenticator: Authenticator, audit: Audit) -> APIRouter:
    """``/api/v1/admin/connections`` and ``/api/v1/admin/channels``, of this process.

    Args:
        listing: looks.
        authenticator: who asks.
        audit: notes who ended what.
    """
    router = APIRouter(prefix="/api/v1/admin", tags=["admin"])
    # It stands first in each route: who may not ask does not learn what is there.
    operator = Annotated[Principal, Depends(authenticator.require(PERMISSION))]

    @router.get("/connections")
    async def connections(
        who: operator,
        app: _Text = None,
        channel: _Text = None,
        user: _Text = None,
        limit: _Limit = 20,
        cursor: _Cursor = None,
    ) -> ConnectionsAnswer:
        """Open connections, the oldest first; of one app, on one channel, of one user."""
        after = None if cursor is None else ConnectionPlace(*place_in(cursor, float, str))
        found = await listing.connections(Wanted(app, channel, user), after=after, limit=limit + 1)
        whole = who.can(WHOLE_ADDRESSES)
        return ConnectionsAnswer(
            items=[connection_item(each, whole_address=whole) for each in found[:limit]],
            next_cursor=cursor_of(found[limit - 1].place) if len(found) > limit else None,
        )

    @router.delete("/connections/{socket_id}", status_code=204)
    async def disconnect(who: operator, socket_id: str, request: Request) -> Response:
        """End a connection with 4009: its client stays away until somebody connects it anew."""
        gone = listing.disconnect(socket_id) if re.fullmatch(SOCKET_ID, socket_id) else None
        if gone is None:
            raise ResourceNotFound(
                "there is no such connection in this process; GET /api/v1/admin/connections lists those there are"
            )
        about = {"app_id": gone.app.id, "of_user": gone.user_id}
        request_id = request.scope.get(REQUEST_ID)
        await audit.note(
            Action.DISCONNECTED, who, "connection", socket_id, request_id=request_id, details=about
        )
        return Response(status_code=204)

    @router.get("/channels")
    async def channels(
        _who: operator,
        app: _Text = None,
        prefix: Annotated[str, Query(max_length=_NAME_CHARS)] = "",
        limit: _Limit = 20,
        cursor: _Cursor = None,
    ) -> ChannelsAnswer:
        """Channels with a subscriber, by app and name."""
        after = None if cursor is None else ChannelPlace(*place_in(cursor, str, str))
        found = await listing.channels(app_id=app, prefix=prefix, after=after, limit=limit + 1)
        return ChannelsAnswer(
            items=[_channel(each) for each in found[:limit]],
            next_cursor=cursor_of(found[limit - 1].place) if len(found) > limit else None,
        )

    return router


def connection_item(each: LiveConnection, *, whole_address: bool) -> ConnectionItem:
    """One connection as it is told.

    Args:
        each: as it is.
        whole_address: whether the asker may see it; otherwise its network is told.
    """
    connection, about = each.connection, each.connection.about
    return ConnectionItem(
        socket_id=connection.socket_id,
        app_id=connection.app.id,
        user_id=connection.user_id,
        address=connection.address if whole_address else network_of(connection.address),
        transport=about.transport,
        protocol=about.protocol,
        client=about.client,
        version=about.version,
        user_agent=about.user_agent,
        channels=each.channels,
        queued_bytes=each.queued_bytes,
        connected_since=timestamp(connection.opened.at),
        heard_s_ago=None if each.heard_s_ago is None else round(each.heard_s_ago, 3),
    )


def _channel(each: LiveChannel) -> ChannelItem:
    return ChannelItem(
        app_id=each.app_id,
        channel=each.name,
        subscribers=each.subscribers,
        users=each.users,
        kept_events=each.kept_events,
        last_event_at=None if each.last_event_at is None else timestamp(each.last_event_at),
    )


def network_of(address: str) -> str:
    """The network of an address, such as ``203.0.113.0/24``; empty for what is none."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    mapped = known.ipv4_mapped if known.version == 6 else None
    known = mapped or known
    return str(ip_network((known, _NETWORK_BITS[known.version]), strict=False))
