"""How much a run measures, and how long that may take."""

from dataclasses import dataclass
from typing import Final

__all__ = ["FULL", "SHORT", "TINY", "Plan"]


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        round_s: seconds of a round.
        memory_at: connections of one server at which its memory is read, ascending.
        crowd_of_all: the crowd is too much for the slower servers within a short run.
        growth: subscribers of one channel.
        channels: occupied channels, and how many connections hold them.
        held: connections in each row of `channels`.
        silent: subscribers beside the one that never reads; 0: not measured.
        both: subscribers of the server that serves both worlds; 0: not measured.
        served_hz: publications a second.
        budgets: seconds of each phase. When they are over, it takes no further round and repeats none that was disturbed.
    """

    rounds: int
    round_s: float
    subscribers: int
    accepts: int
    memory_rounds: int
    memory_at: tuple[int, ...]
    crowd: int
    crowd_s: float
    crowd_of_all: bool
    growth: tuple[int, ...]
    channels: tuple[int, ...]
    held: int
    silent: int
    both: int
    served_hz: tuple[int, ...]
    budgets: dict[str, float]

    @property
    def seconds(self) -> float:
        """All budgets together."""
        return sum(self.budgets.values())


SHORT: Final = Plan(
    rounds=4,
    round_s=0.8,
    subscribers=1000,
    accepts=500,
    memory_rounds=1,
    memory_at=(2000,),
    crowd=10_000,
    crowd_s=6.0,
    crowd_of_all=False,
    growth=(),
    channels=(),
    held=0,
    silent=0,
    both=0,
    served_hz=(),
    budgets={
        "publish": 30,
        "connect": 18,
        "fanout-1": 34,
        "fanout-16": 34,
        "memory": 30,
        "crowd": 25,
    },
)

FULL: Final = Plan(
    rounds=9,
    round_s=1.2,
    subscribers=1000,
    accepts=1000,
    memory_rounds=2,
    memory_at=(1000, 2000, 5000, 10_000),
    crowd=10_000,
    crowd_s=6.0,
    crowd_of_all=True,
    growth=(100, 1000, 10_000, 18_000),
    channels=(1, 1000, 100_000),
    held=1000,
    silent=10_000,
    both=1000,
    served_hz=(1, 10, 100),
    budgets={
        "publish": 75,
        "connect": 50,
        "fanout-1": 105,
        "fanout-16": 105,
        "memory": 110,
        "crowd": 120,
        "growth": 110,
        "channels": 55,
        "silent": 45,
        "both": 45,
        "served": 330,
    },
)

TINY: Final = Plan(
    rounds=1,
    round_s=0.1,
    subscribers=20,
    accepts=20,
    memory_rounds=1,
    memory_at=(20, 40),
    crowd=50,
    crowd_s=0.5,
    crowd_of_all=True,
    growth=(10, 20),
    channels=(1, 50),
    held=10,
    silent=50,
    both=20,
    served_hz=(50,),
    budgets=dict.fromkeys(FULL.budgets, 10.0),
)
