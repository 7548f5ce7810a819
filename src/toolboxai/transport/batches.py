"""A publication's frame handed to the system for many sockets at once."""

import logging
from collections.abc import Collection
from itertools import chain, repeat
from typing import Final

from toolboxai.hub.outbox import Line
from toolboxai.transport.ring import FRAME_BYTES, Ring, RingUnavailable

__all__ = ["Batches", "open_batches"]

log = logging.getLogger(__name__)
_GONE: Final = (OSError, RuntimeError)  # what a transport raises that has just gone


class Batches:
    """Satisfies ``hub.lines.Submit`` by a ring.

    What a socket does not take, whole or in part, and what must wait behind other bytes, is left to its transport: it
    keeps the order, waits until there is room, and finds out that a peer has gone, as for every other write.

    Args:
        ring: for the loop's thread alone.
    """

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    def close(self) -> None:
        """Nothing more is written by this."""
        self._ring.close()

    def __call__(self, lines: Collection[Line], frame: bytes) -> Collection[Line]:
        """See ``hub.lines.Submit``."""
        try:
            free = [line for line in lines if not line.waits()]
        except _GONE:
            free = [line for line in lines if _is_free(line)]
        if len(frame) > FRAME_BYTES:
            free = []
        left = self._ring.send([line.descriptor for line in free], frame) if free else []
        if not left and len(free) == len(lines):
            return ()
        sent = set(map(id, free))
        rest = chain(
            zip((line for line in lines if id(line) not in sent), repeat(frame)),
            ((free[place], frame[max(taken, 0) :]) for place, taken in left),
        )
        return [line for line, bytes_left in rest if not _wrote(line, bytes_left)]


def _is_free(line: Line) -> bool:
    try:
        return not line.waits()
    except _GONE:
        return False


def _wrote(line: Line, frame: bytes) -> bool:
    try:
        line.write(frame)
    except _GONE:
        return False
    return True


def open_batches() -> Batches | None:
    """Batches by a ring of this process; None where the system gives none: every socket is written to by itself then."""
    try:
        ring = Ring()
    except RingUnavailable as reason:
        log.info("every subscriber is written to by itself", extra={"reason": str(reason)})
        return None
    return Batches(ring)
