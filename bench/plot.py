"""One picture of a run: what each server pays for the same work."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

from bench.figures import METRICS, spread
from bench.results import Results
from bench.servers import OURS, Kind

PANELS = (
    ("Fan-out, 1 in flight\nCPU, µs per delivery", "fanout-1", "cpu_us_per_delivery"),
    ("Fan-out, 16 in flight\nCPU, µs per delivery", "fanout-16", "cpu_us_per_delivery"),
    ("Fan-out, 1 in flight\np99, ms", "fanout-1", "p99_ms"),
    ("Signed publish\nCPU, µs per request", "publish", "cpu_us_per_request"),
    ("Handshake and subscribe\nCPU, µs", "connect", "cpu_us_per_connection"),
    ("Idle connection\nkB of memory", "memory", ""),
)
OWN, OTHER, FLOOR, INK = "#2563a8", "#b8bcc2", "#dfe1e5", "#30343a"


def _value(results: Results, kind: Kind, figure: str, metric: str) -> float | None:
    if figure == "memory":
        memory = results.memory(kind.name)
        return memory.median if memory else None
    samples = results.samples.get(figure, {}).get(kind.name)
    return spread([METRICS[metric](sample) for sample in samples]).median if samples else None


def draw(results: Results, kinds: Sequence[Kind], path: Path, caption: str) -> None:
    """Write the picture as SVG; less is better in every panel."""
    mpl.use("svg")
    from matplotlib import pyplot

    settings: dict[Any, Any] = {
        "svg.fonttype": "none",  # text stays text: small, searchable
        "svg.hashsalt": "bench",  # the same figures give the same file
        "font.family": "sans-serif",
        "font.size": 9,
        "text.color": INK,
        "ytick.color": INK,
    }
    with pyplot.rc_context(settings):
        figure, axes = pyplot.subplots(2, 3, figsize=(10, 4.6), layout="constrained")
        for panel, (title, phase, metric) in zip(axes.flat, PANELS, strict=True):
            rows = [(kind, _value(results, kind, phase, metric)) for kind in reversed(kinds)]
            shown = [(kind, value) for kind, value in rows if value is not None]
            widest = max((value for _, value in shown), default=1.0)
            for at, (kind, value) in enumerate(shown):
                colour = OWN if kind.name == OURS.name else FLOOR if kind.name == "c" else OTHER
                panel.barh(at, value, color=colour, height=0.7)
                panel.text(value + widest * 0.02, at, f"{value:.3g}", va="center")
            panel.set_yticks(range(len(shown)), [kind.title for kind, _ in shown])
            panel.set_title(title, loc="left", fontsize=9, fontweight="bold", color=INK)
            panel.set_xlim(0, widest * 1.18)
            panel.xaxis.set_visible(False)
            panel.tick_params(axis="y", length=0)
            panel.spines[:].set_visible(False)
        figure.supxlabel(caption, fontsize=8, color=INK, x=0.01, ha="left")
        figure.savefig(path, format="svg", metadata={"Date": None})
        pyplot.close(figure)
