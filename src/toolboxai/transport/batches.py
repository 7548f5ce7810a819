"""A publication's frame handed to the system for many sockets at once."""

import logging
from array import array
from collections.abc import Collection
from operator import call
from typing import Final

from toolboxai.hub.lines import Batch
from toolboxai.hub.outbox import Line
from toolboxai.transport.io_uring import FRAME_BYTES, IoUring, NoIoUring

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

    def __init__(self, ring: IoUring) -> None:
        self._ring = ring

    def close(self) -> None:
        """Nothing more is written by this."""
        self._ring.close()

    def __call__(self, batch: Batch, frame: bytes) -> Collection[Line]:
        """See ``hub.lines.Submit``."""
        if _all_free(batch) and len(frame) <= FRAME_BYTES:
            left = self._ring.send(batch.descriptors, frame)
            rest = [(batch.lines[place], frame[max(taken, 0) :]) for place, taken in left]
        else:
            rest = self._around(batch.lines, frame)
        return [line for line, bytes_left in rest if not _wrote(line, bytes_left)]

    def _around(self, lines: Collection[Line], frame: bytes) -> list[tuple[Line, bytes]]:
        """Send where nothing waits; returns what is left for the transports."""
        if len(frame) > FRAME_BYTES:
            return [(line, frame) for line in lines]
        free, behind = list[Line](), list[tuple[Line, bytes]]()
        for line in lines:
            if _is_free(line):
                free.append(line)
            else:
                behind.append((line, frame))
        left = self._ring.send(array("i", [line.descriptor for line in free]), frame)
        return behind + [(free[place], frame[max(taken, 0) :]) for place, taken in left]


def _all_free(batch: Batch) -> bool:
    try:
        return not any(map(call, batch.waits))
    except _GONE:
        return False


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
        ring = IoUring()
    except NoIoUring as reason:
        log.info("every subscriber is written to by itself", extra={"reason": str(reason)})
        return None
    return Batches(ring)
