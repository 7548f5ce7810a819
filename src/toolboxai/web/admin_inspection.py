"""One connection looked at closely, and who is on a presence channel, for those who run the server."""

import json
import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from toolboxai.errors import ResourceNotFound
from toolboxai.ids import SOCKET_ID
from toolboxai.node.inspection import Inspected, Inspection
from toolboxai.platform.identity.model import Principal
from toolboxai.web.admin_live import PERMISSION, WHOLE_ADDRESSES, ConnectionItem, connection_item
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp

__all__ = ["MEMBERS_INFO", "admin_inspection_routes"]

MEMBERS_INFO: Final = WHOLE_ADDRESSES
"""Whose holders see what members tell of themselves: names are personal data; others see their ids."""


class SubscribedItem(BaseModel):
    """One channel of a connection; ``member``: whether it stands for a member there."""

    channel: str
    since: str
    member: bool


class RefusedItem(BaseModel):
    """A channel that the connection was refused, as its client was told."""

    channel: str
    status: int
    message: str


class InspectedConnection(BaseModel):
    """A connection as lists have it, and what only a close look shows."""

    connection: ConnectionItem
    channels: list[SubscribedItem]
    refused: list[RefusedItem]
    buffered_bytes: int
    lagging: bool
    ponged_s_ago: float | None
    messages_received: int
    events_per_s: float
    bytes_per_s: float
    window_s: float


class MemberItem(BaseModel):
    """A user on a presence channel; ``user_info`` is what they tell of themselves, null where that is not to be shown."""

    user_id: str
    user_info: Any


class MembersAnswer(BaseModel):
    """A page of members, by id; ``next_cursor`` is the ``cursor`` of the next, null at the end."""

    items: list[MemberItem]
    next_cursor: str | None


def admin_inspection_routes(inspection: Inspection, authenticator: Authenticator) -> APIRouter:
    """``/api/v1/admin/connections/{socket_id}`` and ``/api/v1/admin/channels/{app_id}/{channel}/members``.

    Args:
        inspection: looks.
        authenticator: who asks.
    """
    router = APIRouter(prefix="/api/v1/admin", tags=["admin"])
    # It stands first in each route: who may not ask does not learn what is there.
    operator = Annotated[Principal, Depends(authenticator.require(PERMISSION))]

    @router.get("/connections/{socket_id}")
    async def connection(who: operator, socket_id: str) -> InspectedConnection:
        """One open connection: its channels by name, rates, what waits for it, its last pong."""
        found = inspection.connection(socket_id) if re.fullmatch(SOCKET_ID, socket_id) else None
        if found is None:
            raise ResourceNotFound(
                "there is no such connection in this process; GET /api/v1/admin/connections lists those there are"
            )
        return _inspected(found, whole_address=who.can(WHOLE_ADDRESSES))

    @router.get("/channels/{app_id}/{channel}/members")
    async def members(
        who: operator,
        app_id: str,
        channel: str,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
    ) -> MembersAnswer:
        """Who is on a presence channel, by user id."""
        after = None if cursor is None else place_in(cursor, str)[0]
        found = await inspection.members(app_id, channel)
        if found is None:
            raise ResourceNotFound(
                "there is no such app, or the channel has no members: only names that begin with presence- have; "
                "GET /api/v1/admin/channels lists channels with their app"
            )
        shown = who.can(MEMBERS_INFO)
        page = [user_id for user_id in found if after is None or user_id > after][: limit + 1]
        return MembersAnswer(
            items=[MemberItem(user_id=each, user_info=_info(found[each], shown)) for each in page[:limit]],
            next_cursor=cursor_of((page[limit - 1],)) if len(page) > limit else None,
        )

    return router


def _info(text: str | None, shown: bool) -> Any:
    return json.loads(text) if text is not None and shown else None


def _inspected(found: Inspected, *, whole_address: bool) -> InspectedConnection:
    return InspectedConnection(
        connection=connection_item(found.live, whole_address=whole_address),
        channels=[
            SubscribedItem(channel=each.channel, since=timestamp(each.since), member=each.member)
            for each in found.channels
        ],
        refused=[
            RefusedItem(channel=channel, status=each.status, message=each.message)
            for channel, each in found.refusals.items()
        ],
        buffered_bytes=found.buffered_bytes,
        lagging=found.lagging,
        ponged_s_ago=None if found.ponged_s_ago is None else round(found.ponged_s_ago, 3),
        messages_received=found.messages_received,
        events_per_s=round(found.events_per_s, 2),
        bytes_per_s=round(found.bytes_per_s, 1),
        window_s=round(found.window_s, 3),
    )
