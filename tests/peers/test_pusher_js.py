"""Stock pusher-js, in Node and in a real browser: everything that a page does with a connection."""

import asyncio
import base64
import json
from functools import partial
from pathlib import Path
from typing import Any

import pusher
import pytest

from auth_endpoint import MASTER_KEY, AuthEndpoint
from callers import until
from forms import FULL
from line import Line
from pumps import heard_at
from pusher_pages import Open, Page, in_browser, in_node
from servers import APP, Running, make_app, serving
from toolboxai.close_codes import CloseCode
from toolboxai.testing.clock import ManualClock

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("pusher-js")]


@pytest.fixture(params=["node", "chromium"] if FULL else ["node"])
def page(request: pytest.FixtureRequest, node_packages: Path) -> Open:
    """In Node, and in the full form in Chromium too, where the fallbacks and the page of the product always are tested."""
    if request.param == "node":
        return in_node
    return partial(in_browser, request.getfixturevalue("browser"))


async def test_a_page_connects_subscribes_and_hears(server: Running, page: Open) -> None:
    async with page(server) as alice:
        await alice.connected()
        await alice.enter("news")
        await alice.enter("private-news")
        await server.trigger("news", "App\\Events\\Shipped", '{"a":[1,"ü"]}')
        assert await alice.hears("news") == ("App\\Events\\Shipped", {"a": [1, "ü"]})
        await server.trigger("private-news", "plain", "no json")
        assert await alice.hears("private-news") == ("plain", "no json")


async def test_a_page_that_may_not_is_told_on_its_channel(
    server: Running, page: Open, endpoint: AuthEndpoint
) -> None:
    endpoint.refused.add("private-secret")
    async with page(server) as alice:
        await alice.connected()
        alice.order("subscribe", channel="private-secret")
        event, data = await alice.hears("private-secret")
        assert (event, data["type"], data["status"]) == ("pusher:subscription_error", "AuthError", 403)
        await alice.enter("news")  # and the connection is as good as before


async def test_members_come_and_go(server: Running, page: Open) -> None:
    name = "presence-room"
    async with page(server, user="anna") as anna:
        await anna.connected()
        me = {"id": "anna", "info": {"name": "Anna"}}
        alone = {"members": {"anna": {"name": "Anna"}}, "count": 1, "me": me, "my_id": "anna"}
        assert await anna.enter(name) == alone
        async with page(server, user="ben") as ben:
            await ben.connected()
            assert (await ben.enter(name))["members"] == {"anna": {"name": "Anna"}, "ben": {"name": "Ben"}}
            ben_there = {"id": "ben", "info": {"name": "Ben"}}
            assert await anna.hears(name) == ("pusher:member_added", ben_there)
            anna.order("members", channel=name)
            assert (await anna.next())["members"]["count"] == 2
            ben.order("trigger", channel=name, event="client-x", data={"t": 1})
            said = await anna.next()
            assert said == {"channel": name, "event": "client-x", "data": {"t": 1}, "user_id": "ben"}
        assert await anna.hears(name) == ("pusher:member_removed", ben_there)
        anna.order("members", channel=name)
        assert (await anna.next())["members"] == alone


async def test_two_pages_whisper_to_each_other(server: Running, page: Open) -> None:
    async with page(server) as alice, page(server) as bob:
        for who in (alice, bob):
            await who.connected()
            await who.enter("private-chat")
        for number in range(3):
            alice.order("trigger", channel="private-chat", event="client-x", data={"number": number})
            assert await bob.hears("private-chat") == ("client-x", {"number": number})
        bob.order("trigger", channel="private-chat", event="client-x", data="all")
        assert await alice.hears("private-chat") == ("client-x", "all")  # and never her own


async def test_a_cache_channel_hands_over_its_last_event(server: Running, page: Open) -> None:
    await server.trigger("cache-b", "price", '{"n":2}')
    async with page(server) as alice:
        await alice.connected()
        await alice.enter("cache-a")
        assert await alice.hears("cache-a") == ("pusher:cache_miss", {})
        await alice.enter("cache-b")
        assert await alice.hears("cache-b") == ("price", {"n": 2})
        await alice.hears_nothing()


@pytest.mark.parametrize("channel", ["private-encrypted-a", "private-encrypted-cache-a"])
async def test_encrypted_channels_are_read_by_the_page_and_by_nobody_between(
    server: Running, page: Open, endpoint: AuthEndpoint, channel: str
) -> None:
    library = pusher.Pusher(
        "3",
        APP.key,
        APP.keys[0].secret,
        ssl=False,
        host="127.0.0.1",
        port=server.port,
        encryption_master_key_base64=base64.b64encode(MASTER_KEY).decode(),
    )
    endpoint.wrong_secrets = 1  # a page that cannot read an event asks for the secret again
    async with page(server) as alice:
        await alice.connected()
        alice.order("subscribe", channel=channel)
        assert (await alice.hears(channel))[0] == "pusher:subscription_succeeded"
        if "cache" in channel:
            assert (await alice.hears(channel))[0] == "pusher:cache_miss"
        for number in range(2):
            await asyncio.to_thread(library.trigger, channel, "e", {"secret": number})
            assert await alice.hears(channel) == ("e", {"secret": number})
        assert len(endpoint.asked) == 2
    if "cache" in channel:
        _status, text = await server.get(f"/apps/3/channels/{channel}", info="cache")
        assert json.loads(json.loads(text)["cache"]["data"]).keys() == {"nonce", "ciphertext"}


