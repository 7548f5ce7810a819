"""Many sends by one call, in a whole server: the same bytes in the same order as without."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from callers import Socket, until
from rings import needs_ring
from servers import APP, Running, serving
from toolboxai.hub.lines import BATCH_LEAST, Batch, Submit
from toolboxai.protocol.channel import ChannelName

pytestmark = needs_ring
MANY = BATCH_LEAST + 4
ROOM, OTHER = (ChannelName.parse(name, max_chars=200) for name in ("room", "other"))


@asynccontextmanager
async def crowd(server: Running, count: int) -> AsyncIterator[list[Socket]]:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(server.socket()) for _ in range(count)]
        for socket in sockets:
            await socket.enter("room")
        yield sockets


def counted(server: Running) -> list[int]:
    """From here on, how many sockets each call wrote to."""
    calls: list[int] = []
    inner = server.node.slices.submit
    assert inner is not None

    def submit(batch: Batch, frame: bytes, inner: Submit = inner) -> object:
        calls.append(len(batch.lines))
        return inner(batch, frame)

    server.node.write_at_once(submit)  # type: ignore[arg-type]  # what it returns is what the inner one returns
    return calls


async def publish(server: Running, channel: ChannelName, *texts: str) -> None:
    for text in texts:
        await server.node.publish(APP, (channel,), "e", json.dumps(text))


async def heard(socket: Socket, count: int) -> list[str]:
    return [json.loads((await socket.hear())["data"]) for _ in range(count)]


async def test_events_of_one_turn_come_in_order_by_one_call() -> None:
    async with serving() as server, crowd(server, MANY) as sockets:
        calls = counted(server)
        await publish(server, ROOM, "1", "2", "3")
        assert [await heard(socket, 3) for socket in sockets] == [["1", "2", "3"]] * MANY
        assert calls == [MANY]


async def test_two_channels_of_one_turn_are_left_to_the_transports() -> None:
    async with serving() as server, crowd(server, MANY) as sockets:
        for socket in sockets:
            await socket.enter("other")
        calls = counted(server)
        await publish(server, ROOM, "1")
        await publish(server, OTHER, "2")
        assert [await heard(socket, 2) for socket in sockets] == [["1", "2"]] * MANY
        assert calls == []


async def test_what_a_connection_is_told_before_it_stays_before_it() -> None:
    async with serving() as server, crowd(server, MANY) as sockets:
        calls = counted(server)
        for connection in server.node.hub(APP).connections:  # in the turn of the publication, and before it
            connection.outbox.write(b"\x81\x02{}")
        await publish(server, ROOM, "1")
        for socket in sockets:
            assert await socket.hear() == {}
            assert await heard(socket, 1) == ["1"]
        assert calls == [MANY]


async def test_a_peer_that_does_not_read_gets_all_of_it_in_order_when_it_does() -> None:
    async with serving() as server, crowd(server, MANY) as sockets:
        slow, *others = sockets
        calls = counted(server)
        slow.wire.transport.pause_reading()
        texts: list[str] = []
        after = 0
        while after < 20:
            texts.append(f"{len(texts)}-" + "x" * 9000)
            await publish(server, ROOM, texts[-1])
            for socket in others:
                assert await heard(socket, 1) == texts[-1:]
            after += len(server.node.hub(APP).lagging)
        slow.wire.transport.resume_reading()
        assert await heard(slow, len(texts)) == texts
        assert {MANY, MANY - 1} == set(calls)
        await until(lambda: not server.node.hub(APP).lagging)
        await publish(server, ROOM, "last")
        assert await heard(slow, 1) == ["last"]
        assert calls[-1] == MANY


async def test_who_has_gone_is_no_fault_of_the_others() -> None:
    async with serving() as server, crowd(server, MANY) as sockets:
        sockets[0].wire.transport.abort()
        for _ in range(3):
            await publish(server, ROOM, "1")
            for socket in sockets[1:]:
                assert await heard(socket, 1) == ["1"]
        await until(lambda: len(server.node.hub(APP)) == MANY - 1)
        assert server.metrics.faults_total == 0


@pytest.mark.parametrize("batched", [False, True])
async def test_with_and_without_it_is_the_same(batched: bool) -> None:
    async with serving(batched_sends=batched) as server, crowd(server, MANY) as sockets:
        assert (server.node.slices.submit is not None) == batched
        await publish(server, ROOM, "1")
        await publish(server, ROOM, "2")
        assert [await heard(socket, 2) for socket in sockets] == [["1", "2"]] * MANY
