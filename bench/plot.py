"""The pictures of a run: what each server pays for the same work, as bars; `curves` has the rest."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

from bench.figures import METRICS, spread
from bench.results import Results
from bench.servers import OURS, Kind

__all__ = ["INK", "colour", "draw", "sheet"]

PANELS: Final = (
    ("Fan-out, 1 in flight\nCPU, µs per delivery", "fanout-1", "cpu_us_per_delivery"),
    ("Fan-out, 16 in flight\nCPU, µs per delivery", "fanout-16", "cpu_us_per_delivery"),
    ("Fan-out, 1 in flight\np99, ms", "fanout-1", "p99_ms"),
    ("Signed publish\nCPU, µs per request", "publish", "cpu_us_per_request"),
    ("Handshake and subscribe\nCPU, µs", "connect", "cpu_us_per_connection"),
    ("Idle connection\nkB of memory", "memory", ""),
)
OWN, OTHER, FLOOR, INK = "#2563a8", "#b8bcc2", "#dfe1e5", "#30343a"


def colour(kind: Kind) -> str:
    """Ours stands out; the bare loop is the floor below all others."""
    return OWN if kind.name == OURS.name else FLOOR if kind.name.startswith("c") else OTHER


@contextmanager
def sheet(
    path: Path, rows: int, columns: int, size: tuple[float, float], caption: str
) -> Iterator[list[Any]]:
    """An SVG with so many axes, on white, so that it can be read on a dark page too; written at the end."""
    mpl.use("svg")
    from matplotlib import pyplot

    settings: dict[Any, Any] = {
        "svg.fonttype": "none",  # text stays text: small, searchable
        "svg.hashsalt": "bench",  # the same figures give the same file
        "font.family": "sans-serif",
        "font.size": 9,
        "text.color": INK,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with pyplot.rc_context(settings):
        figure, axes = pyplot.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
        try:
            yield list(axes.flat)
            figure.supxlabel(caption, fontsize=8, color=INK, x=0.01, ha="left")
            figure.savefig(path, format="svg", metadata={"Date": None}, facecolor="white")
        finally:
            pyplot.close(figure)


def bars(panel: Any, title: str, rows: Sequence[tuple[Kind, float, str]]) -> None:
    """One bar for each server, from the top, with its figure in words beside it."""
    widest = max((value for _, value, _ in rows), default=1.0) or 1.0
    for at, (kind, value, words) in enumerate(reversed(rows)):
        panel.barh(at, value, color=colour(kind), height=0.7)
        panel.text(value + widest * 0.02, at, words, va="center")
    panel.set_yticks(range(len(rows)), [kind.title for kind, _, _ in reversed(rows)])
    panel.set_title(title, loc="left", fontsize=9, fontweight="bold", color=INK)
    panel.set_xlim(0, widest * 1.35)
    panel.xaxis.set_visible(False)
    panel.tick_params(axis="y", length=0)
    panel.spines[:].set_visible(False)


def _value(results: Results, kind: Kind, figure: str, metric: str) -> float | None:
    if figure == "memory":
        memory = results.memory(kind.name)
        return memory.median if memory else None
    samples = results.counted(figure, kind.name)
    return spread([METRICS[metric](sample) for sample in samples]).median if samples else None


def draw(results: Results, kinds: Sequence[Kind], path: Path, caption: str) -> None:
    """Write the picture as SVG; less is better in every panel."""
    with sheet(path, 2, 3, (10, 1.4 + 0.62 * max(len(kinds), 5)), f"Less is better. {caption}") as panels:
        for panel, (title, figure, metric) in zip(panels, PANELS, strict=True):
            values = [(kind, _value(results, kind, figure, metric)) for kind in kinds]
            bars(panel, title, [(kind, value, f"{value:.3g}") for kind, value in values if value is not None])
