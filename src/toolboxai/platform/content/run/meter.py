"""How far a generation is: measured units of work, weighted by stage; and when it will be done."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from toolboxai.clock import Clock
from toolboxai.platform.content.records.sessions import STAGES, Stage

__all__ = ["BEAT_S", "Meter", "Reading", "stage_end", "stage_start"]

# Shares of the whole time, measured: between those of a text of 900 words (27, 5, 50, 18) and of 14,000 words
# (54, 10, 28, 8), where reading weighs more and the files weigh less.
_SHARES: Final[Mapping[Stage, int]] = {
    Stage.ANALYSIS: 40,
    Stage.LESSON: 10,
    Stage.QUIZ: 38,
    Stage.PACKAGING: 12,
}
_INTERVAL_S: Final = 0.2  # no more than five updates a second: nobody reads faster
BEAT_S: Final = 0.9  # and one at least within each second, also when there is no news
_LAST: Final = 99  # 100 is said once, with the files at hand
# So much of the whole, as it was expected, has to have gone by before the speed measured now outweighs it.
_TRUST: Final = 0.25


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
    """Follows one session through its stages in this process; the engine's thread and the loop may both call it.

    Args:
        clock: for the speed.
        percent: what was reached before this process took over; it never falls below.
        expected: seconds that each stage is likely to take; None when nothing is known of them.
    """

    def __init__(self, clock: Clock, percent: int, *, expected: Mapping[Stage, float] | None = None) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began_at = clock.monotonic()
        self._expected = expected
        self._percent = percent
        self._began_in: Stage | None = (
            None  # a stage that was cut begins anew, whatever percent it had reached
        )
        self._stage: Stage | None = None
        self._done = 0.0  # of the stage, 0 to 1
        self._message = ""
        self._told_at = self._began_at
        self._told = -1
        self._heard_at = self._began_at
        self._waited_s = 0.0

    @property
    def spent_s(self) -> float:
        """Seconds since this process took the session up, without those in which the engine said that it waits."""
        with self._lock:
            return self._clock.monotonic() - self._began_at - self._waited_s

    def read(self, stage: Stage, done: int, total: int, message: str) -> Reading | None:
        """Take a report of the engine, see ``Report``.

        Returns:
            What to tell, or None: so soon after the last one, or without a new percent, it is not worth it. The
            first report of a stage is always told.
        """
        with self._lock:
            now = self._clock.monotonic()
            first = self._enter(stage, now)
            if total == 0:
                self._waited_s += now - self._heard_at
            self._heard_at = now
            self._done = max(self._done, min(max(done, 0), max(total, 1)) / max(total, 1))
            self._message = message
            reached = stage_start(stage) + int(_SHARES[stage] * self._done)
            self._percent = max(self._percent, min(reached, _LAST))
            if not first and (self._percent == self._told or now - self._told_at < _INTERVAL_S):
                return None
            return self._reading(now)

    def beat(self, stage: Stage) -> Reading | None:
        """What to tell when nobody has reported for a while: the same percent, and a fresh estimate.

        Returns:
            None while the last update is younger than ``BEAT_S``.
        """
        with self._lock:
            now = self._clock.monotonic()
            if now - self._told_at < BEAT_S:
                return None
            if self._enter(stage, now):
                self._message = "Getting ready"
                self._percent = max(self._percent, stage_start(stage))
            return self._reading(now)

    def quiet_s(self) -> float:
        """Seconds until a beat is due."""
        with self._lock:
            return max(0.0, self._told_at + BEAT_S - self._clock.monotonic())

    def _enter(self, stage: Stage, now: float) -> bool:
        """Whether this is a new stage."""
        if stage is self._stage:
            return False
        self._heard_at = now
        self._stage, self._done = stage, 0.0
        self._began_in = self._began_in or stage
        return True

    def _reading(self, now: float) -> Reading:
        self._told, self._told_at = self._percent, now
        return Reading(self._percent, self._message, self._estimate(now))

    def _estimate(self, now: float) -> float | None:
        """When it will be done, in Unix seconds; None before there is anything to go by.

        What is left, as it was expected, times the pace so far. Where nothing is known of earlier ones, the shares of
        the stages stand in for what is expected, and the pace is measured alone.
        """
        assert self._stage is not None
        sizes: Mapping[Stage, float] = self._expected or _SHARES
        at, began = STAGES.index(self._stage), STAGES.index(self._began_in or self._stage)
        done = sum(sizes[stage] for stage in STAGES[began:at]) + sizes[self._stage] * self._done
        left = sum(sizes[stage] for stage in STAGES[at:]) - sizes[self._stage] * self._done
        spent = now - self._began_at
        if self._expected is None:
            return self._clock.now() + left * spent / done if done > 0 and spent > 0 else None
        trust = _TRUST * sum(sizes.values())
        return self._clock.now() + (left * (spent + trust) / (done + trust) if trust > 0 else 0.0)
