"""Memory of idle subscribed connections, as they become more."""

import time
from contextlib import ExitStack
from typing import Final

from bench import machine
from bench.servers import Kind
from bench.stand import FAULTS, IN_FLIGHT, SETTLE_S, Stand

__all__ = ["measure"]

WARM: Final = 100  # connections before memory is read: what is loaded or allocated once is not theirs


def measure(stand: Stand) -> None:
    """A new server each time; the resident set above that with a hundred connections."""
    sizes = stand.plan.memory_at
    with stand.phase("memory", f"of {', '.join(f'{size:,}' for size in sizes)} idle subscribed connections"):
        for number in range(stand.plan.memory_rounds):
            for kind in stand.kinds:
                if kind.name == "c-joined" or (number and not stand.in_time):
                    continue
                try:
                    _one(stand, kind)
                except FAULTS as fault:
                    stand.note(f"memory: {kind.title} is left out: {fault}")


def _one(stand: Stand, kind: Kind) -> None:
    results = stand.results
    with ExitStack() as stack:
        pair = stand.start(stack, kind)
        pair.ask(f"connect {WARM} {IN_FLIGHT}")
        time.sleep(SETTLE_S)
        before = machine.resident_bytes(pair.server.pid)
        there = grown = 0
        for size in stand.plan.memory_at:
            pair.ask(f"connect {size - there} {IN_FLIGHT}")
            there = size
            time.sleep(SETTLE_S)
            grown = machine.resident_bytes(pair.server.pid) - before
            curve = results.memory_curve.setdefault(kind.name, {})
            curve.setdefault(size, []).append(round(grown / 1e6, 3))
    results.memory_kb.setdefault(kind.name, []).append(round(grown / 1000 / there, 3))
