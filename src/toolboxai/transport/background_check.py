"""Looking in the background whether something answers, so that nobody who asks for our health has to wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from toolboxai.clock import Clock

__all__ = ["CHECK_S", "BackgroundCheck"]

CHECK_S: Final = 5.0
_BOUND_S: Final = 3.0


class BackgroundCheck:
    """Asks every CHECK_S. One question that fails is a hiccup; when a second one in a row does, something is wrong.

    Args:
        ask: fails, or does not return, when something is wrong. What it raises is told by its kind alone: texts of
            database drivers may hold addresses and passwords.
        clock: for how long ago.
        bound_s: an answer that takes longer is none.
    """

    def __init__(
        self, ask: Callable[[], Awaitable[object]], clock: Clock, *, bound_s: float = _BOUND_S
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._bound_s = bound_s
        self._failed = 0  # in a row
        self._answered_at = clock.monotonic()
        self._fault = ""

    async def look(self) -> None:
        """Called every CHECK_S."""
        try:
            async with asyncio.timeout(self._bound_s):
                await self._ask()
        except Exception as fault:  # whatever it is, there was no answer
            self._failed += 1
            self._fault = type(fault).__name__
        else:
            self._failed = 0
            self._answered_at = self._clock.monotonic()

    def trouble(self) -> str | None:
        """What is wrong, or None; never waits."""
        if self._failed < 2:
            return None
        silent = self._clock.monotonic() - self._answered_at
        return f"no answer for {silent:.0f} s ({self._fault})"
