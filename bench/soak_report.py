"""What became of a soak: its looks, what is wrong with it, and how it is told."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from bench import machine
from bench.results import write

__all__ = ["Look", "Soak", "grown", "lines", "written"]

ALLOWED: Final = 2.0  # percent by which memory may grow from the first sixth to the last
WARM: Final = 0.1  # of the time, before anything is compared


@dataclass(frozen=True)
class Look:
    """What was seen at one time; rates since the last look.

    Attributes:
        at_s: since the crowd was complete.
        lag_ms: upper bound of how late the server's loop came in 99 of 100 looks since its start, by its own histogram.
    """

    at_s: float
    resident_bytes: int
    connections: int
    descriptors: int
    deliveries_per_s: float
    server_share: float
    own_share: float
    lag_ms: float


@dataclass
class Soak:
    """What became of it."""

    looks: list[Look] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def warm(self) -> list[Look]:
        """The looks after warming up."""
        end = self.looks[-1].at_s if self.looks else 0.0
        return [look for look in self.looks if look.at_s > end * WARM]

    def growth(self) -> float | None:
        """Percent by which memory grew from the first sixth after warming up to the last; None: too few looks."""
        return grown([look.resident_bytes for look in self.warm])

    def troubles(self) -> list[str]:
        """What is not as it should be."""
        growth = self.growth()
        told = [
            f"{self.counts[name]} {name}"
            for name in ("lost", "disorder", "broken", "refused")
            if self.counts[name]
        ]
        if growth is None or growth > ALLOWED:
            told.append(
                "memory was not seen often enough" if growth is None else f"memory grew by {growth:.2f} %"
            )
        return told


def grown(values: Sequence[float]) -> float | None:
    """Percent from the median of the first sixth to that of the last; None of fewer than six."""
    sixth = len(values) // 6
    if not sixth:
        return None
    first, last = statistics.median(values[:sixth]), statistics.median(values[-sixth:])
    return (last / first - 1) * 100


def lines(soak: Soak) -> list[str]:
    """What is printed: six parts of the time after warming up, and the verdict."""
    warm = soak.warm
    sixth = max(1, len(warm) // 6)
    told = [
        "| minutes | resident, MB | connections | deliveries a second | CPU of a core |",
        "|---|---|---|---|---|",
    ]
    for first in range(0, min(len(warm), sixth * 6), sixth):
        part = warm[first : first + sixth]
        middle = statistics.median
        told.append(
            f"| {part[0].at_s / 60:.0f} to {part[-1].at_s / 60:.0f} | {middle(look.resident_bytes for look in part) / 1e6:.2f}"
            f" | {middle(look.connections for look in part):.0f} | {middle(look.deliveries_per_s for look in part):.0f}"
            f" | {middle(look.server_share for look in part) * 100:.1f} % |"
        )
    growth = soak.growth()
    grew = "not seen often enough" if growth is None else f"{growth:+.2f} %"
    told += [
        "",
        f"Memory from the first sixth to the last: {grew} (at most {ALLOWED} %).",
        ", ".join(f"{name} {count}" for name, count in soak.counts.items()),
    ]
    troubles = soak.troubles()
    return [*told, f"NOT MET: {'; '.join(troubles)}" if troubles else "met"]


def written(soak: Soak, plan: dict[str, float], path: Path, *, over: bool) -> None:
    """Put it into a file; what was there before is whole until then."""
    data = {
        **machine.origin(),
        "plan": plan,
        "over": over,
        "growth_percent": soak.growth(),
        "troubles": soak.troubles(),
        "counts": soak.counts,
        "looks": [asdict(look) for look in soak.looks],
    }
    write(path, data)
