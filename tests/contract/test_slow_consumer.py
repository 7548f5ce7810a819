"""One subscriber that never reads, among others: it is closed, they lose nothing, and memory stays bounded."""

import asyncio
import re
from contextlib import AsyncExitStack

import pytest

from callers import Http, Socket, client_frame, until
from servers import APP_ID, Running, make_app, serving, signed
from slow_reader import never_reads
from toolboxai import limits
from toolboxai.apps.app import HistoryRule
from toolboxai.protocol.channel import ChannelName

EVENTS = 600
DATA = "x" * 10_000  # 6 MB together: more than the cap and what the kernel buffers of one socket


async def publish(server: Running, numbers: range) -> None:
    """Over one connection, signed as any publisher would."""
    async with server.http() as http:
        for number in numbers:
            body = Http.json({"name": str(number), "channel": "a", "data": DATA})
            assert (
                await http.ask("POST", signed("POST", f"/apps/{APP_ID}/events", body), body)
            ).status == 200


def numbers(heard: bytes | bytearray) -> list[int]:
    """The events in a stream of frames, in their order."""
    return [int(number) for number in re.findall(rb'{"event":"(\d+)"', heard)]


async def names(alice: Socket, count: int) -> list[str]:
    return [(await alice.hear())["event"] for _ in range(count)]


async def test_the_others_get_everything_and_the_slow_one_is_closed_with_4100_last(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    async with serving() as server, never_reads(server) as slow, AsyncExitStack() as stack:
        (protocol,) = server.server._acceptor.sockets
        others = [await stack.enter_async_context(server.socket()) for _ in range(3)]
        for other in others:
            await other.enter("a")
        async with asyncio.TaskGroup() as tasks:
            reading = [tasks.create_task(names(other, EVENTS)) for other in others]
            tasks.create_task(publish(server, range(EVENTS)))
        wanted = [str(number) for number in range(EVENTS)]
        assert [task.result() for task in reading] == [wanted] * 3
        assert (server.metrics.slow_consumers_total, server.metrics.connections) == (1, 3)
        assert caplog.messages.count("slow consumer closed") == 1
        assert protocol.buffered() <= limits.OUTBOX_BYTES + 1000  # the cap, then the error and the close

        heard = b""
        async with asyncio.timeout(10):
            while not heard.endswith(b"\x10\x04Over capacity: this connection reads too slowly"):
                got = await loop.sock_recv(slow, 1 << 16)
                assert got, "the connection ended before its close frame"
                heard += got
        events, _, last = heard.rpartition(b'{"event":"pusher:error","data":{"code":4100,')
        assert last.endswith(b"\x10\x04Over capacity: this connection reads too slowly")
        kept = numbers(events)
        assert 0 < len(kept) < EVENTS
        assert kept == list(range(len(kept)))  # a beginning without a hole; that the rest is missed was said
        await loop.sock_sendall(slow, client_frame(0x8, b"\x10\x04"))
        assert await loop.sock_recv(slow, 1) == b""
    assert server.metrics.connections_aborted_total == 0


async def test_who_does_not_take_the_close_either_is_cut_off_after_the_grace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "APP_CLOSE_GRACE_S", 0.2)
    async with serving() as server, never_reads(server):
        await publish(server, range(EVENTS))
        assert server.metrics.slow_consumers_total == 1
        await until(lambda: not server.server._acceptor.sockets)
        assert server.metrics.connections_aborted_total == 1
        assert server.metrics.connections == 0


async def test_who_reads_again_in_time_misses_nothing() -> None:
    loop = asyncio.get_running_loop()
    async with serving() as server, never_reads(server) as slow:
        (protocol,) = server.server._acceptor.sockets
        sent, heard = 0, bytearray()
        for _ in range(2):
            while protocol.buffered() < limits.OUTBOX_BYTES // 2:  # it lags, and is weighed
                await publish(server, range(sent, sent + 10))
                sent += 10
            while protocol.buffered() or b'{"event":"%d",' % (sent - 1) not in heard[-20_000:]:
                heard += await asyncio.wait_for(loop.sock_recv(slow, 1 << 20), 5)
        assert numbers(heard) == list(range(sent))
        assert server.metrics.slow_consumers_total == 0


async def test_who_is_handed_much_on_many_channels_is_handed_one_channel_after_the_other() -> None:
    kept = make_app(history=(HistoryRule("kept-*", 100, 600.0),))
    channels = [f"kept-{number}" for number in range(12)]  # half a mebibyte each
    async with serving(kept) as server:
        for channel in channels:
            name = ChannelName.parse(channel)
            for number in range(50):
                await server.node.publish(kept, [name], str(number), DATA)
        async with server.socket() as alice:
            alice.wire.transport.pause_reading()
            for channel in channels:
                await alice.say("pusher:subscribe", {"channel": channel, "auth": ""})
            await alice.say("pusher:ping", {})
            await until(lambda: server.metrics.messages_received_total == len(channels) + 1)
            alice.wire.transport.resume_reading()
            heard: dict[str, list[str]] = {channel: [] for channel in channels}
            while (message := await alice.hear())["event"] != "pusher:pong":
                if not message["event"].startswith("pusher"):
                    heard[message["channel"]].append(message["event"])
            assert heard == {channel: [str(number) for number in range(50)] for channel in channels}
            assert server.metrics.slow_consumers_total == 0
