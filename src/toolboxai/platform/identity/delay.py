"""A wait that doubles with each failure. Pure: the time is an argument."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

__all__ = ["GrowingDelay", "Patience"]

FORGET_AFTER_S: Final = 900.0  # a quarter of an hour without a failure, and the count starts anew
KEYS: Final = 50_000  # about 10 MB; an attacker with more addresses than this only pushes out the oldest


@dataclass(frozen=True, slots=True)
class Patience:
    """How failures are answered.

    Args:
        free: so many failures cost nothing: people mistype.
        longest_s: the wait doubles from one second up to this.
    """

    free: int
    longest_s: float


class GrowingDelay:
    """Counts the failures of each key and says how long it has to wait."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait_s(self, key: str, patience: Patience, *, now: float) -> float:
        """Seconds until `key` may try again; 0 when it may now."""
        count, last = self._failures.get(key, (0, 0.0))
        extra = count - patience.free
        if extra <= 0 or now - last >= FORGET_AFTER_S:
            return 0.0
        pause = min(2.0 ** min(extra - 1, 30), patience.longest_s)
        return max(0.0, last + pause - now)

    def failed(self, key: str, *, now: float) -> None:
        """Count one failure."""
        count, last = self._failures.pop(key, (0, now))
        self._failures[key] = (1 if now - last >= FORGET_AFTER_S else count + 1, now)
        while len(self._failures) > KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures of `key`."""
        self._failures.pop(key, None)
