"""How long a generation takes, learnt from those of about the same size that went before."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from statistics import median
from typing import Final

from toolboxai.platform.content.model.generator import GENERATOR
from toolboxai.platform.content.records.sessions import STAGES, Stage

__all__ = ["Forecast", "Timing"]

_KEPT: Final = 20  # of each size; the median of so many is not moved by one that was held up


@dataclass(frozen=True, slots=True)
class Timing:
    """One generation that went well: its words, the seconds of each stage, and who made it."""

    words: int
    seconds: Mapping[Stage, float]
    generator: str = GENERATOR


class Forecast:
    """The median of the newest generations of each size; sizes are powers of two of the source's words.

    Args:
        generator: who will make the next ones. How long a language model takes says nothing of the offline engine,
            nor of another model: only what this one took is learnt.
    """

    def __init__(self, generator: str = GENERATOR) -> None:
        self._generator = generator
        self._known: dict[int, deque[Timing]] = {}

    def learn(self, timings: Sequence[Timing]) -> None:
        """So long did these take, oldest first."""
        for timing in timings:
            if (
                timing.generator == self._generator
                and timing.words > 0
                and all(stage in timing.seconds for stage in STAGES)
            ):
                self._known.setdefault(_size(timing.words), deque(maxlen=_KEPT)).append(timing)

    def seconds(self, words: int) -> Mapping[Stage, float] | None:
        """What each stage of a text of so many words will take; None before anything is known, or without a text.

        Where none of this size has been made, the nearest size speaks, in proportion to its words.
        """
        if not self._known or words <= 0:
            return None
        size = _size(words)
        nearest = min(self._known, key=lambda known: (abs(known - size), known))
        timings = self._known[nearest]
        scale = 1.0 if nearest == size else words / median(timing.words for timing in timings)
        return {stage: scale * median(timing.seconds[stage] for timing in timings) for stage in STAGES}


def _size(words: int) -> int:
    return int(log2(words))
