"""What the server promises, and whether a run kept it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.figures import METRICS, Spread, flatness, ratios, spread
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


_CPU: Final = "cpu_us_per_delivery"

# ---- what is no plain value and no ratio of two servers ---------------------------------------------------------


def _flat(family: str, metric: str) -> Callable[[Results], Spread | None]:
    """The dearest size against the cheapest, round by round."""

    def reached(results: Results) -> Spread | None:
        sizes = [results.samples[f"{family}-{size}"].get(OURS.name, []) for size in results.sizes(family)]
        rounds = list(zip(*sizes, strict=False))  # a phase may end within a round
        if len(sizes) < 2 or not rounds:
            return None
        return spread([flatness([METRICS[metric](sample) for sample in one]) for one in rounds])

    return reached


def _costs(family: str, metric: str, unit: str) -> Callable[[Results], str]:
    """The median of each size, in words."""

    def about(results: Results) -> str:
        told = []
        for size in results.sizes(family):
            samples = results.samples[f"{family}-{size}"].get(OURS.name, [])
            if samples:
                told.append(f"{size:,}: {spread([METRICS[metric](one) for one in samples]).median:.3g}")
        return f"{unit} at {', '.join(told)}" if told else ""

    return about


def _beside_c(results: Results) -> str:
    """Ours in words, and how much dearer the bare loop becomes: that is the kernel's part."""
    told = _costs("growth", _CPU, "µs")(results)
    sizes = results.sizes("growth")
    costs = [
        spread([METRICS[_CPU](sample) for sample in results.samples[f"growth-{size}"]["c"]]).median
        for size in sizes
        if results.samples[f"growth-{size}"].get("c")
    ]
    return f"{told}; the C loop {flatness(costs):.2f}x" if len(costs) == len(sizes) > 1 else told


def _between(upper: str, lower: str, metric: str) -> Callable[[Results], Spread | None]:
    """One figure of ours against another of ours."""

    def reached(results: Results) -> Spread | None:
        above, below = (results.samples.get(name, {}).get(OURS.name, []) for name in (upper, lower))
        pairs = list(zip(above, below, strict=False))
        if not pairs:
            return None
        of = METRICS[metric]
        return ratios([of(one) for one, _ in pairs], [of(other) for _, other in pairs])

    return reached


def _silent_memory(results: Results) -> Spread | None:
    return spread(results.silent_mb[:1]) if results.silent_mb else None


def _silent_after(results: Results) -> str:
    return f"{results.silent_mb[1]:.2f} MB after it was closed" if results.silent_mb else ""


def _served(hz: int) -> Target:
    def reached(results: Results) -> Spread | None:
        ours, old = (results.served.get(hz, {}).get(name) for name in (OURS.name, OLD.name))
        return spread([ours.connections / old.connections]) if ours and old and old.connections else None

    def about(results: Results) -> str:
        ours, old = (results.served.get(hz, {}).get(name) for name in (OURS.name, OLD.name))
        if not ours or not old:
            return ""
        more = " or more: the limit of open files" if ours.fails_at is None else ""
        return f"{ours.connections:,}{more}; {old.connections:,} the old way"

    title = f"connections served within p99 {SERVED_MS:g} ms, {hz} a second: ours against the old way"
    return Target(title, "served", "", 20, None, OLD.name, True, "x", False, reached, about)


def _memory(results: Results) -> Spread | None:
    return results.memory(OURS.name)


_CONNECT: Final = "cpu_us_per_connection"
_MANY: Final = "10,000 subscribers, 10 publications a second"
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
    Target("memory of an idle subscribed connection", "memory", "", 8, 4, unit="kB", reached_by=_memory),
    Target(f"{_MANY}: p99", "crowd", "p99_ms", 150, 100, unit="ms"),
    Target(f"{_MANY}: lost", "crowd", "lost", 0, unit="events"),
    Target(
        "the same with one that never reads: p99 of the rest, against without it",
        "silent",
        "p99_ms",
        1.2,
        unit="x",
        reached_by=_between("silent-with", "silent-without", "p99_ms"),
    ),
    Target(
        "the same: what the server's memory grows by, with 16 MB for the one that never reads",
        "silent",
        "",
        3,
        unit="MB",
        reached_by=_silent_memory,
        about=_silent_after,
    ),
    Target(
        "CPU of a delivery as the channel grows: dearest size against cheapest",
        "growth",
        _CPU,
        1.25,
        unit="x",
        reached_by=_flat("growth", _CPU),
        about=_beside_c,
    ),
    Target(
        "CPU of a publication as channels become more: dearest against cheapest",
        "channels",
        "cpu_us_per_request",
        1.25,
        unit="x",
        reached_by=_flat("channels", "cpu_us_per_request"),
        about=_costs("channels", "cpu_us_per_request", "µs"),
    ),
    Target(
        "half of the subscribers on old sockets: CPU of a delivery against all on Channels",
        "both",
        _CPU,
        1.1,
        unit="x",
        reached_by=_between("both-halves", "both-one", _CPU),
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
        return spread([float(sample.lost + sample.dropped) for sample in ours])
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
