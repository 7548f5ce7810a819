"""From an upgrade request to a connection, or to a refusal in the protocol's own words."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.close_codes import CloseCode
from toolboxai.hub.about import Transport, Visitor
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.protocol.effects import Close, Send
from toolboxai.protocol.handshake import Refusal, admit, session_key
from toolboxai.protocol.session import refuse
from toolboxai.transport.heads import RequestHead
from toolboxai.transport.pump import Pump
from toolboxai.transport.visitors import peer_address, visitor
from toolboxai.transport.websocket import WebSocketProtocol, channels_frame, handshake_reply

__all__ = ["Acceptor"]


_TARGET_CHARS: Final = 256  # stock clients need about a hundred
_UNSENT_BYTES: Final = 16 * 1024  # with the system; as much as a wire that keeps up has waiting


class Acceptor:
    """Opens Channels connections.

    Args:
        node: the process.
        background: owns work that waits.

    Attributes:
        pumps: every open connection; the server walks them for silence and drain.
        sockets: every WebSocket whose peer is still there, those being closed included.
        draining: whether newcomers are sent away.
    """

    def __init__(self, node: Node, background: Background) -> None:
        self._node = node
        self._background = background
        self.pumps: set[Pump] = set()
        self.sockets: set[WebSocketProtocol[Any]] = set()
        self.draining = False
        self._emptied: asyncio.Event | None = None

    def accept(self, transport: asyncio.Transport, head: RequestHead) -> WebSocketProtocol[Any]:
        """Answer the handshake and take over the transport.

        Raises:
            BadHandshake: nothing has been written yet.
        """
        reply = handshake_reply(head)
        try:
            app = self.admit(head.target, origin=head.header(b"origin"), host=head.header(b"host"))
        except Refusal as refusal:
            transport.write(reply)
            return self._refused(transport, refusal)
        path, query = _read(head.target)
        key = session_key(path) if app.resume else None
        agent = head.header(b"user-agent")
        who = visitor(Transport.WEBSOCKET, peer_address(transport), query=query, user_agent=agent)
        return self._admitted(transport, app, reply, key, who)

    def admit(self, target: str, *, origin: str | None, host: str | None) -> App:
        """The app that a client may connect to.

        Args:
            target: path and query as they were called, without a prefix.
            origin: the ``Origin`` header.
            host: the ``Host`` header.

        Raises:
            Refusal: counted already.
        """
        try:
            return self._admit(target, origin, host)
        except Refusal as refusal:
            self._node.metrics.connections_refused_total[refusal.code.name.lower()] += 1
            raise

    def _admit(self, target: str, origin: str | None, host: str | None) -> App:
        if self.draining:
            raise Refusal(CloseCode.RECONNECT_NOW, "Please reconnect immediately")
        path, query = _read(target)
        app = admit(self._node.apps, path, query, origin=origin, host=host)
        if app.max_connections and len(self._node.hub(app)) >= app.max_connections:
            raise Refusal(CloseCode.OVER_CONNECTION_QUOTA, "Application is over connection quota")
        return app

    def _admitted(
        self, transport: asyncio.Transport, app: App, reply: bytes, key: str | None, who: Visitor
    ) -> WebSocketProtocol[Any]:
        def listen(wire: WebSocketProtocol[Any]) -> Pump:
            return Pump(
                self._node,
                app,
                wire,
                channels_frame,
                self._background,
                on_closed=self.pumps.discard,
                session_key=key,
                visitor=who,
            )

        return self.open(transport, app, listen, reply)

    def open(
        self,
        transport: asyncio.Transport,
        app: App,
        listen: Callable[[WebSocketProtocol[Any]], Pump],
        reply: bytes,
        *,
        max_message_bytes: int = limits.MESSAGE_BYTES,
    ) -> WebSocketProtocol[Any]:
        """Take over a transport whose client may come in.

        Args:
            transport: of the handshake.
            app: that it comes to.
            listen: makes who speaks for it.
            reply: the answer to the handshake.
            max_message_bytes: 1009 above it.
        """
        if app.flow:
            _keep_backlog_short(transport)
        protocol = WebSocketProtocol(transport, listen, owner=self, max_message_bytes=max_message_bytes)
        self.sockets.add(protocol)
        transport.set_protocol(protocol)
        pump = protocol.listener
        self.pumps.add(pump)
        pump.open(reply)
        return protocol

    def _refused(self, transport: asyncio.Transport, refusal: Refusal) -> WebSocketProtocol[Any]:
        protocol = WebSocketProtocol(transport, lambda _wire: _Deaf(), owner=self)
        self.sockets.add(protocol)
        transport.set_protocol(protocol)
        for effect in refuse(refusal.code, refusal.message):
            if isinstance(effect, Send):
                protocol.write(protocol.frame(effect.text))
            elif isinstance(effect, Close):
                protocol.shut(effect.code, effect.reason)
        return protocol

    def aborted(self, protocol: WebSocketProtocol[Any]) -> None:
        """See ``transport.websocket.Owner``."""
        del protocol
        self._node.metrics.connections_aborted_total += 1

    def lost(self, protocol: WebSocketProtocol[Any]) -> None:
        """See ``transport.websocket.Owner``."""
        self.sockets.discard(protocol)
        if not self.sockets and self._emptied is not None:
            self._emptied.set()

    async def emptied(self) -> None:
        """Return when no socket is left."""
        if self.sockets:
            self._emptied = asyncio.Event()
            await self._emptied.wait()


def _keep_backlog_short(transport: asyncio.Transport) -> None:
    """Have the system take little more than is on its way: what it has taken cannot be left out any more."""
    wire = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if wire is not None and option is not None:
        with suppress(OSError):  # not for this kind of socket: the rule begins to work later
            wire.setsockopt(socket.IPPROTO_TCP, option, _UNSENT_BYTES)


def _read(target: str) -> tuple[str, Mapping[str, str]]:
    """Path and query of a target. A short one is remembered.

    Not a stranger's long one, whose parameters would take our memory, and not one with a key of its own, which nobody
    else calls.
    """
    remembered = len(target) <= _TARGET_CHARS and target.startswith("/app/")
    return _called(target) if remembered else _parse(target)


def _parse(target: str) -> tuple[str, Mapping[str, str]]:
    """Path and query of a target."""
    path, _, query = target.partition("?")
    return unquote(path), dict(parse_qsl(query, keep_blank_values=True))


_called = lru_cache(maxsize=1024)(_parse)  # all clients of one library and app call the same


class _Deaf:
    """Listens to a connection that was refused: nothing it says matters."""

    def receive(self, text: bytes) -> None:
        """Ignore it."""

    def receive_binary(self, payload: bytes) -> None:
        """Ignore it."""

    def pong(self, payload: bytes) -> None:
        """Ignore it."""

    def farewell(self, code: int, reason: str) -> bytes:
        """It has had its refusal."""
        del code, reason
        return b""

    def heard(self) -> None:
        """Ignore it."""

    def leaving(self, code: int) -> None:
        """Ignore it."""

    def lagging(self, lags: bool) -> None:
        """Nothing more is written."""

    def closed(self) -> None:
        """Nothing to let go of."""
