"""``python -m bench.watched``: what a delivery costs the whole server while an operator has the console open.

Two servers side by side, `toolboxai serve` with its application; one of them is looked at. Round by round each has its
turn of the same fan-out, in changing order, and a ratio is taken within a round. Then both are started anew, for no two
processes lie in memory alike.
"""

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Final, NamedTuple

from bench import machine
from bench.build import generator_program
from bench.figures import cpu_per_delivery
from bench.installed import Side, installed_in, started
from bench.stand import IN_FLIGHT

ALLOWED: Final = 5.0  # percent
FEED_REST_S: Final = 0.3  # as static/feed.js: between an answer with entries and the next poll
SERIES_EVERY_S: Final = 2.0  # as static/charts_view.js
EVENT_BYTES: Final = 200


class Plan(NamedTuple):
    """How much is measured.

    Attributes:
        starts: of both servers, anew.
        rounds: after each start, of each server and crowd.
        round_s: seconds of a round.
        crowds: subscribers, and publications in flight.
    """

    starts: int = 4
    rounds: int = 5
    round_s: float = 1.0
    crowds: Sequence[tuple[int, int]] = ((1000, 1), (100, 1), (1000, 16))


class Figure(NamedTuple):
    """CPU of a delivery, in µs, and what the console adds, in percent: the median and the middle half of the rounds."""

    subscribers: int
    in_flight: int
    closed: float
    opened: float
    low: float
    middle: float
    high: float


def measured(plan: Plan, load: list[str], scratch: Path, cores: tuple[int, int]) -> list[Figure]:
    """One figure for each crowd.

    Args:
        plan: how much.
        load: command line of the generator.
        scratch: for what the servers keep.
        cores: the servers' and the generators'.
    """
    pairs: dict[tuple[int, int], list[tuple[float, float]]] = {crowd: [] for crowd in plan.crowds}
    installed = installed_in(scratch / "installed")
    for start in range(plan.starts):
        with ExitStack() as stack:
            plain, watched = (
                started(stack, installed, scratch / f"{start}-{name}", load, cores)
                for name in (("plain", "watched") if start % 2 else ("watched", "plain"))
            )
            if not start % 2:
                plain, watched = watched, plain
            for crowd in plan.crowds:
                pairs[crowd] += _rounds(plan, crowd, plain, watched)
    return [_figure(*crowd, taken) for crowd, taken in pairs.items()]


def _rounds(plan: Plan, crowd: tuple[int, int], plain: Side, watched: Side) -> list[tuple[float, float]]:
    subscribers, in_flight = crowd
    command = f"fanout {in_flight} {plan.round_s} {EVENT_BYTES}"
    for side in (plain, watched):
        side.generator.ask(f"connect {subscribers} {IN_FLIGHT}")
    taken = []
    for number in range(plan.rounds):
        costs = {}
        for side in (plain, watched) if number % 2 else (watched, plain):
            if side is watched:
                with looking(side.generator.server.port, side.token):
                    costs[side] = cpu_per_delivery(side.take(command))
            else:
                costs[side] = cpu_per_delivery(side.take(command))
        taken.append((costs[plain], costs[watched]))
    for side in (plain, watched):
        side.generator.close()
    return taken


def _figure(subscribers: int, in_flight: int, pairs: Sequence[tuple[float, float]]) -> Figure:
    added = [(opened / closed - 1) * 100 for closed, opened in pairs]
    low, middle, high = statistics.quantiles(added, n=4) if len(added) > 1 else added * 3
    closed, opened = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Figure(subscribers, in_flight, closed, opened, low, middle, high)


# ---- who looks --------------------------------------------------------------------------------------------------


@contextmanager
def looking(port: int, token: str) -> Iterator[None]:
    """Two windows of the console meanwhile: the live log, and the charts; they ask as often as the page does."""
    over = threading.Event()
    windows = [
        threading.Thread(target=window, args=(port, token, over), daemon=True) for window in (_log, _charts)
    ]
    for window in windows:
        window.start()
    try:
        yield
    finally:
        over.set()
        for window in windows:
            window.join()


def _log(port: int, token: str, over: threading.Event) -> None:
    http, after = HTTPConnection("127.0.0.1", port, timeout=30), 0
    while not over.is_set():
        told = _ask(http, token, f"/api/v1/admin/feed?after={after}&wait=1")
        after = told["next"]
        over.wait(FEED_REST_S)
    http.close()


def _charts(port: int, token: str, over: threading.Event) -> None:
    http, after = HTTPConnection("127.0.0.1", port, timeout=30), 0
    while not over.is_set():
        after = _ask(http, token, f"/api/v1/admin/series?after={after}")["next"]
        over.wait(SERIES_EVERY_S)
    http.close()


def _ask(http: HTTPConnection, token: str, path: str) -> dict[str, int]:
    http.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = http.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} was answered with {answer.status}: {body[:200]!r}")
    told: dict[str, int] = json.loads(body)
    return told


def main() -> int:
    """Measure and print; 0 where the console stays within what is allowed."""
    parser = argparse.ArgumentParser(prog="python -m bench.watched", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=Plan().rounds, help="after each start (default: %(default)s)"
    )
    options = parser.parse_args()
    began = time.monotonic()
    machine.raise_file_limit()
    load = generator_program("load")
    cores = machine.pinned_cores()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, machine.on_core(cores[1]):
        figures = measured(Plan(rounds=options.rounds), load, Path(scratch), cores)
    print(
        "subscribers  in flight  µs closed  µs open  console adds % (median, and the middle half of the rounds)"
    )
    for each in figures:
        print(
            f"{each.subscribers:11}  {each.in_flight:9}  {each.closed:9.2f}  {each.opened:7.2f}"
            f"  {each.middle:+.1f} ({each.low:+.1f} to {each.high:+.1f})"
        )
    worst = max(figure.middle for figure in figures)
    print(
        f"at most {ALLOWED} % is allowed: {'met' if worst < ALLOWED else 'NOT MET'}; {time.monotonic() - began:.0f} s"
    )
    return 0 if worst < ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())
