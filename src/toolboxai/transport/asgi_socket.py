"""A Channels connection over an ASGI server's WebSocket: the same session, hub and pump, another wire.

Slower than our own port: the server below frames every message by itself and takes them one by one, so that
publications of one loop turn are not joined into one write.
"""

import asyncio
from collections.abc import MutableMapping
from functools import partial
from typing import Any, Final

from toolboxai import limits
from toolboxai.hub.about import Transport
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.protocol.codec import encode_message
from toolboxai.protocol.effects import Close as CloseEffect
from toolboxai.protocol.effects import Send as SendEffect
from toolboxai.protocol.handshake import Refusal, session_key
from toolboxai.protocol.publication import Publication
from toolboxai.protocol.session import refuse
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.asgi import Receive, Scope, Send, below_mount, client_address
from toolboxai.transport.frames import cut_reason
from toolboxai.transport.pump import Pump
from toolboxai.transport.queued_wire import GONE, QueuedWire
from toolboxai.transport.visitors import asgi_visitor

__all__ = ["ASGISocket", "lines"]

_NO_CODE: Final = 1005  # as servers tell a close without one
_TOO_BIG: Final = 1009
_PING: Final = encode_message("pusher:ping", {})


def lines(publication: Publication) -> bytes:
    """The dialect of this wire: messages one after another, each a line; their JSON has no line breaks of its own."""
    return publication.text + b"\n"


class ASGISocket(QueuedWire):
    """One WebSocket; satisfies ``hub.outbox.Wire``.

    Args:
        receive: see ASGI.
        send: see ASGI.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        super().__init__()
        self._receive = receive
        self._send = send
        self._reads = asyncio.Event()
        self._reads.set()
        self._grace: asyncio.TimerHandle | None = None  # runs once the close has been asked for
        self._aborted = False
        self._writing: asyncio.Task[None] | None = None

    # ---- the wire -------------------------------------------------------------------------------------------

    def frame(self, text: bytes) -> bytes:
        """See the wire."""
        return text + b"\n"

    def hold(self, held: bool) -> None:
        """See the wire."""
        (self._reads.clear if held else self._reads.set)()

    def probe(self) -> None:
        """See the wire. ASGI knows no ping frames, so the question is asked in the protocol's own words."""
        self.write(self.frame(_PING))

    def confirm(self, number: int) -> bool:
        """See the wire; as in `probe`."""
        del number
        self.write(self.frame(_PING))
        return False

    def shut(self, code: int, reason: str) -> None:
        """See the wire."""
        if self.end(code, cut_reason(reason)):
            self._reads.set()
            self._grace = asyncio.get_running_loop().call_later(limits.APP_CLOSE_GRACE_S, self._give_up)

    def _give_up(self) -> None:
        """The peer has not taken what waits for it, or not answered: it is told nothing more."""
        if self._writing is not None and not self._writing.done():
            self._aborted = True
            self._writing.cancel()

    # ---- one connection -------------------------------------------------------------------------------------

    async def serve(self, scope: Scope, acceptor: Acceptor, node: Node, background: Background) -> None:
        """Take the connection from its first message to its end."""
        if (await self._receive())["type"] != "websocket.connect":
            return
        try:
            await self._send({"type": "websocket.accept"})
        except GONE:
            return
        try:
            await self._both_ways(self._admitted(scope, acceptor, node, background))
        except* Exception:  # ours: counted, and logged by the server below
            node.metrics.faults_total += 1
            raise
        finally:
            node.metrics.connections_aborted_total += self._aborted

    def _admitted(self, scope: Scope, acceptor: Acceptor, node: Node, background: Background) -> Pump | None:
        """Who speaks for the connection; None for one that is told why it may not come in."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        target = f"{below_mount(scope)}?{scope['query_string'].decode('latin-1')}"
        address = client_address(scope, acceptor.proxies)
        origin, host = headers.get(b"origin"), headers.get(b"host")
        try:
            app = acceptor.admit(target, origin=origin, host=host, address=address)
            place = acceptor.arrive(app, address)
        except Refusal as refusal:
            for effect in refuse(refusal.code, refusal.message):
                if isinstance(effect, SendEffect):
                    self.write(self.frame(effect.text))
                elif isinstance(effect, CloseEffect):
                    self.shut(effect.code, effect.reason)
            return None
        pump = Pump(
            node,
            app,
            self,
            lines,
            background,
            on_closed=partial(acceptor.left, place),
            session_key=session_key(below_mount(scope)) if app.resume else None,
            visitor=asgi_visitor(Transport.WEBSOCKET, scope, address),
        )
        self.on_lagging = pump.lagging
        acceptor.pumps.add(pump)
        pump.open()
        return pump

    async def _both_ways(self, pump: Pump | None) -> None:
        """Read and write; whichever ends first ends the other."""
        try:
            async with asyncio.TaskGroup() as ways:
                self._writing = ways.create_task(self._write(), name="channels write")
                reading = ways.create_task(self._read(pump), name="channels read")
                reading.add_done_callback(lambda _: self._writing and self._writing.cancel())
                self._writing.add_done_callback(lambda _: reading.cancel())
        finally:
            if self._grace is not None:
                self._grace.cancel()
            if pump is not None:
                pump.closed()
            self.let_go()
            self._writing = None

    async def _read(self, pump: Pump | None) -> None:
        while True:
            await self._reads.wait()
            try:
                message = await self._receive()
            except GONE:
                return
            if message["type"] == "websocket.disconnect":
                if pump is not None:
                    pump.leaving(message.get("code") or _NO_CODE)
                return
            if pump is not None and self.closing is None:
                self._hear(pump, message)

    def _hear(self, pump: Pump, message: MutableMapping[str, Any]) -> None:
        pump.heard()
        text = message.get("text")
        if text is None:
            pump.receive_binary(message.get("bytes") or b"")
        elif len(text) > limits.MESSAGE_BYTES or len(raw := text.encode()) > limits.MESSAGE_BYTES:
            pump.ends("server", _TOO_BIG)
            pump.closed()
            self.shut(_TOO_BIG, "a message may have 64 KiB")
        else:
            pump.receive(raw)

    async def _write(self) -> None:
        while True:
            await self.news.wait()
            self.news.clear()
            while self.waits:
                frames = self.take()
                for text in frames[:-1].decode().split("\n"):
                    if not await self._told({"type": "websocket.send", "text": text}):
                        return
                self.taken(len(frames))
            if self.closing is not None:
                code, reason = self.closing
                await self._told({"type": "websocket.close", "code": code, "reason": reason})
                return

    async def _told(self, message: MutableMapping[str, Any]) -> bool:
        """Hand the server below a message; False when the peer has gone, which servers tell in either way."""
        try:
            await self._send(message)
        except GONE:
            return False
        return True
