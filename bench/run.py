"""A whole run: the phases of a plan, one after the other, those that are wanted."""

from collections.abc import Callable, Sequence
from typing import Final

from bench.phases import both, crowd, growth, memory, served, side_by_side, silent
from bench.stand import Stand

__all__ = ["PHASES", "run"]

TOGETHER: Final = ("publish", "connect", "fanout-1", "fanout-16")  # the servers stay up between these
ALONE: Final[dict[str, Callable[[Stand], None]]] = {
    "memory": memory.measure,
    "crowd": crowd.measure,
    "growth": growth.measure_subscribers,
    "channels": growth.measure_channels,
    "silent": silent.measure,
    "both": both.measure,
    "served": served.measure,  # last: it takes what time is left, and begins with what the fan-out has found
}
PHASES: Final = (*TOGETHER, *ALONE)


def run(stand: Stand, only: Sequence[str] = PHASES) -> None:
    """All phases that the plan has a budget for and that are wanted."""
    wanted = [name for name in PHASES if name in only and name in stand.plan.budgets]
    together = [name for name in wanted if name in TOGETHER]
    if together:
        side_by_side.measure(stand, together)
    for name, measure in ALONE.items():
        if name in wanted:
            measure(stand)
