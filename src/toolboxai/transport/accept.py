"""From an upgrade request to a connection, or to a refusal in the protocol's own words."""

import asyncio
import logging
import socket
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from sys import intern
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.close_codes import CloseCode
from toolboxai.hub.about import Transport, Visitor
from toolboxai.hub.crowds import Crowds, Place, TooFast, TooMany
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.protocol.allow_list import NOBODY_LISTED, AllowList
from toolboxai.protocol.effects import Close, Send
from toolboxai.protocol.handshake import Refusal, admit, session_key
from toolboxai.protocol.proxies import TrustedProxies
from toolboxai.protocol.session import refuse
from toolboxai.transport.deaf import Deaf
from toolboxai.transport.heads import RequestHead
from toolboxai.transport.openings import Opening, Openings
from toolboxai.transport.pump import Pump
from toolboxai.transport.visitors import visitor
from toolboxai.transport.websocket import WebSocketProtocol, channels_frame, handshake_reply, key_reply

__all__ = ["Acceptor"]

log = logging.getLogger(__name__)

_TARGET_CHARS: Final = 256  # stock clients need about a hundred
_UNSENT_BYTES: Final = 16 * 1024  # with the system; as much as a wire that keeps up has waiting


class Acceptor:
    """Opens Channels connections.

    Args:
        node: the process.
        background: owns work that waits.
        proxies: whose word on addresses is taken.
        allow_list: networks whose addresses have limits of their own.

    Attributes:
        proxies: as it was given.
        crowds: how many connections, of sockets, of fallback sessions and of event streams, come from which address.
        pumps: every open connection; the server walks them for silence and drain.
        sockets: every WebSocket whose peer is still there, those being closed included.
        draining: whether newcomers are sent away.
    """

    def __init__(
        self,
        node: Node,
        background: Background,
        *,
        proxies: TrustedProxies | None = None,
        allow_list: AllowList = NOBODY_LISTED,
    ) -> None:
        self._node = node
        self._background = background
        self.proxies = proxies or TrustedProxies()
        self.crowds = Crowds(allow_list)
        self.pumps: set[Pump] = set()
        self.sockets: set[WebSocketProtocol[Any]] = set()
        self._sent_away: OrderedDict[WebSocketProtocol[Any], None] = OrderedDict()
        self._openings = Openings()
        self.draining = False
        self._emptied: asyncio.Event | None = None

    def accept(
        self, transport: asyncio.Transport, head: RequestHead, peer: str, raw: bytes | None = None
    ) -> WebSocketProtocol[Any]:
        """Answer the handshake and take over the transport.

        Args:
            transport: of the request.
            head: of the request.
            peer: the address at the other end of the connection.
            raw: the head as it came, to be known when it comes again; None: it is not to be.

        Raises:
            BadHandshake: nothing has been written yet.
        """
        reply = handshake_reply(head)
        address = head.address(self.proxies, peer)
        try:
            origin, host = head.header(b"origin"), head.header(b"host")
            app = self.admit(head.target, origin=origin, host=host, address=address)
            place = self.arrive(app, address)
        except Refusal as refusal:
            transport.write(reply)
            return self._refused(transport, refusal)
        path, query = _read(head.target)
        page = session_key(path)
        agent = head.header(b"user-agent")
        who = visitor(Transport.WEBSOCKET, address, query=query, user_agent=agent)
        if (
            raw is not None and page is None
        ):  # with a key of its own nobody else calls, whether it counts or not
            self._openings.keep(raw, head, Opening(who.about, app, self._node.apps))
        return self._admitted(transport, app, reply, page if app.resume else None, place, who)

    def accept_again(
        self, transport: asyncio.Transport, raw: bytes, peer: str
    ) -> WebSocketProtocol[Any] | None:
        """As `accept`, for a request that was admitted before, with another key; None: it has to be read.

        Args:
            transport: of the request.
            raw: all that has come in.
            peer: the address at the other end of the connection.
        """
        found = self._openings.find(raw)
        if found is None:
            return None
        opening, key = found
        app = opening.app
        if opening.apps is not self._node.apps or self.draining or self._is_full(app):
            return None
        reply = key_reply(key)
        address = self.proxies.address(peer, (), ())
        try:
            place = self.arrive(app, address)
        except Refusal as refusal:
            transport.write(reply)
            return self._refused(transport, refusal)
        return self._admitted(transport, app, reply, None, place, Visitor(opening.about, intern(address)))

    def admit(self, target: str, *, origin: str | None, host: str | None, address: str) -> App:
        """The app that a client may connect to.

        Args:
            target: path and query as they were called, without a prefix.
            origin: the ``Origin`` header.
            host: the ``Host`` header.
            address: the client's, for the log.

        Raises:
            Refusal: counted and logged already.
        """
        try:
            return self._admit(target, origin, host)
        except Refusal as refusal:
            self.refuse(refusal, address, path=target.partition("?")[0][:_TARGET_CHARS])
            raise

    def arrive(self, app: App, address: str) -> Place:
        """What a connection takes up, which was admitted; given back to ``crowds`` when it ends, by `left` for a pump.

        Args:
            app: that it comes to.
            address: the client's.

        Raises:
            Refusal: its address has as many as it may, or connects too fast; counted and logged already.
        """
        place = self.crowds.arrive(app, address, self._node.clock.monotonic())
        if isinstance(place, Place):
            return place
        refusal = _crowded(place)
        self.count_crowded(place)
        self.refuse(refusal, address, app_id=app.id)
        raise refusal

    def count_crowded(self, crowd: TooMany | TooFast) -> None:
        """A limit of an address was met."""
        if isinstance(crowd, TooMany):
            self._node.metrics.ip_quota_refused_total += 1
        else:
            self._node.metrics.ip_rate_refused_total += 1

    def refuse(self, refusal: Refusal, address: str, **about: str) -> None:
        """Count and log one who may not come in.

        Args:
            refusal: why.
            address: the client's.
            about: more for the log.
        """
        self._node.metrics.connections_refused_total[refusal.code.name.lower()] += 1
        told = {"code": int(refusal.code), "reason": refusal.message, "address": address}
        self._node.refusals.tell(log, "connection refused", **told, **about)

    def left(self, place: Place, pump: Pump) -> None:
        """A connection has ended.

        Args:
            place: from `arrive`.
            pump: who spoke for it.
        """
        self.pumps.discard(pump)
        self.crowds.leave(place)

    def _admit(self, target: str, origin: str | None, host: str | None) -> App:
        if self.draining:
            raise Refusal(CloseCode.RECONNECT_NOW, "Please reconnect immediately")
        path, query = _read(target)
        app = admit(self._node.apps, path, query, origin=origin, host=host)
        if self._is_full(app):
            raise Refusal(CloseCode.OVER_CONNECTION_QUOTA, "Application is over connection quota")
        return app

    def _is_full(self, app: App) -> bool:
        return app.max_connections > 0 and len(self._node.hub(app)) >= app.max_connections

    def _admitted(
        self,
        transport: asyncio.Transport,
        app: App,
        reply: bytes,
        key: str | None,
        place: Place,
        who: Visitor,
    ) -> WebSocketProtocol[Any]:
        def listen(wire: WebSocketProtocol[Any]) -> Pump:
            return Pump(
                self._node,
                app,
                wire,
                channels_frame,
                self._background,
                on_closed=partial(self.left, place),
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
        protocol = WebSocketProtocol(transport, lambda _wire: Deaf(), owner=self)
        self.sockets.add(protocol)
        self._sent_away[protocol] = None
        if len(self._sent_away) > limits.SENT_AWAY:
            self._sent_away.popitem(last=False)[0].cut_off()
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

    def broken(self, code: int, reason: str) -> None:
        """See ``transport.websocket.Owner``."""
        self._node.metrics.framing_faults_total += 1
        self._node.refusals.tell(log, "framing broken", code=code, reason=reason)

    def lost(self, protocol: WebSocketProtocol[Any]) -> None:
        """See ``transport.websocket.Owner``."""
        self.sockets.discard(protocol)
        self._sent_away.pop(protocol, None)
        if not self.sockets and self._emptied is not None:
            self._emptied.set()

    async def emptied(self) -> None:
        """Return when no socket is left."""
        if self.sockets:
            self._emptied = asyncio.Event()
            await self._emptied.wait()


def _crowded(crowd: TooMany | TooFast) -> Refusal:
    """A full address stays away, as from a full app; one in a hurry comes back after a pause, as stock clients do."""
    if isinstance(crowd, TooMany):
        text = f"Application is over connection quota: {crowd.maximum} connections of one address are allowed"
        return Refusal(CloseCode.OVER_CONNECTION_QUOTA, text)
    return Refusal(CloseCode.OVER_CAPACITY, "Over capacity: this address connects too fast; come back later")


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
