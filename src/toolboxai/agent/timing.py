"""Time and chance, as arguments."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from toolboxai.client.backoff import Backoff
from toolboxai.close_codes import Retry
from toolboxai.ids import Dice

__all__ = ["Pauses", "Timing"]

_ENDLESS = 1 << 30  # a worker never gives a server up: it is started to be there when the server is


@dataclass(frozen=True, slots=True)
class Timing:
    """How a worker measures and waits.

    Args:
        monotonic: seconds since an arbitrary start.
        sleep: waits so many seconds.
        dice: spread of the pauses between attempts.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    dice: Dice = field(default_factory=random.SystemRandom)

    def pauses(self, *, first_s: float, cap_s: float) -> "Pauses":
        """The pauses of one row of attempts."""
        return Pauses(Backoff(self.dice, attempts=_ENDLESS, first_s=first_s, cap_s=cap_s))


class Pauses:
    """Longer from failure to failure, each spread by half to both sides; never shorter than the server asks for."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff

    @property
    def begun(self) -> bool:
        """Whether the last attempt failed."""
        return self._backoff.failed > 0

    def next_s(self, retry_after_s: float) -> float:
        """Seconds until the next attempt."""
        return max(self._backoff.next_wait(Retry.PAUSE, lived_s=0.0) or 0.0, retry_after_s)

    def over(self) -> None:
        """An attempt succeeded."""
        self._backoff.succeeded()
