"""Words on their way from the engine's thread to whoever watches: joined to at most 20 pieces a second."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Final

from toolboxai.clock import Clock
from toolboxai.platform.content.run.meter import Reading

__all__ = ["EngineReport", "LiveWords", "Piece"]

INTERVAL_S: Final = 0.05  # between two pieces: nobody sees a difference to a faster stream
# Control characters become six bytes each in JSON: even then an event stays below the 10 kB that services take.
PIECE_CHARS: Final = 1500
_WAITING_CHARS: Final = (
    60_000  # more than is told in two seconds: whoever reads is no longer watching it grow
)


class Piece:
    """Text that waits to be told; it grows until somebody takes it."""

    def __init__(self, text: str, *, anew: bool) -> None:
        self.anew = anew
        self._parts: list[str] = [text]
        self._taken = False
        self._lock = threading.Lock()

    def add(self, text: str) -> bool:
        """Let it grow; False when it was taken already."""
        with self._lock:
            if not self._taken:
                self._parts.append(text)
            return not self._taken

    def take(self) -> str:
        """All of it, once."""
        with self._lock:
            self._taken = True
            return "".join(self._parts)


class EngineReport:
    """What the engine is handed as ``LiveReport``: it speaks from its thread, the loop hears it in the same order.

    Args:
        check: raises when the work is to end.
        read: makes a reading of a report where one is worth telling.
        put: hands the loop what is to be told.
    """

    def __init__(
        self,
        check: Callable[[], None],
        read: Callable[[int, int, str], Reading | None],
        put: Callable[[Reading | Piece], None],
    ) -> None:
        self._check = check
        self._read = read
        self._put = put
        self._open: Piece | None = None

    def __call__(self, done: int, total: int, message: str, /) -> None:
        """See ``Report``."""
        self._check()
        reading = self._read(done, total, message)
        if reading is not None:
            self._open = None  # what is written from now on is told after it
            self._put(reading)

    def delta(self, text: str, /, *, anew: bool = False) -> None:
        """See ``LiveReport``."""
        self._check()
        if self._open is None or anew or not self._open.add(text):
            self._open = Piece(text, anew=anew)
            self._put(self._open)


class LiveWords:
    """Tells a stage's pieces, in the loop.

    Args:
        say: tells a text, and how many characters stood before it.
        clock: for the distance between two.
    """

    def __init__(self, say: Callable[[str, int], Awaitable[None]], clock: Clock) -> None:
        self._say = say
        self._clock = clock
        self._offset = 0
        self._told_at: float | None = None

    async def tell(self, piece: Piece) -> None:
        """Tell a piece, not too soon after the last; it goes on growing until then."""
        await self._wait()
        text = piece.take()
        if piece.anew:
            self._offset = 0
        if len(text) > _WAITING_CHARS:  # only the newest of it
            self._offset += len(text) - _WAITING_CHARS
            text = text[-_WAITING_CHARS:]
        for start in range(0, len(text), PIECE_CHARS):
            await self._wait()
            part = text[start : start + PIECE_CHARS]
            self._told_at = self._clock.monotonic()
            await self._say(part, self._offset)
            self._offset += len(part)

    async def _wait(self) -> None:
        if self._told_at is not None:
            left_s = self._told_at + INTERVAL_S - self._clock.monotonic()
            if left_s > 0:
                await asyncio.sleep(left_s)
