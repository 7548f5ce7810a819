"""The machine's own clock."""

import time

__all__ = ["SystemClock"]


class SystemClock:
    """Satisfies ``toolboxai.clock.Clock``."""

    def now(self) -> float:
        """Unix time in seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return time.monotonic()
