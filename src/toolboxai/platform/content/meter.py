"""How far a generation is: measured units of work, weighted by stage, and the time they took."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from toolboxai.clock import Clock
from toolboxai.platform.content.sessions import STAGES, Stage

__all__ = ["Meter", "Reading", "stage_end", "stage_start"]

# Shares of the whole time, measured: between those of a text of 900 words (27, 5, 50, 18) and of 14,000 words
# (54, 10, 28, 8), where reading weighs more and the files weigh less.
_SHARES: Final[Mapping[Stage, int]] = {
    Stage.ANALYSIS: 40,
    Stage.LESSON: 10,
    Stage.QUIZ: 38,
    Stage.PACKAGING: 12,
}
_INTERVAL_S: Final = 0.2  # no more than five updates a second: nobody reads faster
_LAST: Final = 99  # 100 is said once, with the files at hand


def stage_start(stage: Stage) -> int:
    """Percent of the whole that is done when a stage begins."""
    return sum(_SHARES[earlier] for earlier in STAGES[: STAGES.index(stage)])


def stage_end(stage: Stage) -> int:
    """Percent of the whole that is done when a stage ends."""
    return stage_start(stage) + _SHARES[stage]


@dataclass(frozen=True, slots=True)
class Reading:
    """One progress update that is worth telling."""

    percent: int
    message: str
    estimated_completion: float | None


class Meter:
    """Follows one session through its stages in this process; not shared between threads at the same time.

    Args:
        clock: for the speed.
        percent: what was reached before this process took over; it never falls below.
    """

    def __init__(self, clock: Clock, percent: int) -> None:
        self._clock = clock
        self._began_at = clock.monotonic()
        self._began_with = percent
        self._percent = percent
        self._stage: Stage | None = None
        self._told_at = 0.0
        self._told = -1

    def read(self, stage: Stage, done: int, total: int, message: str) -> Reading | None:
        """Take a report of the engine.

        Returns:
            What to tell, or None: so soon after the last one, or without a new percent, it is not worth it. The
            first report of a stage is always told.
        """
        share = _SHARES[stage] * min(max(done, 0), max(total, 1)) // max(total, 1)
        self._percent = max(self._percent, min(stage_start(stage) + share, _LAST))
        now = self._clock.monotonic()
        first = stage is not self._stage
        if not first and (self._percent == self._told or now - self._told_at < _INTERVAL_S):
            return None
        self._stage, self._told, self._told_at = stage, self._percent, now
        return Reading(self._percent, message, self._estimate(now))

    def _estimate(self, now: float) -> float | None:
        """When it will be done at the speed so far, in Unix seconds; None before there is a speed."""
        gone = self._percent - self._began_with
        if gone <= 0:
            return None
        return self._clock.now() + (now - self._began_at) * (100 - self._percent) / gone
