"""Connections to which one frame can be written by one call."""

from collections.abc import Callable, Collection
from typing import Final, Protocol, TypeAlias

from toolboxai.hub.outbox import Write

__all__ = ["BATCH_LEAST", "Line", "Submit"]

BATCH_LEAST: Final = 8  # fewer are written to one by one: the call has costs of its own


class Line(Protocol):
    """A wire that is a plain socket.

    Attributes:
        descriptor: of the socket, open as long as the connection is in the hub.
        waits: how many bytes were written that the system has not taken; whoever sends past them would change the order.
    """

    descriptor: int
    waits: Callable[[], int]
    write: Write


Submit: TypeAlias = Callable[[Collection[Line], bytes], Collection[Line]]
"""Writes a frame to every line now; returns those whose transport has gone."""
