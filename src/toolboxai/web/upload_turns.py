"""Whose files are read next: one request of each person at a time, and nobody waits behind all of another's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

from toolboxai.errors import RateLimitExceeded
from toolboxai.platform.runs.turns import Turns

__all__ = ["UploadTurns"]

_RETRY_S: Final = 10


class UploadTurns:
    """A line, as that of the sessions: served person after person.

    Args:
        at_once: so many requests are read at the same time, each of somebody else.
        wait_s: seconds after which whoever still waits is told to come back.
    """

    def __init__(self, *, at_once: int = 2, wait_s: float = 50.0) -> None:
        self._turns = Turns(at_once=at_once, at_once_per_user=1)
        self._wait_s = wait_s
        self._numbers = count(1)
        self._came: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def turn(self, user_id: str) -> AsyncIterator[None]:
        """Wait in line, then hold the turn.

        Raises:
            RateLimitExceeded: it did not come in time.
        """
        place = str(next(self._numbers))
        came = self._came[place] = asyncio.Event()
        self._turns.enter(place, user_id)
        self._call()
        try:
            await self._wait(came)
            yield
        finally:
            del self._came[place]
            self._turns.leave(place)
            self._call()

    @property
    def load(self) -> tuple[int, int]:
        """How many are read, and how many wait."""
        return self._turns.load

    async def _wait(self, came: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                await came.wait()
        except TimeoutError:
            raise RateLimitExceeded(
                f"these files have waited {self._wait_s:g} s, and those before them are still being read; send them "
                f"again in {_RETRY_S} s",
                retry_after_s=_RETRY_S,
            ) from None

    def _call(self) -> None:
        for place in self._turns.take():
            self._came[place].set()
