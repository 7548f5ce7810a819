"""How many connections each server serves at one, ten and a hundred publications a second."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from math import inf
from typing import Final, NamedTuple

from bench import machine
from bench.figures import cpu_per_delivery, spread
from bench.generator import Generator, GeneratorFailed, Sample
from bench.results import SERVED_MS, Served
from bench.servers import NAIVE, OLD, OURS, Kind
from bench.stand import FAULTS, FILES_BESIDE, IN_FLIGHT, Stand

__all__ = ["Try", "largest", "measure"]

RESOLUTION: Final = 1.1  # the search ends when failing is so near
TRY_S: Final = {1: 5.0, 10: 4.0, 100: 3.0}
CALM_S: Final = 8.0  # a server that was asked too much is given so long to come to rest
FEWEST: Final = 10
MOST: Final = 60_000  # the generator has room for no more
SEARCHED: Final = (OURS.name, OLD.name, NAIVE.name, "uwebsockets", "c")
"""Whose limit is looked for, the most important first: a search takes half a minute."""


class Try(NamedTuple):
    """One trial: 99 % of the deliveries came within so many milliseconds, or the server gave up; whether that is enough."""

    p99_ms: float | None
    served: bool


def largest(attempt: Callable[[int], Try], start: int, ceiling: int, more: Callable[[], bool]) -> Served:
    """The most that are served: doubling until it fails, halving the distance until that is near.

    Args:
        attempt: tries so many connections.
        start: where to begin.
        ceiling: more are never tried.
        more: whether there is time for another.
    """
    tries: list[tuple[int, float | None, bool]] = []
    served, fails = 0, None
    count = max(FEWEST, min(start, ceiling))
    while not tries or more():
        found = attempt(count)
        tries.append((count, found.p99_ms, found.served))
        if found.served:
            served = count
        else:
            fails = count
        if served >= ceiling or (fails is not None and fails <= max(served * RESOLUTION, FEWEST)):
            break
        count = min(served * 2, ceiling) if fails is None else (served + fails) // 2 if served else fails // 2
    return Served(served, fails, tuple(tries), served >= ceiling)


def measure(stand: Stand) -> None:
    """Every server of `SEARCHED` alone, at every rate; what one does not use of its time is the next one's."""
    plan = stand.plan
    with stand.phase("served", f"connections served within {SERVED_MS:g} ms, by publications a second"):
        ceiling = min(machine.raise_file_limit() - FILES_BESIDE, MOST)
        by_name = {kind.name: kind for kind in stand.kinds}
        searches = [(hz, by_name[name]) for name in SEARCHED if name in by_name for hz in plan.served_hz]
        for number, (hz, kind) in enumerate(searches):
            share = stand.left / (len(searches) - number)
            if share < TRY_S.get(hz, 1.0):
                stand.note(f"served: {kind.title} at {hz} a second is left out, for want of time")
                continue
            until = time.monotonic() + share
            try:
                found = _search(stand, kind, hz, ceiling, until)
            except FAULTS as fault:
                stand.note(f"served: {kind.title} at {hz} a second is left out: {fault}")
                continue
            stand.results.served.setdefault(hz, {})[kind.name] = found
            tries = ", ".join(f"{count:,}: {p99 or inf:g} ms" for count, p99, _ in found.tries)
            stand.say(f"served: {kind.title} at {hz} a second: {found.connections:,} ({tries})")


def _search(stand: Stand, kind: Kind, hz: int, ceiling: int, until: float) -> Served:
    with ExitStack() as stack:
        trials = _Trials(stand, stack, kind, hz)
        start = expected(_cost_us(stand, kind, hz), hz) // 2
        return largest(trials.attempt, start, ceiling, lambda: time.monotonic() < until)


def expected(cost_us: float, hz: int) -> int:
    """What a server would serve by the cost of a delivery alone: a place to begin the search."""
    return round(min(SERVED_MS / 1e3, 1 / hz) / (cost_us / 1e6))


def _cost_us(stand: Stand, kind: Kind, hz: int) -> float:
    """From the fan-out of this run, when it has one; at a hundred a second there is something to join."""
    figure = "fanout-16" if hz >= 100 else "fanout-1"
    samples: Sequence[Sample] = stand.results.samples.get(figure, {}).get(kind.name, [])
    return spread([cpu_per_delivery(sample) for sample in samples]).median if samples else 20.0


class _Trials:
    """One server whose connections are made more or fewer from trial to trial."""

    def __init__(self, stand: Stand, stack: ExitStack, kind: Kind, hz: int) -> None:
        self._stand = stand
        self._stack = stack
        self._kind = kind
        self._hz = hz
        self._pair: Generator | None = None
        self._there = 0

    def attempt(self, count: int) -> Try:
        """So many connections for some seconds; a trial that others disturbed is not believed when it fails."""
        for _ in range(2):
            try:
                found, disturbed = self._attempt(count)
            except GeneratorFailed:  # the server gave up connections in the middle: no service
                self._stack.close()
                self._pair = None
                return Try(None, served=False)
            if found.served or not disturbed or not self._stand.in_time:
                break
        return found

    def _attempt(self, count: int) -> tuple[Try, bool]:
        pair = self._pair = self._pair or self._started()
        if count > self._there:
            pair.ask(f"connect {count - self._there} {IN_FLIGHT}")
        elif count < self._there:
            pair.tell(f"leave {self._there - count}")
        self._there = count
        if not _calm(pair):
            self._stack.close()  # it still works off what the last trial left
            pair = self._pair = self._started()
            pair.ask(f"connect {count} {IN_FLIGHT}")
            self._there = count
        sample = pair.ask(f"rate {self._hz} {TRY_S.get(self._hz, 1.0)} 200")
        whole = sample.connections == count and not sample.lost and not sample.dropped
        return Try(round(sample.p99_ms, 1), whole and sample.p99_ms <= SERVED_MS), sample.disturbed

    def _started(self) -> Generator:
        self._there = 0
        return self._stand.start(self._stack, self._kind)


def _calm(pair: Generator) -> bool:
    """Whether the server comes to rest: less than a tenth of its core for a moment."""
    until = time.monotonic() + CALM_S
    while time.monotonic() < until:
        before = machine.cpu_seconds(pair.server.pid)
        time.sleep(0.2)
        if machine.cpu_seconds(pair.server.pid) - before < 0.02:
            return True
    return False
