"""Publishing by hand, the echo of the old test socket, and what a channel has carried."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from toolboxai.errors import (
    BadChannelName,
    InsufficientPermissions,
    ProviderUnavailable,
    PublishFailed,
    ValidationError,
)
from toolboxai.limits import EVENT_NAME_CHARS
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.channel_history import ChannelHistory
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.identity.policy import ChannelPolicy
from toolboxai.platform.ports import Event, Publisher
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.encryption import encrypted_size
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.whole_text import whole_text

__all__ = ["ECHO_CHANNEL", "HistoryAnswer", "realtime_routes"]


ECHO_CHANNEL = "test-channel"
PAGE = 200

SocketId = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$", max_length=64)]
Whole = Annotated[Any, AfterValidator(whole_text)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TriggerBody(_Body):
    """One event on one channel."""

    channel: str = Field(min_length=1, max_length=200)
    event: Annotated[str, AfterValidator(whole_text)] = Field(min_length=1, max_length=EVENT_NAME_CHARS)
    data: Whole = None
    socket_id: SocketId | None = None


class EchoBody(_Body):
    """What is to come back."""

    socket_id: SocketId | None = None
    data: Whole = None


class PublishedAnswer(BaseModel):
    """Where the event went, and the publication's id; null where another Channels service carries it."""

    channel: str
    event: str
    publication_id: str | None


class HistoryItem(BaseModel):
    """One event as the channel carried it."""

    type: str
    data: dict[str, Any]
    timestamp: str
    seq: int


class HistoryAnswer(BaseModel):
    """A page of events, oldest first; ``next_cursor`` is the ``after`` of the next page, null at the end."""

    items: list[HistoryItem]
    next_cursor: int | None


def realtime_routes(
    channels: ChannelHistory,
    publisher: Publisher,
    policy: ChannelPolicy,
    authenticator: Authenticator,
    audit: Audit,
    *,
    event_bytes: Callable[[], int],
) -> APIRouter:
    """The routes under ``/api/v1/realtime``.

    Args:
        channels: what they have carried.
        publisher: the way out.
        policy: who may read which channel.
        authenticator: who asks.
        audit: notes what operators publish.
        event_bytes: of the data of one event, as our app has it at that moment.
    """
    router = APIRouter(prefix="/api/v1/realtime", tags=["realtime"])
    publish = partial(_publish, publisher, event_bytes)

    @router.post("/trigger")
    async def trigger(
        body: TriggerBody,
        request: Request,
        operator: Annotated[Principal, Depends(authenticator.require("realtime:trigger"))],
    ) -> PublishedAnswer:
        """Publish an event on any channel of our app; for those with the permission ``realtime:trigger``."""
        if body.event.startswith(("pusher:", "pusher_internal:", "client-")):
            raise _fault("event", "event names may not begin with 'pusher:', 'pusher_internal:' or 'client-'")
        published = await publish(body.channel, body.event, body.data, body.socket_id)
        await audit.note(
            Action.TRIGGERED,
            operator,
            "channel",
            body.channel,
            request_id=request.scope.get(REQUEST_ID),
            details={"event_name": body.event},
        )
        return PublishedAnswer(channel=body.channel, event=body.event, publication_id=published)

    @router.post("/echo")
    async def echo(body: EchoBody, _asker: Annotated[Principal, Depends(authenticator)]) -> PublishedAnswer:
        """Publish ``echo`` on ``test-channel`` with the data and the socket id that were sent."""
        published = await publish(
            ECHO_CHANNEL, "echo", {"socket_id": body.socket_id, "data": body.data}, None
        )
        return PublishedAnswer(channel=ECHO_CHANNEL, event="echo", publication_id=published)

    @router.get("/history")
    async def history(
        asker: Annotated[Principal, Depends(authenticator)],
        channel: Annotated[str, Query(min_length=1, max_length=200)],
        after: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
    ) -> HistoryAnswer:
        """What a channel has carried after the event with the number ``after``.

        On ``roblox-sync`` and ``agent-status``, where each environment or agent counts its own events, ``after`` is the
        ``next_cursor`` of the page before.
        """
        decision = await policy.decide(asker, channel)
        if not decision.allowed:
            raise InsufficientPermissions(
                f"you may not read the history of {channel}", details={"channel": channel}
            )
        page = await channels.page(channel, after=after, limit=limit)
        return HistoryAnswer(items=[HistoryItem(**item) for item in page.items], next_cursor=page.next_cursor)

    return router


async def _publish(
    publisher: Publisher,
    event_bytes: Callable[[], int],
    channel: str,
    event: str,
    data: Any,
    socket_id: str | None,
) -> str | None:
    """Publish, if that may be; returns the publication's id."""
    try:
        name = ChannelName.parse(channel)
    except BadChannelName as fault:
        raise _fault("channel", str(fault)) from fault
    text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
    size = len(text.encode())
    if name.facts.opaque:
        size = encrypted_size(size)
    allowed = event_bytes()
    if size > allowed:
        raise _fault("data", f"it has {size} bytes as it goes out, at most {allowed} are allowed")
    try:
        ids = await publisher.publish([name.text], Event(event, text), exclude=socket_id)
    except PublishFailed as failed:
        raise ProviderUnavailable(f"the event was not published: {failed}") from failed
    return next(iter(ids), None)


def _fault(field: str, text: str) -> ValidationError:
    return ValidationError(f"{field}: {text}", details={"fields": {field: text}})
