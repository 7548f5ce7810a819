"""Apps change while clients are connected: real sockets, and a registry that is replaced under them."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from callers import Http, Socket, error, succeeded, until
from servers import APP, APP_ID, KEY, Running, digest, make_app, serving
from toolboxai.apps.app import App, AppKey, HistoryRule
from toolboxai.apps.registry import AppRegistry
from toolboxai.protocol.channel import ChannelName
from toolboxai.testing.clock import ManualClock

NEW = AppKey("the-new-key", "the new secret")
OTHER = App(id="4", keys=(AppKey("other-key", "other secret"),))
BOTH = replace(APP, keys=(*APP.keys, NEW))
NEW_ONLY = replace(APP, keys=(NEW,))


def serve(server: Running, *apps: App) -> None:
    server.node.apply(AppRegistry(apps))


def auth(socket: Socket, channel: str, pair: AppKey) -> str:
    return f"{pair.key}:{digest(f'{socket.id}:{channel}', pair.secret)}"


async def enter(socket: Socket, channel: str, pair: AppKey) -> str:
    """What the server says of a subscription with this key's signature."""
    told = await socket.subscribe(channel, auth(socket, channel, pair))
    if told["event"] == "pusher:error":
        told = await socket.hear()
    return str(told["event"])


async def test_a_rotation_reaches_clients_that_are_connected() -> None:
    old = APP.keys[0]
    async with serving() as server, server.socket() as alice:
        assert await enter(alice, "private-a", NEW) == "pusher:subscription_error"
        serve(server, BOTH)
        assert await enter(alice, "private-a", NEW) == "pusher_internal:subscription_succeeded"
        assert await enter(alice, "private-b", old) == "pusher_internal:subscription_succeeded"
        async with server.socket(server.ws_url(f"/app/{NEW.key}")) as bob:  # by the new key as well
            assert await enter(bob, "private-a", old) == "pusher_internal:subscription_succeeded"
        serve(server, NEW_ONLY)
        assert await enter(alice, "private-c", old) == "pusher:subscription_error"
        assert await enter(alice, "private-c", NEW) == "pusher_internal:subscription_succeeded"
        async with Socket.opened(server.ws_url()) as late:
            assert (await late.hear())["data"]["code"] == 4001
        await server.node.publish(NEW_ONLY, [ChannelName.parse("private-a")], "e", "1")
        assert (await alice.hear())["data"] == "1"  # what was entered before stays


async def test_a_revoked_key_signs_no_call_either() -> None:
    async with serving() as server:
        body = {"name": "e", "channel": "a", "data": "1"}
        assert (await server.post(f"/apps/{APP_ID}/events", body))[0] == 200
        serve(server, NEW_ONLY)
        assert (await server.post(f"/apps/{APP_ID}/events", body))[0] == 401


async def test_a_disabled_app_lets_nobody_stay_come_or_call_and_comes_back_as_it_was() -> None:
    async with serving(APP, OTHER) as server, server.socket(server.ws_url("/app/other-key")) as other:
        async with server.socket() as alice:
            await alice.subscribe("content-generation-1")
            await server.trigger("content-generation-1", "e", "1")
            assert (await alice.hear())["data"] == "1"
            serve(server, replace(APP, enabled=False), OTHER)
            heard, code, reason = await alice.ending()
            assert (heard, code, reason) == (
                [error("Application disabled", 4003)],
                4003,
                "Application disabled",
            )
        async with Socket.opened(server.ws_url()) as late:
            assert await late.hear() == error("Application disabled", 4003)
        assert await server.get(f"/apps/{APP_ID}/channels") == (403, "Application disabled\n")
        assert (await other.subscribe("a"))["event"] == "pusher_internal:subscription_succeeded"
        serve(server, APP, OTHER)
        async with server.socket() as back:
            await back.subscribe("content-generation-1")
            assert (await back.hear())["data"] == "1"


async def test_a_removed_app_is_forgotten_and_its_id_begins_anew() -> None:
    async with serving(APP, OTHER) as server:
        async with server.socket() as alice, server.socket() as bob:
            for who in (alice, bob):
                data = json.dumps({"user_id": who.id})
                signature = digest(f"{who.id}:presence-a:{data}")
                await who.subscribe("presence-a", f"{KEY}:{signature}", channel_data=data)
            assert (await alice.hear())["event"] == "pusher_internal:member_added"
            await server.trigger("content-generation-1", "e", "1")
            serve(server, OTHER)
            for who in (alice, bob):
                _heard, code, reason = await who.ending()
                assert (code, reason) == (4001, "Application does not exist")
        assert (await server.get(f"/apps/{APP_ID}/channels"))[0] == 404
        async with Socket.opened(server.ws_url()) as late:
            assert (await late.hear())["data"]["code"] == 4001
        serve(server, OTHER, APP)
        async with server.socket() as carol:
            assert await carol.subscribe("content-generation-1") == succeeded("content-generation-1")
            await carol.hears_nothing()
        assert await server.get(f"/apps/{APP_ID}/channels/presence-a/users") == (200, '{"users":[]}')
        assert (server.metrics.connections, server.metrics.faults_total) == (0, 0)


async def test_an_app_that_is_added_is_served_at_once_and_hears_nobody_else() -> None:
    async with serving() as server, server.socket() as alice:
        serve(server, APP, OTHER)
        async with server.socket(server.ws_url("/app/other-key")) as bob:
            for who in (alice, bob):
                await who.subscribe("a")
            await server.node.publish(OTHER, [ChannelName.parse("a")], "e", "for bob")
            await server.trigger("a", "e", "for alice")
            assert (await alice.hear())["data"] == "for alice"
            assert (await bob.hear())["data"] == "for bob"
            for who in (alice, bob):
                await who.hears_nothing()


