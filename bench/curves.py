"""The curves of a long run: over subscribers, connections and channels, and how many connections are served."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.figures import METRICS, Spread, spread
from bench.plot import INK, OWN, bars, sheet
from bench.results import SERVED_MS, Results
from bench.servers import OURS, Kind

__all__ = ["CURVES", "draw_curves"]

CURVES: Final = ("subscribers", "memory", "served", "channels")
GREYS: Final = (
    ("#8a9099", "s"),
    ("#5d646e", "^"),
    ("#a9744f", "D"),
    ("#6f8f72", "v"),
    ("#8d6fa3", "P"),
    ("#b08a2e", "X"),
)


class Line(NamedTuple):
    """One server: places on the x axis, ascending, and what was measured there."""

    kind: Kind
    points: Mapping[int, Spread]


def draw_curves(results: Results, kinds: Sequence[Kind], folder: Path, caption: str) -> list[Path]:
    """Write those of the pictures for which there are figures; returns their files."""
    drawn = []
    for name, picture in (
        ("subscribers", _subscribers),
        ("memory", _memory),
        ("served", _served),
        ("channels", _channels),
    ):
        path = folder / f"{name}.svg"
        if picture(results, kinds, path, caption):
            drawn.append(path)
    return drawn


def _family(results: Results, kinds: Sequence[Kind], family: str, metric: str) -> list[Line]:
    lines = []
    for kind in kinds:
        points = {}
        for size in results.sizes(family):
            samples = results.samples[f"{family}-{size}"].get(kind.name)
            if samples:
                points[size] = spread([METRICS[metric](sample) for sample in samples])
        if points:
            lines.append(Line(kind, points))
    return lines


def _subscribers(results: Results, kinds: Sequence[Kind], path: Path, caption: str) -> bool:
    through = _family(results, kinds, "growth", "thousand_deliveries_per_s")
    if not through:
        return False
    late = _family(results, kinds, "growth", "p99_ms")
    with sheet(path, 1, 2, (10, 4.2), caption) as (left, right):
        title = "Thousand deliveries a second\nmore is better, one publication in flight"
        _lines(left, through, title, "subscribers of one channel")
        _lines(right, late, "p99 of a delivery, ms\nless is better", "subscribers of one channel")
        for panel in (left, right):
            panel.set_xscale("log")
            _ticks(panel, results.sizes("growth"))
        _from_zero(left, through)
        right.set_yscale("log")
        right.yaxis.set_major_formatter("{x:,.10g}")
    return True


def _memory(results: Results, kinds: Sequence[Kind], path: Path, caption: str) -> bool:
    lines = [
        Line(kind, {count: spread(values) for count, values in results.memory_curve[kind.name].items()})
        for kind in kinds
        if kind.name in results.memory_curve
    ]
    if max((len(line.points) for line in lines), default=0) < 2:
        return False
    with sheet(path, 1, 1, (8, 4.2), caption) as (panel,):
        _lines(panel, lines, "Memory of idle subscribed connections, MB\nless is better", "connections")
        _from_zero(panel, lines)
        panel.set_xlim(left=0)
        _ticks(panel, sorted(lines[0].points))
    return True


def _channels(results: Results, kinds: Sequence[Kind], path: Path, caption: str) -> bool:
    lines = _family(results, kinds, "channels", "cpu_us_per_request")
    if not lines:
        return False
    with sheet(path, 1, 1, (8, 3.6), caption) as (panel,):
        title = (
            "CPU of a publication to one subscriber, µs\nflat: it does not matter how many channels there are"
        )
        _lines(panel, lines, title, "occupied channels")
        _from_zero(panel, lines)
        panel.set_xscale("log")
        _ticks(panel, results.sizes("channels"))
    return True


def _served(results: Results, kinds: Sequence[Kind], path: Path, caption: str) -> bool:
    if not results.served:
        return False
    rates = sorted(results.served)
    shown = [kind for kind in kinds if any(kind.name in results.served[hz] for hz in rates)]
    with sheet(
        path, 1, len(rates), (11, 1.1 + 0.32 * max(len(shown), 4)), f"More is better. {caption}"
    ) as panels:
        for number, (panel, hz) in enumerate(zip(panels, rates, strict=True)):
            found = [(kind, results.served[hz].get(kind.name)) for kind in shown]
            rows = [
                (
                    kind,
                    float(each.connections),
                    each.words.replace("at least", "≥"),
                )
                if each
                else (kind, 0.0, "-")
                for kind, each in found
            ]
            a_second = f"{hz} publication{'' if hz == 1 else 's'} a second"
            bars(panel, f"Connections served within {SERVED_MS:g} ms (p99)\n{a_second}", rows)
            if number:
                panel.set_yticklabels([])
    return True


# ---- drawing ----------------------------------------------------------------------------------------------------


def _lines(panel: Any, lines: Sequence[Line], title: str, across: str) -> None:
    greys = iter(GREYS * 2)
    for line in lines:
        own = line.kind.name == OURS.name
        shade, marker = (OWN, "o") if own else next(greys)
        places = list(line.points)
        middle = [line.points[place].median for place in places]
        below = [line.points[place].median - line.points[place].low for place in places]
        above = [line.points[place].high - line.points[place].median for place in places]
        panel.errorbar(
            places,
            middle,
            yerr=(below, above),
            color=shade,
            marker=marker,
            markersize=5,
            linewidth=2.2 if own else 1.3,
            capsize=2,
            elinewidth=0.8,
            label=line.kind.title,
            zorder=3 if own else 2,
        )
    panel.set_title(title, loc="left", fontsize=9, fontweight="bold", color=INK)
    panel.set_xlabel(across)
    panel.grid(axis="y", color="#e6e8eb", linewidth=0.7)
    panel.legend(frameon=False, fontsize=8)


def _ticks(panel: Any, places: Sequence[int]) -> None:
    panel.set_xticks(places, [f"{place:,}" for place in places], minor=False)
    panel.tick_params(axis="x", labelsize=8)
    panel.minorticks_off()


def _from_zero(panel: Any, lines: Sequence[Line]) -> None:
    """With room above, so that nothing lies on the frame or on the names."""
    panel.set_ylim(0, max(point.high for line in lines for point in line.points.values()) * 1.3)
