"""Rounds of the bench as its tests need them."""

from typing import Any

from bench.generator import Sample
from bench.results import Results

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
