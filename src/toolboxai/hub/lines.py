"""Connections to which one frame can be written by one call."""

from array import array
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from toolboxai.hub.outbox import Line, Write

if TYPE_CHECKING:
    from toolboxai.hub.connection import Connection

__all__ = ["BATCH_LEAST", "Batch", "Submit", "batch_of"]

BATCH_LEAST: Final = 8  # fewer are written to one by one: the call has costs of its own


class Batch(NamedTuple):
    """Some subscribers, as such a call wants them.

    Args:
        lines: of those whose way out is a plain socket that keeps up.
        descriptors: theirs, in the same order.
        waits: theirs.
        others: the way out of the rest.
    """

    lines: tuple[Line, ...]
    descriptors: "array[int]"
    waits: tuple[Callable[[], int], ...]
    others: "Mapping[Connection, Write]"


Submit: TypeAlias = Callable[[Batch, bytes], Collection[Line]]
"""Writes a frame to every line now; returns those whose transport has gone."""


def batch_of(writes: "Mapping[Connection, Write]") -> Batch:
    """The subscribers with these ways out."""
    lines, others = list[Line](), dict["Connection", Write]()
    for connection, write in writes.items():
        line = connection.outbox.line
        if line is not None and write is line.write:
            lines.append(line)
        else:
            others[connection] = write
    descriptors = array("i", [line.descriptor for line in lines])
    return Batch(tuple(lines), descriptors, tuple([line.waits for line in lines]), others)
