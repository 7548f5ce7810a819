"""The signed HTTP API of Channels, without a framework: a request in, an answer out."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar
from urllib.parse import unquote, unquote_plus

import msgspec

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.errors import BadChannelName, ChannelsApiError, PublishFailed
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.session import event_too_large
from toolboxai.protocol.signing import request_text, sign

__all__ = ["Answer", "ChannelsApi"]


class Answer(NamedTuple):
    """An HTTP answer.

    Args:
        status: the code.
        body: all of it.
        media_type: for ``Content-Type``.
        headers: further ones.
    """

    status: int
    body: bytes
    media_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


T = TypeVar("T")
_EMPTY = Answer(200, b"{}")
_SOCKET_ID = re.compile(r"[0-9]+\.[0-9]+")
_ROUTE = re.compile(r"/apps/([^/]+)/(.+)")
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
        route = _ROUTE.fullmatch(path)
        app = self._node.apps.by_id(route.group(1)) if route else None
        if route is None or app is None:
            raise ChannelsApiError(404, f"Unknown app or path: {path[:200]}")
        params = _parse_query(query)
        self._authenticate(app, method, path, params, body)
        if not app.enabled:
            raise ChannelsApiError(403, "Application disabled")
        rest = route.group(2)
        if rest == "events" and method == "POST":
            return await self._events(app, body)
        if rest == "batch_events" and method == "POST":
            return await self._batch_events(app, body)
        if rest == "channels" and method == "GET":
            return self._channels(app, dict(params))
        channel = _CHANNEL.fullmatch(rest)
        if channel and method == "GET":
            return self._channel(app, unquote(channel.group(1)), dict(params))
        if rest in _METHODS or channel:
            raise ChannelsApiError(405, f"{method} is not allowed here; use {_METHODS.get(rest, 'GET')}")
        raise ChannelsApiError(404, f"Unknown path: {path[:200]}")

    # ---- who asks -------------------------------------------------------------------------------------------

    def _authenticate(
        self, app: App, method: str, path: str, params: list[tuple[str, str]], body: bytes
    ) -> None:
        """Check the signature, in the order and with the texts of Pusher's reference library.

        Raises:
            ChannelsApiError: 401.
        """
        given = dict(params)
        key = given.get("auth_key")
        if not key:
            raise ChannelsApiError(401, "Missing parameter: auth_key")
        secret = app.secrets.get(key)
        if secret is None:
            raise ChannelsApiError(401, "Unknown auth_key")
        if "auth_version" not in given:
            raise ChannelsApiError(401, "Version required")
        if given["auth_version"] != "1.0":
            raise ChannelsApiError(401, "Version not supported")
        self._check_time(given.get("auth_timestamp", ""))
        if body or "body_md5" in given:
            digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
            if not hmac.compare_digest(digest.encode(), given.get("body_md5", "").encode()):
                raise ChannelsApiError(
                    401, "Invalid body_md5: it must be the hex MD5 of the body as it was sent"
                )
        signature = given.get("auth_signature", "").encode()
        texts = _signed_texts(method, path, params)
        for text in texts:
            if hmac.compare_digest(sign(secret, text.encode()).encode(), signature):
                return
        shown = texts[0][:500].replace("\n", "\\n")
        raise ChannelsApiError(
            401,
            f'Invalid signature: you should have sent HmacSHA256Hex("{shown}", your_secret_key), '
            f'but you sent "{signature.decode()[:100]}"',
        )

    def _check_time(self, timestamp: str) -> None:
        if not re.fullmatch(r"[0-9]{1,12}", timestamp):
            raise ChannelsApiError(401, "Timestamp required")
        now = self._node.clock.now()
        if abs(now - int(timestamp)) >= limits.AUTH_TIMESTAMP_WINDOW_S:
            raise ChannelsApiError(
                401,
                f"Timestamp expired: Given timestamp ({_iso(int(timestamp))}) not within "
                f"{limits.AUTH_TIMESTAMP_WINDOW_S}s of server time ({_iso(now)})",
            )

    # ---- publishing -----------------------------------------------------------------------------------------

    async def _events(self, app: App, body: bytes) -> Answer:
        event = _checked(app, _decode(_event, body))
        await self._publish(app, event)
        if not event.info:
            return _EMPTY
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
            return _EMPTY
        return Answer(
            200, _encode({"batch": [self._counts(app, event.channels[0], event.info) for event in events]})
        )

    async def _publish(self, app: App, event: _Event) -> None:
        try:
            await self._node.publish(app, event.channels, event.name, event.data, exclude=event.socket_id)
        except PublishFailed as failed:
            raise ChannelsApiError(503, f"The event was not published: {failed}. Try again") from failed

    # ---- asking ---------------------------------------------------------------------------------------------

    def _channels(self, app: App, params: dict[str, str]) -> Answer:
        info = _info(params.get("info"))
        prefix = params.get("filter_by_prefix", "")
        if "user_count" in info and not prefix.startswith("presence-"):
            raise ChannelsApiError(
                400,
                "user_count may only be requested for presence channels - "
                "please supply filter_by_prefix begining with presence-",
            )
        hub = self._node.hub(app)
        found = {
            name: self._counts(app, ChannelName.parse(name, max_chars=len(name)), info)
            for name in hub.channels()
            if name.startswith(prefix)
        }
        return Answer(200, _encode({"channels": found}))

    def _channel(self, app: App, name: str, params: dict[str, str]) -> Answer:
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


_METHODS = {"events": "POST", "batch_events": "POST", "channels": "GET"}


def _parse_query(query: str) -> list[tuple[str, str]]:
    """Names in lower case, values unescaped, in the order received."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    if "%" not in query and "+" not in query:
        return [(name.lower(), value) for name, _, value in pairs]
    return [(unquote_plus(name).lower(), unquote_plus(value)) for name, _, value in pairs]


def _signed_texts(method: str, path: str, params: list[tuple[str, str]]) -> list[str]:
    """The texts that a library may have signed: some escape the path, and arrays are rendered in two ways."""
    signed = [pair for pair in params if pair[0] != "auth_signature"]
    if "%" not in path and not any([name.endswith("]") for name, _ in signed]):  # noqa: C419 - a list is faster
        return [request_text(method, path, signed)]
    renderings = [signed]
    if any(name.endswith("[]") for name, _ in signed):
        joined: dict[str, list[str]] = {}
        for name, value in signed:
            joined.setdefault(name.removesuffix("[]"), []).append(value)
        renderings = [
            [(name, ",".join(values)) for name, values in joined.items()],
            signed,
        ]
    paths = [path] if "%" not in path else [path, unquote(path)]
    return [request_text(method, each, rendering) for each in paths for rendering in renderings]


def _iso(unix: float) -> str:
    if unix > 253402300799:  # the end of the year 9999, where the calendar ends
        return str(unix)
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
