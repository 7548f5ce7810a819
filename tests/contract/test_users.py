"""Users, watchlists, counts and authorisations that end, row by row of the conformance table, over real sockets."""

import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from callers import Http, Socket, denied, error, succeeded
from servers import KEY, HandClock, Running, channel_auth, digest, join, make_app, serving, sign_in, signed

U1 = {"id": "u1"}


def success(user: dict[str, Any]) -> dict[str, Any]:
    data = json.dumps({"user_data": json.dumps(user)}, separators=(",", ":"))
    return {"event": "pusher:signin_success", "data": data}


def watched(**groups: list[str]) -> dict[str, Any]:
    events = [{"name": name, "user_ids": ids} for name, ids in groups.items()]
    data = json.dumps({"events": events}, separators=(",", ":"))
    return {"event": "pusher_internal:watchlist_events", "data": data}


# ---- signing in -----------------------------------------------------------------------------------------------


async def test_row_66_the_very_text_that_was_signed_comes_back(server: Running) -> None:
    async with server.socket() as alice:
        assert await sign_in(alice, {"id": "12345"}) == success({"id": "12345"})


async def test_signing_in_again_is_no_fault_and_as_another_is_one(server: Running) -> None:
    async with server.socket() as alice:
        await sign_in(alice, U1)
        assert await sign_in(alice, U1) == success(U1)
        told = await sign_in(alice, {"id": "u2"})
        assert told["data"]["code"] is None
        assert told["data"]["message"].startswith(
            "Connection is unauthorized: this connection is signed in as another"
        )
        assert await alice.subscribe("#server-to-user-u1") == succeeded("#server-to-user-u1")


BAD_SIGNINS = [
    pytest.param({"auth": "nosig"}, "Invalid format: auth must have the format key:signature", id="no-colon"),
    pytest.param({"auth": "OTHER:sig"}, "Connection is unauthorized: Invalid key", id="key"),
    pytest.param({"auth": f"{KEY}:sig"}, "Connection is unauthorized: Invalid signature", id="signature"),
    pytest.param({"user_data": "nothing"}, "Connection is unauthorized: user_data is invalid", id="no-json"),
    pytest.param({"user_data": "{}"}, "Connection is unauthorized: user_data is invalid", id="no-id"),
    pytest.param({"user_data": '{"id":7}'}, "Connection is unauthorized: user_data is invalid", id="number"),
    pytest.param(
        {"user_data": '{"id":""}'}, "Connection is unauthorized: user_data has an invalid id", id="empty"
    ),
    pytest.param(
        {"user_data": '{"id":"a b"}'}, "Connection is unauthorized: user_data has an invalid", id="blank"
    ),
]


@pytest.mark.parametrize(("wrong", "text"), BAD_SIGNINS)
@pytest.mark.parametrize("closes", [False, True], ids=["stays", "closes"])
async def test_a_sign_in_that_fails_closes_only_where_the_app_insists(
    wrong: dict[str, str], text: str, closes: bool
) -> None:
    async with serving(make_app(authorised_within_s=30 if closes else 0)) as server, server.socket() as alice:
        user_data = wrong.get("user_data", '{"id":"u1"}')
        auth = wrong.get("auth", f"{KEY}:" + digest(f"{alice.id}::user::{user_data}"))
        await alice.say("pusher:signin", {"auth": auth, "user_data": user_data})
        if closes:
            unauthorised = "Connection is unauthorized"
            assert await alice.ending() == ([error(unauthorised, 4009)], 4009, unauthorised)
        else:
            told = await alice.hear()
            assert told["data"]["code"] is None
            assert told["data"]["message"].startswith(text)
            assert await sign_in(alice, U1) == success(U1)


async def test_an_app_may_do_without_sign_in() -> None:
    async with serving(make_app(signin=False)) as server, server.socket() as alice:
        told = await sign_in(alice, U1)
        assert (told["data"]["code"], "switched off" in told["data"]["message"]) == (None, True)


