"""The fallback transports without a server below: what the application says and hears, turn by turn."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from callers import PATIENCE_S, until
from pumps import node_over
from servers import APP, KEY
from toolboxai import limits
from toolboxai.broker.base import Broker
from toolboxai.broker.memory import MemoryBroker
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.testing.clock import ManualClock
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.lasting import ABORT
from toolboxai.transport.polling import Polling
from waiting_broker import WaitingBroker

Message = MutableMapping[str, Any]
NEWS = ChannelName.parse("news")


class Request:
    """One request as an ASGI server hands it over; the client hangs up when told."""

    def __init__(
        self, transport: str, body: bytes = b"", *, number: int = 0, session: str = "aaaaaaaa"
    ) -> None:
        self.path = f"/pusher/app/{KEY}/1/{session}/{transport}"
        self.scope: Message = {
            "type": "http",
            "method": "POST",
            "path": self.path,
            "query_string": f"protocol=7&n={number}".encode(),
            "headers": [],
            "extensions": {},
        }
        self._body = body
        self._asked = False
        self._hung_up = asyncio.Event()
        self.takes = asyncio.Event()
        self.takes.set()
        self.ends = asyncio.Event()
        self.ends.set()
        self.fault: Exception | None = None
        self.told: list[Message] = []

    def hang_up(self) -> None:
        self._hung_up.set()
        self.takes.set()

    async def receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._body}
        await self._hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """As uvicorn: it waits for a client to read, and says nothing when that has gone instead."""
        await (self.takes if message.get("body") != b"" else self.ends).wait()
        if self.fault is not None:
            raise self.fault
        if not self._hung_up.is_set():
            self.told.append(message)

    @property
    def status(self) -> int | None:
        return self.told[0]["status"] if self.told else None

    @property
    def lines(self) -> list[str]:
        return b"".join(each.get("body", b"") for each in self.told[1:]).decode().splitlines()

    @property
    def heard(self) -> list[Any]:
        """The data of the events on channels."""
        messages = [
            json.loads(text) for line in self.lines if line[0] == "a" for text in json.loads(line[1:])
        ]
        return [message["data"] for message in messages if message["event"] == "e"]


class Side:
    """The transports, and whoever calls them."""

    def __init__(self, node: Node, background: Background) -> None:
        self.node = node
        self.acceptor = Acceptor(node, background)
        self.polling = Polling(node, self.acceptor, background)
        self.tasks: set[asyncio.Task[None]] = set()

    def call(self, request: Request) -> asyncio.Task[None]:
        work = self.polling.answer(request.scope, request.receive, request.send, request.path)
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        return task

    async def opened(self) -> Request:
        """A stream that follows the news."""
        stream = Request("xhr_streaming")
        self.call(stream)
        await until(lambda: len(stream.lines) == 2)
        await self.post([{"event": "pusher:subscribe", "data": {"channel": "news"}}])
        await until(lambda: len(stream.lines) == 3)
        return stream

    async def post(self, messages: list[Any], number: int = 0) -> None:
        body = json.dumps([json.dumps(message) for message in messages]).encode()
        await self.call(Request("xhr_send", body, number=number))

    async def publish(self, *numbers: int, size: int = 1) -> None:
        for number in numbers:
            await self.node.publish(APP, [NEWS], "e", f"{number}".ljust(size, "."))

    @property
    def session(self) -> Any:
        (session,) = self.polling._sessions.values()
        return session


@asynccontextmanager
async def served(broker: Broker, clock: ManualClock, background: Background) -> AsyncIterator[Side]:
    node = node_over(broker, clock)
    node.background = background
    side = Side(node, background)
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield side
    finally:
        for task in side.tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    assert node.metrics.faults_total == 0


@pytest.fixture
async def side(clock: ManualClock, background: Background) -> AsyncIterator[Side]:
    async with served(MemoryBroker(clock, random.Random(1)), clock, background) as side:
        yield side


async def test_posts_that_come_together_are_taken_in_the_order_of_their_numbers(side: Side) -> None:
    stream = await side.opened()
    side.node.turn.join(None)
    posts = [
        side.call(Request("xhr_send", json.dumps([json.dumps({"event": event})]).encode(), number=number))
        for number, event in [(12, "three"), (9, "two"), (3, "pusher:ping")]
    ]
    await asyncio.gather(*posts)
    await until(lambda: len(stream.lines) == 6)
    assert [json.loads(json.loads(line[1:])[0])["event"] for line in stream.lines[3:]] == [
        "pusher:pong",
        "pusher:error",
        "pusher:error",
    ]


async def test_what_a_client_that_went_did_not_take_goes_to_its_next_request(side: Side) -> None:
    stream = await side.opened()
    stream.takes.clear()
    await side.publish(1)
    await until(lambda: side.session._receiver.writing)
    await side.publish(2)
    stream.hang_up()
    await until(lambda: side.session._receiver is None)
    await side.publish(3)
    again = Request("xhr_streaming")
    side.call(again)
    await until(lambda: len(again.heard) == 3)
    assert again.heard == ["1", "2", "3"]
    assert stream.heard == []


async def test_a_poll_that_was_dropped_loses_nothing(side: Side) -> None:
    stream = await side.opened()
    stream.hang_up()
    await until(lambda: side.session._receiver is None)
    await side.publish(1, 2)
    poll = Request("xhr")
    poll.takes.clear()
    task = side.call(poll)
    await until(lambda: side.session._receiver is not None and side.session._receiver.writing)
    poll.hang_up()
    await task
    again = Request("xhr")
    await side.call(again)
    assert again.heard == ["1", "2"]


async def test_a_newer_request_goes_first_even_when_the_older_one_is_stuck(side: Side) -> None:
    stream = await side.opened()
    cut: list[bool] = []
    stuck = Request("xhr_streaming")
    stuck.scope["extensions"] = {ABORT: lambda: cut.append(True)}
    side.call(stuck)
    await until(lambda: stuck.status == 200)
    await until(lambda: stream.told[-1] == {"type": "http.response.body", "body": b""})
    stuck.takes.clear()
    await side.publish(1)
    await until(lambda: side.session._receiver.writing)
    newest = Request("xhr_streaming")
    side.call(newest)
    await until(lambda: newest.heard)
    await side.publish(2)
    await until(lambda: len(newest.heard) == 2)
    assert (newest.heard, cut) == (["1", "2"], [True])


@pytest.mark.parametrize("fault", [OSError("gone"), RuntimeError("closed")])
async def test_a_server_that_raises_when_its_client_has_gone_is_understood(
    side: Side, fault: Exception
) -> None:
    stream = await side.opened()
    stream.fault = fault
    await side.publish(1)
    await until(lambda: side.session._receiver is None)
    again = Request("xhr")
    await side.call(again)
    assert again.heard == ["1"]


async def test_one_answer_brings_no_more_than_a_page_takes_and_the_next_goes_on(side: Side) -> None:
    stream = await side.opened()
    await side.publish(*range(100), size=9000)
    await until(lambda: side.session._receiver.full_at is not None and not side.session._receiver.writing)
    text = "".join(f"{line}\n" for line in stream.lines)
    assert 0 < len(text) - limits.STREAM_UNITS < 10_000
    heard = [data.rstrip(".") for data in stream.heard]
    while len(heard) < 100:
        stream.hang_up()
        stream = Request("xhr_streaming")
        side.call(stream)
        await until(lambda: stream.status == 200)  # noqa: B023
        await until(lambda: side.session._receiver.full_at is not None or not side.session.waits)
        heard += [data.rstrip(".") for data in stream.heard]
    assert heard == [str(number) for number in range(100)]


async def test_one_poll_brings_no_more_than_a_page_takes_and_the_next_the_rest(side: Side) -> None:
    stream = await side.opened()
    stream.hang_up()
    await until(lambda: side.session._receiver is None)
    await side.publish(*range(100), size=9000)
    heard: list[str] = []
    while len(heard) < 100:
        assert side.session.waits
        poll = Request("xhr")
        await side.call(poll)
        assert sum(len(line) + 1 for line in poll.lines) - limits.STREAM_UNITS < 10_000
        heard += [data.rstrip(".") for data in poll.heard]
    assert heard == [str(number) for number in range(100)]


async def test_a_poll_after_the_end_was_told_does_not_wait(side: Side) -> None:
    stream = await side.opened()
    stream.ends.clear()
    (pump,) = side.acceptor.pumps
    pump.close(4100, "away")
    await until(lambda: stream.lines[-1][0] == "c")
    poll = Request("xhr")
    await side.call(poll)
    assert (poll.status, poll.lines) == (200, [])
    stream.ends.set()


async def test_posts_wait_while_a_subscribe_waits_for_the_broker(
    clock: ManualClock, background: Background
) -> None:
    broker = WaitingBroker(clock)
    broker.following.shut()
    async with served(broker, clock, background) as side:
        stream = Request("xhr_streaming")
        side.call(stream)
        await until(lambda: len(stream.lines) == 2)
        ping = {"event": "pusher:ping"}
        await side.post([{"event": "pusher:subscribe", "data": {"channel": "news"}}])
        await until(lambda: side.session.pump._backlog and side.session.pump._backlog.busy)
        await side.post([ping] * limits.INBOUND_QUEUE)
        await until(lambda: not side.session._reads.is_set())
        waiting = Request("xhr_send", json.dumps([json.dumps(ping)]).encode())
        task = side.call(waiting)
        await until(lambda: side.session.sending == 1)
        assert not task.done()
        broker.following.open()
        await task
        await until(lambda: len(stream.lines) == 3 + limits.INBOUND_QUEUE + 1)
        assert waiting.status == 204


async def test_posts_that_wait_for_a_session_that_ends_are_answered(
    clock: ManualClock, background: Background
) -> None:
    broker = WaitingBroker(clock)
    broker.following.shut()
    async with served(broker, clock, background) as side:
        stream = Request("xhr_streaming")
        side.call(stream)
        await until(lambda: len(stream.lines) == 2)
        ping = {"event": "pusher:ping"}
        await side.post([{"event": "pusher:subscribe", "data": {"channel": "news"}}])
        await until(lambda: side.session.pump._backlog and side.session.pump._backlog.busy)
        await side.post([ping] * limits.INBOUND_QUEUE)
        await until(lambda: not side.session._reads.is_set())
        waiting = Request("xhr_send", json.dumps([json.dumps(ping)]).encode())
        task = side.call(waiting)
        await until(lambda: side.session.sending == 1)
        stream.hang_up()
        await until(lambda: side.session._receiver is None)
        clock.advance(10)
        side.polling.sweep()
        await task
        assert waiting.status == 404
        broker.following.open()


async def test_a_client_whose_end_is_not_taken_is_cut_off(side: Side, clock: ManualClock) -> None:
    stream = await side.opened()
    cut: list[bool] = []
    stream.takes.clear()
    await side.publish(1)
    await until(lambda: side.session._receiver.writing)
    side.session._receiver.answer._abort = lambda: cut.append(True)
    (pump,) = side.acceptor.pumps
    pump.close(4200, "away")
    clock.advance(5)
    side.polling.sweep()
    await until(lambda: side.session._receiver is None)
    assert cut == [True]
    assert side.node.metrics.connections_aborted_total == 1
    clock.advance(10)
    side.polling.sweep()
    assert len(side.polling) == 0
