"""Connections to which one frame can be written by one call."""

from array import array
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from toolboxai.hub.outbox import Line

if TYPE_CHECKING:
    from toolboxai.hub.connection import Connection

__all__ = ["BATCH_LEAST", "Batch", "Lines", "Submit"]

BATCH_LEAST: Final = 8  # fewer are written to one by one: the call has costs of its own


class Batch(NamedTuple):
    """Some lines, as a call wants them.

    Args:
        lines: all of them.
        descriptors: theirs, in the same order.
        waits: theirs.
    """

    lines: tuple[Line, ...]
    descriptors: "array[int]"
    waits: tuple[Callable[[], int], ...]


Submit: TypeAlias = Callable[[Batch, bytes], Collection[Line]]
"""Writes a frame to every line now; returns those whose transport has gone."""


class Lines:
    """The plain sockets among a slice's subscribers."""

    __slots__ = ("_batch", "_of")

    def __init__(self) -> None:
        self._of: dict[Connection, Line] = {}
        self._batch: Batch | None = None  # made once for all publications between two changes

    def __len__(self) -> int:
        return len(self._of)

    def __contains__(self, connection: object) -> bool:
        return connection in self._of

    def put(self, connection: "Connection", line: Line | None) -> None:
        """The connection has this line from now on, or none."""
        if line is not None:
            self._of[connection] = line
        elif self._of.pop(connection, None) is None:
            return
        self._batch = None

    def having(self, lines: Collection[Line]) -> "list[Connection]":
        """Whose these are."""
        return [connection for connection, line in self._of.items() if line in lines]

    def batch(self) -> Batch:
        """All of them."""
        if self._batch is None:
            lines = tuple(self._of.values())
            descriptors = array("i", [line.descriptor for line in lines])
            self._batch = Batch(lines, descriptors, tuple([line.waits for line in lines]))
        return self._batch
