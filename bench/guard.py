"""``python -m bench.guard``: whether the server has become slower than the committed ratios say; for every CI run.

A ratio compares the CPU that another server needs for some work with ours, in turns that lie a second apart, so what
else the machine does meets both. What is left of noise is met by the median of several rounds, and by measuring anew
before anything is said. Processors differ in how dear a system call is beside Python: ratios are kept for each that was
recorded, and on one that was not, the least of all recorded is asked for.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import machine
from bench.build import CannotCompile, compile_program
from bench.figures import METRICS, ratios
from bench.generator import Generator, Sample, loading
from bench.phases.side_by_side import come_and_leave
from bench.results import write
from bench.servers import NAIVE, OURS, Kind, c_loop, running
from bench.stand import FAULTS, IN_FLIGHT

__all__ = ["ALLOWED", "FIGURES", "Figure", "judge", "measure", "wanted"]

ALLOWED: Final = 0.7  # of the recorded ratio: less is a regression
RECORDED: Final = Path(__file__).parent / "results" / "guard.json"
ROUNDS: Final = 5
ATTEMPTS: Final = 3  # before it fails
SUBSCRIBERS: Final = 500
ROUND_S: Final = 0.4

Ratios = dict[str, float]


@dataclass(frozen=True)
class Figure:
    """One thing that is watched.

    Attributes:
        ask: one round of it, of the generator.
        metric: of `figures.METRICS`.
        against: name of the server that ours is compared with.
    """

    title: str
    ask: Callable[[Generator], Sample]
    metric: str
    against: str


def _fan_out(width: int) -> Callable[[Generator], Sample]:
    return lambda pair: pair.ask(f"fanout {width} {ROUND_S} 200")


FIGURES: Final = {
    "publish": Figure(
        "signed publish, against a FastAPI route",
        lambda pair: pair.ask(f"publish 16 {ROUND_S}"),
        "cpu_us_per_request",
        NAIVE.name,
    ),
    "connect": Figure(
        "handshake and subscribe, against FastAPI's accept",
        lambda pair: come_and_leave(pair, SUBSCRIBERS),
        "cpu_us_per_connection",
        NAIVE.name,
    ),
    "fanout-1": Figure("fan-out, one in flight, against C", _fan_out(1), "cpu_us_per_delivery", "c"),
    "fanout-16": Figure("fan-out, 16 in flight, against C", _fan_out(16), "cpu_us_per_delivery", "c"),
}  # in this order: the first two want no subscribers


def measure(pairs: Mapping[str, Generator], names: Sequence[str]) -> Ratios:
    """How many times the CPU of ours the other server needs: the median of rounds, for each figure that can be had."""
    found: Ratios = {}
    for name, figure in FIGURES.items():
        if name not in names or figure.against not in pairs:
            continue
        sides = (pairs[figure.against], pairs[OURS.name])
        if name.startswith("fanout"):
            _subscribe(sides)
        metric = METRICS[figure.metric]
        rounds = [[metric(figure.ask(pair)) for pair in sides] for _ in range(ROUNDS)]
        found[name] = round(ratios([theirs for theirs, _ in rounds], [ours for _, ours in rounds]).median, 3)
    return found


def _subscribe(pairs: Sequence[Generator]) -> None:
    for pair in pairs:
        pair.close()
        pair.ask(f"connect {SUBSCRIBERS} {IN_FLIGHT}")


def wanted(recorded: Mapping[str, Mapping[str, float]], cpu: str) -> Ratios:
    """What this processor is measured by: its own ratios, or of each figure the least of all recorded."""
    if cpu in recorded:
        return dict(recorded[cpu])
    names = {name for ratios_of_one in recorded.values() for name in ratios_of_one}
    return {name: min(each[name] for each in recorded.values() if name in each) for name in names}


def judge(found: Mapping[str, float], recorded: Mapping[str, float]) -> list[str]:
    """Names of the figures that have lost more than is allowed."""
    return [name for name, ratio in found.items() if ratio < recorded.get(name, 0.0) * ALLOWED]


def _kinds() -> tuple[list[str], list[Kind]]:
    try:
        load, loop = compile_program("load"), compile_program("sendloop")
    except CannotCompile as reason:
        print(f"guard: {reason}; fan-out is not watched, the rest by a generator in Python", flush=True)
        return [sys.executable, "-m", "bench.pyload"], [OURS, NAIVE]
    return [str(load)], [OURS, NAIVE, c_loop(loop)]


def _run(recorded: Mapping[str, float]) -> tuple[Ratios, list[str]]:
    """Measure, and what has lost once more, and once more; the best of each counts."""
    machine.raise_file_limit()
    server_core, load_core = machine.pinned_cores()
    load, kinds = _kinds()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        pairs = {}
        for kind in kinds:
            server = stack.enter_context(running(kind, server_core))
            pairs[kind.name] = stack.enter_context(loading(server, load, load_core, scratch))
        found = measure(pairs, tuple(FIGURES))
        for _ in range(ATTEMPTS - 1):
            slower = judge(found, recorded)
            if not slower:
                break
            print(f"guard: measured anew: {', '.join(slower)}", flush=True)
            for name, ratio in measure(pairs, slower).items():
                found[name] = max(found[name], ratio)
    return found, judge(found, recorded)


def _recorded(path: Path) -> dict[str, dict[str, float]]:
    kept: dict[str, dict[str, float]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return kept


def main() -> int:
    """0: as fast as recorded, or recorded now; 1: slower; 2: could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description=__doc__)
    parser.add_argument(
        "--record", action="store_true", help="keep what is measured as this processor's ratios"
    )
    parser.add_argument("--file", type=Path, default=RECORDED, help="where the ratios are kept")
    options = parser.parse_args()
    cpu = str(machine.describe()["cpu"])
    kept = _recorded(options.file)
    aim = {} if options.record else wanted(kept, cpu)
    if not aim and not options.record:
        print(f"guard: no ratios are recorded in {options.file}: nothing would be asked for", file=sys.stderr)
        return 2
    try:
        found, slower = _run(aim)
    except FAULTS as fault:
        print(f"guard: {fault}", file=sys.stderr)
        return 2
    for name, ratio in found.items():
        asked = f"recorded {aim[name]:.2f}x" if name in aim else "not recorded"
        verdict = f"LOST MORE THAN {1 - ALLOWED:.0%}" if name in slower else "ok"
        print(f"guard: {FIGURES[name].title}: {ratio:.2f}x the CPU of ours, {asked}: {verdict}", flush=True)
    if options.record:
        kept[cpu] = found
        write(options.file, dict(sorted(kept.items())))
    if slower:
        print(
            "guard: see bench/README.md, section The guard: how to find out, and when to record anew",
            file=sys.stderr,
        )
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
