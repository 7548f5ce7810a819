"""The signed HTTP API of Channels, without a framework: a request in, an answer out."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar
from urllib.parse import unquote

import msgspec

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.errors import BadChannelName, ChannelsApiError, PublishFailed
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.client_events import event_too_large
from toolboxai.transport.answers import EMPTY, Answer
from toolboxai.transport.signed_request import SignedQuery

__all__ = ["ChannelsApi"]


T = TypeVar("T")
_SOCKET_ID = re.compile(r"[0-9]+\.[0-9]+")
_CHANNEL = re.compile(r"channels/([^/]+)")


class _EventBody(msgspec.Struct, gc=False):
    name: str | None = None
    data: msgspec.Raw = msgspec.Raw()
    channels: list[str] | None = None
    channel: str | None = None
    socket_id: str | None = None
    info: str | None = None


class _BatchBody(msgspec.Struct, gc=False):
    batch: list[_EventBody]


class _Event(NamedTuple):
    channels: list[ChannelName]
    name: str
    data: str
    socket_id: str | None
    info: frozenset[str]


_event = msgspec.json.Decoder(_EventBody)
_batch = msgspec.json.Decoder(_BatchBody)
_string = msgspec.json.Decoder(str)
_encode = msgspec.json.Encoder().encode


class ChannelsApi:
    """Answers requests below ``/apps``.

    Args:
        node: where events are published and counts are read.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    async def handle(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """Answer one request.

        Args:
            method: in capitals.
            path: as received, without the query, from ``/apps`` on.
            query: as received.
            body: all of it.

        Returns:
            JSON on success; on refusal plain text ending in a newline, as hosted Pusher answers.
        """
        self._node.metrics.http_requests_total += 1
        try:
            return await self._route(method, path, query, body)
        except ChannelsApiError as refused:
            self._node.metrics.http_refused_total += 1
            return Answer(refused.status, refused.message.encode() + b"\n", b"text/plain; charset=utf-8")

    async def _route(self, method: str, path: str, query: str, body: bytes) -> Answer:
        app_id, rest = _split(path)
        app = self._node.apps.by_id(app_id)
        if app is None:
            raise ChannelsApiError(404, f"Unknown app or path: {path[:200]}")
        signed = SignedQuery(query)
        signed.authenticate(app, method, path, body, self._node.clock.now())
        if not app.enabled:
            raise ChannelsApiError(403, "Application disabled")
        if rest == "events" and method == "POST":
            return await self._events(app, body)
        if rest == "batch_events" and method == "POST":
            return await self._batch_events(app, body)
        if rest == "channels" and method == "GET":
            return self._channels(app, signed.given)
        channel = _CHANNEL.fullmatch(rest)
        if channel and method == "GET":
            return self._channel(app, unquote(channel.group(1)), signed.given)
        if rest in _METHODS or channel:
            raise ChannelsApiError(405, f"{method} is not allowed here; use {_METHODS.get(rest, 'GET')}")
        raise ChannelsApiError(404, f"Unknown path: {path[:200]}")

    # ---- publishing -----------------------------------------------------------------------------------------

    async def _events(self, app: App, body: bytes) -> Answer:
        event = _checked(app, _decode(_event, body))
        await self._publish(app, event)
        if not event.info:
            return EMPTY
        counts = {channel.text: self._counts(app, channel, event.info) for channel in event.channels}
        return Answer(200, _encode({"channels": counts}))

    async def _batch_events(self, app: App, body: bytes) -> Answer:
        batch = _decode(_batch, body).batch
        if len(batch) > limits.BATCH_EVENTS:
            raise ChannelsApiError(400, f"Batch too large ({len(batch)} > {limits.BATCH_EVENTS})")
        for item in batch:
            if item.channel is None:
                raise ChannelsApiError(400, "Missing required parameter: channel")
            item.channels = None
        events = [_checked(app, item) for item in batch]  # all are checked before any is published
        for event in events:
            await self._publish(app, event)
        if not any(event.info for event in events):
            return EMPTY
        return Answer(
            200, _encode({"batch": [self._counts(app, event.channels[0], event.info) for event in events]})
        )

    async def _publish(self, app: App, event: _Event) -> None:
        try:
            await self._node.publish(app, event.channels, event.name, event.data, exclude=event.socket_id)
        except PublishFailed as failed:
            raise ChannelsApiError(503, f"The event was not published: {failed}. Try again") from failed

    # ---- asking ---------------------------------------------------------------------------------------------

    def _channels(self, app: App, params: Mapping[str, str]) -> Answer:
        info = _info(params.get("info"))
        prefix = params.get("filter_by_prefix", "")
        if "user_count" in info and not prefix.startswith("presence-"):
            raise ChannelsApiError(
                400,
                "user_count may only be requested for presence channels - "
                "please supply filter_by_prefix begining with presence-",
            )
        names = [name for name in self._node.hub(app).channels() if name.startswith(prefix)]
        found = {
            name: self._counts(app, ChannelName.parse(name, max_chars=len(name)), info) if info else {}
            for name in names  # there may be very many
        }
        return Answer(200, _encode({"channels": found}))

    def _channel(self, app: App, name: str, params: Mapping[str, str]) -> Answer:
        channel = _channel_name(app, name)
        info = _info(params.get("info"))
        if "user_count" in info and not channel.kind.value.presence:
            raise ChannelsApiError(
                400, "Cannot retrieve the user count unless the channel is a presence channel"
            )
        subscribers = self._node.hub(app).subscribers(name)
        answer: dict[str, object] = {"occupied": subscribers > 0}
        if "subscription_count" in info:
            answer["subscription_count"] = subscribers
        return Answer(200, _encode(answer))

    def _counts(self, app: App, channel: ChannelName, info: Iterable[str]) -> dict[str, int]:
        if "subscription_count" in info and app.subscription_counts and not channel.kind.value.presence:
            return {"subscription_count": self._node.hub(app).subscribers(channel.text)}
        return {}


@lru_cache(maxsize=1024)
def _split(path: str) -> tuple[str, str]:
    """``/apps/ID/REST`` as ID and REST; two empty texts where it is none."""
    found = re.fullmatch(r"/apps/([^/]+)/(.+)", path)
    return (found.group(1), found.group(2)) if found else ("", "")


_METHODS = {"events": "POST", "batch_events": "POST", "channels": "GET"}


def _decode(decoder: "msgspec.json.Decoder[T]", body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise ChannelsApiError(400, f"The body is not the JSON that this call takes: {fault}") from fault


def _text(raw: bytes) -> str:
    """Data as it goes out: a string as it is, anything else as the JSON text that was sent."""
    try:
        return _string.decode(raw) if raw.startswith(b'"') else raw.decode()
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise ChannelsApiError(400, f"The data is not UTF-8 JSON: {fault}") from fault


def _channel_name(app: App, name: str) -> ChannelName:
    try:
        return ChannelName.parse(name, max_chars=app.channel_name_chars)
    except BadChannelName as fault:
        raise ChannelsApiError(400, f"Invalid channel name: {fault}") from fault


def _info(info: str | None) -> frozenset[str]:
    return frozenset(info.split(",")) if info else frozenset()


def _checked(app: App, body: _EventBody) -> _Event:
    """One event as it may be published.

    Raises:
        ChannelsApiError: 400 or 413; nothing has been published then.
    """
    if not body.name:
        raise ChannelsApiError(400, "Missing required parameter: name")
    raw = bytes(body.data)
    if not raw or raw == b"null":
        raise ChannelsApiError(400, "Missing required parameter: data")
    if len(body.name) > limits.EVENT_NAME_CHARS:
        raise ChannelsApiError(
            400, f"Event name too long ({len(body.name)} > {limits.EVENT_NAME_CHARS} characters)"
        )
    if body.name.startswith(("pusher:", "pusher_internal:")):
        raise ChannelsApiError(400, "Event names may not begin with 'pusher:' or 'pusher_internal:'")
    names = body.channels if body.channels is not None else [body.channel] if body.channel else []
    if not names:
        raise ChannelsApiError(400, "Missing required parameter: channels")
    if len(names) > limits.CHANNELS_PER_EVENT:
        raise ChannelsApiError(400, f"Too many channels ({len(names)} > {limits.CHANNELS_PER_EVENT})")
    channels = [_channel_name(app, name) for name in dict.fromkeys(names)]
    if body.socket_id is not None and not _SOCKET_ID.fullmatch(body.socket_id):
        raise ChannelsApiError(400, f"Invalid socket id: {body.socket_id[:100]!r}; use digits.digits")
    data = _text(raw)
    if len(data) * 4 > app.event_bytes and len(data.encode()) > app.event_bytes:
        raise ChannelsApiError(413, event_too_large(app.event_bytes))
    return _Event(channels, body.name, data, body.socket_id, _info(body.info))
