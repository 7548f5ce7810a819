"""Those who wait for something to happen are woken when it does: long polls, event streams, claims."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Bell", "Listener"]


class Listener:
    """Has heard every ring since it began to listen."""

    __slots__ = ("_rung",)

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def rung(self) -> None:
        """The bell was rung."""
        self._rung.set()

    async def heard(self, timeout_s: float) -> bool:
        """Wait for a ring; one that came since the last wait counts.

        Args:
            timeout_s: seconds to wait at most.

        Returns:
            Whether there was one. The next wait is for the next ring.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True


class Bell:
    """Wakes all who wait for a key: an id of whatever there is, so that one bell does for all rooms.

    Of keys that nobody waits for nothing is kept.

    Whoever looks for something first begins to listen, and then looks: what comes after the look is heard::

        with bell.listening(key) as listener:
            while not (found := await look()):
                if bell.closed or not await listener.heard(timeout_s):
                    break

    Attributes:
        closed: whether the server goes, and nobody is to wait.
    """

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = {}
        self.closed = False

    def close(self) -> None:
        """The server goes: nobody waits any longer, neither who does now nor who comes later."""
        self.closed = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.rung()

    def ring(self, key: str) -> None:
        """Something has happened; call it once it can be seen."""
        for listener in self._listeners.get(key, ()):
            listener.rung()

    @contextmanager
    def listening(self, key: str) -> Iterator[Listener]:
        """Listen from now on, until the block ends."""
        listener = Listener()
        self._listeners.setdefault(key, set()).add(listener)
        try:
            yield listener
        finally:
            there = self._listeners[key]
            there.discard(listener)
            if not there:
                del self._listeners[key]
