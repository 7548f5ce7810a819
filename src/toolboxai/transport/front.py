"""The one port: the first request of a connection decides who speaks on it.

An upgrade becomes a WebSocket, the signed Channels API and the health paths are answered right here, and everything
else is handed to the web server's own protocol with all its bytes. A keep-alive connection may carry both kinds of
request: the web server reaches the same API through ``transport.asgi``, and hands upgrades back to a new front.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from toolboxai import limits
from toolboxai.metrics import Metrics
from toolboxai.node.background import Background
from toolboxai.node.immediate import run_immediate
from toolboxai.node.refusal_log import RefusalLog
from toolboxai.protocol.proxy_header import begins_proxy_header
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.answers import Answer, response
from toolboxai.transport.channels_http import ChannelsApi, is_api_path
from toolboxai.transport.heads import BadHead, RequestHead, parse_head, parse_recurring_head, recurring
from toolboxai.transport.old_sockets import OldSockets
from toolboxai.transport.operations import Operations
from toolboxai.transport.proxied import Peer
from toolboxai.transport.signed_request import tell_refused
from toolboxai.transport.stream_access import StreamRequest
from toolboxai.transport.waiting import Waiting
from toolboxai.transport.websocket import BadHandshake, HandshakeRefused, WebSocketProtocol

__all__ = ["Doors", "Front"]

log = logging.getLogger(__name__)
_PLAIN = b"text/plain; charset=utf-8"
_PUBLISHES = b"POST /apps/"
_CONNECTS = b"GET /app/"
_UNSIGNED = (401, 403)
_OPERATIONS = frozenset(path.encode() for path in Operations.paths)
_OFFER = ((b"Sec-WebSocket-Version", b"13"), (b"Upgrade", b"websocket"))


@dataclass(slots=True)
class Doors:
    """Where a connection can lead.

    Args:
        acceptor: to a WebSocket.
        old_sockets: to one of the old ones; None: they are not served.
        api: to the signed API.
        operations: to health and metrics.
        make_web: to the web server's protocol; it is told of the peer that the PROXY protocol names.
        background: owns answers that wait for the broker.
        immediate: whether the broker never makes anyone wait.
        metrics: counted up in place.
        refusals: log lines.
        waiting: connections without a request in work.
        date: the time, as HTTP writes it; the server keeps it right to the second.
    """

    acceptor: Acceptor
    old_sockets: OldSockets | None
    api: ChannelsApi
    operations: Operations
    make_web: "Callable[[Peer | None], asyncio.Protocol]"
    background: Background
    immediate: bool
    metrics: Metrics
    refusals: RefusalLog
    waiting: Waiting
    date: bytes = b""


class Front(asyncio.Protocol):
    """Reads request heads until the connection belongs to someone else.

    Args:
        doors: where it can lead.
        from_web: whether the web server made it, for an upgrade; that request is not handed back once more.
        named: the peer that the PROXY protocol names; None: it is whoever is at the other end.
    """

    __slots__ = (
        "_answered",
        "_begun",
        "_buffer",
        "_busy",
        "_doors",
        "_from_web",
        "_full",
        "_head",
        "_named",
        "_need",
        "_next",
        "_refused",
        "_transport",
    )

    def __init__(self, doors: Doors, *, from_web: bool = False, named: Peer | None = None) -> None:
        self._doors = doors
        self._from_web = from_web
        self._named = named
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._head: RequestHead | None = None  # of a request whose body is still coming
        self._need = 0
        self._busy = False
        self._refused = False  # what the peer still sends is thrown away
        self._full = False  # answers wait for a peer that does not read them
        self._answered = False  # one request, or more
        self._begun = False  # the next one has, and is not whole
        self._next: asyncio.Protocol | None = None

    # ---- asyncio --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports are of no common class
        self._wait(limits.HANDSHAKE_TIMEOUT_S)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._next is not None:
            # The web server made us speak for an upgrade, and set us as the protocol again afterwards.
            if self._transport is not None:
                self._transport.set_protocol(self._next)
            self._next.data_received(data)
            return
        if self._refused:
            return
        self._buffer = self._buffer + data if self._buffer else data
        if not self._busy:
            self._advance()
        elif len(self._buffer) > self._doors.api.body_bytes and self._transport is not None:
            self._transport.pause_reading()
        if len(data) >= limits.TURN_BYTES:
            self._let_others_go_first()

    def eof_received(self) -> bool | None:
        """See asyncio."""
        return self._next.eof_received() if self._next is not None else False

    def pause_writing(self) -> None:
        """See asyncio."""
        if self._next is not None:
            self._next.pause_writing()
            return
        self._full = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """See asyncio."""
        if self._next is not None:
            self._next.resume_writing()
            return
        self._full = False
        self._go_on()

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio."""
        self._doors.waiting.end(self)
        if self._next is not None:
            self._next.connection_lost(error)
        self._transport = None

    # ---- waiting --------------------------------------------------------------------------------------------

    @property
    def peer(self) -> str:
        """The address at the other end, or the one that the PROXY protocol gives it; empty when it has gone."""
        if self._named is not None:
            return self._named[0]
        name = None if self._transport is None else self._transport.get_extra_info("peername")
        return str(name[0]) if name else ""

    def give_up(self) -> bool:
        """No request came in time, or its answer was not taken."""
        self.make_room()
        return not self._refused and (not self._answered or bool(self._buffer) or self._head is not None)

    def make_room(self) -> None:
        """Others need its place."""
        if self._transport is not None:
            self._transport.abort() if self._full or self._refused else self._transport.close()

    def _let_others_go_first(self) -> None:
        """Read on in the loop's next turn: uvloop would read a peer that floods us again and again in this one."""
        if self._next is None and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        if self._busy or self._full or self._transport is None or self._transport.is_closing():
            return
        self._transport.resume_reading()
        self._advance()

    def _wait(self, seconds: float) -> None:
        self._doors.waiting.begin(self, seconds)

    def _hurry(self) -> None:
        """A further request has begun: its head must be whole as soon as the first one's."""
        if self._answered and not self._begun and self._buffer:
            self._begun = True
            self._wait(limits.HANDSHAKE_TIMEOUT_S)

    # ---- requests -------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Serve what has come in whole."""
        served = 0
        while self._buffer and not self._busy and not self._full and self._next is None and not self._refused:
            served += 1
            if served > limits.TURN_REQUESTS:
                self._let_others_go_first()
                return
            if self._transport is None or self._transport.is_closing():
                return
            if self._head is None:
                if self._buffer.startswith(_PUBLISHES) and self._publish():
                    continue
                if not self._begin():
                    return
                if self._head is None:
                    continue
            if len(self._buffer) < self._need:
                return
            body, self._buffer = self._buffer[: self._need], self._buffer[self._need :]
            head, self._head = self._head, None
            self._serve(head, body)

    def _publish(self) -> bool:
        """Serve a request of the form in which nearly all come, if it has come whole; False: it goes the long way."""
        doors = self._doors
        if not doors.immediate:
            return False
        line, _, rest = self._buffer.partition(b"\r\n")
        block, end, rest = rest.partition(b"\r\n\r\n")
        headers = recurring(block)
        if not end or headers is None or not headers.plain:  # without an end, more headers may come
            return False
        size = headers.body_bytes
        if size > len(rest) or size > doors.api.body_bytes:
            return False
        try:
            answer = doors.api.publish_at_once(line, rest[:size], headers.idempotency_key)
        except Exception:  # as in `_serve`
            answer = self._failed("POST", _target(self._buffer).partition(b"?")[0].decode("latin-1"))
        if answer is None:
            return False
        self._buffer = rest[size:]
        self._from_web = False
        self._send(answer, keep_alive=headers.keep_alive)
        return True

    def _begin(self) -> bool:
        """Read one head; False when it has not come whole, or the connection is no longer ours."""
        if self._buffer.startswith(_CONNECTS) and self._upgrade_again():
            return False
        while self._buffer.startswith(b"\r\n"):
            if begins_proxy_header(self._buffer):
                self._refuse_proxy_header()
                return False
            self._buffer = self._buffer[2:]
        end = self._buffer.find(b"\r\n\r\n") + 4
        if end > limits.HEAD_BYTES or (end == 3 and len(self._buffer) > limits.HEAD_BYTES):
            self._refuse(431, f"A request head may have {limits.HEAD_BYTES} bytes")
            return False
        if end == 3:
            self._hurry()
            return False
        raw = self._buffer[:end]
        if raw.count(b"\n") > limits.HEAD_LINES + 2:  # with the request's line and the empty one
            self._refuse(431, f"A request head may have {limits.HEAD_LINES} lines of headers")
            return False
        if raw.startswith(_PUBLISHES) or _is_ours(_target(raw)):
            return self._begin_own(raw, end)
        if b"\r\nupgrade:" in raw.lower():
            return self._upgrade(raw, end)
        self._hand_over()
        return False

    def _begin_own(self, raw: bytes, end: int) -> bool:
        try:
            head = parse_recurring_head(raw)
        except BadHead as fault:
            self._refuse(400, str(fault))
            return False
        if b"upgrade" in head.raw and head.wants_websocket:
            return self._upgrade(raw, end)  # to be told, as on any path but one, that there is none here
        if b"transfer-encoding" in head.raw or b"expect" in head.raw:
            self._hand_over()  # a body of unknown length is the web server's trade
            return False
        size = head.header(b"content-length") or "0"
        # httptools lets nothing but digits through.
        if len(size) > 12 or int(size) > self._doors.api.body_bytes:
            self._refuse(413, f"A body may have {self._doors.api.body_bytes} bytes")
            return False
        self._head = head
        self._need = int(size)
        self._buffer = self._buffer[end:]
        if self._need == 0:
            self._head = None
            self._serve(head, b"")
        return True

    def _upgrade_again(self) -> bool:
        """Open a WebSocket as others have been before; False when the head has to be read."""
        transport = self._transport
        assert transport is not None
        again = self._doors.acceptor.accept_again(transport, self._buffer, self.peer or "unknown")
        if again is None:
            return False
        self._doors.waiting.end(self)
        self._next, self._buffer = again, b""
        return True

    def _upgrade(self, raw: bytes, end: int) -> bool:
        transport = self._transport
        assert transport is not None
        if begins_proxy_header(raw):
            self._refuse_proxy_header()
            return False
        try:
            head = parse_head(raw)
            if not head.wants_websocket:
                self._hand_over()
                return False
            if head.method != "GET" or head.version != "1.1":
                self._refuse(400, "A WebSocket is asked for with GET over HTTP/1.1")
                return False
            self._doors.waiting.end(self)
            self._next = self._enter(transport, head, raw)
        except BadHead as fault:
            self._refuse(400, str(fault))
            return False
        except BadHandshake as fault:
            extra = _OFFER if fault.status.startswith("426") else ()
            self._refuse(int(fault.status[:3]), fault.message, extra)
            return False
        except HandshakeRefused as refused:
            self._refuse_with(refused.answer)
            return False
        rest, self._buffer = self._buffer[end:], b""
        if rest:
            self._next.data_received(rest)
        return False

    def _enter(self, transport: asyncio.Transport, head: RequestHead, raw: bytes) -> WebSocketProtocol[Any]:
        old, peer = self._doors.old_sockets, self.peer or "unknown"
        if old is not None and old.serves(head.path):
            return old.accept(transport, head, peer)
        return self._doors.acceptor.accept(transport, head, peer, raw)

    def _hand_over(self) -> None:
        """The rest of this connection belongs to the web server, from this request's first byte on."""
        transport = self._transport
        assert transport is not None
        if self._from_web:
            self._refuse(400, "This upgrade is not to be had here; ask again without it")
            return
        if begins_proxy_header(self._buffer):
            self._refuse_proxy_header()
            return
        self._doors.waiting.end(self)
        self._next = self._doors.make_web(self._named)
        data, self._buffer = self._buffer, b""
        transport.set_protocol(self._next)
        self._next.connection_made(transport)
        self._next.data_received(data)

    # ---- answers --------------------------------------------------------------------------------------------

    def _serve(self, head: RequestHead, body: bytes) -> None:
        self._from_web = False
        path, _, query = head.target.partition("?")
        if path in Operations.paths:
            self._reply(head, self._operate(head))
            return
        key = head.header(b"idempotency-key")
        work = self._doors.api.handle(head.method, path, query, body, idempotency_key=key)
        if self._doors.immediate:
            try:
                self._reply(head, run_immediate(work))
            except Exception:  # our fault: logged, and told as what it is
                self._reply(head, self._failed(head.method, head.path))
            return
        self._busy = True
        self._doors.waiting.end(self)
        self._doors.background.spawn(self._answer_later(head, work), name="channels api")

    async def _answer_later(self, head: RequestHead, work: Any) -> None:
        try:
            self._reply(head, await work)
        except Exception:  # as above
            self._reply(head, self._failed(head.method, head.path))
        self._busy = False
        self._go_on()

    def _failed(self, method: str, path: str) -> Answer:
        self._doors.metrics.faults_total += 1
        log.exception("request failed", extra={"method": method, "path": path})
        return Answer(500, b"Internal server error\n", _PLAIN)

    def _operate(self, head: RequestHead) -> Answer:
        forwarded = b"x-forwarded-for" in head.raw or b"forwarded" in head.raw
        return self._doors.operations.handle(
            head.method,
            head.path,
            peer=self.peer,
            forwarded=forwarded,
            authorization=head.raw.get(b"authorization"),
        )

    def _reply(self, head: RequestHead, answer: Answer) -> None:
        if answer.status in _UNSIGNED and self._transport is not None and not self._transport.is_closing():
            self._tell(head, answer)
        self._send(answer, keep_alive=head.keep_alive, head_only=head.method == "HEAD")

    def _send(self, answer: Answer, *, keep_alive: bool, head_only: bool = False) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._answered, self._begun = True, False
        transport.write(response(answer, date=self._doors.date, keep_alive=keep_alive, head_only=head_only))
        if keep_alive:
            self._wait(limits.HTTP_IDLE_S)
        else:
            transport.close()

    def _tell(self, head: RequestHead, answer: Answer) -> None:
        address = head.address(self._doors.acceptor.proxies, self.peer)
        tell_refused(self._doors.refusals, head.method, head.path, answer, address)

    def _refuse(self, status: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        """Answer what is no request of ours, and end.

        What the peer is still sending is read and thrown away for a while: closing with bytes of its unread would
        make the system reset the connection before it has seen the answer.
        """
        self._doors.metrics.http_refused_total[str(status)] += 1
        self._refuse_with(Answer(status, message.encode() + b"\n", _PLAIN, headers))

    def _refuse_proxy_header(self) -> None:
        """Who is no trusted proxy says where it comes from; so does one that is, where the setting is off."""
        metrics, refusals = self._doors.metrics, self._doors.refusals
        metrics.proxy_headers_refused_total += 1
        refusals.tell(
            log, "PROXY header refused", address=self.peer, reason="none is taken from this address"
        )
        self._refuse(400, "PROXY headers are not taken from this address")

    def _refuse_with(self, answer: Answer) -> None:
        assert self._transport is not None
        self._refused, self._buffer = True, b""
        self._transport.write(response(answer, date=self._doors.date, keep_alive=False, head_only=False))
        self._wait(limits.APP_CLOSE_GRACE_S)
        if self._from_web:  # the web server may still answer before us
            self._transport.close()
        elif self._transport.can_write_eof():
            self._transport.write_eof()
        else:  # TLS has no half-closed connections
            asyncio.get_running_loop().call_later(limits.TLS_LINGER_S, self._transport.close)


def _is_ours(target: bytes) -> bool:
    """Whether it is answered right here; event streams are not, whose clients stay for long."""
    path = target.partition(b"?")[0]
    text = path.decode("latin-1")
    return path in _OPERATIONS or (is_api_path(text) and not StreamRequest.serves(text))


def _target(raw: bytes) -> bytes:
    words = raw[: raw.index(b"\r\n")].split(b" ")
    return words[1] if len(words) == 3 else b""
