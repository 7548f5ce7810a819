"""What the server promises, and whether a run kept it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench import reached
from bench.figures import METRICS, Spread, ratios, spread
from bench.results import SERVED_MS, Results
from bench.servers import NAIVE, OLD, OURS

__all__ = ["TARGETS", "Outcome", "Target", "judge"]


@dataclass(frozen=True)
class Target:
    """One promise.

    Attributes:
        figure: the phase that it is about; of a family of figures the part before the number.
        metric: of `figures.METRICS`, or ``lost``.
        against: the other server of the ratio; None for a plain value of ours.
        at_least: how many times better than the other; otherwise `wanted` is the most that is allowed.
        moonshot: what would be splendid.
        promised: False: it is told where this is reached and where not, and nobody promised either.
        reached_by: what was reached, of figures that are no plain value and no ratio of two servers.
        about: a word on what was reached that the numbers alone do not say.
    """

    title: str
    figure: str
    metric: str
    wanted: float
    moonshot: float | None = None
    against: str | None = None
    at_least: bool = False
    unit: str = ""
    promised: bool = True
    reached_by: Callable[[Results], Spread | None] | None = None
    about: Callable[[Results], str] | None = None


@dataclass(frozen=True)
class Outcome:
    """A target and what was reached.

    Attributes:
        reached: None when it could not be measured.
        disturbed: in how many of the rounds behind it others used the cores.
        about: see `Target`.
    """

    target: Target
    reached: Spread | None
    disturbed: int = 0
    about: str = ""

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


def _served(hz: int) -> Target:
    title = f"connections served within p99 {SERVED_MS:g} ms, {hz} a second: ours against the old way"
    return Target(
        title,
        "served",
        "",
        20,
        None,
        OLD.name,
        True,
        "x",
        False,
        reached.served(hz),
        reached.served_words(hz),
    )


_CONNECT: Final = "cpu_us_per_connection"
_MANY: Final = "10,000 subscribers, 10 publications a second"
TARGETS: Final = (
    Target("fan-out, 1 in flight: CPU against C", "fanout-1", reached.CPU, 1.35, 1.0, "c", unit="x"),
    Target(
        "fan-out, 1 in flight: CPU, the old way against ours",
        "fanout-1",
        reached.CPU,
        3,
        5,
        OLD.name,
        True,
        "x",
    ),
    Target(
        "fan-out, 1 in flight: p99, the old way against ours", "fanout-1", "p99_ms", 3, 5, OLD.name, True, "x"
    ),
    Target(
        "fan-out, 1 in flight: CPU, today's default against ours",
        "fanout-1",
        reached.CPU,
        2,
        3,
        NAIVE.name,
        True,
        "x",
    ),
    Target(
        "fan-out, 16 in flight: CPU, the old way against ours",
        "fanout-16",
        reached.CPU,
        20,
        40,
        OLD.name,
        True,
        "x",
    ),
    Target(
        "fan-out, 16 in flight: CPU, today's default against ours",
        "fanout-16",
        reached.CPU,
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
        _CONNECT,
        5,
        15,
        OLD.name,
        True,
        "x",
    ),
    Target(
        "handshake and subscribe: CPU, today's default's accept against ours",
        "connect",
        _CONNECT,
        5,
        15,
        NAIVE.name,
        True,
        "x",
    ),
    Target(
        "memory of an idle subscribed connection", "memory", "", 8, 4, unit="kB", reached_by=reached.memory
    ),
    Target(f"{_MANY}: p99", "crowd", "p99_ms", 150, 100, unit="ms"),
    Target(f"{_MANY}: lost, or out of order", "crowd", "lost", 0, unit="events"),
    Target(
        "the same with one that never reads: p99 of the rest, against without it",
        "silent",
        "p99_ms",
        1.2,
        unit="x",
        reached_by=reached.between("silent-with", "silent-without", "p99_ms"),
    ),
    Target(
        "the same: what the server grows by, with 16 MB for the one that never reads",
        "silent",
        "",
        3,
        unit="MB",
        reached_by=reached.silent_most,
        about=reached.silent_after,
    ),
    Target(
        "CPU of a delivery as the channel grows: dearest size against cheapest",
        "growth",
        reached.CPU,
        1.25,
        unit="x",
        reached_by=reached.flat("growth", reached.CPU),
        about=reached.beside_c,
    ),
    Target(
        "CPU of a publication as channels become more: dearest against cheapest",
        "channels",
        "cpu_us_per_request",
        1.25,
        unit="x",
        reached_by=reached.flat("channels", "cpu_us_per_request"),
        about=reached.costs("channels", "cpu_us_per_request", "µs"),
    ),
    Target(
        "half of the subscribers on old sockets: CPU of a delivery against all on Channels",
        "both",
        reached.CPU,
        1.1,
        unit="x",
        reached_by=reached.between("both-halves", "both-one", reached.CPU),
    ),
    _served(1),
    _served(10),
    _served(100),
)


def judge(results: Results) -> list[Outcome]:
    """Every target with what this run reached."""
    return [
        Outcome(
            target,
            _reached(target, results),
            _disturbed(target, results),
            target.about(results) if target.about else "",
        )
        for target in TARGETS
    ]


def _disturbed(target: Target, results: Results) -> int:
    names = {OURS.name, target.against}
    return sum(
        sample.disturbed
        for figure, servers in results.samples.items()
        if figure == target.figure or (target.reached_by and figure.startswith(target.figure + "-"))
        for name, samples in servers.items()
        if name in names
        for sample in samples
    )


def _reached(target: Target, results: Results) -> Spread | None:
    if target.reached_by:
        return target.reached_by(results)
    rounds = results.samples.get(target.figure, {})
    ours = rounds.get(OURS.name)
    if not ours:
        return None
    if target.metric == "lost":
        return spread([float(sample.lost + sample.dropped + sample.disorder) for sample in ours])
    metric = METRICS[target.metric]
    mine = [metric(sample) for sample in ours]
    if target.against is None:
        return spread(mine)
    other = [metric(sample) for sample in rounds.get(target.against, [])]
    if not other:
        return None
    pairs = list(zip(mine, other, strict=False))  # a phase may end within a round
    mine, other = [one for one, _ in pairs], [one for _, one in pairs]
    return ratios(other, mine) if target.at_least else ratios(mine, other)
