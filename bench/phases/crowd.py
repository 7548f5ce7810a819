"""Many connections, ten publications a second, by the clock."""

import time
from contextlib import ExitStack
from functools import partial

from bench.servers import OURS
from bench.stand import FAULTS, IN_FLIGHT, SETTLE_S, Stand

__all__ = ["measure"]


def measure(stand: Stand) -> None:
    """Ours and the bare loop; every server where the plan says so."""
    plan = stand.plan
    with stand.phase("crowd", f"{plan.crowd} subscribers, 10 publications a second for {plan.crowd_s:g} s"):
        count = stand.room(plan.crowd)
        for kind in stand.kinds:
            if kind.name not in (OURS.name, "c") and not (plan.crowd_of_all and kind.name != "c-joined"):
                continue
            try:
                with ExitStack() as stack:
                    pair = stand.start(stack, kind)
                    pair.ask(f"connect {count} {IN_FLIGHT}")
                    time.sleep(SETTLE_S)
                    sample = stand.undisturbed(partial(pair.ask, f"rate 10 {plan.crowd_s} 200"))
                    stand.results.add("crowd", kind.name, sample)
            except FAULTS as fault:
                stand.note(f"crowd: {kind.title} is left out: {fault}")
