"""A connection's way out, bounded in bytes."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

__all__ = ["Outbox", "Wire", "Write"]

Write: TypeAlias = Callable[[bytes], object]
"""Takes one ready frame; never waits."""


class Wire(Protocol):
    """What a transport offers for one connection. Each call returns at once."""

    write: Write

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

    def shut(self, code: int, reason: str) -> None:
        """Send the close, then end; a peer that does not answer is cut off after a grace."""
        ...


def discard(_frame: bytes) -> None:
    """The way out of a connection that is being closed: nothing more is queued."""


class Outbox:
    """Chooses how frames leave.

    While the wire keeps up, `write` *is* the wire's own: a healthy subscriber costs nothing. When the transport says
    that it no longer keeps up, each frame is weighed against the cap; past it nothing more is queued and `on_full`
    is called, once.

    Args:
        wire: the transport's end.
        cap_bytes: what may wait for one connection.
        on_full: called in the middle of a fan-out; it must not change subscriptions before the loop's next turn.
    """

    __slots__ = ("_cap", "_on_full", "_wire", "write")

    def __init__(self, wire: Wire, *, cap_bytes: int, on_full: Callable[[], None]) -> None:
        self._wire = wire
        self._cap = cap_bytes
        self._on_full = on_full
        self.write: Write = wire.write

    @property
    def closed(self) -> bool:
        """Whether nothing is queued any more."""
        return self.write is discard

    def lagging(self) -> None:
        """The wire does not keep up: from here on each frame is weighed."""
        if not self.closed:
            self.write = self._weigh

    def recovered(self) -> None:
        """The wire keeps up again."""
        if not self.closed:
            self.write = self._wire.write

    def close(self) -> None:
        """Queue nothing from here on."""
        self.write = discard

    def _weigh(self, frame: bytes) -> None:
        if self.closed:
            return
        if self._wire.buffered() + len(frame) > self._cap:
            self.close()
            self._on_full()
        else:
            self._wire.write(frame)
