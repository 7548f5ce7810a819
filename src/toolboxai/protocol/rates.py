"""A token bucket; the clock is handed in."""

__all__ = ["TokenBucket"]


class TokenBucket:
    """`rate` per second in the long run, and after a rest `rate` at once.

    Args:
        rate: tokens per second, and how many a rested bucket holds.
        now: monotonic seconds.
    """

    __slots__ = ("_at", "_rate", "_tokens")

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._tokens = float(rate)
        self._at = now

    def take(self, now: float) -> bool:
        """Take one token; False when there is none, and nothing is taken then."""
        tokens = min(self._rate, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if tokens < 1.0:
            self._tokens = tokens
            return False
        self._tokens = tokens - 1.0
        return True
