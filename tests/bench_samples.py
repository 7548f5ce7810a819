"""Rounds of the bench as its tests need them."""

from typing import Any

from bench.generator import Sample
from bench.results import Results, Served

_QUIET = {
    "seconds": 1.0,
    "server_cpu_s": 0.5,
    "own_cpu_s": 0.3,
    "connections": 1000,
    "published": 100,
    "completed": 100,
    "deliveries": 100_000,
    "answers": 100,
    "refused": 0,
    "lost": 0,
    "disorder": 0,
    "dropped": 0,
    "failed": 0,
    "samples": 100_000,
    "p50_ms": 3.0,
    "p99_ms": 6.0,
    "max_ms": 9.0,
}


def sample(**differs: Any) -> Sample:
    """A quiet round but for what is named."""
    return Sample(**{**_QUIET, **differs})


def whole_run() -> Results:
    """A run in which we need 1 µs for everything, C half of it, today's default 10 and the old way 30."""
    results = Results()
    for figure in ("fanout-1", "fanout-16", "publish", "connect", "crowd"):
        for server, cost in (("toolboxai", 1.0), ("c", 0.5), ("naive", 10.0), ("old", 30.0)):
            if figure == "crowd" and server not in ("toolboxai", "c"):
                continue
            for slower in (1.0, 2.0):
                results.add(
                    figure,
                    server,
                    sample(
                        server_cpu_s=cost * slower * 0.01,
                        deliveries=10_000,
                        answers=10_000,
                        connections=10_000,
                        p99_ms=cost * 5 * slower,
                    ),
                )
    results.memory_kb = {"toolboxai": [3.0, 3.2], "old": [39.0], "naive": [31.0], "c": [0.1]}
    return results


def with_curves(results: Results) -> Results:
    """The same run with the phases of a long one."""
    for size, slower in ((100, 1.0), (1000, 1.1), (10_000, 1.2)):
        for server, cost in (("toolboxai", 5.0), ("c", 4.0), ("old", 30.0)):
            for worse in (1.0, 1.05):
                cpu = cost * slower * worse
                shape = sample(
                    server_cpu_s=cpu / 10, deliveries=100_000, seconds=cpu / 9, p99_ms=cpu * size / 400
                )
                results.add(f"growth-{size}", server, shape)
    for count, cost in ((1, 50.0), (1000, 55.0), (100_000, 60.0)):
        results.add(
            f"channels-{count}",
            "toolboxai",
            sample(server_cpu_s=cost / 100, answers=10_000, deliveries=10_000),
        )
    for figure, worse in (("both-one", 1.0), ("both-halves", 1.05)):
        results.add(figure, "toolboxai", sample(server_cpu_s=0.5 * worse))
    for figure, p99 in (("silent-without", 90.0), ("silent-with", 95.0)):
        results.add(figure, "toolboxai", sample(p99_ms=p99))
    results.silent_mb = [1.4, 0.6]
    results.memory_curve = {
        "toolboxai": {1000: [3.1, 3.0], 10_000: [30.0, 31.0]},
        "old": {1000: [39.0], 10_000: [390.0]},
    }
    results.served = {
        10: {
            "toolboxai": Served(
                19_500, None, ((9750, 60.0, True), (19_500, 130.0, True)), all_there_may_be=True
            ),
            "old": Served(2800, 3000, ((2800, 240.0, True), (3000, 900.0, False))),
        },
        100: {"toolboxai": Served(12_000, 13_000), "old": Served(300, 320)},
    }
    return results
