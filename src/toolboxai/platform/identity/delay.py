"""A wait that doubles with each failure. Pure: the time is an argument."""

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

__all__ = ["GrowingDelay", "Patience"]

KEYS: Final = 50_000  # about 10 MB; an attacker with more addresses than this only pushes out the oldest


@dataclass(frozen=True, slots=True)
class Patience:
    """How failures are answered.

    Args:
        free: so many failures cost nothing: people mistype.
        longest_s: the wait doubles from one second up to this.
        forgive_s: one failure is forgiven each time so many seconds have passed; so what fails now and then, such
            as a page that asks for a channel of yesterday on every reconnect, never adds up.
    """

    free: int
    longest_s: float
    forgive_s: float


class GrowingDelay:
    """Counts the failures of each key and says how long it has to wait."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[float, float]] = (
            OrderedDict()
        )  # how many, and when the last was

    def wait_s(self, key: str, patience: Patience, *, now: float) -> float:
        """Seconds until `key` may try again; 0 when it may now."""
        count, last = self._failures.get(key, (0.0, now))
        extra = math.ceil(count) - patience.free
        if extra <= 0:
            return 0.0
        return max(0.0, last + min(2.0 ** min(extra - 1, 30), patience.longest_s) - now)

    def failed(self, key: str, patience: Patience, *, now: float) -> None:
        """Count one failure."""
        count, last = self._failures.pop(key, (0.0, now))
        self._failures[key] = (max(0.0, count - (now - last) / patience.forgive_s) + 1, now)
        while len(self._failures) > KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures of `key`."""
        self._failures.pop(key, None)
