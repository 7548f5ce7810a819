"""What was reached where a figure is no plain value of ours and no ratio of two servers."""

from collections.abc import Callable
from typing import Final

from bench.figures import METRICS, Spread, flatness, ratios, spread
from bench.results import Results, Served
from bench.servers import OLD, OURS

__all__ = [
    "CPU",
    "beside_c",
    "between",
    "costs",
    "flat",
    "memory",
    "served",
    "served_words",
    "silent_after",
    "silent_most",
]

CPU: Final = "cpu_us_per_delivery"


def flat(family: str, metric: str) -> Callable[[Results], Spread | None]:
    """The dearest size against the cheapest, round by round."""

    def reached(results: Results) -> Spread | None:
        sizes = [results.samples[f"{family}-{size}"].get(OURS.name, []) for size in results.sizes(family)]
        rounds = list(zip(*sizes, strict=False))  # a phase may end within a round
        if len(sizes) < 2 or not rounds:
            return None
        return spread([flatness([METRICS[metric](sample) for sample in one]) for one in rounds])

    return reached


def costs(family: str, metric: str, unit: str) -> Callable[[Results], str]:
    """The median of each size, in words."""

    def about(results: Results) -> str:
        told = []
        for size in results.sizes(family):
            samples = results.samples[f"{family}-{size}"].get(OURS.name, [])
            if samples:
                told.append(f"{size:,}: {spread([METRICS[metric](one) for one in samples]).median:.3g}")
        return f"{unit} at {', '.join(told)}" if told else ""

    return about


def beside_c(results: Results) -> str:
    """Ours in words, and how much dearer the bare loop becomes: that is the kernel's part."""
    told = costs("growth", CPU, "µs")(results)
    sizes = results.sizes("growth")
    bare = [
        spread([METRICS[CPU](sample) for sample in results.samples[f"growth-{size}"]["c"]]).median
        for size in sizes
        if results.samples[f"growth-{size}"].get("c")
    ]
    return f"{told}; the C loop {flatness(bare):.2f}x" if len(bare) == len(sizes) > 1 else told


def between(upper: str, lower: str, metric: str) -> Callable[[Results], Spread | None]:
    """One figure of ours against another of ours."""

    def reached(results: Results) -> Spread | None:
        above, below = (results.samples.get(name, {}).get(OURS.name, []) for name in (upper, lower))
        pairs = list(zip(above, below, strict=False))
        if not pairs:
            return None
        of = METRICS[metric]
        return ratios([of(one) for one, _ in pairs], [of(other) for _, other in pairs])

    return reached


def silent_most(results: Results) -> Spread | None:
    return spread(results.silent_mb[:1]) if results.silent_mb else None


def silent_after(results: Results) -> str:
    return f"{results.silent_mb[1]:.2f} MB after it was closed" if results.silent_mb else ""


def _searches(results: Results, hz: int) -> tuple[Served, Served] | None:
    servers = results.served.get(hz, {})
    ours, old = servers.get(OURS.name), servers.get(OLD.name)
    return (ours, old) if ours and old else None


def served(hz: int) -> Callable[[Results], Spread | None]:
    """Connections that we serve at this rate, against those of the old way."""

    def reached(results: Results) -> Spread | None:
        found = _searches(results, hz)
        return (
            spread([found[0].connections / found[1].connections]) if found and found[1].connections else None
        )

    return reached


def served_words(hz: int) -> Callable[[Results], str]:
    """Both of them, and whether ours is all that could be tried."""

    def about(results: Results) -> str:
        found = _searches(results, hz)
        if not found:
            return ""
        ours, old = found
        ended = "the limit of open files" if ours.all_there_may_be else "then the time was over"
        limit = f" ({ended})" if ours.fails_at is None else ""
        return f"{ours.words}{limit}; {old.words} the old way"

    return about


def memory(results: Results) -> Spread | None:
    """Kilobytes of an idle connection of ours."""
    return results.memory(OURS.name)
