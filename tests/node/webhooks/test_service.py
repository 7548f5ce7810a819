"""The webhooks as a whole: a real server, a real database, a real receiver, and everything that can go wrong between."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from callers import Socket, until
from servers import KEY, SECRET, HandClock, Running, channel_auth, join, make_app
from sinks import Posting, Sink, posting, sink_open
from toolboxai.adapters.database.webhooks import DatabaseWebhookStore
from toolboxai.apps.app import AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.node.feed_entry import Kind, Wanted
from toolboxai.node.webhooks import service
from toolboxai.node.webhooks.store import Announcement, Delivery, State, StoreUnavailable


@pytest.fixture
def database_backend() -> str:
    """The flow is the subject; the store has its own tests on both databases."""
    return "sqlite"


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with sink_open() as sink:
        yield sink


async def leave(socket: Socket, channel: str) -> None:
    await socket.say("pusher:unsubscribe", {"channel": channel})
    await socket.hears_nothing()


async def advanced_until(server: Running, holds: Callable[[], object], step: float = 1.0) -> float:
    """Let time go by until something holds; how long that took."""
    took = 0.0
    while not holds():
        await server.advance(step)
        took += step
        await asyncio.sleep(0.005)  # the post is on its way through real sockets
        assert took < 2000
    return took


async def states(there: Posting) -> list[tuple[str, int]]:
    found = await there.store.page(app_id=None, state=None, before=None, limit=99)
    return [(each.state.value, each.attempts) for each in reversed(found)]


async def settled(there: Posting, *wanted: tuple[str, int]) -> None:
    async with asyncio.timeout(5):
        while await states(there) != list(wanted):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.005)


# ---- what is sent -------------------------------------------------------------------------------------------------


async def test_own_headers_go_along_and_filters_come_before_the_signature(
    database: AsyncEngine, sink: Sink
) -> None:
    rule = sink.rule(
        headers=(("Authorization", "Bearer receiver"),),
        event_types=("client_event", "channel_occupied"),
        channel_prefix="private-",
        batch_ms=50,
    )
    async with posting(database, rule) as there, there.server.socket() as alice:
        await alice.enter("public")
        await alice.enter("private-a", channel_auth(alice.id, "private-a"))
        await join(alice, "presence-a", {"user_id": "u"})
        await alice.say("client-x", 1, channel="private-a")
        posted = await sink.next()
        assert posted.names == ["channel_occupied", "client_event"]
        assert posted.headers["authorization"] == "Bearer receiver"
        assert posted.holds()


async def test_the_oldest_key_signs_and_one_that_was_taken_away_signs_no_more(
    database: AsyncEngine, sink: Sink, clock: HandClock
) -> None:
    sink.answers.append(500)
    both = make_app(webhooks=(sink.rule(),), keys=(AppKey(KEY, SECRET), AppKey("newer", "other")))
    async with posting(database, app=both, clock=clock) as there, there.server.socket() as alice:
        await alice.enter("a")
        first = await sink.next()
        assert (first.headers["x-pusher-key"], first.holds()) == (KEY, True)
        await settled(there, ("pending", 1))
        without = replace(both, keys=both.keys[1:])
        _replace(there.server, AppRegistry([without]))
        await there.server.advance(2)
        again = await sink.next()
        assert (again.body, again.id) == (first.body, first.id)
        assert (again.headers["x-pusher-key"], again.holds("other")) == ("newer", True)


def _replace(server: Running, registry: AppRegistry) -> None:
    """What the settings say from now on."""
    server.node.apps._by_id.clear()
    server.node.apps._by_id.update({app.id: app for app in registry})


async def test_webhooks_that_an_app_is_given_later_are_posted(database: AsyncEngine, sink: Sink) -> None:
    async with posting(database) as there, there.server.socket() as alice:
        await alice.enter("before")
        _replace(there.server, AppRegistry([make_app(webhooks=(sink.rule(),))]))
        await alice.enter("after")
        assert (await sink.next()).events == [{"name": "channel_occupied", "channel": "after"}]


# ---- order and retries ----------------------------------------------------------------------------------------------


async def test_a_channel_waits_for_its_first_and_others_do_not(
    database: AsyncEngine, sink: Sink, clock: HandClock
) -> None:
    async with posting(database, sink.rule(), clock=clock) as there, there.server.socket() as alice:
        for channel in ("private-a", "private-b"):
            await alice.enter(channel, channel_auth(alice.id, channel))
        await sink.next_events(2)
        sink.refuses = lambda posted: posted.events[0]["data"] == "1" and len(refused) < 1
        refused: list[str] = []
        for channel, number in (("private-a", 1), ("private-a", 2), ("private-b", 3)):
            await alice.say("client-x", str(number), channel=channel)
        await alice.hears_nothing()
        assert {event["data"] for event in await sink.next_events(2)} == {"1", "3"}
        await until(lambda: there.server.metrics.webhook_failures_total)
        assert len(sink.posts) == 4, "the second of a waits for the first"
        refused.append("1")
        await advanced_until(there.server, lambda: len(sink.posts) == 6)
        assert [event["data"] for event in await sink.next_events(2)] == ["1", "2"]


async def test_what_is_refused_for_five_minutes_is_dead_and_can_be_replayed(
    database: AsyncEngine, sink: Sink, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    sink.always = 500
    async with posting(database, sink.rule(), clock=clock) as there, there.server.socket() as alice:
        await alice.enter("a")
        began = clock.now()
        first = await sink.next()
        await advanced_until(there.server, lambda: there.server.metrics.webhooks_dead_total)
        assert clock.now() - began >= 300
        assert len(sink.posts) >= 7
        assert {posted.body for posted in sink.posts} == {first.body}
        (dead,) = await there.store.page(app_id=None, state=State.DEAD, before=None, limit=9)
        assert (dead.last_status, dead.last_error) == (500, "it answered 500")
        tries = len(sink.posts)
        assert there.server.metrics.webhook_failures_total == tries
        assert caplog.messages.count("webhook not delivered") == tries
        await there.server.advance(1000)
        sink.always, sink.posts = None, []
        assert await there.store.replay(dead.id, clock.now())
        async with asyncio.timeout(5):
            while not sink.posts:  # noqa: ASYNC110 - seen within two seconds, by the real clock
                await asyncio.sleep(0.01)
        (again,) = sink.posts
        assert again.id == first.id
        assert again.events == first.events
        assert json.loads(again.body)["time_ms"] == int(clock.now() * 1000)
        assert again.holds()
        await settled(there, ("delivered", 1))
        assert there.server.metrics.webhooks_delivered_total == 1


async def test_each_try_is_told_to_whoever_looks_on(
    database: AsyncEngine, sink: Sink, clock: HandClock
) -> None:
    sink.answers.append(500)
    webhooks = Wanted(frozenset({Kind.WEBHOOK}))
    async with posting(database, sink.rule(), clock=clock) as there, there.server.socket() as alice:
        feed = there.server.node.feed
        feed.look(0, webhooks)
        await alice.enter("a")
        posted = await sink.next()
        await advanced_until(there.server, lambda: there.server.metrics.webhooks_delivered_total)
        failed, delivered = feed.look(0, webhooks).items
        assert failed.detail == {
            "what": "failed",
            "webhook_id": posted.id,
            "host": "127.0.0.1",
            "attempts": 1,
            "status": 500,
        }
        assert (delivered.detail["what"], delivered.detail["attempts"]) == ("delivered", 2)
        assert (failed.app_id, failed.named.size) == ("3", len(posted.body))


async def test_an_address_that_the_settings_no_longer_name_gets_nothing_more(
    database: AsyncEngine, sink: Sink, clock: HandClock
) -> None:
    sink.answers.append(500)
    async with posting(database, sink.rule(), clock=clock) as there, there.server.socket() as alice:
        await alice.enter("a")
        await sink.next()
        await settled(there, ("pending", 1))
        _replace(there.server, AppRegistry([make_app()]))
        await there.server.advance(5)
        await settled(there, ("dead", 1))
        assert len(sink.posts) == 1


async def test_an_address_inside_is_given_up_without_a_post(database: AsyncEngine, clock: HandClock) -> None:
    async with sink_open() as sink:
        rule = sink.rule(url=f"http://10.0.0.1:{sink.port}/")
        async with posting(database, rule, clock=clock) as there, there.server.socket() as alice:
            await alice.enter("a")
            await settled(there, ("pending", 1))
            (waiting,) = await there.store.page(app_id=None, state=None, before=None, limit=9)
            assert "private" in str(waiting.last_error)


async def test_a_receiver_that_is_away_does_not_hold_up_another(
    database: AsyncEngine, sink: Sink, clock: HandClock
) -> None:
    async with sink_open() as hanging:
        hanging.hangs = True
        async with posting(database, hanging.rule(), sink.rule(), clock=clock) as there:
            async with there.server.socket() as alice:
                for number in range(20):
                    await alice.enter(f"c{number}")
                found = await sink.next_events(20)
                assert {event["channel"] for event in found} == {f"c{number}" for number in range(20)}
                await until(lambda: len(hanging.posts) == 8)  # no more at the same time
            hanging.cut()
            hanging.hangs = False


# ---- the database ----------------------------------------------------------------------------------------------------


class Weak(DatabaseWebhookStore):
    """A database that does not take what is written, as often as told."""

    fails = 0

    async def write(self, deliveries: Sequence[Delivery], announcements: Sequence[Announcement]) -> None:
        if self.fails:
            self.fails -= 1
            raise StoreUnavailable("it is away")
        await super().write(deliveries, announcements)


async def test_a_database_that_is_away_costs_time_and_no_event(
    database: AsyncEngine, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toolboxai.node.webhooks import persist

    monkeypatch.setattr(persist, "STORE_RETRY_S", 0.01)
    store = Weak(database)
    store.fails = 5
    async with posting(database, sink.rule(), store=store) as there, there.server.socket() as alice:
        for number in range(5):
            await alice.enter(f"c{number}")
        found = await sink.next_events(5)
        assert sorted(event["channel"] for event in found) == [f"c{number}" for number in range(5)]
        assert store.fails == 0


async def test_what_waits_for_the_database_is_bounded_and_counted(
    database: AsyncEngine, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "NOTED_MOST", 10)
    monkeypatch.setattr(service, "WRITE_OUT_S", 0.01)
    store = Weak(database)
    store.fails = 10**9
    async with posting(database, sink.rule(), store=store) as there, there.server.socket() as alice:
        for number in range(30):
            await alice.enter(f"c{number}")
        assert there.server.metrics.webhook_events_dropped_total >= 15
    assert sink.posts == []


async def test_an_address_for_which_too_much_waits_is_cut_short_and_no_other(
    database: AsyncEngine, sink: Sink, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BACKLOG_MOST", 1)
    sink.always = 500
    async with sink_open() as other:
        rules = (sink.rule(), other.rule())
        async with posting(database, *rules, clock=clock) as there, there.server.socket() as alice:
            await alice.enter("a")
            assert (await other.next()).events == [{"name": "channel_occupied", "channel": "a"}]
            await settled(there, ("pending", 1), ("delivered", 1))
            await there.webhooks._tidy()
            await alice.enter("b")
            assert (await other.next()).events == [{"name": "channel_occupied", "channel": "b"}]
            assert there.server.metrics.webhook_events_dropped_total == 1
    assert {event["channel"] for posted in sink.posts for event in posted.events} == {"a"}


async def test_a_cache_that_was_missed_before_the_webhook_was_there_is_told_again_once_vacated(
    database: AsyncEngine, sink: Sink
) -> None:
    async with posting(database) as there, there.server.socket() as alice:
        await alice.enter("cache-k")
        assert (await alice.hear())["event"] == "pusher:cache_miss"
        rule = sink.rule(event_types=("cache_miss",))
        _replace(there.server, AppRegistry([make_app(webhooks=(rule,))]))
        async with there.server.socket() as bob:
            await bob.enter("cache-k")
            assert (await bob.hear())["event"] == "pusher:cache_miss"
            assert (await sink.next()).names == ["cache_miss"]
            await leave(bob, "cache-k")
        await leave(alice, "cache-k")
        await alice.enter("cache-k")
        assert (await sink.next()).names == ["cache_miss"]


# ---- leaving and coming back -----------------------------------------------------------------------------------------


async def test_what_was_noted_and_gathered_is_posted_after_the_restart(
    database: AsyncEngine, sink: Sink, clock: HandClock
) -> None:
    rule = sink.rule(batch_ms=10_000)
    async with posting(database, rule, clock=clock) as there, there.server.socket() as alice:
        await alice.enter("a")
        await alice.enter("b")
    assert sink.posts == []
    async with posting(database, rule, clock=clock):
        assert await sink.next_events() == [
            {"name": "channel_occupied", "channel": "a"},
            {"name": "channel_occupied", "channel": "b"},
        ]


async def test_after_a_restart_who_is_back_has_not_been_away_and_who_is_not_has_gone(
    database: AsyncEngine, sink: Sink, clock: HandClock
) -> None:
    async with (
        posting(database, sink.rule(), clock=clock) as there,
        there.server.socket() as alice,
        there.server.socket() as bob,
    ):
        await alice.enter("a")
        await join(alice, "presence-c", {"user_id": "alice"})
        await join(bob, "presence-c", {"user_id": "bob"})
        await bob.enter("b")
        assert len(await sink.next_events(5)) == 5
        await leave(bob, "b")  # held at the end of this life
        there.webhooks.hold_on()
    async with posting(database, sink.rule(), clock=clock) as there, there.server.socket() as alice:
        await there.server.advance(5)
        await alice.enter("a")
        await join(alice, "presence-c", {"user_id": "alice"})
        await there.server.advance(4.9)
        await alice.enter("d")
        assert (await sink.next()).events == [{"name": "channel_occupied", "channel": "d"}]
        await there.server.advance(0.2)
        gone: list[dict[str, Any]] = await sink.next_events(2)
        assert sorted(gone, key=lambda event: str(event["name"])) == [
            {"name": "channel_vacated", "channel": "b"},
            {"name": "member_removed", "channel": "presence-c", "user_id": "bob"},
        ]
    async with posting(database, sink.rule(), clock=clock) as there:
        known = {key.channel for key in await there.store.announced()}
        assert known == {"a", "presence-c", "d"}


async def test_a_post_under_way_at_the_end_may_end(database: AsyncEngine, sink: Sink) -> None:
    released = asyncio.Event()

    async def slow(url: str, body: bytes, headers: object, *, allow_private_address: bool) -> int:
        del url, body, headers, allow_private_address
        started.set()
        await released.wait()
        return 200

    started = asyncio.Event()
    async with posting(database, sink.rule(), post=slow) as there, there.server.socket() as alice:
        await alice.enter("a")
        await started.wait()
        asyncio.get_running_loop().call_later(0.05, released.set)
    store = DatabaseWebhookStore(database)
    (found,) = await store.page(app_id=None, state=None, before=None, limit=9)
    assert (found.state, found.attempts) == (State.DELIVERED, 1)