async def test_who_proves_nothing_in_time_is_closed(clock: HandClock) -> None:
    app = make_app(authorised_within_s=30)
    text = "Connection not authorized within timeout"
    async with serving(app, clock=clock) as server, AsyncExitStack() as stack:
        idle, public, private, member, user = [
            await stack.enter_async_context(server.socket()) for _ in range(5)
        ]
        await public.enter("a")
        await private.enter("private-a", channel_auth(private.id, "private-a"))
        await join(member, "presence-a", {"user_id": "1"})
        await sign_in(user, U1)
        await server.advance(29.9)
        await idle.hears_nothing()
        await server.advance(0.1)
        for each in (idle, public):
            assert await each.ending() == ([error(text, 4009)], 4009, text)
        for each in (private, member, user):
            await each.hears_nothing()


# ---- events to one user ---------------------------------------------------------------------------------------


async def test_rows_67_68_a_users_channel_is_for_that_user(server: Running) -> None:
    name = "#server-to-user-12345"
    async with server.socket() as alice, server.socket() as bob, server.socket() as nobody:
        await sign_in(alice, {"id": "12345"})
        await sign_in(bob, {"id": "1234"})
        text = f"Only a connection that is signed in as that user may subscribe to {name}"
        for each in (bob, nobody):
            assert await each.subscribe(name) == error(text)
            assert await each.hear() == denied(name, text, "AuthError", 401)
        assert await alice.subscribe(name) == succeeded(name)
        await server.trigger(name, "e", "1")
        assert await alice.hear() == {"event": "e", "channel": name, "data": "1"}
        for each in (bob, nobody):
            await each.hears_nothing()


@pytest.mark.parametrize(
    "path", ["/apps/3/users/u1/terminate_connections", "/users/u1/terminate_connections"]
)
async def test_row_69_a_users_connections_are_ended(server: Running, path: str) -> None:
    text = "You got disconnected by the app."
    async with (
        server.socket() as first,
        server.socket() as second,
        server.socket() as other,
        server.http() as http,
    ):
        for socket, user in ((first, "u1"), (second, "u1"), (other, "u2")):
            await sign_in(socket, {"id": user})
        await join(other, "presence-a", {"user_id": "u1"})  # to be a member is not to be signed in
        answer = await http.ask("POST", signed("POST", path, b"{}"), b"{}")
        assert (answer.status, answer.text) == (200, "{}")
        for each in (first, second):
            assert await each.ending() == ([error(text, 4009)], 4009, text)
        await other.hears_nothing()
        assert (await http.ask("POST", signed("POST", path, b"{}"), b"{}")).status == 200  # nobody is there


async def test_row_69_an_id_that_is_none_is_refused(server: Running) -> None:
    status, text = await server.post("/apps/3/users/a%20b/terminate_connections", {})
    assert (status, text[:16]) == (400, "Invalid user id:")


# ---- watchlists -----------------------------------------------------------------------------------------------


async def test_row_70_a_watcher_is_told_who_is_here_and_who_comes_and_goes(server: Running) -> None:
    watcher = {"id": "u1", "watchlist": ["u2", "u3"]}
    async with AsyncExitStack() as stack:
        second, alice, again = [await stack.enter_async_context(server.socket()) for _ in range(3)]
        await sign_in(second, {"id": "u2", "watchlist": []})
        assert await sign_in(alice, watcher) == success(watcher)
        assert await alice.hear() == watched(online=["u2"], offline=["u3"])
        await sign_in(again, {"id": "u2"})  # a second connection of a user changes nothing
        await alice.hears_nothing()
        await second.wire.close()
        await alice.hears_nothing()
        await again.wire.close()
        assert await alice.hear() == watched(offline=["u2"])
        third = await stack.enter_async_context(server.socket())
        await sign_in(third, {"id": "u3"})
        assert await alice.hear() == watched(online=["u3"])
        await third.hears_nothing()  # who is watched does not watch


