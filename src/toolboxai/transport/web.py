"""The web server's protocol, with bounds on what it would wait for, and gather, without end."""

import asyncio
from functools import partial
from typing import Any

import uvicorn
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from toolboxai import limits
from toolboxai.metrics import Metrics
from toolboxai.transport.answers import Answer, response
from toolboxai.transport.lasting import ABORT
from toolboxai.transport.proxied import Peer
from toolboxai.transport.waiting import FOR_EVER, Waiting

__all__ = ["WebProtocol"]


class WebProtocol(HttpToolsProtocol):
    """A head must be whole in time and may have so many bytes and lines; a body may pause for as long.

    The front has seen to the first head of a connection; this is for its body, and for all that follow.

    Args:
        config: of the web server.
        state: of the web server.
        metrics: counted up in place.
        waiting: connections without a whole request; those without any are closed in time by the web server itself.
        named: the peer that the PROXY protocol names; None: it is whoever is at the other end.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        state: ServerState,
        metrics: Metrics,
        waiting: Waiting,
        named: Peer | None = None,
    ) -> None:
        super().__init__(config, state, app_state={})
        self._metrics = metrics
        self._waiting = waiting
        self._named = named
        self._in_head = False
        self._in_request = False
        self._head_bytes = 0
        self._trailers = 0
        self._deaf = False  # what may still come are no requests
        self._in_work: RequestResponseCycle | None = None
        self._over = False  # the connection has gone, or belongs to another
        self._idle_bytes = (
            0  # of a request behind its head, that are no body, as far as they exceed what bodies need
        )
        if named is not None:  # an upgrade comes from there as well
            upgrade: Any = config.ws_protocol_class
            self.ws_protocol_class = partial(upgrade, named=named)  # type: ignore[assignment]  # uvicorn only calls it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See asyncio."""
        super().connection_made(transport)
        self.client = self._named or self.client

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._deaf:
            return
        if self._in_head:
            self._head_bytes += len(data)
        self._idle_bytes += len(data)
        super().data_received(data)
        if not self._in_request:
            return
        if not self._in_head:
            self._wait()
            if self._idle_bytes > limits.HEAD_BYTES:
                self._refuse_head(b"A request may have %d bytes beside its body\n" % limits.HEAD_BYTES)
        elif self._head_bytes > limits.HEAD_BYTES:
            self._refuse_head(b"A request head may have %d bytes\n" % limits.HEAD_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._leave()
        super().connection_lost(exc)
        # It tells the request that came last; the one in work may have others in line behind it.
        if self._in_work is not None and not self._in_work.response_complete:
            self._in_work.disconnected = True
            self._in_work.message_event.set()

    def handle_websocket_upgrade(self) -> None:
        """The connection is another's from here on; answers that are still being made are none to wait for."""
        self._leave()
        super().handle_websocket_upgrade()

    @property
    def peer(self) -> str:
        """The address at the other end, or the one that the PROXY protocol gives it."""
        return "" if self.client is None else self.client[0]

    def give_up(self) -> bool:
        """What is missing did not come in time."""
        if self.flow.read_paused:  # it is the application that takes its time
            self._wait()
            return False
        self.transport.abort()
        return True

    def make_room(self) -> None:
        """Others need its place."""
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """What came is no request, or one that we did not want to read on."""
        if len(self.headers or ()) + self._trailers > limits.HEAD_LINES:
            self._refuse_head(b"A request head may have %d lines of headers\n" % limits.HEAD_LINES)
        else:
            self._metrics.http_refused_total["400"] += 1
            super().send_400_response(msg)

    def _refuse_head(self, text: bytes) -> None:
        self._metrics.http_refused_total["431"] += 1
        if self.cycle.response_complete:  # else the words would stand within another answer
            refusal = Answer(431, text, b"text/plain; charset=utf-8")
            date = dict(self.server_state.default_headers)[b"date"]
            self.transport.write(response(refusal, date=date, keep_alive=False, head_only=False))
        self.transport.close()

    # ---- what httptools calls -------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]  # not of HTTP's own
        self._in_head, self._in_request, self._head_bytes, self._trailers = True, True, 0, 0
        self._wait()

    def on_headers_complete(self) -> None:
        """Its head is whole.

        Raises:
            ValueError: it asks for an upgrade that is not to be had, and has a body, which the parser takes for what is
                said after the upgrade; the web server takes it for no request at all, and says so.
        """
        self._in_head = False
        other_upgrade = self.parser.should_upgrade() and not self._should_upgrade()
        if other_upgrade and any(_announces_body(name, value) for name, value in self.headers):
            self._deaf = True
            raise ValueError("a body behind an upgrade")
        super().on_headers_complete()
        self._idle_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line of the head, or of what follows a body in chunks.

        Raises:
            ValueError: there are too many; the web server takes it for no request at all, and says so.
        """
        if self._in_head:
            super().on_header(name, value)
        else:  # no header: a proxy that wrote those of its own hands it on as the client sent it
            self._trailers += 1
        if len(self.headers) + self._trailers > limits.HEAD_LINES:
            raise ValueError("too many headers")

    def on_body(self, body: bytes) -> None:
        """Part of its body; a chunk of one byte comes with five of its own."""
        self._idle_bytes -= len(body) * 8
        super().on_body(body)

    def on_message_complete(self) -> None:
        """So is its body."""
        self._in_request = False
        self._waiting.end(self)
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._in_work = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Its answer is out: the next request may take a while, and others may need the place."""
        super().on_response_complete()
        if not self._in_request and not self.pipeline and not self.transport.is_closing():
            self._wait(FOR_EVER)

    def _wait(self, seconds: float | None = None) -> None:
        if not self._over:
            self._waiting.begin(self, limits.HANDSHAKE_TIMEOUT_S if seconds is None else seconds)

    def _leave(self) -> None:
        self._over = True
        self._waiting.end(self)


def _announces_body(name: bytes, value: bytes) -> bool:
    return name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0") != b"")