async def test_a_user_signs_in_hears_what_is_meant_for_it_and_is_sent_away(
    server: Running, page: Open
) -> None:
    async with page(server, user="u1") as alice:
        await alice.connected()
        alice.order("signin")
        assert await alice.next() == {"signin_success": True}
        await until(lambda: server.node.hub(APP).subscribers("#server-to-user-u1") == 1)
        await server.trigger("#server-to-user-u1", "grade", '{"n":1}')
        assert await alice.until(user="grade") == {"user": "grade", "data": {"n": 1}}
        assert await server.post("/apps/3/users/u1/terminate_connections", {}) == (200, "{}")
        assert (await alice.until(state="disconnected"))["from"] == "connected"
        alice.order("intents")
        assert await alice.next() == {"state": "disconnected", "retries": False}


async def test_a_watcher_learns_who_comes_and_goes(
    server: Running, page: Open, endpoint: AuthEndpoint
) -> None:
    endpoint.watchlist = ["u2"]
    async with page(server, user="u1") as alice:
        await alice.connected()
        alice.order("signin")
        assert await alice.until(watchlist="offline") == {"watchlist": "offline", "user_ids": ["u2"]}
        async with page(server, user="u2") as bob:
            await bob.connected()
            bob.order("signin")
            assert await alice.until(watchlist="online") == {"watchlist": "online", "user_ids": ["u2"]}
        assert await alice.until(watchlist="offline") == {"watchlist": "offline", "user_ids": ["u2"]}


async def test_a_page_learns_how_many_are_on_its_channel(endpoint: AuthEndpoint, page: Open) -> None:
    async with (
        serving(make_app(subscription_counts=True), web=endpoint.app) as server,
        page(server) as alice,
        server.socket() as bob,
    ):
        await alice.connected()
        await alice.enter("news")
        for number in (1, 2):
            assert await alice.hears("news") == (
                "pusher:subscription_count",
                {"subscription_count": number},
            )
            await bob.say("pusher:subscribe", {"channel": "news", "auth": ""})


async def test_an_authorisation_that_ends_is_asked_for_again(
    clock: ManualClock, endpoint: AuthEndpoint, page: Open
) -> None:
    async with serving(clock=clock, web=endpoint.app) as server, page(server) as alice:
        endpoint.expires_at = clock.now() + 60
        await alice.connected()
        await alice.enter("private-news", renew=True)
        endpoint.expires_at += 60
        await server.advance(60)
        assert (await alice.hears("private-news"))[0] == "pusher:subscription_expired"
        assert (await alice.hears("private-news"))[0] == "pusher:subscription_succeeded"
        await server.trigger("private-news", "e", "1")
        assert await alice.hears("private-news") == ("e", 1)
        assert not [said for said in alice.said if "error" in said]


async def test_two_hundred_channels_on_one_connection(
    server: Running, page: Open, endpoint: AuthEndpoint
) -> None:
    private = [f"private-{number}" for number in range(150)]
    names = [*private, *(f"news-{number}" for number in range(50))]
    async with page(server, batch=True) as alice:
        await alice.connected()
        alice.order("many", channels=names)
        entered = {(await alice.next())["channel"] for _ in names}
        assert entered == set(names)
        assert sorted(endpoint.asked, key=len) == [private[100:], private[:100]]
        for name in (names[0], names[-1]):
            await server.trigger(name, "e", "1")
            assert await alice.hears(name) == ("e", 1)
        assert server.metrics.connections == 1


async def test_forty_channels_cost_one_request_and_one_refusal_is_alone(
    server: Running, page: Open, endpoint: AuthEndpoint
) -> None:
    names = [f"private-{number}" for number in range(40)]
    endpoint.refused.add("private-7")
    async with page(server, batch=True) as alice:
        await alice.connected()
        alice.order("many", channels=names)
        told = [await alice.next() for _ in names]
        assert [said["channel"] for said in told if said["event"] == "pusher:subscription_error"] == [
            "private-7"
        ]
        assert endpoint.asked == [names]
        await alice.enter("private-later")  # the next tick is another request
        assert endpoint.asked == [names, ["private-later"]]
        endpoint.broken = True
        alice.order("many", channels=["private-x", "private-y"])
        failed = [await alice.next() for _ in range(2)]
        assert {said["event"] for said in failed} == {"pusher:subscription_error"}
        await alice.enter("news")


