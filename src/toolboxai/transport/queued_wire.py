"""A way out whose frames wait until a writer takes them: what all connections over ASGI have in common."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from toolboxai.hub.outbox import Line, Write, discard

__all__ = ["GONE", "QueuedWire"]

HIGH: Final = 64 * 1024  # as on our own port: a connection is healthy while less than this waits for it
LOW: Final = 16 * 1024
GONE: Final = (OSError, RuntimeError)  # what servers raise when their peer has gone


class QueuedWire:
    """The half of ``hub.outbox.Wire`` that is a queue.

    Attributes:
        line: there is none; whoever takes from the queue writes.
        write: queues frames; they are lost once the end has been asked for.
        news: set when there is something to take, or the end has been asked for.
        on_lagging: told when more waits than a healthy connection lets wait, and when that is over.
        closing: code and reason, once the end has been asked for.
    """

    def __init__(self) -> None:
        self.write: Write = self._enqueue
        self.line: Line | None = None
        self.news = asyncio.Event()
        self.on_lagging: Callable[[bool], None] | None = None
        self.closing: tuple[int, str] | None = None
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._lags = False

    def _enqueue(self, frames: bytes) -> None:
        if self.closing is None:
            self._append(frames)

    def _append(self, frames: bytes) -> None:
        self._queue.append(frames)
        self._queued += len(frames)
        self.news.set()
        if not self._lags and self._queued > HIGH and self.on_lagging is not None:
            self._lags = True
            self.on_lagging(True)

    def buffered(self) -> int:
        """See the wire."""
        return self._queued

    def end(self, code: int, reason: str) -> bool:
        """Queue nothing from here on; False when that was so already."""
        if self.closing is not None:
            return False
        self.closing = code, reason
        self.news.set()
        return True

    def let_go(self) -> None:
        """It has ended: nobody is told of anything, and nothing here holds it in memory any longer."""
        self.write = discard
        self.on_lagging = None

    # ---- the writer -----------------------------------------------------------------------------------------

    @property
    def waits(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._queue)

    def take(self) -> bytes:
        """The oldest frames. They weigh until `taken`, or are `put_back`."""
        return self._queue.popleft()

    def put_back(self, frames: bytes) -> None:
        """What was taken could not be handed over, and goes first again."""
        if frames:
            self._queue.appendleft(frames)

    def taken(self, size: int) -> None:
        """So many bytes have been handed over."""
        self._queued -= size
        if self._lags and self._queued < LOW and self.on_lagging is not None:
            self._lags = False
            self.on_lagging(False)