async def test_every_connection_of_a_watcher_is_told_and_a_group_without_anyone_is_left_out(
    server: Running,
) -> None:
    watcher = {"id": "u1", "watchlist": ["u2"]}
    async with server.socket() as first, server.socket() as second:
        for each in (first, second):
            await sign_in(each, watcher)
            assert await each.hear() == watched(offline=["u2"])
        async with server.socket() as other:
            await sign_in(other, {"id": "u2"})
            for each in (first, second):
                assert await each.hear() == watched(online=["u2"])


async def test_row_71_of_a_longer_watchlist_the_first_hundred_are_taken(server: Running) -> None:
    watcher = {"id": "u1", "watchlist": [f"w{each}" for each in range(101)]}
    text = "Watchlist limit exceeded. Only the first 100 user IDs are accepted."
    async with server.socket() as alice:
        assert await sign_in(alice, watcher) == success(watcher)
        assert await alice.hear() == error(text, 4302)
        assert await alice.hear() == watched(offline=watcher["watchlist"][:100])  # type: ignore[arg-type]


async def test_an_app_may_do_without_watchlists() -> None:
    async with serving(make_app(watchlist=False)) as server, server.socket() as alice, server.socket() as bob:
        watcher = {"id": "u1", "watchlist": ["u2"] * 101}
        assert await sign_in(alice, watcher) == success(watcher)
        await sign_in(bob, {"id": "u2"})
        await alice.hears_nothing()


# ---- counts ---------------------------------------------------------------------------------------------------


def count(number: int) -> dict[str, Any]:
    data = f'{{"subscription_count":{number}}}'
    return {"event": "pusher_internal:subscription_count", "channel": "a", "data": data}


async def test_row_72_everyone_on_a_channel_is_told_how_many_they_are() -> None:
    async with serving(make_app(subscription_counts=True)) as server, server.socket() as alice:
        await alice.enter("a")
        assert await alice.hear() == count(1)
        async with server.socket() as bob:
            await bob.enter("a")
            assert (await alice.hear(), await bob.hear()) == (count(2), count(2))
            await join(bob, "presence-x", {"user_id": "1"})
            await bob.hears_nothing()
        assert await alice.hear() == count(1)


async def test_row_72_above_a_hundred_connections_one_count_in_five_seconds(clock: HandClock) -> None:
    async with serving(make_app(subscription_counts=True), clock=clock) as server, AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(server.socket()) for _ in range(103)]
        first = sockets[0]
        for number, each in enumerate(sockets[:101], 1):
            await each.enter("a")
            assert await first.hear() == count(number)
        for each in sockets[101:]:
            await each.enter("a")
        await first.hears_nothing()
        await server.advance(4.9)
        await first.hears_nothing()
        await server.advance(0.1)
        assert (await first.hear(), await sockets[102].hear()) == (count(103), count(103))
        await sockets[102].say("pusher:unsubscribe", {"channel": "a"})
        await sockets[102].enter("a")
        await server.advance(5.0)
        await first.hears_nothing()  # nothing has changed in the end


# ---- authorisations that end ----------------------------------------------------------------------------------


async def private_until(socket: Socket, clock: HandClock, seconds: float) -> dict[str, Any]:
    data = json.dumps({"expires_at": clock.now() + seconds})
    return await socket.subscribe("private-a", channel_auth(socket.id, "private-a", data), channel_data=data)


