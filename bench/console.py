"""``python -m bench.console``: what an operator who looks on costs the data plane, by interleaved rounds in one process.

The same node publishes to the same subscribers over TCP on loopback, a round with the feed closed and a round with it open
and read five times a second, in turn. How a publication comes in is no part of it.
"""

import argparse
import asyncio
import random
import socket
import statistics
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from toolboxai.adapters.system_clock import SystemClock
from toolboxai.apps.app import App, AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.hub.connection import Connection
from toolboxai.hub.outbox import Line, Outbox, Write
from toolboxai.node.catch_up import Arrival
from toolboxai.node.feed_entry import Wanted
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.publication import Publication
from toolboxai.protocol.refusals import Refusal

APP = App("1", (AppKey("key", "secret"),))
CHANNEL = ChannelName.parse("news")
DATA = '{"headline":"' + "x" * 100 + '"}'
ROUNDS = 41
DELIVERIES = 20_000  # of a round
PUBLICATIONS = 500  # of a round at most: what the system keeps of them until they are read
READ_EVERY_S = 0.2


class FarWire:
    """A wire to a client that reads between the rounds."""

    def __init__(self, listener: socket.socket) -> None:
        self.far = socket.create_connection(listener.getsockname())
        self.near, _ = listener.accept()
        self.near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.far.setblocking(False)
        self.write: Write = self.near.send
        self.line: Line | None = None

    def drain(self) -> None:
        with suppress(BlockingIOError):
            while self.far.recv(1 << 20):
                pass

    def close(self) -> None:
        self.near.close()
        self.far.close()

    def buffered(self) -> int:
        return 0

    def frame(self, text: bytes) -> bytes:
        return text

    def hold(self, held: bool) -> None: ...

    def probe(self) -> None: ...

    def confirm(self, number: int) -> bool:
        return False

    def shut(self, code: int, reason: str) -> None: ...


class Owner:
    heard_at: float | None = None
    ponged_at: float | None = None
    received = 0
    refusals: Mapping[str, Refusal] = {}

    def close(self, code: int, message: str) -> None: ...

    def expired(self, channel: ChannelName) -> None: ...

    def app_changed(self, app: App) -> None: ...


def plain(publication: Publication) -> bytes:
    return publication.text


class Figure(NamedTuple):
    """CPU of one publication to all subscribers, in µs, and what an open feed adds to it, in percent."""

    subscribers: int
    closed: float
    opened: float
    low: float
    middle: float
    high: float


async def measured(subscribers: int, rounds: int) -> Figure:
    clock = SystemClock()
    node = Node(
        AppRegistry([APP], own=APP), MemoryBroker(clock, random.Random(1)), clock=clock, dice=random.Random(2)
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        lines = [FarWire(listener) for _ in range(subscribers)]
    for line in lines:
        outbox = Outbox(line, cap_bytes=1 << 20, metrics=node.app_metrics(APP), on_full=lambda: None)
        connection = Connection(APP, node.new_socket_id(), plain, outbox, Owner())
        node.attach(connection)
        (await node.follow(connection, CHANNEL)).finish()
        node.subscribe(connection, CHANNEL, Arrival())
    each = min(PUBLICATIONS, DELIVERIES // subscribers)

    read_at, after = 0.0, 0

    async def one_round(look: bool) -> float:
        node.feed.open = look  # as it is after the last reader has gone, but for what it remembers
        nonlocal read_at, after
        began = time.process_time()
        for _ in range(each):
            if clock.monotonic() - read_at >= READ_EVERY_S and look:
                read_at = clock.monotonic()
                after = node.feed.look(after, Wanted()).next
            await node.publish(APP, (CHANNEL,), "headline", DATA)
        took = time.process_time() - began
        for line in lines:
            line.drain()
        return took / each * 1e6

    node.feed.look(0, Wanted())
    await one_round(False)
    pairs = []
    for number in range(rounds):
        order = (False, True) if number % 2 else (True, False)
        took = {look: await one_round(look) for look in order}
        pairs.append((took[False], took[True]))
    for line in lines:
        line.close()
    added = [(opened / closed - 1) * 100 for closed, opened in pairs]
    low, middle, high = statistics.quantiles(added, n=4)
    closed, opened = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Figure(subscribers, closed, opened, low, middle, high)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument(
        "--rounds",
        type=int,
        default=ROUNDS,
        help="with the feed closed and open, 2 at least (default: %(default)s)",
    )
    options = parser.parse_args()
    print("subscribers  closed µs  open µs  added % (median, and the middle half of the rounds)")
    for subscribers in (1, 10, 100, 1000):
        figure = asyncio.run(measured(subscribers, options.rounds))
        print(
            f"{figure.subscribers:11}  {figure.closed:9.2f}  {figure.opened:7.2f}"
            f"  {figure.middle:+.1f} ({figure.low:+.1f} to {figure.high:+.1f})"
        )


if __name__ == "__main__":
    main()
