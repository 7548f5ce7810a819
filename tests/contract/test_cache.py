"""Cache channels, row by row of the conformance table, over real sockets."""

import json

import pytest

from callers import succeeded
from servers import HandClock, Running, channel_auth, join, serving

KINDS = ["cache-k", "private-cache-k", "private-encrypted-cache-k"]


def missed(channel: str) -> dict[str, str]:
    return {"event": "pusher:cache_miss", "channel": channel, "data": "{}"}


async def enter(server: Running, socket: object, channel: str) -> None:
    from callers import Socket

    assert isinstance(socket, Socket)
    auth = channel_auth(socket.id, channel) if channel.startswith("private-") else ""
    assert await socket.subscribe(channel, auth) == succeeded(channel)


@pytest.mark.parametrize("channel", KINDS)
async def test_row_63_an_empty_cache_is_told_after_the_success(server: Running, channel: str) -> None:
    async with server.socket() as alice, server.socket() as bob:
        for each in (alice, bob):
            await enter(server, each, channel)
            assert await each.hear() == missed(channel)


@pytest.mark.parametrize("channel", KINDS)
async def test_row_64_a_newcomer_is_handed_the_newest_event_once(server: Running, channel: str) -> None:
    data = '{"nonce":"bm9uY2U=","ciphertext":"Y2lwaGVy"}'  # any bytes: nobody looks into them
    await server.trigger(channel, "old", "1")
    await server.trigger(channel, "e", data)
    async with server.socket() as alice:
        await enter(server, alice, channel)
        assert await alice.hear() == {"event": "e", "channel": channel, "data": data}
        await alice.hears_nothing()
    status, text = await server.get(f"/apps/3/channels/{channel}", info="cache")
    answer = json.loads(text)
    assert (status, answer["occupied"], answer["cache"]["data"]) == (200, False, data)
    assert 0 < answer["cache"]["ttl"] <= 1800


async def test_row_64_the_cache_forgets_after_its_time(clock: HandClock) -> None:
    async with serving(clock=clock) as server, server.socket() as alice:
        await server.trigger("cache-k", "e", "1")
        await server.advance(1799)
        assert '"ttl":1}' in (await server.get("/apps/3/channels/cache-k", info="cache"))[1]
        await server.advance(1)
        assert await server.get("/apps/3/channels/cache-k", info="cache") == (
            200,
            '{"occupied":false,"cache":null}',
        )
        await alice.enter("cache-k")
        assert await alice.hear() == missed("cache-k")
        assert server.node.broker._streams.keys() == {("3", "cache-k")}  # type: ignore[attr-defined]


async def test_an_event_with_an_excluded_socket_is_cached_all_the_same(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        await alice.enter("cache-k")
        await alice.hear()
        await server.trigger("cache-k", "e", "1", socket_id=alice.id)
        await alice.hears_nothing()
        await bob.enter("cache-k")
        assert (await bob.hear())["data"] == "1"


async def test_row_65_client_events_are_not_cached(server: Running) -> None:
    channel = "private-cache-k"
    async with server.socket() as alice, server.socket() as bob:
        await enter(server, alice, channel)
        await alice.hear()
        await alice.say("client-x", {}, channel=channel)
        await alice.hears_nothing()
        await enter(server, bob, channel)
        assert await bob.hear() == missed(channel)


async def test_members_who_come_and_go_do_not_touch_the_cache(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        await join(alice, "presence-cache-k", {"user_id": "1"})
        assert await alice.hear() == missed("presence-cache-k")
        await server.trigger("presence-cache-k", "e", "1")
        await alice.hear()
        await join(bob, "presence-cache-k", {"user_id": "2"})
        assert (await bob.hear())["data"] == "1"
        await bob.say("pusher:unsubscribe", {"channel": "presence-cache-k"})
        assert [(await alice.hear())["event"] for _ in range(2)] == [
            "pusher_internal:member_added",
            "pusher_internal:member_removed",
        ]
        assert (
            '"cache":{"data":"1"' in (await server.get("/apps/3/channels/presence-cache-k", info="cache"))[1]
        )


@pytest.mark.parametrize(
    "channel", ["my-cache-k", "cachek", "private", "presence", "Private-x", "x-presence-y"]
)
async def test_a_kind_is_told_by_how_the_name_begins(server: Running, channel: str) -> None:
    await server.trigger(channel, "e", "1")
    async with server.socket() as alice:
        await alice.enter(channel)
        await alice.hears_nothing()
    status, text = await server.get(f"/apps/3/channels/{channel}", info="cache")
    assert (status, text) == (200, '{"occupied":false}')
