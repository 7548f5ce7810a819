"""``/apps/ID/channels/NAME/sse`` and ``/poll``: a channel for readers that have plain HTTP and nothing else."""

import logging
import math
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.close_codes import CloseCode
from toolboxai.errors import PublishFailed
from toolboxai.hub.crowds import Place, TooFast, TooMany
from toolboxai.node.catch_up import Arrival
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.event_stream import (
    COMMENT,
    encode_event,
    encode_id,
    encode_object,
    encode_retry,
    publication_event,
    read_id,
)
from toolboxai.protocol.publication import Position, Publication
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.asgi import Receive, Scope, Send, client_address, read_body
from toolboxai.transport.event_items import item_id, item_line
from toolboxai.transport.lasting import Headers, Lasting
from toolboxai.transport.stream_access import (
    Admitted,
    AuthoriseStream,
    StreamDoor,
    StreamRefused,
    StreamRequest,
)
from toolboxai.transport.stream_reader import StreamReader

__all__ = ["EventStreams"]

log = logging.getLogger(__name__)
_PATH_CHARS: Final = 256
_NO_STORE: Final = (b"cache-control", b"no-store, no-transform")
_STREAM: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    _NO_STORE,
    (b"x-accel-buffering", b"no"),
)
_JSON: Final = ((b"content-type", b"application/json"), _NO_STORE)
_TEXT: Final = ((b"content-type", b"text/plain; charset=utf-8"), _NO_STORE)