async def test_limits_count_for_those_who_are_connected() -> None:
    async with serving() as server, server.socket() as alice, server.socket() as bob:
        for who in (alice, bob):
            assert await enter(who, "private-a", APP.keys[0]) == "pusher_internal:subscription_succeeded"
        await alice.say("client-x", "1", channel="private-a")
        assert (await bob.hear())["data"] == "1"
        serve(server, replace(APP, client_events=False, max_connections=2))
        told = await alice.ask("client-x", "2", channel="private-a")
        assert "you must enable this feature" in told["data"]["message"]
        async with Socket.opened(server.ws_url()) as one_too_many:
            assert (await one_too_many.hear())["data"]["code"] == 4004
        serve(server, replace(APP, event_bytes=3))
        told = await alice.ask("client-x", "four", channel="private-a")
        assert "exceeds the allowed maximum (3 bytes)" in told["data"]["message"]
        status, text = await server.post(
            f"/apps/{APP_ID}/events", {"name": "e", "channel": "a", "data": "four"}
        )
        assert (status, "3 bytes" in text) == (413, True)


async def test_subscription_counts_begin_and_end_with_the_next_change() -> None:
    async with serving() as server, server.socket() as alice:
        await alice.subscribe("a")
        serve(server, make_app(subscription_counts=True))
        async with server.socket() as bob:
            await bob.subscribe("a")
            told = await alice.hear()
            assert (told["event"], told["data"]) == (
                "pusher_internal:subscription_count",
                '{"subscription_count":2}',
            )
            serve(server, APP)
        await alice.hears_nothing()


async def test_who_has_proven_nothing_is_closed_when_that_is_asked_for(clock: ManualClock) -> None:
    async with serving(clock=clock) as server, server.socket() as alice:
        await server.advance(100)
        serve(server, make_app(authorised_within_s=10))
        await server.advance(9)
        await alice.hears_nothing()
        await server.advance(1)
        _heard, code, _reason = await alice.ending()
        assert code == 4009


async def test_a_body_may_have_what_the_largest_app_allows_now() -> None:
    async with serving(make_app(event_bytes=10)) as server:
        event = {"name": "e", "channel": "a", "data": "x" * 30_000}
        body = Http.json({"batch": [event] * 8})
        assert (await server.post(f"/apps/{APP_ID}/batch_events", body))[0] == 413
        serve(server, make_app(event_bytes=30_000))
        assert await server.post(f"/apps/{APP_ID}/batch_events", body) == (200, "{}")


async def test_a_history_rule_that_comes_later_keeps_from_then_on() -> None:
    async with serving() as server, server.socket() as alice:
        await alice.subscribe("news")
        await server.trigger("news", "e", "before")
        serve(server, make_app(history=(HistoryRule("news", 5, 60.0),)))
        await server.trigger("news", "e", "after")
        assert [(await alice.hear())["data"] for _ in range(2)] == ["before", "after"]
        async with server.socket() as late:
            await late.subscribe("news")
            assert (await late.hear())["data"] == "after"


@pytest.mark.parametrize("subscribers", [3])
async def test_nothing_is_lost_or_doubled_while_apps_are_replaced_under_publishing(subscribers: int) -> None:
    shapes: Sequence[Sequence[App]] = (
        (APP,),
        (BOTH, OTHER),
        (replace(APP, event_bytes=9_000, subscription_counts=False), replace(OTHER, enabled=False)),
        (replace(BOTH, history=(HistoryRule("a", 5, 60.0),)),),
    )
    async with serving() as server, asyncio.TaskGroup() as tasks:
        ended = asyncio.Event()

        async def listen() -> list[str]:
            async with server.socket() as socket:
                assert await socket.subscribe("a") == succeeded("a")
                ready.append(1)
                return [(await socket.hear())["data"] for _ in range(300)]

        async def replace_again_and_again() -> None:
            turn = 0
            while not ended.is_set():
                serve(server, *shapes[turn % len(shapes)])
                turn += 1
                await asyncio.sleep(0)
            assert turn > 20

        ready: list[int] = []
        listening = [tasks.create_task(listen()) for _ in range(subscribers)]
        while len(ready) < subscribers:  # noqa: ASYNC110 - each has heard that it is subscribed
            await asyncio.sleep(0)
        replacing = tasks.create_task(replace_again_and_again())
        for number in range(300):
            await server.trigger("a", "e", str(number))
        for each in listening:
            assert await each == [str(number) for number in range(300)]
        ended.set()
        await replacing


async def test_resuming_begins_with_the_connections_that_come_after_and_ends_for_all() -> None:
    page = f"/s/page-0001/app/{KEY}"

    async def missed(server: Running) -> list[str]:
        """A page is cut off, something is published, and the page comes back."""
        async with server.socket(server.ws_url(page)) as alice:
            await alice.enter("a")
            alice.wire.transport.abort()
            await until(lambda: server.metrics.connections == 0)
        await server.trigger("a", "e", "1")
        async with server.socket(server.ws_url(page)) as alice:
            await alice.enter("a")
            await alice.say("pusher:ping", {})
            heard = []
            while (message := await alice.hear())["event"] != "pusher:pong":
                heard.append(message["data"])
        await until(lambda: server.metrics.connections == 0)
        return heard

    async with serving() as server:
        assert await missed(server) == []
        serve(server, make_app(resume=True))
        assert await missed(server) == ["1"]
        serve(server, make_app())
        assert await missed(server) == []
        serve(server, make_app(resume=True))
        assert await missed(server) == ["1"]
