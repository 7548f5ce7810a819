"""The signed HTTP API of Channels, without a framework: a request in, an answer out."""

import math
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.errors import BadUserId, ChannelsApiError, PublishFailed
from toolboxai.metrics import AppMetrics
from toolboxai.node.accounts import Accounts
from toolboxai.node.immediate import run_immediate
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.publication import Position
from toolboxai.protocol.user_id import check_user_id
from toolboxai.transport.answers import EMPTY, Answer, published
from toolboxai.transport.channel_history import channel_history
from toolboxai.transport.event_bodies import (
    Event,
    channel_name,
    check_object,
    info_names,
    read_batch,
    read_event,
)
from toolboxai.transport.idempotency import Idempotency
from toolboxai.transport.publication_account import account_of
from toolboxai.transport.signed_request import AUTH_PARAMETERS, SignedQuery
from toolboxai.transport.usual_publish import usual_publish

__all__ = ["ChannelsApi", "is_api_path"]

_CHANNEL: Final = re.compile(r"channels/([^/]+)")
_USERS: Final = re.compile(r"channels/([^/]+)/users")
_STREAM: Final = re.compile(r"channels/([^/]+)/(sse|poll)")
_HISTORY: Final = re.compile(r"channels/([^/]+)/history")
_PUBLICATION: Final = re.compile(r"publications/([^/]+)")
_TERMINATE: Final = re.compile(r"users/([^/]+)/terminate_connections")
# The Python server library asks for it without /apps/ID; the app is the one whose key has signed.
_BARE_TERMINATE: Final = re.compile(r"/users/[^/]+/terminate_connections")
_encode = msgspec.json.Encoder().encode


def is_api_path(path: str) -> bool:
    """Whether a request for this path belongs to the signed API."""
    return path.startswith("/apps/") or (path.startswith("/users/") and bool(_BARE_TERMINATE.fullmatch(path)))


