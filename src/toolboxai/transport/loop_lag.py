"""How late the event loop comes to what is due: the one sign of a process that has more to do than it can."""

import time
from collections.abc import Callable
from typing import Final

from toolboxai.metrics import Metrics

__all__ = ["LAG_PERIOD_S", "LoopLag"]

LAG_PERIOD_S: Final = 1.0
_TOO_LATE_S: Final = 2.0  # whoever waits so long for every answer is better served elsewhere


class LoopLag:
    """Looks again and again, LAG_PERIOD_S after it last did, and notes by how much that was missed.

    Args:
        metrics: where it is noted.
        now: seconds that never go back.
    """

    def __init__(self, metrics: Metrics, *, now: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._now = now
        self._due: float | None = None
        self._last = 0.0

    async def look(self) -> None:
        """Called every LAG_PERIOD_S."""
        now = self._now()
        if self._due is not None:
            self._last = max(0.0, now - self._due)
            self._metrics.loop_lag_seconds.observe(self._last)
        self._due = now + LAG_PERIOD_S

    def trouble(self) -> str | None:
        """What is wrong, or None."""
        if self._last < _TOO_LATE_S:
            return None
        return f"the event loop came {self._last:.1f} s late to what was due"
