"""The web server's protocol, with bounds on what it would wait for, and gather, without end."""

import asyncio
from typing import TypeAlias

import uvicorn
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from toolboxai import limits
from toolboxai.transport.answers import Answer, response
from toolboxai.transport.lasting import ABORT

__all__ = ["Unfinished", "WebProtocol"]

Unfinished: TypeAlias = "dict[WebProtocol, float]"
"""Connections on which part of a request has come, and the loop time at which each is given up."""


class WebProtocol(HttpToolsProtocol):
    """A head must be whole in time and may have so many bytes; a body may pause for as long.

    The front has seen to the first head of a connection; this is for its body, and for all that follow.

    Args:
        config: of the web server.
        state: of the web server.
        unfinished: kept right by this connection, looked through by the server every second.
    """

    def __init__(self, config: uvicorn.Config, state: ServerState, unfinished: Unfinished) -> None:
        super().__init__(config, state, app_state={})
        self._unfinished = unfinished
        self._in_head = False
        self._head_bytes = 0
        self._in_work: RequestResponseCycle | None = None

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self not in self._unfinished:
            return
        if not self._in_head:
            self._wait()
        elif self._head_bytes > limits.HEAD_BYTES:
            self._refuse_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._unfinished.pop(self, None)
        super().connection_lost(exc)
        # It tells the request that came last; the one in work may have others in line behind it.
        if self._in_work is not None and not self._in_work.response_complete:
            self._in_work.disconnected = True
            self._in_work.message_event.set()

    def give_up(self) -> None:
        """What is missing did not come in time."""
        if self.flow.read_paused:  # it is the application that takes its time
            self._wait()
        else:
            self.transport.abort()

    def _refuse_head(self) -> None:
        if self.cycle.response_complete:  # else the words would stand within another answer
            refusal = Answer(
                431, b"A request head may have %d bytes\n" % limits.HEAD_BYTES, b"text/plain; charset=utf-8"
            )
            date = dict(self.server_state.default_headers)[b"date"]
            self.transport.write(response(refusal, date=date, keep_alive=False, head_only=False))
        self.transport.close()

    # ---- what httptools calls -------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]  # not of HTTP's own
        self._in_head, self._head_bytes = True, 0
        self._wait()

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """So is its body."""
        self._unfinished.pop(self, None)
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._in_work = cycle
        super()._start_asgi_task(cycle, app)

    def _wait(self) -> None:
        self._unfinished[self] = asyncio.get_running_loop().time() + limits.HANDSHAKE_TIMEOUT_S
