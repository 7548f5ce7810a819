"""A run as JSON, and as the tables of the README."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.figures import METRICS, spread
from bench.results import SERVED_MS, Results
from bench.servers import Kind
from bench.targets import Outcome, Target

START, END = "<!-- results: start -->", "<!-- results: end -->"

ROWS = (  # title, phase, metric, digits
    ("fan-out, 1 in flight: CPU, µs per delivery", "fanout-1", "cpu_us_per_delivery", 2),
    ("the same: p50, ms", "fanout-1", "p50_ms", 1),
    ("the same: p99, ms", "fanout-1", "p99_ms", 1),
    ("fan-out, 16 in flight: CPU, µs per delivery", "fanout-16", "cpu_us_per_delivery", 2),
    ("the same: p99, ms", "fanout-16", "p99_ms", 1),
    ("signed publish: CPU, µs per request", "publish", "cpu_us_per_request", 1),
    ("handshake and subscribe: CPU, µs", "connect", "cpu_us_per_connection", 1),
    ("10,000 subscribers, 10 events a second: p50, ms", "crowd", "p50_ms", 1),
    ("the same: p99, ms", "crowd", "p99_ms", 1),
)
FAMILIES = (  # title, family, metric, digits
    ("subscribers, 1 in flight: CPU, µs per delivery", "growth", "cpu_us_per_delivery", 2),
    ("subscribers, 1 in flight: thousand deliveries a second", "growth", "thousand_deliveries_per_s", 1),
    ("channels, 1 in flight: CPU, µs per publication", "channels", "cpu_us_per_request", 1),
)


def as_json(results: Results, outcomes: Sequence[Outcome], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that was measured; `facts` says where, when and how."""
    return {
        **facts,
        "targets": [_outcome(outcome) for outcome in outcomes],
        "medians": {
            figure: {server: _medians(samples) for server, samples in servers.items()}
            for figure, servers in results.samples.items()
        },
        "memory_kb_per_connection": results.memory_kb,
        "memory_mb_over_connections": results.memory_curve,
        "served": {
            str(hz): {server: asdict(found) for server, found in servers.items()}
            for hz, servers in results.served.items()
        },
        "silent_mb": results.silent_mb,
        "rounds": {
            figure: {server: [sample.as_dict() for sample in samples] for server, samples in servers.items()}
            for figure, servers in results.samples.items()
        },
        "notes": results.notes,
        "phase_seconds": results.seconds,
        "rounds_thrown_away": results.discarded,
        "rounds_kept_though_disturbed": results.kept_disturbed,
    }


def _medians(samples: Sequence[Any]) -> dict[str, float]:
    return {name: round(spread([of(sample) for sample in samples]).median, 3) for name, of in METRICS.items()}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    reached = outcome.reached
    return {
        "title": outcome.target.title,
        "wanted": outcome.target.wanted,
        "at_least": outcome.target.at_least,
        "moonshot": outcome.target.moonshot,
        "unit": outcome.target.unit,
        "reached": round(reached.median, 3) if reached else None,
        "low": round(reached.low, 3) if reached else None,
        "high": round(reached.high, 3) if reached else None,
        "met": outcome.met,
        "promised": outcome.target.promised,
        "about": outcome.about,
        "disturbed_rounds": outcome.disturbed,
    }


def targets_table(outcomes: Sequence[Outcome]) -> str:
    """What was wanted beside what was reached."""
    lines = ["| figure | wanted | reached (smallest to largest round) | |", "|---|---|---|---|"]
    for outcome in outcomes:
        target = outcome.target
        bound = f"{'at least' if target.at_least else 'at most'} {_amount(target.wanted, target)}"
        shot = "" if target.moonshot is None else f" (moonshot {_amount(target.moonshot, target)})"
        lines.append(f"| {target.title} | {bound}{shot} | {_span(outcome)} | {verdict(outcome)} |")
    return "\n".join(lines)


def verdict(outcome: Outcome) -> str:
    """In words."""
    if outcome.met is None:
        return "not measured"
    if not outcome.target.promised:
        return "reached" if outcome.met else "not reached"
    words = "met, moonshot too" if outcome.moonshot_met else "met" if outcome.met else "**not met**"
    return f"{words}; disturbed rounds: {outcome.disturbed}" if outcome.disturbed else words


def _amount(value: float, target: Target) -> str:
    return f"{value:g}{'' if target.unit == 'x' else ' '}{target.unit}"


def _span(outcome: Outcome) -> str:
    reached, target = outcome.reached, outcome.target
    if reached is None:
        return "-"
    about = f"; {outcome.about}" if outcome.about else ""
    if target.metric == "lost":
        return _amount(reached.median, target) + about
    digits = 1 if reached.median >= 10 else 2
    unit = f"{'' if target.unit == 'x' else ' '}{target.unit}"
    once = not target.metric and reached.low == reached.high
    spans = "" if once else f" ({reached.low:.{digits}f} to {reached.high:.{digits}f})"
    return f"{reached.median:.{digits}f}{unit}{spans}{about}"


