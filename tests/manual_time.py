"""Time that a test moves: whoever sleeps wakes when it has come so far."""

import asyncio
import heapq
import itertools
import random

from toolboxai.agent.timing import Timing

__all__ = ["ManualTime", "settled"]

_TURNS = 30  # of the loop, after which everything that can go on without time has


async def settled() -> None:
    """Let all that does not wait for time or for others go on."""
    for _turn in range(_TURNS):
        await asyncio.sleep(0)


class ManualTime:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    @property
    def timing(self) -> Timing:
        """For a worker."""
        return Timing(self.monotonic, self.sleep, random.Random(3))

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Until so many seconds have gone by."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), waker))
        await waker

    async def advance(self, seconds: float) -> None:
        """Let so much time go by, with all that is due in it, in order."""
        await settled()
        ends = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= ends:
            due, _, waker = heapq.heappop(self._sleepers)
            self._now = max(self._now, due)
            if not waker.done():
                waker.set_result(None)
                await settled()
        self._now = ends
        await settled()

    def skip(self, seconds: float) -> None:
        """Let time go by in which nothing has a turn, as when a function holds the loop."""
        self._now += seconds
