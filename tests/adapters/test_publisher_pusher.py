"""Publishing through a Pusher-compatible HTTP API: a second instance of our own server, and one that has bad days."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import stamina

from servers import KEY, SECRET, make_app, serving
from toolboxai.adapters import publisher_pusher
from toolboxai.adapters.publisher_pusher import PusherPublisher
from toolboxai.apps.app import AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.errors import PublishFailed
from toolboxai.metrics import Metrics
from toolboxai.platform.ports import Event

NEWS = Event("news", '{"a":"ä ✓"}')


@asynccontextmanager
async def publisher_to(
    port: int, *, secret: str = SECRET, metrics: Metrics | None = None
) -> AsyncIterator[PusherPublisher]:
    publisher = PusherPublisher(
        lambda: make_app(keys=(AppKey(KEY, secret),)),
        host="127.0.0.1",
        port=port,
        scheme="http",
        metrics=metrics,
    )
    try:
        yield publisher
    finally:
        await publisher.close()


class BadDays:
    """An HTTP server that answers each call with the next status it was given, and then with 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.calls: list[dict[str, Any]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.called = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            self.open.set()
            server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    int(line.partition(b":")[2])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                self.calls.append(json.loads(await reader.readexactly(length)))
                self.called.set()
                await self.open.wait()
                status = self.statuses.pop(0) if self.statuses else 200
                body = b"{}" if status == 200 else b"not today"
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@pytest.fixture(autouse=True)
def _impatient() -> Any:
    """Waits between tries are the library's business; here they take no time."""
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


async def test_events_reach_the_subscribers_of_another_server_in_order() -> None:
    async with serving() as there, there.socket() as socket, publisher_to(there.port) as publisher:
        await socket.enter("lesson")
        await asyncio.gather(*(publisher.publish(["lesson"], Event("n", str(n))) for n in range(50)))
        heard = [await socket.hear() for _ in range(50)]
        assert [(said["event"], said["data"], said["channel"]) for said in heard] == [
            ("n", str(n), "lesson") for n in range(50)
        ]


async def test_one_event_goes_to_several_channels_and_not_to_who_is_left_out() -> None:
    async with serving() as there, there.socket() as one, there.socket() as other:
        async with publisher_to(there.port) as publisher:
            for socket in (one, other):
                for channel in ("a", "b", "c"):
                    await socket.enter(channel)
            await publisher.publish(["a", "b", "c"], NEWS, exclude=one.id)
        heard = [await other.hear() for _ in range(3)]
        assert {said["channel"] for said in heard} == {"a", "b", "c"}
        assert {said["data"] for said in heard} == {NEWS.data}
        await one.hears_nothing()


async def test_restoring_history_does_not_publish_again() -> None:
    far = BadDays()
    async with far.listening() as port, publisher_to(port) as publisher:
        await publisher.restore("lesson", [NEWS])
    assert far.calls == []


@pytest.mark.parametrize("statuses", [(503,), (500, 502, 429)])
async def test_a_passing_fault_is_tried_again(statuses: tuple[int, ...]) -> None:
    far = BadDays(*statuses)
    async with far.listening() as port, publisher_to(port) as publisher:
        await publisher.publish(["lesson"], NEWS)
    assert len(far.calls) == len(statuses) + 1
    assert far.calls[0] == {"name": "news", "channels": ["lesson"], "data": NEWS.data}


async def test_a_fault_that_stays_is_told_as_one_that_may_pass() -> None:
    far = BadDays(*[503] * 9)
    async with far.listening() as port, publisher_to(port) as publisher:
        with pytest.raises(PublishFailed, match="503") as fault:
            await publisher.publish(["lesson"], NEWS)
    assert fault.value.retryable
    assert len(far.calls) == 4


async def test_nobody_there_is_told_as_a_fault_that_may_pass_and_counted() -> None:
    async with BadDays().listening() as port:
        pass
    metrics = Metrics()
    async with publisher_to(port, metrics=metrics) as publisher:
        with pytest.raises(PublishFailed) as fault:
            await publisher.publish(["lesson"], NEWS)
    assert fault.value.retryable
    assert metrics.publish_failures_total == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
async def test_a_refusal_is_told_at_once(status: int) -> None:
    far = BadDays(status)
    async with far.listening() as port, publisher_to(port) as publisher:
        with pytest.raises(PublishFailed, match="not today") as fault:
            await publisher.publish(["lesson"], NEWS)
    assert not fault.value.retryable
    assert len(far.calls) == 1


async def test_another_secret_and_a_name_that_is_none_are_refused_by_the_real_server() -> None:
    async with serving() as there:
        async with publisher_to(there.port, secret="0" * 20) as publisher:
            with pytest.raises(PublishFailed, match="PUSHER_SECRET") as fault:
                await publisher.publish(["lesson"], NEWS)
            assert not fault.value.retryable
        async with publisher_to(there.port) as publisher:
            with pytest.raises(PublishFailed) as fault:
                await publisher.publish(["no name"], NEWS)
            assert not fault.value.retryable


async def test_the_loop_goes_on_while_the_far_side_thinks_and_the_line_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publisher_pusher, "WAITING", 3)
    far = BadDays()
    far.open.clear()
    async with far.listening() as port, publisher_to(port) as publisher:
        waiting = [asyncio.create_task(publisher.publish(["lesson"], Event("n", str(n)))) for n in range(3)]
        await far.called.wait()
        with pytest.raises(PublishFailed, match="wait") as fault:
            await publisher.publish(["lesson"], NEWS)
        assert fault.value.retryable
        far.open.set()
        await asyncio.gather(*waiting)
        await publisher.publish(["lesson"], NEWS)
    assert [call["data"] for call in far.calls] == ["0", "1", "2", NEWS.data]


async def test_a_caller_that_leaves_does_not_change_the_order() -> None:
    far = BadDays()
    far.open.clear()
    async with far.listening() as port, publisher_to(port) as publisher:
        first = asyncio.create_task(publisher.publish(["lesson"], Event("n", "0")))
        await far.called.wait()
        first.cancel()
        second = asyncio.create_task(publisher.publish(["lesson"], Event("n", "1")))
        third = asyncio.create_task(publisher.publish(["lesson"], Event("n", "2")))
        far.open.set()
        await asyncio.gather(second, third)
        assert first.cancelled()
    assert [call["data"] for call in far.calls] == ["0", "1", "2"]


async def test_keys_that_are_rotated_sign_from_the_next_event_on() -> None:
    old, new = AppKey(KEY, SECRET), AppKey("new-key", "new secret")
    ours = [make_app(keys=(old, new))]
    async with serving(ours[0]) as server, server.socket() as page:
        await page.enter("news")
        publisher = PusherPublisher(lambda: ours[0], host="127.0.0.1", port=server.port, scheme="http")
        try:
            await publisher.publish(["news"], NEWS)
            assert (await page.hear())["event"] == "news"
            ours[0] = make_app(keys=(new,))
            server.node.apply(AppRegistry(ours))
            await publisher.publish(["news"], NEWS)
            assert (await page.hear())["event"] == "news"
            ours[0] = make_app(keys=(old,))  # the server does not know of it
            with pytest.raises(PublishFailed, match="refused"):
                await publisher.publish(["news"], NEWS)
        finally:
            await publisher.close()
