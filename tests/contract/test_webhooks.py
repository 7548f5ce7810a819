"""Webhooks, row by row of the conformance table: a real receiver, a real database, real sockets."""

import json
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from servers import APP_ID, KEY, HandClock, channel_auth, join, make_app
from sinks import Sink, posting, sink_open
from streams import Stream


@pytest.fixture
def database_backend() -> str:
    """The wire is the subject."""
    return "sqlite"


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with sink_open() as sink:
        yield sink


@pytest.mark.parametrize("channel", ["cache-k", "private-cache-k"])
async def test_row_63_an_empty_cache_is_posted_once_for_two_clients(
    database: AsyncEngine, sink: Sink, channel: str
) -> None:
    rule = sink.rule(event_types=("cache_miss", "client_event"))
    async with posting(database, rule) as there:
        server = there.server
        async with server.socket() as alice, server.socket() as bob:
            for each in (alice, bob):
                auth = channel_auth(each.id, channel) if channel.startswith("private-") else ""
                await each.subscribe(channel, auth)
                assert (await each.hear())["event"] == "pusher:cache_miss"
            assert (await sink.next()).events == [{"name": "cache_miss", "channel": channel}]
            await alice.enter("private-a", channel_auth(alice.id, "private-a"))
            await alice.say("client-x", {}, channel="private-a")
            assert (await sink.next()).names == ["client_event"], "and no second one before it"


async def test_row_63_who_reads_an_event_stream_finds_the_cache_empty_too(
    database: AsyncEngine, sink: Sink
) -> None:
    async with posting(database, sink.rule(event_types=("cache_miss",))) as there:
        target = f"/apps/{APP_ID}/channels/cache-k/sse?key={KEY}"
        async with Stream.opened(there.server.port, "GET", target) as stream:
            assert stream.status == 200
            assert (await sink.next()).events == [{"name": "cache_miss", "channel": "cache-k"}]


async def test_row_63_it_is_posted_again_after_a_value_has_come_and_gone(
    database: AsyncEngine, sink: Sink, clock: HandClock
) -> None:
    async with posting(database, sink.rule(event_types=("cache_miss",)), clock=clock) as there:
        server = there.server
        async with server.socket() as alice, server.socket() as bob:
            await alice.enter("cache-k")
            assert (await sink.next()).names == ["cache_miss"]
            await server.trigger("cache-k", "e", "1")
            clock.advance(1801)
            await bob.enter("cache-k")
            assert (await sink.next()).names == ["cache_miss"]


async def test_row_73_the_first_subscriber_is_posted_at_once(database: AsyncEngine, sink: Sink) -> None:
    async with posting(database, sink.rule()) as there, there.server.socket() as alice:
        before = time.time()
        await alice.enter("a")
        posted = await sink.next()
        assert time.time() - before < 1
        assert posted.target == "/hook?school=1"
        assert posted.headers["host"] == f"127.0.0.1:{sink.port}"
        assert posted.headers["content-type"] == "application/json"
        assert posted.headers["x-pusher-key"] == KEY
        assert posted.holds()
        assert posted.id.startswith("wh_")
        body = json.loads(posted.body)
        assert body.keys() == {"time_ms", "events"}
        assert before * 1000 - 1 <= body["time_ms"] <= time.time() * 1000
        assert posted.body.decode() == (
            f'{{"time_ms":{body["time_ms"]},"events":[{{"name":"channel_occupied","channel":"a"}}]}}'
        )


async def test_row_74_who_is_back_within_the_hold_has_not_been_away(
    database: AsyncEngine, sink: Sink, clock: HandClock
) -> None:
    async with posting(database, sink.rule(), clock=clock) as there:
        server = there.server
        async with server.socket() as alice:
            await alice.enter("a")
            assert (await sink.next()).names == ["channel_occupied"]
            await alice.say("pusher:unsubscribe", {"channel": "a"})
            await alice.hears_nothing()
            await server.advance(1)
            await alice.enter("a")
            await server.advance(5)
            await alice.say("pusher:unsubscribe", {"channel": "a"})
            await alice.hears_nothing()
            await server.advance(2.5)
            await alice.enter("b")
            assert (await sink.next()).events == [{"name": "channel_occupied", "channel": "b"}]
            await server.advance(0.5)
            assert (await sink.next()).events == [{"name": "channel_vacated", "channel": "a"}]


async def test_row_74_who_has_gone_for_good_is_posted_after_three_seconds(
    database: AsyncEngine, sink: Sink
) -> None:
    async with posting(database, sink.rule()) as there, there.server.socket() as alice:
        async with there.server.socket() as bob:
            await join(bob, "presence-a", {"user_id": "bob"})
            assert await sink.next_events(2) == [
                {"name": "channel_occupied", "channel": "presence-a"},
                {"name": "member_added", "channel": "presence-a", "user_id": "bob"},
            ]
        left = time.monotonic()
        removed, vacated = await sink.next(), await sink.next()
        assert 2.5 < time.monotonic() - left < 4
        assert removed.events == [{"name": "member_removed", "channel": "presence-a", "user_id": "bob"}]
        assert vacated.events == [{"name": "channel_vacated", "channel": "presence-a"}]
        await alice.hears_nothing()


async def test_row_75_a_refused_one_is_tried_again_with_the_same_bytes(
    database: AsyncEngine, sink: Sink
) -> None:
    sink.answers.extend((500, 500))
    async with posting(database, sink.rule()) as there, there.server.socket() as alice:
        await alice.enter("a")
        first, second, third = [await sink.next() for _ in range(3)]
        for again in (second, third):
            assert (again.body, again.id) == (first.body, first.id)
            assert again.headers["x-pusher-signature"] == first.headers["x-pusher-signature"]
        assert third.holds()
        assert 1 <= second.at - first.at < third.at - second.at
        await alice.enter("b")
        assert (await sink.next()).events == [{"name": "channel_occupied", "channel": "b"}]
        assert len(sink.posts) == 4


async def test_every_kind_in_the_words_of_the_contract(database: AsyncEngine, sink: Sink) -> None:
    app = make_app(webhooks=(sink.rule(),), subscription_counts=True)
    async with posting(database, app=app) as there, there.server.socket() as alice:
        await join(alice, "presence-cache-a", {"user_id": 7})
        await alice.hear()
        await alice.say("client-x", {"ü": 1}, channel="presence-cache-a")
        await alice.enter("private-b", channel_auth(alice.id, "private-b"))
        await alice.say("client-y", "text", channel="private-b")
        found = await sink.next_events(7)
        assert [event for event in found if event["channel"] == "presence-cache-a"] == [
            {"name": "channel_occupied", "channel": "presence-cache-a"},
            {"name": "member_added", "channel": "presence-cache-a", "user_id": "7"},
            {"name": "cache_miss", "channel": "presence-cache-a"},
            {
                "name": "client_event",
                "channel": "presence-cache-a",
                "event": "client-x",
                "data": '{"ü":1}',
                "socket_id": alice.id,
                "user_id": "7",
            },
        ]
        assert [event for event in found if event["channel"] == "private-b"] == [
            {"name": "channel_occupied", "channel": "private-b"},
            {"name": "subscription_count", "channel": "private-b", "subscription_count": 1},
            {
                "name": "client_event",
                "channel": "private-b",
                "event": "client-y",
                "data": "text",
                "socket_id": alice.id,
            },
        ]