def servers_table(results: Results, kinds: Sequence[Kind]) -> str:
    """The medians of every server."""
    lines = [f"| | {' | '.join(kind.title for kind in kinds)} |", f"|---|{'---|' * len(kinds)}"]
    for title, figure, metric, digits in ROWS:
        cells = []
        for kind in kinds:
            samples = results.counted(figure, kind.name)
            cells.append(
                f"{spread([METRICS[metric](sample) for sample in samples]).median:.{digits}f}"
                if samples
                else "-"
            )
        lines.append(f"| {title} | {' | '.join(cells)} |")
    memory = [results.memory(kind.name) for kind in kinds]
    lines.append(f"| idle connection: kB | {' | '.join(f'{m.median:.1f}' if m else '-' for m in memory)} |")
    lines += _family_rows(results, kinds)
    lines += _served_rows(results, kinds)
    return "\n".join(lines)


def _family_rows(results: Results, kinds: Sequence[Kind]) -> list[str]:
    rows = []
    for title, family, metric, digits in FAMILIES:
        for size in results.sizes(family):
            servers = results.samples[f"{family}-{size}"]
            cells = [
                f"{spread([METRICS[metric](sample) for sample in servers[kind.name]]).median:.{digits}f}"
                if servers.get(kind.name)
                else "-"
                for kind in kinds
            ]
            rows.append(f"| {size:,} {title} | {' | '.join(cells)} |")
    return rows


def _served_rows(results: Results, kinds: Sequence[Kind]) -> list[str]:
    rows = []
    for hz, servers in sorted(results.served.items()):
        cells = []
        for kind in kinds:
            found = servers.get(kind.name)
            cells.append(found.words if found else "-")
        rows.append(
            f"| {hz} publications a second: connections served within p99 {SERVED_MS:g} ms | {' | '.join(cells)} |"
        )
    return rows


def section(
    results: Results, outcomes: Sequence[Outcome], kinds: Sequence[Kind], facts: Mapping[str, Any]
) -> str:
    """The part of the README that a run writes."""
    where = facts["machine"]
    libraries = ", ".join(f"{name} {number}" for name, number in where["libraries"].items())
    versions = ", ".join(facts.get("rivals", {}).values())
    rivals = [f"- Rivals from packages: {versions}."] if versions else []
    missing = [f"- Not measured: {name}: {why}" for name, why in facts["missing"].items()]
    return "\n".join(
        [
            f"Commit {facts['commit']}{' with changes' if facts['dirty'] else ''}, {facts['date']}, "
            f"`make {'bench-full' if facts['full'] else 'bench'}`.",
            "",
            f"- Machine: {where['cpu']}, {where['cores']} cores, {where['memory_gb']} GB, Linux {where['kernel']} "
            f"(TCP {where['tcp']}), {where['python']}; {libraries}.",
            f"- Rounds thrown away as disturbed: {results.discarded}; "
            f"kept though disturbed, for want of time: {results.kept_disturbed}.",
            f"- It took {facts['seconds']} s: "
            + ", ".join(f"{name} {seconds:.0f}" for name, seconds in results.seconds.items())
            + ".",
            *rivals,
            *[f"- {said}" for said in facts.get("about_generator", ())],
            *missing,
            *[f"- Not all of the work was done: {fault}." for fault in results.faults()],
            *[f"- {note}" for note in results.notes],
            "",
            targets_table(outcomes),
            "",
            "Medians, absolute; they hold for this machine and this run only:",
            "",
            servers_table(results, kinds),
        ]
    )


def caption(facts: Mapping[str, Any]) -> str:
    """What stands below every picture: the command, the machine, the commit."""
    where = facts["machine"]
    command = "make bench-full" if facts["full"] else "make bench"
    return f"{command}; loopback, {where['cpu']}, one core for the server; commit {facts['commit']}"


PICTURES = {  # what each shows, for those who do not see it
    "subscribers": "Deliveries a second and p99 of a delivery over the subscribers of one channel",
    "memory": "Memory of each server as idle subscribed connections become more",
    "served": f"How many connections each server serves within {SERVED_MS:g} ms, by publications a second",
    "channels": "CPU of a publication over the number of occupied channels",
}


def pictures(drawn: Sequence[Path]) -> str:
    """The curves of a run below its tables."""
    return "".join(f"\n\n![{PICTURES[path.stem]}](results/{path.name})" for path in drawn)


def place(page: str, text: str, marks: tuple[str, str] = (START, END)) -> str:
    """Put a run's section between a page's markers.

    Raises:
        ValueError: the page has not the two markers, in order.
    """
    before, start, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not start or not end:
        raise ValueError(f"the page needs {marks[0]} and, further down, {marks[1]}")
    return f"{before}{marks[0]}\n\n{text}\n\n{marks[1]}{after}"
