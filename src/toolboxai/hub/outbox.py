"""A connection's way out, bounded in bytes."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Protocol, TypeAlias

from toolboxai.apps.app import FlowRule
from toolboxai.hub.flow import FlowQueue, LeaveOut
from toolboxai.metrics import AppMetrics
from toolboxai.protocol.publication import Dialect, Position, Publication

__all__ = ["Line", "Outbox", "Wire", "Write", "discard"]

Write: TypeAlias = Callable[[bytes], object]
"""Takes one ready frame; never waits."""


class Line(Protocol):
    """A wire that is a plain socket.

    Attributes:
        descriptor: of the socket, open as long as the connection is in the hub.
        waits: how many bytes were written that the system has not taken; what passed them would change the order.
    """

    descriptor: int
    write: Write

    @property
    def waits(self) -> Callable[[], int]:
        """See above."""
        ...


class Wire(Protocol):
    """What a transport offers for one connection. Each call returns at once."""

    write: Write

    @property
    def line(self) -> Line | None:
        """The socket, where frames may be written past the transport; None: they may not."""
        ...

    def buffered(self) -> int:
        """Bytes handed over and not yet taken by the operating system."""
        ...

    def frame(self, text: bytes) -> bytes:
        """The bytes that carry one message."""
        ...

    def hold(self, held: bool) -> None:
        """Stop reading from the client, or go on."""
        ...

    def probe(self) -> None:
        """Ask for a sign of life below the protocol."""
        ...

    def confirm(self, number: int) -> bool:
        """Ask the peer to confirm that it has received everything up to here.

        Returns:
            Whether the answer brings the number back; otherwise it was asked in the protocol's own words, and each
            ``pusher:pong`` answers the oldest question.
        """
        ...

    def shut(self, code: int, reason: str) -> None:
        """Send the close, then end; a peer that does not answer is cut off after a grace."""
        ...


_NOTHING: Mapping[str, Position] = MappingProxyType({})


def discard(_frame: bytes) -> None:
    """The way out of a connection to which nothing is to be written."""


def _nobody() -> None:
    """Is told that an outbox is full which is closed."""


class Outbox:
    """Chooses how frames leave.

    While the wire keeps up, `write` *is* the wire's own: a healthy subscriber costs nothing. When the transport says
    that it no longer keeps up, each frame is weighed against the cap; past it nothing more is queued and `on_full`
    is called, once. What comes on a channel with a flow rule waits here meanwhile, where it can be left out again.

    Args:
        wire: the transport's end.
        cap_bytes: what may wait for one connection.
        metrics: what a flow rule leaves out is counted there.
        on_full: called in the middle of a fan-out; it must not change subscriptions before the loop's next turn.

    Attributes:
        unsent: by channel, the first publication that still waited here when it was closed.
    """

    __slots__ = ("_cap", "_flow", "_lags", "_metrics", "_on_full", "_wire", "unsent", "write")

    def __init__(
        self, wire: Wire, *, cap_bytes: int, metrics: AppMetrics, on_full: Callable[[], None]
    ) -> None:
        self._wire = wire
        self._cap = cap_bytes
        self._metrics = metrics
        self._on_full = on_full
        self._lags = False
        self._flow: FlowQueue | None = None  # made for those who need it
        self.unsent: Mapping[str, Position] = _NOTHING
        self.write: Write = wire.write

    @property
    def line(self) -> Line | None:
        """The wire's socket, if it has one that is written to as it is."""
        return self._wire.line

    @property
    def closed(self) -> bool:
        """Whether nothing is queued any more."""
        return self.write is discard

    @property
    def behind(self) -> bool:
        """Whether the wire does not keep up, or has not caught up yet."""
        return self._lags or bool(self._flow)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that were written and that the system has not taken yet."""
        return self._wire.buffered() + (0 if self._flow is None else self._flow.bytes)

    @property
    def buffered(self) -> int:
        """Those of them that were handed to the wire."""
        return self._wire.buffered()

    @property
    def waiting(self) -> Mapping[str, Position]:
        """By channel, the first publication that waits here, or still waited when it was closed."""
        return self.unsent if self._flow is None or self.closed else self._flow.first

    def waits_for(self, channel: str) -> bool:
        """Whether something of this channel waits here, and is not on the wire yet."""
        return self._flow is not None and channel in self._flow

    def way(
        self,
        rule: FlowRule | None,
        dialect: Dialect,
        fanning: "Callable[[], Sequence[Publication]]",
        leave_out: LeaveOut,
    ) -> Write:
        """How frames of one channel leave, as things are.

        Args:
            rule: of the channel.
            dialect: of the connection.
            fanning: the publications behind the frame that is being written.
            leave_out: told of each that the rule leaves out.
        """
        if rule is None or self.closed or not self.behind:
            return self.write
        return partial(self._queue, rule, dialect, fanning, leave_out)

    def lagging(self) -> None:
        """The wire does not keep up: from here on each frame is weighed."""
        self._lags = True
        if not self.closed:
            self.write = self._weigh

    def recovered(self) -> None:
        """The wire keeps up again: what waited leaves first, as far as it is taken."""
        self._lags = False
        if self.closed:
            return
        self.write = self._wire.write
        while self._flow and not self._lags:
            self._wire.write(self._flow.next())

    def drop(self, channel: str) -> None:
        """What waits of this channel is not wanted any more."""
        if self._flow is not None:
            self._flow.drop(channel)

    def close(self) -> None:
        """Queue nothing from here on; whoever was to be told that it is full is let go."""
        self.write = discard
        self._on_full = _nobody
        if self._flow:
            self.unsent = self._flow.first
            self._flow.clear()

    def _weigh(self, frame: bytes) -> None:
        if self.closed:
            return
        if self.waiting_bytes + len(frame) > self._cap:
            self._full()
        else:
            self._wire.write(frame)

    def _queue(
        self,
        rule: FlowRule,
        dialect: Dialect,
        fanning: "Callable[[], Sequence[Publication]]",
        leave_out: LeaveOut,
        _frame: bytes,
    ) -> None:
        if self.closed:
            return
        if self._flow is None:
            self._flow = FlowQueue(cap_bytes=self._cap, metrics=self._metrics, leave_out=leave_out)
        for publication in fanning():
            if not self._flow.put(publication, rule, dialect, buffered=self._wire.buffered()):
                self._full()
                return

    def _full(self) -> None:
        on_full = self._on_full
        self.close()
        on_full()
