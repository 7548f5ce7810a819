"""Events that go to another service, here a second server of ours, and reach the old sockets of this one too."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import stamina

from old_school import OldClient, OldSchool, old_school
from servers import APP, Running, channel_auth, make_app, serving
from toolboxai.adapters.publisher_embedded import EmbeddedPublisher
from toolboxai.adapters.publisher_here_too import PublisherHereToo
from toolboxai.adapters.publisher_pusher import PusherPublisher
from toolboxai.errors import PublishFailed
from toolboxai.metrics import Metrics
from toolboxai.platform.ports import Event, Publisher

CONTENT, PRIVATE = "/ws/content/gen_1", "private-content-generation-gen_1"
NAMED = ("system-notifications", "roblox-sync")


def event(seq: int, kind: str = "progress_update") -> Event:
    said = {"type": kind, "data": {"n": seq}, "timestamp": "2026-01-21T10:01:00.000Z", "seq": seq}
    return Event(kind, json.dumps(said))


@dataclass
class Stumbling:
    """The far service, which does not take everything: the next faults, one for each call."""

    far: Publisher
    faults: list[PublishFailed | None]

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        return await self.far.publish(channels, event, exclude=exclude)

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        await self.far.restore(channel, events)


@dataclass
class Pair:
    """The service that events go to, and the server with the old sockets."""

    there: Running
    here: OldSchool
    far: Stumbling
    publisher: PublisherHereToo


@asynccontextmanager
async def pair() -> AsyncIterator[Pair]:
    # Over there nothing is kept, as with a hosted service.
    async with serving(make_app(history=())) as there, old_school() as here:
        pusher = PusherPublisher(lambda: APP, host="127.0.0.1", port=there.port, scheme="http")
        far = Stumbling(pusher, [])
        near = EmbeddedPublisher(here.running.node, lambda: APP)
        publisher = PublisherHereToo(far, near, named=NAMED, metrics=here.running.metrics)
        try:
            with stamina.set_testing(True, attempts=4, cap=True):
                yield Pair(there, here, far, publisher)
        finally:
            await publisher.close()
            await pusher.close()


async def numbers(client: OldClient, count: int) -> list[int]:
    return [(await client.hear())["seq"] for _ in range(count)]


async def test_a_page_there_and_an_old_socket_here_get_each_event_once_in_the_same_order() -> None:
    async with pair() as both, both.there.socket() as page, both.here.at(CONTENT, "good:1") as old:
        await page.enter(PRIVATE, channel_auth(page.id, PRIVATE))
        sent = [event(seq) for seq in range(1, 31)]
        await asyncio.gather(*(both.publisher.publish([PRIVATE], each) for each in sent))
        for each in sent:
            assert (await page.hear())["data"] == each.data
            assert await old.wire.recv() == each.data
        await page.hears_nothing()
        assert (await old.ask("ping"))["type"] == "pong"


async def test_what_the_far_service_does_not_take_is_not_heard_here_until_it_does() -> None:
    async with pair() as both, both.there.socket() as page, both.here.at(CONTENT, "good:1") as old:
        await page.enter(PRIVATE, channel_auth(page.id, PRIVATE))
        away = PublishFailed("away", retryable=True)
        both.far.faults = [away, away]
        for _ in range(2):
            with pytest.raises(PublishFailed, match="away"):
                await both.publisher.publish([PRIVATE], event(1))
        await both.publisher.publish([PRIVATE], event(1))
        await both.publisher.publish([PRIVATE], event(2))
        assert await numbers(old, 2) == [1, 2]
        assert [json.loads((await page.hear())["data"])["seq"] for _ in range(2)] == [1, 2]


async def test_of_several_channels_the_one_that_was_taken_is_heard_here() -> None:
    async with pair() as both, both.here.at(CONTENT, "good:1") as old:
        both.far.faults = [None, PublishFailed("away", retryable=True)]
        with pytest.raises(PublishFailed):
            await both.publisher.publish([PRIVATE, "private-plugin-plugin_1"], event(1))
        assert await numbers(old, 1) == [1]


async def test_every_old_socket_hears_system_notifications_and_other_public_names_stay_there() -> None:
    async with pair() as both, both.there.socket() as page, both.here.at("/ws/roblox", "good:1") as old:
        for channel in ("system-notifications", "content-generation-gen_1"):
            await page.enter(channel)
            await both.publisher.publish([channel], event(1))
            assert (await page.hear())["channel"] == channel
        assert await numbers(old, 1) == [1]
        node = both.here.running.node
        assert not (await node.history(APP, "content-generation-gen_1")).publications
        assert both.here.running.metrics.publications_total == 1


async def test_several_channels_at_once_reach_all_of_them_there() -> None:
    async with pair() as both, both.there.socket() as page:
        channels = ["a", PRIVATE, "b", "presence-c", "a"]
        for channel in ("a", "b"):
            await page.enter(channel)
        await page.enter(PRIVATE, channel_auth(page.id, PRIVATE))
        await both.publisher.publish(channels, event(1))
        assert sorted([(await page.hear())["channel"] for _ in range(3)]) == ["a", "b", PRIVATE]
        await page.hears_nothing()


async def test_history_is_restored_here_where_the_far_service_keeps_none() -> None:
    async with pair() as both:
        for channel in (PRIVATE, "content-generation-gen_1"):
            await both.publisher.restore(channel, [event(1), event(2)])
        node = both.here.running.node
        assert [kept.data for kept in (await node.history(APP, PRIVATE)).publications] == [
            event(1).data,
            event(2).data,
        ]
        assert not (await node.history(APP, "content-generation-gen_1")).publications


async def test_a_caller_that_leaves_meanwhile_changes_nothing_for_either_side() -> None:
    async with pair() as both, both.there.socket() as page, both.here.at(CONTENT, "good:1") as old:
        await page.enter(PRIVATE, channel_auth(page.id, PRIVATE))
        leaving = asyncio.create_task(both.publisher.publish([PRIVATE], event(1)))
        await asyncio.sleep(0)  # it has begun
        leaving.cancel()
        await both.publisher.publish([PRIVATE], event(2))
        assert leaving.cancelled()
        assert await numbers(old, 2) == [1, 2]
        assert [json.loads((await page.hear())["data"])["seq"] for _ in range(2)] == [1, 2]


class Broken:
    """A node that has a fault."""

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        raise RuntimeError("broken")

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        raise RuntimeError("broken")


async def test_a_fault_here_is_ours_and_not_a_reason_to_publish_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving() as there, there.socket() as page:
        await page.enter(PRIVATE, channel_auth(page.id, PRIVATE))
        far = EmbeddedPublisher(there.node, lambda: APP)
        metrics = Metrics()
        await PublisherHereToo(far, Broken(), named=(), metrics=metrics).publish([PRIVATE], event(1))
        assert (await page.hear())["data"] == event(1).data
        assert metrics.faults_total == 1
        assert "published elsewhere and not here" in caplog.text
