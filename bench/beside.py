"""``python -m bench.beside``: what a Channels delivery is like while the application in the same process is busy.

One server at a time, `toolboxai serve` with its application. Publications go out by the clock to some subscribers; round
by round with each load of ``bench.beside_loads`` beside them, and before each of these alone. All deliveries of a load's
rounds are one crowd, and so are all that were alone: their p99s are compared. Once the server and its processes have
every core, and once they share a single one. A round in which others worked on the machine is taken again. Whoever works the server runs at the lowest priority of the generator's core; the
generator, where that is allowed, at a higher one than anybody.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench import machine
from bench.beside_loads import LOADS
from bench.build import generator_program
from bench.driver import driven
from bench.foreign import Foreign
from bench.generator import Sample
from bench.installed import Side, installed_in, started
from bench.results import write
from bench.stand import IN_FLIGHT

SUBSCRIBERS: Final = 200
HZ: Final = 100.0
EVENT_BYTES: Final = 200
ALLOWED_MS: Final = 20.0
QUIET: Final = "nothing"
MAX_FOREIGN: Final = 0.05  # of a core: more than that is others' work
RESULTS: Final = Path(__file__).parent / "results" / "beside.json"


class Plan(NamedTuple):
    """How much is measured.

    Attributes:
        rounds: with every load.
        round_s: seconds of each.
        alone_s: of a round alone, of which there is one before each.
        again_s: how much of that may be taken again, where others work on the machine.
        loads: names of ``bench.beside_loads``.
        single: whether the server has one core, for each server that is started.
    """

    rounds: int = 2
    round_s: float = 2.5
    alone_s: float = 1.0
    again_s: float = 15.0
    loads: Sequence[str] = tuple(LOADS)
    single: Sequence[bool] = (False, True)


class Round(NamedTuple):
    """One measurement: deliveries, how many turns of the load were done beside them, and the cores that others used."""

    single: bool
    load: str
    sample: Sample
    turns: int
    foreign: float = 0.0

    @property
    def disturbed(self) -> bool:
        """Whether others worked on this machine, or below it."""
        return self.foreign > MAX_FOREIGN or self.sample.stolen > MAX_FOREIGN


class Figure(NamedTuple):
    """Of one load on one arrangement of cores.

    Attributes:
        p50_ms: of all its deliveries; so are the next two.
        more_ms: p99 less that of all deliveries that were alone on these cores.
        low_ms: of its rounds the smallest p99; then the largest.
        disturbed: rounds that others disturbed, and that count all the same.
    """

    single: bool
    load: str
    p50_ms: float
    p99_ms: float
    max_ms: float
    more_ms: float
    low_ms: float
    high_ms: float
    publications: int
    turns: int
    lost: int
    disturbed: int


def measured(plan: Plan, load: list[str], scratch: Path, cores: tuple[int, int]) -> list[Round]:
    """All rounds; arguments as of ``bench.installed.started``."""
    installed = installed_in(scratch / "installed")
    taker = _Taker(plan)
    for single in plan.single:
        with ExitStack() as stack:
            home = scratch / ("single" if single else "all")
            side = started(stack, installed, home, load, cores)
            if not single:
                spread_out(side.generator.server.pid)
            side.generator.ask(f"connect {SUBSCRIBERS} {IN_FLIGHT}")
            side.generator.ask(_rate(1))
            for number in range(plan.rounds):
                for name in reversed(plan.loads) if number % 2 else plan.loads:
                    taker.take(side, single, QUIET, plan.alone_s)
                    taker.take(side, single, name, plan.round_s)
            side.generator.close()
    return taker.rounds


class _Taker:
    """Takes rounds, those that others disturb twice while there is time for it."""

    def __init__(self, plan: Plan) -> None:
        self.rounds: list[Round] = []
        self._again_s = plan.again_s

    def take(self, side: Side, single: bool, name: str, seconds: float) -> None:
        taken = [_round(side, single, name, seconds)]
        if taken[0].disturbed and self._again_s >= seconds:
            self._again_s -= seconds
            taken.append(_round(side, single, name, seconds))
        self.rounds.append(min(taken, key=lambda each: each.foreign + each.sample.stolen))


def _rate(seconds: float) -> str:
    return f"rate {HZ} {seconds} {EVENT_BYTES}"


def _round(side: Side, single: bool, name: str, seconds: float) -> Round:
    if name == QUIET:
        others = Foreign()
        return Round(single, name, side.generator.ask(_rate(seconds)), 0, others.cores())
    url = f"http://127.0.0.1:{side.generator.server.port}"
    with driven(["-m", "bench.beside_loads", name, url], side.token) as driver:
        others = Foreign()
        sample = side.generator.ask(_rate(seconds))
        foreign = others.cores()
        return Round(single, name, sample, driver.stop(), foreign)


def spread_out(pid: int) -> None:
    """Let every thread of a server have every core; its processes will."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), range(os.cpu_count() or 1))


