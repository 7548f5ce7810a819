"""What the node tells of: each transition once, whatever the broker does in between."""

import random
from collections.abc import AsyncIterator

import pytest

from callers import Socket, until
from servers import Running, channel_auth, join, make_app, serving
from toolboxai.broker.base import Broker
from toolboxai.broker.memory import MemoryBroker
from toolboxai.testing.clock import ManualClock
from waiting_broker import WaitingBroker


class Seen:
    """An observer that notes everything."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def occupied(self, app_id: str, channel: str) -> None:
        self.calls.append(("occupied", channel))

    def vacated(self, app_id: str, channel: str) -> None:
        self.calls.append(("vacated", channel))

    def member_added(self, app_id: str, channel: str, user_id: str) -> None:
        self.calls.append(("added", channel, user_id))

    def member_removed(self, app_id: str, channel: str, user_id: str) -> None:
        self.calls.append(("removed", channel, user_id))

    def client_event(
        self, app_id: str, channel: str, event: str, data: str, socket_id: str, user_id: str | None
    ) -> None:
        self.calls.append(("client event", channel, event, data, socket_id, user_id))

    def cache_missed(self, app_id: str, channel: str) -> None:
        self.calls.append(("missed", channel))

    def cache_filled(self, app_id: str, channel: str) -> None:
        self.calls.append(("filled", channel))

    def counted(self, app_id: str, channel: str, subscriptions: int) -> None:
        self.calls.append(("counted", channel, subscriptions))

    def sweep(self) -> None:
        pass

    def take(self) -> list[tuple[object, ...]]:
        calls, self.calls = self.calls, []
        return calls


@pytest.fixture(params=["memory", "waiting"])
def broker(request: pytest.FixtureRequest, clock: ManualClock) -> Broker:
    if request.param == "waiting":
        return WaitingBroker(clock)
    return MemoryBroker(clock, random.Random(1))


@pytest.fixture
async def server(broker: Broker, clock: ManualClock) -> AsyncIterator[Running]:
    async with serving(make_app(subscription_counts=True), clock=clock, broker=broker) as running:
        yield running


@pytest.fixture
def seen(server: Running) -> Seen:
    seen = Seen()
    server.node.happenings.observer = seen
    return seen


async def leave(socket: Socket, channel: str) -> None:
    await socket.say("pusher:unsubscribe", {"channel": channel})
    await socket.hears_nothing()


async def test_the_first_comes_and_the_last_goes(server: Running, seen: Seen) -> None:
    async with server.socket() as alice:
        async with server.socket() as bob:
            await alice.enter("a")
            assert seen.take() == [("occupied", "a"), ("counted", "a", 1)]
            await bob.enter("a")
            assert seen.take() == [("counted", "a", 2)]
        await until(lambda: seen.calls)
        assert seen.take() == [("counted", "a", 1)]
        await alice.hear(), await alice.hear(), await alice.hear()
        await leave(alice, "a")
        assert seen.take() == [("vacated", "a"), ("counted", "a", 0)]


async def test_a_user_comes_with_its_first_connection_and_goes_with_its_last(
    server: Running, seen: Seen
) -> None:
    async with server.socket() as alice, server.socket() as again:
        await join(alice, "presence-a", {"user_id": "alice"})
        assert seen.take() == [("added", "presence-a", "alice"), ("occupied", "presence-a")]
        await join(again, "presence-a", {"user_id": "alice"})
        await leave(alice, "presence-a")
        assert seen.take() == []
        await leave(again, "presence-a")
        assert seen.take() == [("vacated", "presence-a"), ("removed", "presence-a", "alice")]


async def test_what_clients_say_and_what_caches_hold(server: Running, seen: Seen) -> None:
    async with server.socket() as alice:
        await join(alice, "presence-cache-a", {"user_id": "alice"})
        assert seen.take()[-1] == ("missed", "presence-cache-a")
        assert (await alice.hear())["event"] == "pusher:cache_miss"
        await alice.say("client-x", {"n": 1}, channel="presence-cache-a")
        await alice.hears_nothing()
        sent = ("client event", "presence-cache-a", "client-x", '{"n":1}', alice.id, "alice")
        assert seen.take() == [sent]
        await server.trigger("presence-cache-a", "e", "1")
        assert seen.take() == [("filled", "presence-cache-a")]
        await server.trigger("plain", "e", "1")
        assert seen.take() == []
        await alice.hear()
        await alice.enter("private-b", channel_auth(alice.id, "private-b"))
        seen.take()
        await alice.say("client-y", "text", channel="private-b")
        assert (await alice.hear())["event"] == "pusher_internal:subscription_count"
        await alice.hears_nothing()
        assert seen.take() == [("client event", "private-b", "client-y", "text", alice.id, None)]


async def test_a_connection_that_goes_takes_everything_with_it(server: Running, seen: Seen) -> None:
    async with server.socket() as alice:
        await join(alice, "presence-a", {"user_id": "alice"})
        await alice.enter("b")
        seen.take()
    await until(lambda: len(seen.calls) == 4)
    assert sorted(seen.take()) == [
        ("counted", "b", 0),
        ("removed", "presence-a", "alice"),
        ("vacated", "b"),
        ("vacated", "presence-a"),
    ]


@pytest.mark.parametrize("broker", ["waiting"], indirect=True)
async def test_who_went_before_the_broker_answered_was_there_and_has_gone(
    server: Running, seen: Seen, broker: WaitingBroker
) -> None:
    broker.joining.shut()
    async with server.socket() as alice:
        data = '{"user_id":"alice"}'
        auth = channel_auth(alice.id, "presence-a", data)
        await alice.say("pusher:subscribe", {"channel": "presence-a", "auth": auth, "channel_data": data})
        await broker.joining.arrived.wait()
    await until(lambda: not server.metrics.connections)
    broker.joining.open()
    await until(lambda: ("removed", "presence-a", "alice") in seen.calls)
    assert ("occupied", "presence-a") not in seen.calls
    assert await broker.members(server.node.apps.by_id("3"), "presence-a") == {}  # type: ignore[arg-type]
