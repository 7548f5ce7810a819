"""What the server promises, and whether a run kept it."""

from dataclasses import dataclass
from typing import Final

from bench.figures import METRICS, Spread, ratios, spread
from bench.results import Results
from bench.servers import NAIVE, OLD, OURS


@dataclass(frozen=True)
class Target:
    """One promise.

    Attributes:
        figure: the phase that it is about.
        metric: of `figures.METRICS`, ``memory_kb`` or ``lost``.
        against: the other server of the ratio; None for a plain value of ours.
        at_least: how many times better than the other; otherwise `wanted` is the most that is allowed.
        moonshot: what would be splendid.
    """

    title: str
    figure: str
    metric: str
    wanted: float
    moonshot: float | None = None
    against: str | None = None
    at_least: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Outcome:
    """A target and what was reached.

    Attributes:
        reached: None when it could not be measured.
        disturbed: in how many of the rounds behind it others used the cores.
    """

    target: Target
    reached: Spread | None
    disturbed: int = 0

    @property
    def met(self) -> bool | None:
        """None when it was not measured."""
        if self.reached is None:
            return None
        return _good(self.reached.median, self.target.wanted, self.target.at_least)

    @property
    def moonshot_met(self) -> bool:
        """Whether even the moonshot was reached."""
        shot = self.target.moonshot
        return (
            self.reached is not None
            and shot is not None
            and _good(self.reached.median, shot, self.target.at_least)
        )


def _good(value: float, bound: float, at_least: bool) -> bool:
    return value >= bound if at_least else value <= bound


_CPU = "cpu_us_per_delivery"
TARGETS: Final = (
    Target("fan-out, 1 in flight: CPU against C", "fanout-1", _CPU, 1.35, 1.0, "c", unit="x"),
    Target(
        "fan-out, 1 in flight: CPU, the old way against ours", "fanout-1", _CPU, 3, 5, OLD.name, True, "x"
    ),
    Target(
        "fan-out, 1 in flight: p99, the old way against ours", "fanout-1", "p99_ms", 3, 5, OLD.name, True, "x"
    ),
    Target(
        "fan-out, 1 in flight: CPU, today's default against ours",
        "fanout-1",
        _CPU,
        2,
        3,
        NAIVE.name,
        True,
        "x",
    ),
    Target(
        "fan-out, 16 in flight: CPU, the old way against ours", "fanout-16", _CPU, 20, 40, OLD.name, True, "x"
    ),
    Target(
        "fan-out, 16 in flight: CPU, today's default against ours",
        "fanout-16",
        _CPU,
        11,
        None,
        NAIVE.name,
        True,
        "x",
    ),
    Target(
        "signed publish: CPU, FastAPI route against ours",
        "publish",
        "cpu_us_per_request",
        7,
        10,
        NAIVE.name,
        True,
        "x",
    ),
    Target(
        "handshake and subscribe: CPU, the old way's accept against ours",
        "connect",
        "cpu_us_per_connection",
        5,
        15,
        OLD.name,
        True,
        "x",
    ),
    Target(
        "handshake and subscribe: CPU, today's default's accept against ours",
        "connect",
        "cpu_us_per_connection",
        5,
        15,
        NAIVE.name,
        True,
        "x",
    ),
    Target("memory of an idle subscribed connection", "memory", "memory_kb", 8, 4, unit="kB"),
    Target("10,000 subscribers, 10 publications a second: p99", "crowd", "p99_ms", 150, 100, unit="ms"),
    Target("10,000 subscribers, 10 publications a second: lost", "crowd", "lost", 0, unit="events"),
)


def judge(results: Results) -> list[Outcome]:
    """Every target with what this run reached."""
    return [Outcome(target, _reached(target, results), _disturbed(target, results)) for target in TARGETS]


def _disturbed(target: Target, results: Results) -> int:
    rounds = results.samples.get(target.figure, {})
    return sum(
        sample.disturbed for name in (OURS.name, target.against) if name for sample in rounds.get(name, [])
    )


def _reached(target: Target, results: Results) -> Spread | None:
    if target.metric == "memory_kb":
        return results.memory(OURS.name)
    rounds = results.samples.get(target.figure, {})
    ours = rounds.get(OURS.name)
    if not ours:
        return None
    if target.metric == "lost":
        return spread([float(sample.lost + sample.dropped) for sample in ours])
    metric = METRICS[target.metric]
    mine = [metric(sample) for sample in ours]
    if target.against is None:
        return spread(mine)
    other = [metric(sample) for sample in rounds.get(target.against, [])]
    if not other:
        return None
    return ratios(other, mine) if target.at_least else ratios(mine, other)
