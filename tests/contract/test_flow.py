"""A slow reader of channels with flow rules, over a real socket: it gets the newest, and nobody else loses anything."""

import asyncio
import json
import re
import socket
from typing import Any

from callers import Http
from servers import APP_ID, Running, make_app, serving, signed
from slow_reader import never_reads
from toolboxai.apps.app import FlowRule

FILLER = "x" * 9_000
EVENTS = 1_200  # 10 MB: far more than the systems of both ends take in for a connection that is not read


def app(rule: FlowRule) -> Any:
    return make_app(flow=(rule,))


async def publish(server: Running, count: int, *, filler: str = FILLER) -> None:
    """Progress of three stages in turn, then the end, over one connection."""
    async with server.http() as http:
        for number in range(count + 1):
            last = number == count
            data = json.dumps({"n": number, "stage": "end" if last else number % 3, "filler": filler})
            body = Http.json({"name": "done" if last else "progress", "channel": "a", "data": data})
            answer = await http.ask("POST", signed("POST", f"/apps/{APP_ID}/events", body), body)
            assert answer.status == 200, answer.text


async def heard_by(slow: socket.socket) -> list[int]:
    """All that comes until the last event."""
    heard = bytearray()
    async with asyncio.timeout(15):
        while b'"event":"done"' not in heard[-2 * len(FILLER) :] or not heard.endswith(b"}"):
            got = await asyncio.get_running_loop().sock_recv(slow, 1 << 20)
            assert got, "the connection ended"
            heard += got
    return [int(number) for number in re.findall(rb'\\"n\\": (\d+)', heard)]


async def test_of_progress_a_slow_reader_gets_the_newest_of_each_stage_and_the_end() -> None:
    async with serving(app(FlowRule("a", conflate_by="stage"))) as server, never_reads(server) as slow:
        await publish(server, EVENTS)
        assert server.metrics.slow_consumers_total == 0
        numbers = await heard_by(slow)
        assert numbers == sorted(set(numbers))
        assert set(range(EVENTS - 3, EVENTS + 1)) <= set(numbers)
        assert server.metrics.events_conflated_total == EVENTS + 1 - len(numbers) > 0
        assert server.metrics.events_dropped_total == 0


async def test_the_oldest_is_dropped_where_the_rule_says_so_and_counted() -> None:
    rule = FlowRule("a", queue_bytes=100_000, on_full="drop_oldest")
    async with serving(app(rule)) as server, never_reads(server) as slow, server.socket() as quick:
        await quick.enter("a")
        await publish(server, EVENTS)
        assert server.metrics.slow_consumers_total == 0
        numbers = await heard_by(slow)
        assert numbers == sorted(set(numbers))
        assert numbers[-5:] == list(range(EVENTS - 4, EVENTS + 1))
        assert server.metrics.events_dropped_total == EVENTS + 1 - len(numbers) > 0
        seen = [json.loads((await quick.hear())["data"])["n"] for _ in range(EVENTS + 1)]
        assert seen == list(range(EVENTS + 1))


async def test_a_short_queue_that_may_not_drop_ends_the_connection_early_and_is_counted() -> None:
    rule = FlowRule("a", queue_bytes=20_000, on_full="close")
    async with serving(app(rule)) as server, never_reads(server):
        (protocol,) = server.server._acceptor.sockets
        await publish(server, EVENTS)
        assert server.metrics.slow_consumers_total == 1
        assert protocol.buffered() < 200_000  # not the mebibyte that others may have


async def test_who_keeps_up_gets_everything_whatever_the_rule() -> None:
    async with serving(app(FlowRule("a", conflate_by="event"))) as server, server.socket() as alice:
        await alice.enter("a")
        await publish(server, 50, filler="")
        numbers = [json.loads((await alice.hear())["data"])["n"] for _ in range(51)]
        assert numbers == list(range(51))
        assert server.metrics.events_conflated_total == 0


async def test_channels_without_the_rule_are_not_touched_by_it() -> None:
    async with serving(app(FlowRule("b", conflate_by="event"))) as server, never_reads(server):
        await publish(server, EVENTS)
        assert server.metrics.slow_consumers_total == 1
        assert server.metrics.events_conflated_total == 0