class ChannelsApi:
    """Answers requests below ``/apps``.

    Args:
        node: where events are published and counts are read.

    Attributes:
        refusals: writes down who was refused.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self.refusals = node.refusals
        self._accounts = Accounts(node)
        self._idempotency = Idempotency(node.clock)

    @property
    def body_bytes(self) -> int:
        """What a body may have now: the fullest batch of the largest events, however JSON writes it."""
        largest = self._node.apps.event_bytes_most
        return limits.HTTP_BODY_BYTES + limits.BATCH_EVENTS * largest * limits.ESCAPED_BYTES

    async def handle(
        self,
        method: str,
        path: str,
        query: str,
        body: bytes,
        *,
        idempotency_key: str | None = None,
        prefix: str = "",
    ) -> Answer:
        """Answer one request.

        Args:
            method: in capitals.
            path: as received, without the query; what follows the prefix begins with ``/apps`` or ``/users``.
            query: as received.
            body: all of it.
            idempotency_key: the header ``Idempotency-Key``.
            prefix: where the API is mounted; libraries sign the path with it or without.

        Returns:
            JSON on success; on refusal plain text ending in a newline, as hosted Pusher answers.
        """
        metrics = self._node.metrics.no_app
        try:
            app_id, rest = _split(path[len(prefix) :] if prefix else path)
            signed = SignedQuery(query)
            app = self._named(app_id, signed, rest, path)
            metrics = self._node.app_metrics(app)
            answer = await self._route(method, path, signed, app, rest, body, idempotency_key, prefix)
        except (ChannelsApiError, PublishFailed) as fault:
            answer = self._refused(fault)
        return _counted(metrics, body, answer)

    def publish_at_once(self, line: bytes, body: bytes, idempotency_key: str | None) -> Answer | None:
        """Answer a publish of the usual form, where the broker never makes anyone wait.

        Args:
            line: the request's first one.
            body: all of it.
            idempotency_key: the header ``Idempotency-Key``.

        Returns:
            None when it is no such request, or its signature does not hold: `handle` has the answer.
        """
        found = usual_publish(self._node.apps, line, body, self._node.clock.now())
        if found is None:
            return None
        app, call = found
        publish = _PUBLISHING[call]
        try:
            if idempotency_key is None:
                answer = run_immediate(publish(self, app, body))
            else:
                answer = run_immediate(self._once(publish, app, call, body, idempotency_key))
        except (ChannelsApiError, PublishFailed) as fault:
            answer = self._refused(fault)
        return _counted(self._node.app_metrics(app), body, answer)

    def _refused(self, fault: ChannelsApiError | PublishFailed) -> Answer:
        if isinstance(fault, PublishFailed):
            fault = ChannelsApiError(503, f"The broker did not answer: {fault}. Try again")
        self._node.metrics.http_refused_total[str(fault.status)] += 1
        headers = ((b"Allow", fault.allow.encode()),) if fault.allow else ()
        text = fault.message.encode(errors="replace") + b"\n"
        return Answer(fault.status, text, b"text/plain; charset=utf-8", headers)

    async def _route(
        self,
        method: str,
        path: str,
        signed: SignedQuery,
        app: App,
        rest: str,
        body: bytes,
        idempotency_key: str | None,
        prefix: str,
    ) -> Answer:
        signed.authenticate(app, method, path, body, self._node.clock.now(), prefix=prefix)
        if not app.enabled:
            raise ChannelsApiError(403, "Application disabled")
        publish = _PUBLISHING.get(rest)
        if publish is not None and method == "POST":
            if idempotency_key is not None:
                return await self._once(publish, app, rest, body, idempotency_key)
            return await publish(self, app, body)
        if method == "GET":
            ask = _ASKING.get(rest)
            if ask is not None:
                return await ask(self, app, signed.given)
            found = _CHANNEL.fullmatch(rest)
            if found:
                return await self._channel(app, unquote(found.group(1)), signed.given)
            found = _USERS.fullmatch(rest)
            if found:
                return await self._users(app, unquote(found.group(1)), signed.given)
            found = _HISTORY.fullmatch(rest)
            if found:
                channel = channel_name(app, unquote(found.group(1)))
                return Answer(200, _encode(await channel_history(self._node, app, channel, signed.given)))
            found = _PUBLICATION.fullmatch(rest)
            if found:
                publication_id = unquote(found.group(1))
                return Answer(
                    200, _encode(await account_of(self._accounts, app, publication_id, signed.given))
                )
        found = _TERMINATE.fullmatch(rest)
        if found and method == "POST":
            return await self._terminate(app, unquote(found.group(1)), body)
        raise _not_to_be_had(method, path, rest)

    def _named(self, app_id: str, signed: SignedQuery, rest: str, path: str) -> App:
        app = self._node.apps.by_id(app_id) if app_id else self._signers_app(signed, rest)
        if app is None:
            raise ChannelsApiError(404, f"Unknown app or path: {path[:200]}")
        return app

    def _signers_app(self, signed: SignedQuery, rest: str) -> App | None:
        if not rest:
            return None
        key = signed.given.get("auth_key")
        if not key:
            raise ChannelsApiError(401, "Missing parameter: auth_key")
        app = self._node.apps.by_key(key)
        if app is None:
            raise ChannelsApiError(401, "Unknown auth_key")
        return app

    # ---- publishing -----------------------------------------------------------------------------------------

    async def _once(self, publish: "_Publish", app: App, rest: str, body: bytes, key: str) -> Answer:
        first = self._idempotency.begin(app.id, rest, key, body)
        if first.answer is not None:
            return first.answer
        answer = None
        try:
            answer = await publish(self, app, body)
        finally:
            self._idempotency.end(first, answer)
        return answer

    async def _events(self, app: App, body: bytes) -> Answer:
        event = read_event(app, body)
        try:
            positions = await self._publish(app, event)
        except PublishFailed as failed:
            raise _not_published(failed) from failed
        ids = positions[0].text if len(positions) == 1 else _ids(positions)
        if not event.info:
            return published(ids)
        counts = await self._published_counts(app, event.channels, [event.info] * len(event.channels))
        names = [channel.text for channel in event.channels]
        return published(ids, _encode({"channels": dict(zip(names, counts, strict=True))}))

    async def _batch_events(self, app: App, body: bytes) -> Answer:
        events = read_batch(app, body)  # all are checked before any is published
        positions: list[Position] = []
        try:
            for event in events:
                positions += await self._publish(app, event)
        except PublishFailed as failed:
            raise _not_published(failed) from failed
        ids = _ids(positions)
        if not any(event.info for event in events):
            return published(ids)
        channels = [event.channels[0] for event in events]
        counts = await self._published_counts(app, channels, [event.info for event in events])
        return published(ids, _encode({"batch": counts}))

    def _publish(self, app: App, event: Event) -> Awaitable[list[Position]]:
        return self._node.publish(
            app, event.channels, event.name, event.data, exclude=event.socket_id, origin="api"
        )

    async def _published_counts(
        self, app: App, channels: Sequence[ChannelName], infos: Sequence[Iterable[str]]
    ) -> list[dict[str, int]]:
        """What is told of channels that were published to: what does not apply to one is left out."""
        asked = [
            channel.text
            for channel, info in zip(channels, infos, strict=True)
            if channel.facts.presence and "user_count" in info
        ]
        users: Mapping[str, int] = {}
        # What was published is published: it is not to be tried again for a count.
        with suppress(PublishFailed):
            users = await self._node.user_counts(app, asked)
        hub = self._node.hub(app)
        found: list[dict[str, int]] = []
        for channel, info in zip(channels, infos, strict=True):
            counts = {}
            if channel.text in users and "user_count" in info:
                counts["user_count"] = users[channel.text]
            if "subscription_count" in info and app.subscription_counts and not channel.facts.presence:
                counts["subscription_count"] = hub.subscribers(channel.text)
            found.append(counts)
        return found

    # ---- asking ---------------------------------------------------------------------------------------------

    async def _channels(self, app: App, params: Mapping[str, str]) -> Answer:
        info = info_names(params.get("info"))
        prefix = params.get("filter_by_prefix", "")
        if "user_count" in info and not prefix.startswith("presence-"):
            raise ChannelsApiError(
                400,
                "user_count may only be requested for presence channels - "
                "please supply filter_by_prefix begining with presence-",
            )
        hub = self._node.hub(app)
        found: dict[str, dict[str, int]] = {name: {} for name in hub.channels() if name.startswith(prefix)}
        if "user_count" in info:
            for name, count in (await self._node.user_counts(app, tuple(found))).items():
                found[name]["user_count"] = count
        if "subscription_count" in info:
            for name, counts in found.items():
                counts["subscription_count"] = hub.subscribers(name)
        return Answer(200, _encode({"channels": found}))

    async def _channel(self, app: App, name: str, params: Mapping[str, str]) -> Answer:
        channel = channel_name(app, name)
        info = info_names(params.get("info"))
        if "user_count" in info and not channel.facts.presence:
            raise ChannelsApiError(
                400, "Cannot retrieve the user count unless the channel is a presence channel"
            )
        subscribers = self._node.hub(app).subscribers(name)
        answer: dict[str, object] = {"occupied": subscribers > 0}
        if "user_count" in info:
            answer["user_count"] = (await self._node.user_counts(app, (name,)))[name]
        if "subscription_count" in info:
            answer["subscription_count"] = subscribers
        if "cache" in info and channel.facts.cached:
            cached = await self._node.cached(app, name)
            answer["cache"] = cached and {"data": cached.publication.data, "ttl": math.ceil(cached.ttl_s)}
        return Answer(200, _encode(answer))

    async def _users(self, app: App, name: str, params: Mapping[str, str]) -> Answer:
        channel = channel_name(app, name)
        if not channel.facts.presence:
            raise ChannelsApiError(400, "Users can only be retrieved for presence channels")
        extraneous = sorted(params.keys() - AUTH_PARAMETERS)
        if extraneous:
            raise ChannelsApiError(
                400, f"The following query string parameters are extraneous: {', '.join(extraneous)[:200]}"
            )
        members = await self._node.members(app, name)
        return Answer(200, _encode({"users": [{"id": user_id} for user_id in members]}))

    async def _connections(self, app: App, _params: Mapping[str, str]) -> Answer:
        return Answer(200, _encode({"connections": len(self._node.hub(app))}))

    # ---- users ----------------------------------------------------------------------------------------------

    async def _terminate(self, app: App, user_id: str, body: bytes) -> Answer:
        check_object(body)
        try:
            await self._node.terminate(app, check_user_id(user_id))
        except BadUserId as fault:
            raise ChannelsApiError(400, f"Invalid user id: {fault}") from fault
        return EMPTY


def _ids(positions: Iterable[Position]) -> str:
    return ", ".join([position.text for position in positions])


def _not_published(failed: PublishFailed) -> ChannelsApiError:
    return ChannelsApiError(503, f"The event was not published: {failed}. Try again")


def _counted(metrics: AppMetrics, body: bytes, answer: Answer) -> Answer:
    metrics.http_requests_total += 1
    metrics.http_received_bytes_total += len(body)
    metrics.http_sent_bytes_total += len(answer.body)
    return answer


_Publish = Callable[[ChannelsApi, App, bytes], Coroutine[Any, Any, Answer]]
_Ask = Callable[[ChannelsApi, App, Mapping[str, str]], Awaitable[Answer]]
_PUBLISHING: Final[Mapping[str, _Publish]] = {
    "events": ChannelsApi._events,
    "batch_events": ChannelsApi._batch_events,
}
_ASKING: Final[Mapping[str, _Ask]] = {
    "channels": ChannelsApi._channels,
    "connections": ChannelsApi._connections,
}


def _split(path: str) -> tuple[str, str]:
    """``/apps/ID/REST`` as ID and REST; no ID on the one path that has none, and two empty texts on others."""
    return _short(path) if len(path) <= _REMEMBERED_CHARS else _parse(path)


def _parse(path: str) -> tuple[str, str]:
    found = re.fullmatch(r"/apps/([^/]+)/(.+)", path)
    if found:
        return found.group(1), found.group(2)
    return ("", path[1:]) if _BARE_TERMINATE.fullmatch(path) else ("", "")


_REMEMBERED_CHARS: Final = 256  # of a path; those of strangers may be long, and would take our memory
_short = lru_cache(maxsize=1024)(_parse)  # a publisher asks for the same again and again


def _not_to_be_had(method: str, path: str, rest: str) -> ChannelsApiError:
    allowed = ""
    if rest in _PUBLISHING or _TERMINATE.fullmatch(rest):
        allowed = "POST"
    elif rest in _ASKING or any(
        asked.fullmatch(rest) for asked in (_CHANNEL, _USERS, _HISTORY, _STREAM, _PUBLICATION)
    ):
        allowed = "GET"
    if allowed:
        return ChannelsApiError(405, f"{method} is not allowed here; use {allowed}", allow=allowed)
    return ChannelsApiError(404, f"Unknown path: {path[:200]}")