async def test_an_authorisation_ends_at_its_time_and_can_be_renewed(clock: HandClock) -> None:
    expired = {"event": "pusher:subscription_expired", "channel": "private-a", "data": "{}"}
    async with serving(clock=clock) as server, server.socket() as alice:
        assert await private_until(alice, clock, 60) == succeeded("private-a")
        await server.advance(59)
        await server.trigger("private-a", "e", "1")
        assert (await alice.hear())["data"] == "1"
        await server.advance(1)
        assert await alice.hear() == expired
        await server.trigger("private-a", "e", "2")
        await alice.say("client-x", {}, channel="private-a")
        assert (await alice.hear())["data"]["message"].startswith("Cannot broadcast client event")
        await alice.say("pusher:unsubscribe", {"channel": "private-a"})  # as stock clients tidy up: no error
        await alice.hears_nothing()
        assert await private_until(alice, clock, 60) == succeeded("private-a")
        await server.advance(60)
        assert await alice.hear() == expired
        assert await private_until(alice, clock, 60) == succeeded("private-a")  # or at once


async def test_a_member_whose_authorisation_ends_leaves(clock: HandClock) -> None:
    async with serving(clock=clock) as server, server.socket() as alice, server.socket() as bob:
        await join(alice, "presence-x", {"user_id": "1"})
        await join(bob, "presence-x", {"user_id": "2", "expires_at": clock.now() + 10})
        await alice.hear()
        await server.advance(10)
        assert (await bob.hear())["event"] == "pusher:subscription_expired"
        assert (await alice.hear())["data"] == '{"user_id":"2"}'
        assert await server.get("/apps/3/channels/presence-x/users") == (200, '{"users":[{"id":"1"}]}')


@pytest.mark.parametrize("seconds", [0, -60])
async def test_an_authorisation_that_has_ended_lets_nobody_in(clock: HandClock, seconds: float) -> None:
    async with serving(clock=clock) as server, server.socket() as alice:
        text = "The authorisation for private-a has expired; ask for another"
        assert await private_until(alice, clock, seconds) == error(text)
        assert await alice.hear() == denied("private-a", text, "AuthError", 401)
        assert await private_until(alice, clock, 60) == succeeded("private-a")


@pytest.mark.parametrize("expires_at", ['"soon"', "true", "[]", "{}", "1e999"])
async def test_an_end_that_is_no_time_lets_nobody_in(server: Running, expires_at: str) -> None:
    async with server.socket() as alice:
        data = f'{{"expires_at":{expires_at}}}'
        told = await alice.subscribe(
            "private-a", channel_auth(alice.id, "private-a", data), channel_data=data
        )
        assert told["event"] == "pusher:error"
        assert (await alice.hear())["data"]["type"] == "AuthError"


# ---- once -----------------------------------------------------------------------------------------------------


async def keyed(http: Http, key: str, body: bytes, path: str = "/apps/3/events") -> tuple[int, str]:
    answer = await http.ask("POST", signed("POST", path, body), body, {"Idempotency-Key": key})
    return answer.status, answer.text


async def test_a_repeat_with_the_same_key_is_answered_alike_and_publishes_nothing() -> None:
    body = Http.json({"name": "e", "data": "1", "channel": "a", "info": "subscription_count"})
    async with (
        serving(make_app(subscription_counts=True)) as server,
        server.socket() as alice,
        server.http() as http,
    ):
        await alice.enter("a")
        await alice.hear()
        first = await keyed(http, "k1", body)
        assert first == (200, '{"channels":{"a":{"subscription_count":1}}}')
        assert (await alice.hear())["data"] == "1"
        async with server.socket() as bob:
            await bob.enter("a")
            assert await keyed(http, "k1", body) == first  # as it was, not as it is
            assert (await alice.hear())["event"] == "pusher_internal:subscription_count"
            await alice.hears_nothing()
        assert (await keyed(http, "k2", body))[0] == 200
        other = Http.json({"name": "e", "data": "2", "channel": "a"})
        assert (await keyed(http, "k1", other))[0] == 422
        assert (await keyed(http, "x" * 256, body))[0] == 400
        assert (await keyed(http, "k3", b"{}"))[0] == 400
        assert (await keyed(http, "k3", body))[0] == 200  # what was refused is not remembered
