"""From rounds to figures: what one delivery costs, medians with their spread, ratios of one round."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.generator import Sample


@dataclass(frozen=True)
class Spread:
    """A median, and the smallest and largest of its rounds."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """The median of rounds and how far they lie apart.

    Raises:
        ValueError: there was no round.
    """
    if not values:
        raise ValueError("no rounds: there is nothing to take a median of")
    return Spread(median(values), min(values), max(values))


def part(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies; 0 of none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def ratios(upper: Sequence[float], lower: Sequence[float]) -> Spread:
    """Round by round, since only neighbours in time met the same machine.

    Raises:
        ValueError: unlike numbers of rounds.
    """
    return spread([above / below for above, below in zip(upper, lower, strict=True)])


def flatness(costs: Sequence[float]) -> float:
    """The largest cost above the smallest; 1: work grows in step with what is done."""
    return max(costs) / min(costs)


def cpu_per_delivery(sample: Sample) -> float:
    """Microseconds of server CPU for one event at one subscriber."""
    return sample.server_cpu_s / max(sample.deliveries, 1) * 1e6


def cpu_per_request(sample: Sample) -> float:
    """Microseconds of server CPU for one answered request."""
    return sample.server_cpu_s / max(sample.answers, 1) * 1e6


def cpu_per_connection(sample: Sample) -> float:
    """Microseconds of server CPU for one handshake and, where there is one, its subscription."""
    return sample.server_cpu_s / max(sample.connections, 1) * 1e6


METRICS: Final[dict[str, Callable[[Sample], float]]] = {
    "cpu_us_per_delivery": cpu_per_delivery,
    "cpu_us_per_request": cpu_per_request,
    "cpu_us_per_connection": cpu_per_connection,
    "p50_ms": lambda sample: sample.p50_ms,
    "p99_ms": lambda sample: sample.p99_ms,
    "deliveries_per_s": lambda sample: sample.deliveries / max(sample.seconds, 1e-9),
    "thousand_deliveries_per_s": lambda sample: sample.deliveries / max(sample.seconds, 1e-9) / 1e3,
}