async def test_the_publishing_page_can_be_left_out(server: Running, page: Open) -> None:
    async with page(server) as alice, page(server) as bob:
        socket_id = await alice.connected()
        await bob.connected()
        for who in (alice, bob):
            await who.enter("news")
        await server.trigger("news", "e", "1", socket_id=socket_id)
        await server.trigger("news", "e", "2")
        assert [await bob.hears("news") for _ in range(2)] == [("e", 1), ("e", 2)]
        assert await alice.hears("news") == ("e", 2)


async def test_after_unsubscribe_a_page_hears_nothing_of_the_channel(server: Running, page: Open) -> None:
    async with page(server) as alice:
        await alice.connected()
        await alice.enter("a")
        await alice.enter("b")
        alice.order("unsubscribe", channel="a")
        await alice.hears_nothing()
        assert server.node.hub(APP).subscribers("a") == 0
        await server.trigger("a", "e", "1")
        await server.trigger("b", "e", "2")
        assert await alice.hears("b") == ("e", 2)


# ---- connections that end -------------------------------------------------------------------------------------


async def back_in(server: Running, page: Page) -> None:
    """The page is in its channel again, and hears."""
    assert await page.hears("news") == ("pusher:subscription_succeeded", {})
    await server.trigger("news", "e", "1")
    assert await page.hears("news") == ("e", 1)


async def test_a_page_comes_back_after_a_cut(server: Running, page: Open) -> None:
    async with Line(server.port).running() as line, page(server, port=line.port) as alice:
        before = await alice.connected()
        await alice.enter("news")
        line.cut()
        line.mend()
        assert await alice.connected() != before
        await back_in(server, alice)


async def test_a_page_comes_back_from_a_line_that_has_fallen_silent(server: Running, page: Open) -> None:
    async with (
        Line(server.port).running() as line,
        page(server, port=line.port, activityTimeout=200, pongTimeout=200) as alice,
    ):
        before = await alice.connected()
        await alice.enter("news")
        line.stall()
        after = await alice.connected()  # neither end was told that the line had gone
        assert after != before
        while (said := await alice.next()) == {"pong": True}:  # its own questions go on
            pass
        assert (said["channel"], said["event"]) == ("news", "pusher:subscription_succeeded")


async def test_a_page_that_hears_nothing_asks_and_is_answered(server: Running, page: Open) -> None:
    async with page(server, activityTimeout=100, pongTimeout=5000) as alice:
        await alice.connected()
        assert [await alice.next() for _ in range(3)] == [{"pong": True}] * 3  # each ping is its own idea


async def test_a_page_answers_when_the_server_asks(
    clock: ManualClock, endpoint: AuthEndpoint, page: Open
) -> None:
    async with serving(clock=clock, web=endpoint.app) as server, page(server) as alice:
        await alice.connected()
        (pump,) = server.server._acceptor.pumps
        for _ in range(3):
            clock.advance(121)
            pump.check_silence()
            await until(lambda: heard_at(pump) == clock.monotonic())
        clock.advance(100)
        pump.check_silence()
        await alice.enter("a")


async def test_4001_ends_it_for_good(server: Running, page: Open) -> None:
    async with page(server, key="NOPE") as alice:
        told = await alice.until(state="disconnected")
        assert told["from"] == "connecting"
        assert alice.said[0]["error"]["data"]["code"] == 4001
        alice.order("intents")
        assert await alice.next() == {"state": "disconnected", "retries": False}
    assert server.metrics.connections_refused_total.total() == 1


@pytest.mark.parametrize(
    ("code", "at_least_s", "at_most_s"),
    [
        pytest.param(CloseCode.RECONNECT_NOW, 0.0, 0.7, id="4200-at-once"),
        pytest.param(CloseCode.OVER_CAPACITY, 0.9, 3.0, id="4100-after-a-second"),
        pytest.param(CloseCode.PONG_NOT_RECEIVED, 0.0, 0.7, id="4201-at-once"),
    ],
)
async def test_a_page_comes_back_and_is_in_its_channels_again(
    server: Running, page: Open, code: CloseCode, at_least_s: float, at_most_s: float
) -> None:
    loop = asyncio.get_running_loop()
    async with page(server) as alice:
        before = await alice.connected()
        await alice.enter("news")
        (pump,) = server.server._acceptor.pumps
        pump.close(code, "for the test")
        closed_at = loop.time()
        assert await alice.connected() != before
        assert at_least_s <= loop.time() - closed_at <= at_most_s
        await back_in(server, alice)


async def test_a_page_that_leaves_is_gone(server: Running, page: Open) -> None:
    async with page(server) as alice:
        await alice.connected()
        await alice.enter("news")
        alice.order("disconnect")
        await alice.until(state="disconnected")
        await until(lambda: server.metrics.connections == 0)


async def test_what_is_kept_reaches_a_page_that_comes_late(server: Running, page: Open) -> None:
    for number in range(3):
        await server.trigger("content-generation-1", "stage", str(number))
    async with page(server) as alice:
        await alice.connected()
        await alice.enter("content-generation-1")
        heard: list[Any] = [await alice.hears("content-generation-1") for _ in range(3)]
        assert heard == [("stage", number) for number in range(3)]