def figures(rounds: Sequence[Round]) -> list[Figure]:
    """By arrangement and load, in the order of the first round."""
    found = []
    for single, load in dict.fromkeys((each.single, each.load) for each in rounds):
        mine = [each for each in rounds if (each.single, each.load) == (single, load)]
        alone = [each for each in rounds if (each.single, each.load) == (single, QUIET)]
        p99_ms = pooled_ms(mine, 0.99)
        found.append(
            Figure(
                single,
                load,
                pooled_ms(mine, 0.5),
                p99_ms,
                max(each.sample.max_ms for each in mine),
                round(p99_ms - pooled_ms(alone, 0.99), 3),
                min(each.sample.p99_ms for each in mine),
                max(each.sample.p99_ms for each in mine),
                sum(each.sample.published for each in mine),
                sum(each.turns for each in mine),
                sum(each.sample.lost for each in mine),
                sum(each.disturbed for each in mine),
            )
        )
    return found


def pooled_ms(rounds: Sequence[Round], share: float) -> float:
    """The latency below which this share of all deliveries of these rounds lies."""
    crowd: Counter[int] = Counter()
    for each in rounds:
        crowd.update(dict(each.sample.late))
    wanted, passed = share * crowd.total(), 0
    for late_us in sorted(crowd):
        passed += crowd[late_us]
        if passed > wanted:
            return late_us / 1e3
    return 0.0


def lines(found: Sequence[Figure]) -> list[str]:
    """What is printed."""
    told = [
        "cores  beside it    p50 ms   p99 ms  (rounds)            more ms   worst ms  events  turns   lost  disturbed"
    ]
    told += [
        f"{'one' if each.single else 'all':5}  {each.load:9}  {each.p50_ms:8.2f} {each.p99_ms:8.2f}"
        f"  ({each.low_ms:6.2f} to {each.high_ms:6.2f})  {each.more_ms:+8.2f}  {each.max_ms:9.2f}"
        f"  {each.publications:6}  {each.turns:5}  {each.lost:5}  {each.disturbed:9}"
        for each in found
    ]
    return [*told, f"p99 of a delivery, at most {ALLOWED_MS:.0f} ms more: {_verdict(found)[1]}"]


def _verdict(found: Sequence[Figure]) -> tuple[bool, str]:
    idle = [each.load for each in found if each.load != QUIET and not each.turns]
    if idle:
        return False, f"NOT MET: nothing was done by {', '.join(idle)}"
    worst = max(found, key=lambda each: each.more_ms)
    met = worst.more_ms <= ALLOWED_MS
    return met, f"{'met' if met else 'NOT MET'}, {worst.more_ms:+.2f} ms ({worst.load})"


def as_json(rounds: Sequence[Round], found: Sequence[Figure], plan: Plan) -> Mapping[str, Any]:
    """For the results file."""
    return {
        **machine.origin(),
        "plan": plan._asdict() | {"subscribers": SUBSCRIBERS, "hz": HZ, "event_bytes": EVENT_BYTES},
        "figures": [each._asdict() for each in found],
        "rounds": [each._asdict() | {"sample": each.sample.as_dict()} for each in rounds],
    }


def main() -> int:
    """Measure, print and write down; 0 where no load adds more than is allowed."""
    parser = argparse.ArgumentParser(prog="python -m bench.beside", description=__doc__)
    parser.add_argument("--rounds", type=int, default=Plan().rounds, help="(default: %(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=Plan().round_s, help="of a measurement (default: %(default)s)"
    )
    parser.add_argument("--load", action="append", choices=list(LOADS), help="only these (default: all)")
    parser.add_argument("--cores", choices=("all", "one"), help="only this arrangement (default: both)")
    options = parser.parse_args()
    plan = Plan(
        rounds=options.rounds,
        round_s=options.seconds,
        loads=options.load or Plan().loads,
        single=Plan().single if options.cores is None else (options.cores == "one",),
    )
    machine.raise_file_limit()
    load = [
        "nice",
        "-n",
        "-10",
        *generator_program("load"),
    ]  # only whoever may raise it gets it; others are told so, and go on
    cores = machine.pinned_cores()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, machine.on_core(cores[1]):
        rounds = measured(plan, load, Path(scratch), cores)
    found = figures(rounds)
    print("\n".join(lines(found)), f"{time.monotonic() - began:.0f} s", sep="\n")
    if plan == Plan(rounds=plan.rounds, round_s=plan.round_s):
        write(RESULTS, as_json(rounds, found, plan))
    return 0 if _verdict(found)[0] else 1


if __name__ == "__main__":
    sys.exit(main())
