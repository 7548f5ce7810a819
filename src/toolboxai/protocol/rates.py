"""How often something may happen; the clock is handed in."""

from collections import deque

__all__ = ["SlidingWindow"]


class SlidingWindow:
    """At most `most` times in any stretch of `seconds`, wherever it begins.

    Args:
        most: how often, at least once.
        seconds: how long the stretch is.
    """

    __slots__ = ("_seconds", "_taken")

    def __init__(self, most: int, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._taken: deque[float] = deque(maxlen=most)

    @property
    def free_at(self) -> float:
        """From when on the next may be taken, in monotonic seconds."""
        full = len(self._taken) == self._taken.maxlen
        return self._taken[0] + self._seconds if full else float("-inf")

    def take(self, now: float) -> bool:
        """Do it once; False when it may not be done yet, and nothing is taken then.

        Args:
            now: monotonic seconds.
        """
        taken = self._taken
        if len(taken) == taken.maxlen and now < taken[0] + self._seconds:
            return False
        taken.append(now)
        return True