class EventStreams:
    """Answers the paths of `StreamRequest`.

    Args:
        node: the process.
        acceptor: knows from where everyone is connected.
        authorise: for private channels of the node's own app; without it there are none.
    """

    def __init__(self, node: Node, acceptor: Acceptor, authorise: AuthoriseStream | None = None) -> None:
        self._node = node
        self._acceptor = acceptor
        self._door = StreamDoor(node, authorise)
        self._streams: set[StreamReader] = set()
        self._polls: set[StreamReader] = set()
        self._leaving = False

    def __len__(self) -> int:
        """How many readers there are."""
        return len(self._streams) + len(self._polls)

    def serves(self, method: str, path: str) -> bool:
        """Whether such a request belongs here."""
        return method in ("GET", "OPTIONS") and StreamRequest.serves(path)

    def sweep(self) -> None:
        """See to what is due; called every second or so."""
        for reader in tuple(self._streams):
            if reader.tick():
                reader.write(COMMENT)
        for reader in tuple(self._polls):
            reader.tick()

    def leave(self) -> None:
        """End everything; readers come back by themselves."""
        self._leaving = True
        for reader in tuple(self._streams | self._polls):
            reader.close(CloseCode.RECONNECT_NOW, "Please reconnect immediately")

    def forget(self) -> None:
        """The loop has gone, and every reader with it."""
        for reader in tuple(self._streams | self._polls):
            reader.detach()

    # ---- requests -------------------------------------------------------------------------------------------

    async def answer(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """Answer one request.

        Args:
            scope: see ASGI.
            receive: see ASGI.
            send: see ASGI.
            path: below the mount, percent-decoded.
        """
        answer = Lasting(scope, receive, send)
        address = client_address(scope, self._acceptor.proxies)
        request = StreamRequest(scope, path, address)
        cors = self._door.cors(request)
        if request.method == "OPTIONS":
            await answer.whole(204, cors)
            return
        try:
            admitted = await self._admitted(request, scope, receive)
            with self._placed(admitted.app, address, request):
                await (self._stream if request.form == "sse" else self._poll)(request, admitted, answer, cors)
        except StreamRefused as refused:
            self._node.metrics.connections_refused_total[f"http_{refused.status}"] += 1
            about = {"status": refused.status, "reason": refused.message, "address": address}
            self._node.refusals.tell(log, "stream refused", **about, path=path[:_PATH_CHARS])
            text = refused.message.encode(errors="replace") + b"\n"
            await answer.whole(refused.status, (*_TEXT, *cors, *refused.headers), text)

    async def _admitted(self, request: StreamRequest, scope: Scope, receive: Receive) -> Admitted:
        if await read_body(scope, receive, 0) is None:
            raise StreamRefused(413, "This request has no body")
        admitted = await self._door.admit(request)
        if self._leaving:  # by now: who is let in from here on would not be told to go
            raise StreamRefused(503, "The server is leaving; come back", ((b"retry-after", b"1"),))
        return admitted

    @contextmanager
    def _placed(self, app: App, address: str, request: StreamRequest) -> Iterator[None]:
        """Within the block it counts as a connection of its address. A poll is one of many, and has no pace of its own."""
        crowds, paced = self._acceptor.crowds, request.form == "sse"
        place = crowds.arrive(app, address, self._node.clock.monotonic(), paced=paced)
        if not isinstance(place, Place):
            self._acceptor.count_crowded(place)
            raise _crowded(place)
        try:
            yield
        finally:
            crowds.leave(place)

    @asynccontextmanager
    async def _reading(
        self, reader: StreamReader, answer: Lasting, readers: set[StreamReader]
    ) -> AsyncIterator[None]:
        readers.add(reader)
        reader.attach()
        try:
            async with answer.watched(reader.news.set):
                yield
        finally:
            readers.discard(reader)
            reader.detach()
            reader.let_go()

    async def _followed(
        self, reader: StreamReader, since: Position | None
    ) -> tuple[list[Publication], Arrival]:
        try:
            return await reader.follow(since)
        except PublishFailed as fault:
            text = f"The broker did not answer: {fault}. Try again"
            raise StreamRefused(503, text, ((b"retry-after", b"1"),)) from fault

    # ---- event streams --------------------------------------------------------------------------------------

    async def _stream(
        self, request: StreamRequest, admitted: Admitted, answer: Lasting, cors: Headers
    ) -> None:
        last_id = request.header(b"last-event-id") or request.query.get("last_event_id") or ""
        since = read_id(last_id)
        reader = StreamReader(self._node, admitted, publication_event, answer, encode_event)
        async with self._reading(reader, answer, self._streams):
            missed, arrival = await self._followed(reader, since)
            gap = bool(last_id) and (since is None or not arrival.complete)
            reader.write(_opening(admitted.channel, missed, arrival, gap=gap))
            await answer.begin(200, (*_STREAM, *cors))
            await self._bring(reader, answer)
            await answer.end()

    async def _bring(self, reader: StreamReader, answer: Lasting) -> None:
        while not answer.gone:
            while reader.waits:
                events = reader.take()
                if events and not await answer.write(events):
                    return
                reader.taken(len(events))
                reader.wrote_at = self._node.clock.monotonic()
            if reader.closing is not None:
                return
            await reader.news.wait()
            reader.news.clear()

    # ---- long polls -----------------------------------------------------------------------------------------

    async def _poll(self, request: StreamRequest, admitted: Admitted, answer: Lasting, cors: Headers) -> None:
        after = request.query.get("after", "")
        since = read_id(after)
        if after and since is None:
            raise StreamRefused(400, "Invalid after: send back the cursor of the last answer as it was")
        wait_s = _wait(request.query.get("wait"))
        reader = StreamReader(self._node, admitted, item_line, answer, lambda _event, _data: b"")
        async with self._reading(reader, answer, self._polls):
            missed, arrival = await self._followed(reader, since)
            gap = since is not None and not arrival.complete
            items = [publication.frame(item_line) for publication in missed]
            items = [item for item in items if item]
            if since is not None and not items and not gap and wait_s:
                reader.ends_at = self._node.clock.monotonic() + wait_s
                items = await self._news(reader, answer)
            reader.finish()
            body = _page(items, arrival.reached, gap=gap)
            await answer.whole(200, (*_JSON, *cors), body)

    async def _news(self, reader: StreamReader, answer: Lasting) -> list[bytes]:
        """What comes first; nothing when the time is over, or the client has gone."""
        items: list[bytes] = []
        while not items and not answer.gone and reader.closing is None:
            await reader.news.wait()
            reader.news.clear()
            while reader.waits:
                items += reader.take().splitlines(keepends=True)
        return items


def _crowded(crowd: TooMany | TooFast) -> StreamRefused:
    if isinstance(crowd, TooMany):
        text = f"Application is over connection quota: {crowd.maximum} connections of one address are allowed"
        return StreamRefused(429, text, ((b"retry-after", b"30"),))
    after = b"%d" % math.ceil(crowd.retry_after_s)
    return StreamRefused(
        429, "Over capacity: this address connects too fast; come back later", ((b"retry-after", after),)
    )


def _opening(channel: ChannelName, missed: Sequence[Publication], arrival: Arrival, *, gap: bool) -> bytes:
    """What a reader is brought first: what it has missed, and its place."""
    parts = [COMMENT, encode_retry(limits.STREAM_RETRY_MS)]
    if gap:
        parts.append(encode_event("pusher:resume_gap", encode_object({"channel": channel.text})))
    parts += [publication.frame(publication_event) for publication in missed]
    top = arrival.reached
    if top is not None and not (missed and missed[-1].position.offset >= top.offset):
        parts.append(encode_id(top.text))
    return b"".join(parts)


def _page(items: Sequence[bytes], top: Position | None, *, gap: bool) -> bytes:
    """The answer to a long poll: as many items as fit, and where the next one goes on."""
    size, count = 0, 0
    for item in items[: limits.POLL_ITEMS]:
        size += len(item)
        if count and size > limits.POLL_BYTES:
            break
        count += 1
    cursor = "" if top is None else top.text
    if count:
        last = item_id(items[count - 1])
        place = read_id(last)
        if count < len(items) or top is None or place is None or place.offset > top.offset:
            cursor = last
    listed = b",".join([item.rstrip(b"\n") for item in items[:count]])
    return b'{"items":[%b],"cursor":"%b","gap":%b}' % (listed, cursor.encode(), b"true" if gap else b"false")


def _wait(text: str | None) -> int:
    """For how many seconds a poll may wait.

    Raises:
        StreamRefused: that is no such number.
    """
    if text is None:
        return limits.POLL_WAIT_S
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and int(text) <= limits.POLL_WAIT_S):
        raise StreamRefused(400, f"Invalid wait: a whole number of seconds from 0 to {limits.POLL_WAIT_S}")
    return int(text)
