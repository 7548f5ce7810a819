"""A clock for tests."""

__all__ = ["ManualClock"]


class ManualClock:
    """Stands still until it is told to go on; both of its readings go together.

    Args:
        now: unix seconds at its start.
    """

    def __init__(self, now: float = 1_780_000_000.0) -> None:
        self._now = now
        self._ran = 0.0

    def now(self) -> float:
        """Unix time in seconds."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since its start."""
        return self._ran

    def advance(self, seconds: float) -> None:
        """Let so much time go by."""
        self._now += seconds
        self._ran += seconds
