"""What the guide claimed for Channels over the old sockets, beside what a run has found: a table of ``docs/speed.md``."""

from typing import Final

from bench.figures import METRICS, Spread, ratios, spread
from bench.results import SERVED_MS, Results
from bench.servers import OLD, OURS

__all__ = ["MARKS", "section"]

MARKS: Final = ("<!-- claims: start -->", "<!-- claims: end -->")

FASTER, MORE = 3.0, 20.0  # times, as claimed
ROWS: Final = (  # title, figure, metric, unit, the claim
    ("delivery to 1,000, one event under way: half within", "fanout-1", "p50_ms", "ms", FASTER),
    ("the same: 99 % within", "fanout-1", "p99_ms", "ms", FASTER),
    ("delivery to 1,000, 16 events under way: half within", "fanout-16", "p50_ms", "ms", FASTER),
    ("the same: 99 % within", "fanout-16", "p99_ms", "ms", FASTER),
    ("delivery to 10,000, ten events a second: 99 % within", "crowd", "p99_ms", "ms", FASTER),
    ("CPU of a delivery, one event under way", "fanout-1", "cpu_us_per_delivery", "µs", None),
    ("CPU of a delivery, 16 events under way", "fanout-16", "cpu_us_per_delivery", "µs", None),
    ("CPU of a connection, with its subscribe", "connect", "cpu_us_per_connection", "µs", None),
)
RATES: Final = (1, 10, 100)


def section(results: Results, commit: str) -> str:
    """The table, as far as the run went, and which run it was."""
    lines = ["| | the old way | Channels | times | claimed |", "|---|---|---|---|---|"]
    for title, figure, metric, unit, claim in ROWS:
        old, ours = _pair(results, figure, metric)
        if old and ours:
            times = ratios(old, ours)
            middle = (spread(old).median, spread(ours).median)
            lines.append(
                f"| {title} | {_figure(middle[0])} {unit} | {_figure(middle[1])} {unit} | {_times(times, claim)} |"
            )
    lines += [
        _served(results, hz) for hz in RATES if {OLD.name, OURS.name} <= results.served.get(hz, {}).keys()
    ]
    memory = results.memory(OLD.name), results.memory(OURS.name)
    if memory[0] and memory[1]:
        smaller = memory[0].median / memory[1].median
        lines.append(
            f"| memory of an idle connection | {memory[0].median:.1f} kB | {memory[1].median:.1f} kB | {smaller:.1f} | |"
        )
    return "\n".join(
        [
            f"Commit {commit}, `make bench-full`; medians, and the smallest and largest ratio of a round:",
            "",
            *lines,
        ]
    )


def _pair(results: Results, figure: str, metric: str) -> tuple[list[float], list[float]]:
    rounds, of = results.samples.get(figure, {}), METRICS[metric]
    pairs = list(zip(rounds.get(OLD.name, []), rounds.get(OURS.name, []), strict=False))
    return [of(old) for old, _ in pairs], [of(ours) for _, ours in pairs]


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _times(times: Spread, claim: float | None) -> str:
    found = f"{times.median:.1f} ({times.low:.1f} to {times.high:.1f})"
    return f"{found} | {'' if claim is None else _verdict(times.median, claim)}"


def _verdict(times: float, claim: float) -> str:
    return f"{claim:g}: {'reached' if times >= claim else 'not reached'}"


def _served(results: Results, hz: int) -> str:
    old, ours = results.served[hz][OLD.name], results.served[hz][OURS.name]
    times = ours.connections / max(old.connections, 1)
    found = f"{'at least ' if ours.fails_at is None else ''}{times:.1f}"
    each = "one event" if hz == 1 else f"{hz} events"
    return (
        f"| connections, each served {each} a second within {SERVED_MS:g} ms | {old.words} | {ours.words} "
        f"| {found} | {_verdict(times, MORE)} |"
    )
