"""What a delivery costs as its channel grows, and what a publication costs as channels become more."""

from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from bench.generator import Generator
from bench.servers import NAIVE, OLD, OURS
from bench.stand import IN_FLIGHT, Stand

__all__ = ["measure_channels", "measure_subscribers"]

ROUNDS: Final = 5
ALL: Final = 1_000_000
LARGEST: Final = {OURS.name: ALL, "c": ALL, "uwebsockets": ALL, OLD.name: 10_000, NAIVE.name: 10_000}
"""Who takes part in channels up to which size; the slower ones would have the phase for themselves."""


def measure_subscribers(stand: Stand) -> None:
    """A server for each size, all of them in turn within a round."""
    with stand.phase("growth", "CPU of a delivery, one in flight, as a channel grows"), ExitStack() as stack:
        places: list[tuple[str, Generator]] = []
        for wanted in stand.plan.growth:
            count = stand.room(wanted)
            kinds = [kind for kind in stand.kinds if count <= LARGEST.get(kind.name, 0)]
            pairs = stand.connected("growth", stand.start_all(stack, kinds), count)
            places += [(f"growth-{count}", pair) for pair in pairs]
        command = f"fanout 1 {max(stand.plan.round_s * 0.7, 0.1):g} 200"
        stand.interleaved(places, lambda pair: pair.ask(command), count=min(ROUNDS, stand.plan.rounds))


def measure_channels(stand: Stand) -> None:
    """Ours: as many connections in every server; the events go to all their channels in turn, to one subscriber each."""
    if not stand.exact:
        stand.note("channels: not measured: the generator in Python holds one channel only")
        return
    about = "CPU of a publication to one subscriber, as channels become more"
    with stand.phase("channels", about), ExitStack() as stack:
        places = [(f"channels-{count}", _holding(stand, stack, count)) for count in stand.plan.channels]
        command = f"scatter 1 {stand.plan.round_s:g} 200"
        stand.interleaved(places, lambda pair: pair.ask(command), count=min(ROUNDS, stand.plan.rounds))


def shares(channels: int, connections: int) -> tuple[int, int]:
    """How many of the connections hold channels, and how many each."""
    holders = min(channels, connections)
    return holders, channels // holders


def _holding(stand: Stand, stack: ExitStack, channels: int) -> Generator:
    pair = stand.start(stack, replace(OURS, title=f"toolboxai with {channels:,} channels"))
    pair.ask(f"connect {stand.plan.held} {IN_FLIGHT}")
    holders, each = shares(channels, stand.plan.held)
    pair.ask(f"channels {holders} {each}")
    published = 0
    while published < channels and stand.in_time:  # what a channel's first publication makes is made once
        published += pair.ask(f"scatter 16 {min(2.0, 0.1 + channels / 10_000):g} 200").published
    return pair
