"""All servers side by side: signed publishing, handshakes, and fan-out to one channel."""

import time
from collections.abc import Sequence
from contextlib import ExitStack

from bench.generator import Generator, Sample
from bench.stand import IN_FLIGHT, Stand

__all__ = ["come_and_leave", "measure"]


def measure(stand: Stand, only: Sequence[str]) -> None:
    """Those of the four phases that are wanted, with the same servers."""
    plan = stand.plan
    with ExitStack() as stack:
        pairs = stand.start_all(stack, stand.kinds)
        if "publish" in only:
            with stand.phase("publish", "signed, over HTTP, to a channel that nobody follows, 16 in flight"):
                stand.rounds("publish", pairs, lambda pair: pair.ask(f"publish 16 {plan.round_s}"))
        if "connect" in only:
            with stand.phase(
                "connect", f"handshake and subscribe, {plan.accepts} a round, {IN_FLIGHT} at a time"
            ):
                stand.rounds("connect", pairs, lambda pair: come_and_leave(pair, plan.accepts))
        widths = [width for width in (1, 16) if f"fanout-{width}" in only]
        if widths:
            pairs = stand.connected("fan-out", pairs, plan.subscribers)
        for width in widths:
            about = f"to {plan.subscribers} subscribers, 200-byte events, {width} in flight"
            with stand.phase(f"fanout-{width}", about):
                command = f"fanout {width} {plan.round_s} 200"
                stand.rounds(f"fanout-{width}", pairs, lambda pair, said=command: pair.ask(said))  # type: ignore[misc]


def come_and_leave(pair: Generator, count: int) -> Sample:
    """So many come, and all leave again."""
    sample = pair.ask(f"connect {count} {IN_FLIGHT}")
    pair.close()
    time.sleep(0.1)  # the server takes leave of them before the next one's turn
    return sample
