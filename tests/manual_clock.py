"""A clock for tests."""


class ManualClock:
    """Stands still until it is told to go on; both of its readings go together."""

    def __init__(self, now: float = 1_780_000_000.0) -> None:
        self._now = now
        self._ran = 0.0

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._ran

    def advance(self, seconds: float) -> None:
        self._now += seconds
        self._ran += seconds
