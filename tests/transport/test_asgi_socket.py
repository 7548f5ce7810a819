"""A connection over ASGI, driven without a server below: what the application says and hears."""

import asyncio
import gc
import json
import random
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from callers import PATIENCE_S, until
from pumps import node_over
from servers import APP, KEY
from toolboxai import limits
from toolboxai.broker.memory import MemoryBroker
from toolboxai.close_codes import CloseCode
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.testing.clock import ManualClock
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.asgi_socket import ASGISocket

Message = MutableMapping[str, Any]
NEWS = ChannelName.parse("news")


class Below:
    """The ASGI server: it hands the application what the client says, and takes what the client is to hear."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[Message | Exception] = asyncio.Queue()
        self.told: list[Message] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.fault: Exception | None = None
        self.say({"type": "websocket.connect"})

    def say(self, message: Message | Exception) -> None:
        self._said.put_nowait(message)

    def text(self, event: str, data: object = None) -> None:
        self.say({"type": "websocket.receive", "text": json.dumps({"event": event, "data": data})})

    async def receive(self) -> Message:
        said = await self._said.get()
        if isinstance(said, Exception):
            raise said
        return said

    async def send(self, message: Message) -> None:
        await self.takes.wait()
        if self.fault is not None:
            raise self.fault
        self.told.append(message)

    @property
    def heard(self) -> list[str]:
        return [json.loads(each["text"])["event"] for each in self.told if each["type"] == "websocket.send"]

    @property
    def closed(self) -> tuple[int, str] | None:
        last = self.told[-1]
        return (last["code"], last["reason"]) if last["type"] == "websocket.close" else None


@pytest.fixture
def node(clock: ManualClock) -> Node:
    return node_over(MemoryBroker(clock, random.Random(1)), clock)


@pytest.fixture
def below() -> Below:
    return Below()


Serve = Callable[..., Any]


@pytest.fixture
def serving(node: Node, background: Background) -> Serve:
    acceptor = Acceptor(node, background)

    @asynccontextmanager
    async def serving(
        below: Below, path: str = f"/app/{KEY}", **scope: Any
    ) -> AsyncIterator[asyncio.Task[None]]:
        asked = {"path": path, "query_string": b"protocol=7", "headers": [], **scope}
        socket = ASGISocket(below.receive, below.send)
        task = asyncio.ensure_future(socket.serve(asked, acceptor, node, background))
        try:
            async with asyncio.timeout(PATIENCE_S):
                yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task
        assert acceptor.pumps == set()
        assert node.metrics.connections == 0

    return serving


async def test_it_greets_answers_and_goes_when_the_client_goes(
    below: Below, serving: Serve, node: Node
) -> None:
    async with serving(below) as task:
        below.text("pusher:subscribe", {"channel": "news"})
        below.text("pusher:ping")
        await until(lambda: len(below.heard) == 3)
        await node.publish(APP, [NEWS], "e", "1")
        await until(lambda: len(below.heard) == 4)
        below.say({"type": "websocket.disconnect", "code": 1001})
        await task
    assert below.told[0] == {"type": "websocket.accept"}
    assert below.heard == [
        "pusher:connection_established",
        "pusher_internal:subscription_succeeded",
        "pusher:pong",
        "e",
    ]
    assert below.closed is None
    assert node.metrics.faults_total == 0


@pytest.mark.parametrize("key", ["K" * 300, "é" * 100])
async def test_a_refusal_fits_into_a_close_frame(below: Below, serving: Serve, key: str) -> None:
    async with serving(below, f"/app/{key}") as task:
        await task
    assert below.heard == ["pusher:error"]
    assert below.closed is not None
    code, reason = below.closed
    assert code == 4001
    assert len(reason.encode()) <= 123


@pytest.mark.parametrize("fault", [OSError("gone"), RuntimeError("after close")], ids=["os", "runtime"])
async def test_a_peer_that_has_gone_ends_it_without_a_fault(
    below: Below, serving: Serve, node: Node, fault: Exception
) -> None:
    async with serving(below) as task:
        await until(lambda: len(below.told) == 2)
        below.fault = fault
        below.text("pusher:ping")
        await task
    assert node.metrics.faults_total == 0


async def test_a_server_that_tells_it_in_receive_ends_it_too(below: Below, serving: Serve) -> None:
    async with serving(below) as task:
        below.say(RuntimeError("cannot call receive once a disconnect has been received"))
        await task


async def test_a_fault_of_our_own_is_counted_and_told_to_the_server(
    below: Below, serving: Serve, node: Node
) -> None:
    async with serving(below) as task:
        await until(lambda: len(below.told) == 2)
        below.fault = KeyError("a bug")
        below.text("pusher:ping")
        with pytest.raises(ExceptionGroup):
            await task
    assert node.metrics.faults_total == 1


async def test_who_takes_nothing_any_more_is_let_go_after_the_grace(
    below: Below, serving: Serve, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "APP_CLOSE_GRACE_S", 0.05)
    async with serving(below) as task:
        below.text("pusher:subscribe", {"channel": "news"})
        await until(lambda: len(below.heard) == 2)
        below.takes.clear()
        while node.metrics.slow_consumers_total == 0:
            await node.publish(APP, [NEWS], "e", "x" * 10_000)
        await task
    assert node.metrics.connections_aborted_total == 1
    assert below.closed is None


@pytest.mark.parametrize("answers", [True, False])
async def test_a_close_of_ours_does_not_wait_for_a_client_that_says_nothing(
    below: Below, serving: Serve, node: Node, answers: bool
) -> None:
    async with serving(below) as task:
        await until(lambda: len(below.heard) == 1)
        (connection,) = node.connections
        connection.owner.close(CloseCode.RECONNECT_NOW, "come back")
        if answers:
            below.say({"type": "websocket.disconnect", "code": 4200})
        await task
    if not answers:
        assert below.closed == (4200, "come back")
    assert node.metrics.connections_aborted_total == 0


async def test_nothing_is_kept_of_a_connection_that_has_ended(
    below: Below, serving: Serve, node: Node
) -> None:
    def alive() -> list[ASGISocket]:
        gc.collect()
        return [each for each in gc.get_objects() if isinstance(each, ASGISocket)]

    of_others = alive()
    async with serving(below) as task:
        await until(lambda: len(below.heard) == 1)
        (connection,) = node.connections
        connection.owner.close(CloseCode.RECONNECT_NOW, "come back")
        del connection
        await task
    del task
    assert [each for each in alive() if each not in of_others] == []


async def test_after_a_message_that_is_too_big_nothing_is_listened_to(
    below: Below, serving: Serve, node: Node
) -> None:
    async with serving(below) as task:
        below.say({"type": "websocket.receive", "text": "x" * (limits.MESSAGE_BYTES + 1)})
        below.text("pusher:subscribe", {"channel": "news"})
        await task
    assert below.closed == (1009, "a message may have 64 KiB")
    assert node.hub(APP).subscribers("news") == 0


async def test_a_cancelled_application_leaves_nothing(below: Below, serving: Serve) -> None:
    async with serving(below) as task:
        await until(lambda: len(below.heard) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_is_no_connect_is_nothing(below: Below, serving: Serve) -> None:
    below = Below()
    await below.receive()
    below.say({"type": "websocket.disconnect", "code": 1006})
    async with serving(below) as task:
        await task
    assert below.told == []
