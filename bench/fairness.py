"""``python -m bench.fairness``: what a large channel does to the latency of a small one beside it.

One server, one channel of 10,000 subscribers and one of 10. The small one is published to 50 times a second by the clock,
in turn alone, beside the large one that is published to five times a second, and beside it as fast as one event after
the other reaches everyone. All 10,010 are connected the whole time. A generator for each channel shares the second core;
the large one's gives way, so that what it has to read is not counted as latency of the small one.

With ``--against DIR`` a second server, started from the package in that directory (a ``src`` of another commit), has its
turn in each round.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from bench import machine
from bench.build import CannotCompile, compile_program
from bench.generator import MAX_WAITED, Generator, Sample, loading
from bench.servers import CHANNEL, OURS, Kind, running
from bench.stand import IN_FLIGHT, until_undisturbed

ALLOWED_MS: Final = 20.0
SMALL: Final = "small"
EVENT_BYTES: Final = 200
LOADS: Final[Mapping[str, str | None]] = {"alone": None, "5 a second": "rate 5", "closed loop": "fanout 1"}
"""What happens on the large channel meanwhile: the first words of the generator's command."""


class Plan(NamedTuple):
    """How much is measured.

    Attributes:
        rounds: of each load.
        round_s: seconds of a round.
        large: subscribers of the large channel.
        small: subscribers of the small one.
        rate: publications a second on the small one.
    """

    rounds: int = 3
    round_s: float = 3.0
    large: int = 10_000
    small: int = 10
    rate: int = 50


class Round(NamedTuple):
    """One load: the small channel's latencies in ms, and the share of the time in which the server was kept off its core."""

    p50: float
    p99: float
    lost: int
    waited: float

    @property
    def disturbed(self) -> bool:
        """Whether others had too much of the server's core meanwhile."""
        return self.waited > MAX_WAITED


class Side(NamedTuple):
    """A server, and its two generators."""

    name: str
    large: Generator
    small: Generator

    def take(self, plan: Plan, load: str | None) -> Round:
        """The small channel by the clock, beside this on the large one."""
        lookout, began = machine.Lookout(self.small.server.pid), time.monotonic()
        with ThreadPoolExecutor(1) as beside:
            if load is not None:  # begun before and ended after the small one's
                command = f"{load} {plan.round_s + 0.5} {EVENT_BYTES}"
                meanwhile = beside.submit(self.large.ask, command)
            told: Sample = self.small.ask(f"rate {plan.rate} {plan.round_s} {EVENT_BYTES}")
            if load is not None and not meanwhile.result().deliveries:
                raise RuntimeError("nothing was delivered on the large channel")
        return Round(told.p50_ms, told.p99_ms, told.lost, lookout.share(time.monotonic() - began))


def measured(
    plan: Plan, kinds: Sequence[Kind], load: list[str], scratch: Path, cores: tuple[int, int]
) -> dict[str, dict[str, list[Round]]]:
    """By server and load, the rounds.

    Args:
        plan: how much.
        kinds: the servers.
        load: command line of the generator.
        scratch: for what the generators say.
        cores: the servers' and the generators'.
    """
    with ExitStack() as stack:
        sides = [_started(stack, kind, plan, load, scratch, cores) for kind in kinds]
        taken: dict[str, dict[str, list[Round]]] = {side.name: {name: [] for name in LOADS} for side in sides}
        for number in range(plan.rounds):
            for side in sides if number % 2 else reversed(sides):
                for name, command in LOADS.items():
                    tries = until_undisturbed(partial(side.take, plan, command))
                    taken[side.name][name].append(min(tries, key=lambda each: each.waited))
    return taken


def _started(
    stack: ExitStack, kind: Kind, plan: Plan, load: list[str], scratch: Path, cores: tuple[int, int]
) -> Side:
    server = stack.enter_context(running(kind, cores[0]))
    large = stack.enter_context(loading(server, ["nice", "-n", "10", *load], cores[1], scratch))
    other = replace(kind, name=f"{kind.name}-{SMALL}", subscribe=_instead(kind.subscribe))
    small = stack.enter_context(loading(replace(server, kind=other), load, cores[1], scratch, channel=SMALL))
    for generator, subscribers in ((large, plan.large), (small, plan.small)):
        connected = generator.ask(f"connect {subscribers} {IN_FLIGHT}").connections
        if connected != subscribers:
            raise RuntimeError(f"{connected} of {subscribers} subscribers came in")
    return Side(kind.name, large, small)


def _instead(subscribe: str | None) -> str | None:
    return None if subscribe is None else subscribe.replace(f'"channel":"{CHANNEL}"', f'"channel":"{SMALL}"')


def added_ms(rounds: Mapping[str, Sequence[Round]], load: str) -> float:
    """By how many ms the large channel moves the small one's p99: the median over the rounds."""
    pairs = zip(rounds["alone"], rounds[load], strict=True)
    return statistics.median(beside.p99 - alone.p99 for alone, beside in pairs)


def _line(server: str, load: str, rounds: Mapping[str, Sequence[Round]]) -> str:
    taken = rounds[load]
    p99 = sorted(each.p99 for each in taken)
    return (
        f"{server:14}  {load:12}  {statistics.median(each.p50 for each in taken):8.2f}"
        f"  {statistics.median(p99):8.2f} ({p99[0]:.2f} to {p99[-1]:.2f})  {added_ms(rounds, load):+8.2f}"
        f"  {sum(each.lost for each in taken):4}  {max(each.waited for each in taken):6.1%}"
    )


def main() -> int:
    """Measure and print; 0 where the large channel moves the small one no more than is allowed."""
    parser = argparse.ArgumentParser(prog="python -m bench.fairness", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=Plan().rounds, help="of each load (default: %(default)s)"
    )
    parser.add_argument(
        "--against", type=Path, metavar="DIR", help="the package's directory of another commit"
    )
    options = parser.parse_args()
    machine.raise_file_limit()
    try:
        load = [str(compile_program("load"))]
    except CannotCompile as fault:
        sys.exit(f"latencies need the generator in C: {fault}")
    kinds = [OURS]
    if options.against is not None:
        kinds.append(replace(OURS, name="the other", env={"PYTHONPATH": str(options.against.resolve())}))
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        taken = measured(Plan(rounds=options.rounds), kinds, load, Path(scratch), machine.pinned_cores())
    print("server          beside it      p50 ms    p99 ms (rounds)    added ms  lost  waited")
    for server, rounds in taken.items():
        for name in LOADS:
            print(_line(server, name, rounds))
    moved = max(added_ms(taken[OURS.name], name) for name in LOADS)
    print(
        f"p99 moved by {moved:.1f} ms at most; allowed are {ALLOWED_MS:.0f}: {'met' if moved <= ALLOWED_MS else 'NOT MET'}"
    )
    return 0 if moved <= ALLOWED_MS else 1


if __name__ == "__main__":
    sys.exit(main())
