"""Nothing is lost across a short reconnect: who comes back is handed what it missed, after the success, in order."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from callers import Socket, denied, error, succeeded, until
from line import Line
from servers import KEY, Running, channel_auth, join, make_app, serving, sign_in
from slow_reader import never_reads
from toolboxai import limits
from toolboxai.apps.app import HistoryRule
from toolboxai.testing.clock import ManualClock

APP = make_app(resume=True, history=())
PAGE = "/s/page-0001"


def page(server: Running, path: str = PAGE) -> Any:
    return server.socket(server.ws_url(f"{path}/app/{KEY}"))


async def received(server: Running, alice: Socket, channel: str, offset: int) -> None:
    """Until her pongs have told the server that she has everything up to there."""

    def has() -> bool:
        connection = server.node.hub(server.node.apps.by_key(KEY) or APP).connection(alice.id)
        cursor = (
            None if connection is None or connection.receipts is None else connection.receipts.cursor(channel)
        )
        return cursor is not None and cursor.position.offset >= offset

    async with asyncio.timeout(5):
        while not has():  # noqa: ASYNC110 - a receipt has no event of its own
            await asyncio.sleep(0.002)


async def cut(server: Running, alice: Socket) -> None:
    """Break her connection as a network does."""
    before = server.metrics.connections
    alice.wire.transport.abort()
    await until(lambda: server.metrics.connections == before - 1)


async def was_there(server: Running, connecting: Any, *, user: str | None = None) -> None:
    """Somebody is subscribed to a, and its connection is broken."""
    async with connecting as alice:
        if user is not None:
            await sign_in(alice, {"id": user})
        await alice.enter("a")
        await cut(server, alice)


async def data(alice: Socket, count: int) -> list[str]:
    return [(await alice.hear())["data"] for _ in range(count)]


async def test_what_was_published_meanwhile_follows_the_success_in_order_then_live_events() -> None:
    async with serving(APP) as server:
        async with page(server) as alice:
            await alice.enter("a")
            await server.trigger("a", "e", "1")
            assert await data(alice, 1) == ["1"]
            await received(server, alice, "a", 1)
            await cut(server, alice)
        for number in "234":
            await server.trigger("a", "e", number)
        async with page(server) as alice:
            await alice.enter("a")
            await server.trigger("a", "e", "5")
            assert await data(alice, 4) == ["2", "3", "4", "5"]
            await alice.hears_nothing()


async def test_who_had_heard_nothing_yet_misses_nothing_either() -> None:
    async with serving(APP) as server:
        await was_there(server, page(server))
        await server.trigger("a", "e", "1")
        async with page(server) as alice:
            await alice.enter("a")
            assert await data(alice, 1) == ["1"]


async def test_again_and_again() -> None:
    async with serving(APP) as server:
        for number in range(10):
            async with page(server) as alice:
                await alice.enter("a")
                if number:
                    assert await data(alice, 1) == [str(number)]
                    await received(server, alice, "a", number)
                await cut(server, alice)
            await server.trigger("a", "e", str(number + 1))


async def test_who_is_cut_off_before_it_has_confirmed_is_handed_it_again() -> None:
    """At least once: the bytes may have been lost with the connection."""
    async with serving(APP) as server:
        async with never_reads(server, PAGE) as mute:
            await server.trigger("a", "e", "1")
            await server.trigger("a", "e", "2")
            mute.close()
        await until(lambda: server.metrics.connections == 0)
        async with page(server) as alice:
            await alice.enter("a")
            assert await data(alice, 2) == ["1", "2"]


async def test_a_page_comes_back_before_its_old_connection_is_known_to_be_dead() -> None:
    async with serving(APP) as server, never_reads(server, PAGE) as mute:
        for number in "123":
            await server.trigger("a", "e", number)
        async with page(server) as alice:
            await alice.enter("a")
            assert await data(alice, 3) == ["1", "2", "3"]
            await received(server, alice, "a", 3)
            mute.close()  # only now it dies, and has nothing to leave behind
            await until(lambda: server.metrics.connections == 1)
            await cut(server, alice)
        await server.trigger("a", "e", "4")
        async with page(server) as alice:
            await alice.enter("a")
            assert await data(alice, 1) == ["4"]
            await alice.hears_nothing()


async def test_what_clients_sent_is_among_it_and_ones_own_is_not() -> None:
    auth = channel_auth
    async with serving(APP) as server, server.socket() as bob:
        await bob.enter("private-a", auth(bob.id, "private-a"))
        async with page(server) as alice:
            await alice.enter("private-a", auth(alice.id, "private-a"))
            await alice.say("client-mine", {}, channel="private-a")
            assert (await bob.hear())["event"] == "client-mine"
            first = alice.id
            await cut(server, alice)
        await bob.say("client-bobs", {"n": 1}, channel="private-a")
        await bob.hears_nothing()
        await server.trigger("private-a", "e", "mine too", socket_id=first)
        await server.trigger("private-a", "e", "2")
        async with page(server) as alice:
            await alice.enter("private-a", auth(alice.id, "private-a"))
            assert await data(alice, 2) == ['{"n":1}', "2"]
            await alice.hears_nothing()


async def test_a_key_is_no_authority() -> None:
    async with serving(APP) as server:
        async with page(server) as alice:
            await alice.enter("private-a", channel_auth(alice.id, "private-a"))
            await cut(server, alice)
        await server.trigger("private-a", "e", "secret")
        async with page(server) as mallory:
            text = "Auth info required to subscribe to private-a"
            assert await mallory.subscribe("private-a") == error(text)
            assert await mallory.hear() == denied("private-a", text, "AuthError", 401)
            await mallory.hears_nothing()
            await mallory.enter("private-a", channel_auth(mallory.id, "private-a"))
            assert await data(mallory, 1) == ["secret"]


async def test_members_are_told_as_they_are_and_not_how_they_came_and_went() -> None:
    async with serving(APP) as server, server.socket() as bob:
        await join(bob, "presence-a", {"user_id": "b"})
        async with page(server) as alice:
            await join(alice, "presence-a", {"user_id": "a"})
            assert (await bob.hear())["event"] == "pusher_internal:member_added"
            await cut(server, alice)
        assert (await bob.hear())["event"] == "pusher_internal:member_removed"
        await server.trigger("presence-a", "e", "1")
        async with server.socket() as carol:
            await join(carol, "presence-a", {"user_id": "c"})
            async with page(server) as alice:
                there = await join(alice, "presence-a", {"user_id": "a"})
                assert sorted(there["ids"]) == ["a", "b", "c"]
                assert await data(alice, 1) == ["1"]
                await alice.hears_nothing()


async def test_a_gap_that_is_too_old_is_told_before_anything_else() -> None:
    clock = ManualClock()
    async with serving(APP, clock=clock) as server:
        await was_there(server, page(server))
        await server.trigger("a", "e", "1")
        await server.advance(limits.RESUME_S + 10)
        await server.trigger("a", "e", "2")
        async with page(server) as alice:
            await alice.enter("a")
            gap = await alice.hear()
            assert (gap["event"], gap["channel"]) == ("pusher:resume_gap", "a")
            assert json.loads(gap["data"]).keys() == {"after", "position"}
            await received(server, alice, "a", 0)
            await cut(server, alice)
        async with page(server) as alice:  # it has been told; that was then
            await alice.enter("a")
            await alice.hears_nothing()


async def test_after_a_quarter_of_an_hour_a_page_is_a_new_one() -> None:
    clock = ManualClock()
    async with serving(APP, clock=clock) as server:
        await was_there(server, page(server))
        await server.advance(limits.CURSOR_S + 1)
        async with page(server) as alice:
            await alice.enter("a")
            await alice.hears_nothing()
        side = server.node._sides[APP.id].resuming
        assert side is not None
        assert len(side._cursors) == 1


async def test_of_a_channel_with_history_only_what_was_missed() -> None:
    kept = make_app(resume=True, history=(HistoryRule("kept", 50, 600.0),))
    async with serving(kept) as server:
        for number in "12":
            await server.trigger("kept", "e", number)
        async with page(server) as alice:
            await alice.enter("kept")
            assert await data(alice, 2) == ["1", "2"]
            await received(server, alice, "kept", 2)
            await cut(server, alice)
        await server.trigger("kept", "e", "3")
        async with page(server) as alice:
            await alice.enter("kept")
            assert await data(alice, 1) == ["3"]
            await alice.hears_nothing()


async def test_a_page_that_has_left_a_channel_has_missed_nothing_there() -> None:
    async with serving(APP) as server:
        async with page(server) as alice:
            await alice.enter("a")
            await alice.say("pusher:unsubscribe", {"channel": "a"})
            await alice.hears_nothing()
            await cut(server, alice)
        await server.trigger("a", "e", "1")
        async with page(server) as alice:
            await alice.enter("a")
            await alice.hears_nothing()


async def test_another_key_is_another_page() -> None:
    async with serving(APP) as server:
        await was_there(server, page(server))
        await server.trigger("a", "e", "1")
        async with page(server, "/s/page-0002") as bob:
            await bob.enter("a")
            await bob.hears_nothing()
        async with server.socket() as nobody:
            await nobody.enter("a")
            await nobody.hears_nothing()


async def test_without_the_setting_a_page_with_a_key_is_served_and_not_remembered() -> None:
    async with serving(make_app()) as server:
        await was_there(server, page(server))
        await server.trigger("a", "e", "1")
        async with page(server) as alice:
            await alice.enter("a")
            await alice.hears_nothing()


@pytest.mark.parametrize(
    "path", ["/s//app/", "/s/" + "x" * 129 + "/app/", "/s/sp%20ace0/app/", "/x/page-0001/app/"]
)
async def test_what_is_no_key_is_no_path(path: str) -> None:
    async with serving(APP) as server, Socket.opened(server.ws_url(f"{path}{KEY}")) as socket:
        assert (await socket.ending())[1] == 4005


# ---- by user ------------------------------------------------------------------------------------------------


async def test_a_signed_in_user_is_known_again_without_a_key() -> None:
    async with serving(APP) as server:
        await was_there(server, server.socket(), user="u1")
        await server.trigger("a", "e", "1")
        async with server.socket() as other:
            await sign_in(other, {"id": "u2"})
            await other.enter("a")
            await other.hears_nothing()
        async with server.socket() as alice:
            await sign_in(alice, {"id": "u1"})
            await alice.enter("a")
            assert await data(alice, 1) == ["1"]


async def test_who_subscribes_first_and_signs_in_then_is_waited_for() -> None:
    """So do stock pages: the sign-in needs an answer of the application, a public channel does not."""
    async with serving(APP) as server:
        await was_there(server, server.socket(), user="u1")
        await server.trigger("a", "e", "1")
        async with server.socket() as alice:
            await alice.say("pusher:subscribe", {"channel": "a", "auth": ""})
            await alice.hears_nothing()
            assert (await sign_in(alice, {"id": "u1"}))["event"] == "pusher:signin_success"
            await server.trigger("a", "e", "2")
            assert await alice.hear() == succeeded("a")
            assert await data(alice, 2) == ["1", "2"]


async def test_who_never_signs_in_waits_no_longer_than_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGN_IN_FIRST_S", 0.05)
    async with serving(APP) as server:
        await was_there(server, server.socket(), user="u1")
        await server.trigger("a", "e", "1")
        async with server.socket() as visitor:
            assert await visitor.subscribe("a") == succeeded("a")
            await visitor.hears_nothing()


async def test_two_pages_of_one_user_lose_nothing_in_whatever_order_they_come_back() -> None:
    async with serving(APP) as server:
        async with server.socket() as one, server.socket() as two:
            for number, alice in enumerate((one, two)):
                await sign_in(alice, {"id": "u1"})
                await alice.enter("a")
                await server.trigger("a", "e", str(number))
                await received(server, alice, "a", number + 1)
            await received(server, one, "a", 2)
            await cut(server, one)
            await server.trigger("a", "e", "2")
            await received(server, two, "a", 3)
            await cut(server, two)
        await server.trigger("a", "e", "3")
        for _ in range(2):
            async with server.socket() as alice:
                await sign_in(alice, {"id": "u1"})
                await alice.enter("a")
                assert await data(alice, 2) == ["2", "3"]


async def test_a_second_page_of_a_user_whose_first_is_alive_is_a_new_one() -> None:
    async with serving(APP) as server, server.socket() as one:
        await sign_in(one, {"id": "u1"})
        await one.enter("a")
        await server.trigger("a", "e", "1")
        await received(server, one, "a", 1)
        async with server.socket() as two:
            await sign_in(two, {"id": "u1"})
            await two.enter("a")
            await two.hears_nothing()


async def test_a_member_of_a_presence_channel_is_known_by_what_was_signed() -> None:
    async with serving(APP) as server:
        async with server.socket() as alice:
            await join(alice, "presence-a", {"user_id": "u1"})
            await cut(server, alice)
        await server.trigger("presence-a", "e", "1")
        async with server.socket() as alice:
            await join(alice, "presence-a", {"user_id": "u1"})
            assert await data(alice, 1) == ["1"]


async def test_nothing_is_kept_of_a_page_that_has_gone_for_good() -> None:
    clock = ManualClock()
    async with serving(APP, clock=clock) as server:
        for number in range(20):
            async with page(server, f"/s/page-{number:04d}") as alice:
                await alice.enter(f"a{number}")
                await server.trigger(f"a{number}", "e", "1")
        await until(lambda: server.metrics.connections == 0)
        await server.advance(limits.CURSOR_S + 1)
        await server.advance(limits.RESUME_S + 1)
        side = server.node._sides[APP.id].resuming
        broker: Any = server.node.broker
        assert side is not None
        assert (len(side._cursors), side._live, side.tops) == (0, {}, {})
        assert (broker._streams, broker._tails[APP.id].used) == ({}, 0)


# ---- what a fresh look has found ----------------------------------------------------------------------------


async def signs_in(server: Running, alice: Socket, user: str = "u1") -> None:
    assert (await sign_in(alice, {"id": user}))["event"] == "pusher:signin_success"


async def test_a_user_who_signs_in_after_it_has_subscribed_is_known_there_too() -> None:
    """So does each stock page, on its first connection as on any other."""
    async with serving(APP) as server:
        async with server.socket() as alice:
            await alice.enter("a")
            await signs_in(server, alice)
            await server.trigger("a", "e", "1")
            assert await data(alice, 1) == ["1"]
            await received(server, alice, "a", 1)
            await cut(server, alice)
        await server.trigger("a", "e", "2")
        async with server.socket() as alice:
            await alice.say("pusher:subscribe", {"channel": "a", "auth": ""})
            await signs_in(server, alice)
            assert await alice.hear() == succeeded("a")
            assert await data(alice, 1) == ["2"]


async def test_who_signs_in_too_late_is_told_of_the_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGN_IN_FIRST_S", 0.02)
    async with serving(APP) as server:
        await was_there(server, server.socket(), user="u1")
        await server.trigger("a", "e", "1")
        async with server.socket() as alice:
            assert await alice.subscribe("a") == succeeded("a")
            await signs_in(server, alice)
            gap = await alice.hear()
            assert (gap["event"], gap["channel"]) == ("pusher:resume_gap", "a")
            await alice.hears_nothing()


@asynccontextmanager
async def frozen(server: Running, user: str) -> AsyncIterator[Any]:
    """A page of this user that is on channel a and whose network has stalled: it answers nothing, and is not closed."""
    async with (
        Line(server.port).running() as line,
        server.socket(f"ws://127.0.0.1:{line.port}/app/{KEY}?protocol=7") as alice,
    ):
        await signs_in(server, alice, user)
        await alice.enter("a")
        await received(server, alice, "a", 0)
        line.stall()
        yield alice
        alice.wire.transport.abort()


async def test_a_user_is_back_at_once_though_its_old_connection_seems_alive() -> None:
    async with serving(APP) as server, frozen(server, "u1"):
        await server.trigger("a", "e", "1")
        async with server.socket() as alice:
            await signs_in(server, alice)
            await alice.enter("a")
            assert await data(alice, 1) == ["1"]


async def test_two_frozen_pages_of_one_user_lose_nothing() -> None:
    async with serving(APP) as server, frozen(server, "u1"), frozen(server, "u1"):
        await server.trigger("a", "e", "1")
        for _ in range(2):
            async with server.socket() as alice:
                await signs_in(server, alice)
                await alice.enter("a")
                assert await data(alice, 1) == ["1"]
                await received(server, alice, "a", 1)


async def test_a_page_that_was_slow_and_lives_on_is_known_again_later() -> None:
    async with serving(APP) as server, server.socket() as one:
        await signs_in(server, one)
        await one.enter("a")
        one.wire.transport.pause_reading()  # it does not answer for a while
        await server.trigger("a", "e", "1")
        async with server.socket() as two:
            await signs_in(server, two)
            await two.enter("a")
            one.wire.transport.resume_reading()
            assert await data(one, 1) == ["1"]
            await received(server, one, "a", 1)
            await cut(server, one)
            await server.trigger("a", "e", "2")
            await received(server, two, "a", 2)
            async with server.socket() as again:
                await signs_in(server, again)
                await again.enter("a")
                assert await data(again, 1) == ["2"]


async def test_what_an_older_connection_says_late_does_not_displace_the_younger_one() -> None:
    async with serving(APP) as server, page(server) as old:
        async with page(server) as new:
            await new.enter("a")
            await old.enter("a")  # it was on its way for long
            await cut(server, old)
            await cut(server, new)
        await server.trigger("a", "e", "1")
        async with page(server) as alice:
            await alice.enter("a")
            assert await data(alice, 1) == ["1"]


async def test_who_was_cut_off_before_the_history_came_is_handed_it_again() -> None:
    kept = make_app(resume=True, history=(HistoryRule("a", 50, 600.0),))
    async with serving(kept) as server:
        for number in "12":
            await server.trigger("a", "e", number)
        async with never_reads(server, PAGE) as mute:
            mute.close()
        await until(lambda: server.metrics.connections == 0)
        async with page(server) as alice:
            await alice.enter("a")
            assert await data(alice, 2) == ["1", "2"]


async def test_of_two_pages_of_a_user_none_loses_what_the_other_sent() -> None:
    async with serving(APP) as server, server.socket() as bob:
        async with server.socket() as one, server.socket() as two:
            for alice in (one, two):
                await signs_in(server, alice)
                await alice.enter("private-a", channel_auth(alice.id, "private-a"))
                await received(server, alice, "private-a", 0)
            two.wire.transport.abort()
            await until(lambda: server.metrics.connections == 2)
            await one.say("client-x", {"n": 1}, channel="private-a")
            await one.hears_nothing()
            one.wire.transport.abort()
            await until(lambda: server.metrics.connections == 1)
        for _ in range(2):
            async with server.socket() as alice:
                await signs_in(server, alice)
                await alice.enter("private-a", channel_auth(alice.id, "private-a"))
                assert await data(alice, 1) == ['{"n":1}']
        await bob.hears_nothing()


async def test_a_tab_that_was_closed_does_not_trouble_the_users_other_tab() -> None:
    async with serving(APP) as server, server.socket() as one, server.socket() as two:
        for alice in (one, two):
            await signs_in(server, alice)
            await alice.enter("a")
            await received(server, alice, "a", 0)
        await one.wire.close(1001)
        await until(lambda: server.metrics.connections == 1)
        await server.trigger("a", "e", "1")
        assert await data(two, 1) == ["1"]
        await received(server, two, "a", 1)
        await cut(server, two)
        async with server.socket() as again:
            await signs_in(server, again)
            await again.enter("a")
            await again.hears_nothing()


async def test_an_authorisation_that_ends_while_a_sign_in_is_waited_for_opens_nothing() -> None:
    clock = ManualClock()
    async with serving(APP, clock=clock) as server:
        async with server.socket() as alice:
            await signs_in(server, alice)
            await alice.enter("private-a", channel_auth(alice.id, "private-a"))
            await received(server, alice, "private-a", 0)
            await cut(server, alice)
        await server.trigger("private-a", "e", "1")
        async with server.socket() as alice:
            ends = json.dumps({"expires_at": clock.now() + 5})
            auth = channel_auth(alice.id, "private-a", ends)
            await alice.say("pusher:subscribe", {"channel": "private-a", "auth": auth, "channel_data": ends})
            await alice.hears_nothing()
            clock.advance(10)
            await signs_in(server, alice)
            assert (await alice.hear())["data"]["message"].startswith("The authorisation for private-a has")
