"""Carries out what a session asks for. Sockets and, later, polling and the old dialect share it."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.close_codes import CloseCode
from toolboxai.errors import PublishFailed
from toolboxai.hub.connection import Connection
from toolboxai.hub.outbox import Outbox, Wire
from toolboxai.node.background import Background
from toolboxai.node.immediate import run_immediate
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.codec import encode_error
from toolboxai.protocol.effects import Broadcast, Close, Effect, Probe, Send, Subscribe, Unsubscribe
from toolboxai.protocol.publication import Dialect, Publication
from toolboxai.protocol.session import ServerSession

__all__ = ["Pump"]

log = structlog.get_logger(__name__)


class Pump:
    """One connection: its session on one side, node and wire on the other.

    Messages are taken strictly in the order in which they came: while a subscribe waits for the broker, later ones
    wait behind it, and reading stops when too many do.

    Args:
        node: the process.
        app: the app that admitted the connection.
        wire: the transport's end.
        dialect: the form of its frames.
        background: owns the work of a subscribe that has to wait.
        on_closed: told, once, that this connection has ended.
    """

    __slots__ = ("_background", "_connection", "_inbound", "_node", "_on_closed", "_open", "_wire", "session")

    def __init__(
        self,
        node: Node,
        app: App,
        wire: Wire,
        dialect: Dialect,
        background: Background,
        *,
        on_closed: "Callable[[Pump], None]",
    ) -> None:
        self._node = node
        self._on_closed = on_closed
        self._wire = wire
        self._background = background
        self.session = ServerSession(app, node.new_socket_id(), now=node.clock.monotonic())
        outbox = Outbox(wire, cap_bytes=limits.OUTBOX_BYTES, on_full=self._overflow)
        self._connection = Connection(app, self.session.socket_id, dialect, outbox)
        self._inbound: deque[bytes] | None = None
        self._open = False

    # ---- what the transport calls ---------------------------------------------------------------------------

    def open(self, reply: bytes = b"") -> None:
        """The wire is ready: greet the client.

        Args:
            reply: the transport's own answer to the handshake; it leaves in one write with the greeting.
        """
        self._open = True
        self._node.attach(self._connection)
        greeting = b"".join([self._wire.frame(effect.text) for effect in self.session.opening()])
        self._connection.outbox.write(reply + greeting)

    def receive(self, text: bytes) -> None:
        """One message of the client."""
        self._node.metrics.messages_received_total += 1
        if self._inbound is not None:
            self._inbound.append(text)
            if len(self._inbound) == limits.INBOUND_QUEUE:
                self._wire.hold(True)
            return
        try:
            self._apply(self.session.receive(text, self._node.clock.monotonic()))
        except (
            Exception
        ):  # our fault, never the client's: logged, and closed so that clients pause before a retry
            self._failed()

    def receive_binary(self, payload: bytes) -> None:
        """Binary messages are no part of the protocol; they are a sign of life and nothing else."""

    def heard(self) -> None:
        """Anything at all came in."""
        self.session.heard(self._node.clock.monotonic())

    def check_silence(self) -> None:
        """Called every second or so: probe, or give up, when nothing has come for too long."""
        self._apply(self.session.deadline(self._node.clock.monotonic()))

    def lagging(self, lags: bool) -> None:
        """The wire has begun, or ceased, to take less than we write."""
        if lags:
            self._connection.outbox.lagging()
        else:
            self._connection.outbox.recovered()
        if self._open:
            self._node.rewire(self._connection)

    def close(self, code: CloseCode, message: str) -> None:
        """End the connection from our side: the error, then the close, and nothing more is delivered."""
        if self._open:  # otherwise the wire has gone, or is going
            self._end(self.session.closing(code, message))

    def closed(self) -> None:
        """The wire has gone."""
        self._connection.outbox.close()
        if self._open:
            self._open = False
            self._node.detach(self._connection)
            self._on_closed(self)

    # ---- what the session asks for --------------------------------------------------------------------------

    def _apply(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._connection.outbox.write(self._wire.frame(effect.text))
            elif isinstance(effect, Subscribe):
                if self._node.at_hand(self._connection.app, effect.channel):
                    self._enter(effect.channel, ())
                else:
                    self._start(self._subscribe(effect.channel), name="subscribe")
            elif isinstance(effect, Broadcast):
                self._start(self._broadcast(effect), name="client event")
            elif isinstance(effect, Unsubscribe):
                self._node.unsubscribe(self._connection, effect.channel)
            elif isinstance(effect, Probe):
                self._wire.probe()
            else:
                self._end([effect])
                return

    def _start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        if self._node.broker.immediate:
            run_immediate(work)
            return
        self._inbound = deque() if self._inbound is None else self._inbound
        self._background.spawn(self._then_the_rest(work), name=name)

    async def _then_the_rest(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
            while self._inbound and self._open:
                text = self._inbound.popleft()
                waiting, self._inbound = self._inbound, None
                self._apply(self.session.receive(text, self._node.clock.monotonic()))
                if self._inbound is not None:  # it waits for the broker again: the rest goes on behind that
                    self._inbound.extend(waiting)
                    return
                self._inbound = waiting
        except Exception:  # as in receive
            self._failed()
        self._inbound = None
        if self._open:
            self._wire.hold(False)

    async def _subscribe(self, channel: ChannelName) -> None:
        try:
            catch_up = await self._node.follow(self._connection.app, channel)
        except PublishFailed:
            log.exception("subscribe failed", socket_id=self.session.socket_id, channel=channel.text)
            self._apply(self.session.subscribe_failed(channel))
            return
        # From here on no await: snapshot and subscription are one step.
        missed = catch_up.finish()
        if self._open:
            self._enter(channel, missed)
        else:
            self._node.released(self._connection.app, channel)

    def _enter(self, channel: ChannelName, missed: Sequence[Publication]) -> None:
        self._apply(self.session.subscribed(channel, missed))
        if self._open:
            self._node.subscribe(self._connection, channel)

    async def _broadcast(self, event: Broadcast) -> None:
        self._node.metrics.client_events_total += 1
        try:
            await self._node.publish(
                self._connection.app,
                (event.channel,),
                event.event,
                event.data,
                exclude=self.session.socket_id,
                user_id=event.user_id,
            )
        except PublishFailed as fault:
            log.warning("client event not published", channel=event.channel.text, reason=str(fault))
            self._apply([Send(encode_error("The event could not be published; try again"))])

    # ---- endings --------------------------------------------------------------------------------------------

    def _end(self, effects: list[Effect]) -> None:
        self.closed()
        for effect in effects:
            if isinstance(effect, Send):
                self._wire.write(self._wire.frame(effect.text))
            elif isinstance(effect, Close):
                self._wire.shut(effect.code, effect.reason)

    def _overflow(self) -> None:
        """More than the cap waits. We are in the middle of a fan-out: leave the registry alone until the next turn."""
        self._node.metrics.slow_consumers_total += 1
        asyncio.get_running_loop().call_soon(self._end_slow)

    def _end_slow(self) -> None:
        log.warning("slow consumer closed", socket_id=self.session.socket_id, cap_bytes=limits.OUTBOX_BYTES)
        self.close(CloseCode.OVER_CAPACITY, "Over capacity: this connection reads too slowly")

    def _failed(self) -> None:
        self._node.metrics.faults_total += 1
        log.exception("connection failed", socket_id=self.session.socket_id)
        self.close(CloseCode.OVER_CAPACITY, "Internal server error, please reconnect")
