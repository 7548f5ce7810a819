"""Presence channels, row by row of the conformance table, over real sockets."""

import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from callers import Socket, denied, error
from servers import Running, channel_auth, join, make_app, serving, sign_in

X = "presence-x"
ANNA = {"user_id": "1", "user_info": {"name": "Anna"}}
BEN = {"user_id": "2", "user_info": {"name": "Ben"}}


def change(event: str, data: object, channel: str = X) -> dict[str, Any]:
    text = json.dumps(data, separators=(",", ":"))
    return {"event": f"pusher_internal:{event}", "channel": channel, "data": text}


def plain(message: dict[str, Any]) -> dict[str, Any]:
    """A change with its data as it means, whatever the spaces."""
    return {**message, "data": json.dumps(json.loads(message["data"]), separators=(",", ":"))}


async def enters(socket: Socket, channel_data: str | None, channel: str = X) -> dict[str, Any]:
    more = {} if channel_data is None else {"channel_data": channel_data}
    return await socket.subscribe(channel, channel_auth(socket.id, channel, channel_data), **more)


async def test_row_26_the_first_member_finds_itself(server: Running) -> None:
    async with server.socket() as alice:
        snapshot = await join(alice, X, ANNA)
        assert snapshot == {"ids": ["1"], "hash": {"1": ANNA["user_info"]}, "count": 1}


async def test_row_27_a_newcomer_is_told_to_the_others_and_not_to_itself(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        await join(alice, X, ANNA)
        snapshot = await join(bob, X, BEN)
        assert (snapshot["count"], snapshot["ids"]) == (2, ["1", "2"])
        assert plain(await alice.hear()) == change("member_added", BEN)
        await bob.hears_nothing()


async def test_rows_28_29_30_a_user_comes_and_goes_once_however_many_connections(server: Running) -> None:
    async with server.socket() as alice:
        await join(alice, X, ANNA)
        async with server.socket() as third:
            async with server.socket() as second:
                await join(second, X, BEN)
                assert (await alice.hear())["event"] == "pusher_internal:member_added"
                assert (await join(third, X, BEN))["count"] == 2  # row 28
                await alice.hears_nothing()
                await second.hears_nothing()
            await third.hears_nothing()  # row 29: one of two has gone
            await alice.hears_nothing()
        assert await alice.hear() == change("member_removed", {"user_id": "2"})  # row 30


async def test_unsubscribing_is_leaving(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        await join(alice, X, ANNA)
        await join(bob, X, BEN)
        await alice.hear()
        await bob.say("pusher:unsubscribe", {"channel": X})
        assert await alice.hear() == change("member_removed", {"user_id": "2"})
        await bob.hears_nothing()
        assert (await join(bob, X, BEN))["count"] == 2
        assert plain(await alice.hear()) == change("member_added", BEN)


async def test_row_31_an_id_that_is_a_number_is_a_string_from_then_on(server: Running) -> None:
    async with server.socket() as alice:
        snapshot = await join(alice, X, {"user_id": 7})
        assert (snapshot["ids"], snapshot["hash"]) == (["7"], {"7": None})
        async with server.socket() as bob:
            await join(bob, X, {"user_id": 8})
            assert await alice.hear() == change("member_added", {"user_id": "8"})
        assert await alice.hear() == change("member_removed", {"user_id": "8"})


async def test_of_several_connections_the_newest_info_counts_and_nobody_is_told(server: Running) -> None:
    async with server.socket() as alice, server.socket() as again, server.socket() as late:
        await join(alice, X, ANNA)
        await join(again, X, {"user_id": "1", "user_info": {"name": "Anne"}})
        await alice.hears_nothing()
        assert (await join(late, X, BEN))["hash"]["1"] == {"name": "Anne"}


async def test_row_32_changed_channel_data_is_refused(server: Running) -> None:
    async with server.socket() as alice:
        auth = channel_auth(alice.id, X, json.dumps(ANNA))
        told = await alice.subscribe(X, auth, channel_data=json.dumps(BEN))
        assert told["data"]["message"].startswith(
            f"Invalid signature: Expected HMAC SHA256 hex digest of {alice.id}:{X}:"
        )
        assert await alice.hear() == denied(X, told["data"]["message"], "AuthError", 401)


async def test_row_33_user_info_is_an_object_or_nothing(server: Running) -> None:
    text = "user_info supplied to presence subscription is invalid - if supplied it must be a type of hash"
    async with server.socket() as alice:
        assert await enters(alice, '{"user_id":"1","user_info":"str"}') == error(text)
        assert await alice.hear() == denied(X, text, "AuthError", 401)
        assert (await join(alice, X, {"user_id": "1", "user_info": None}))["hash"] == {"1": None}


async def test_row_34_a_full_channel_takes_connections_of_its_users_only() -> None:
    text = "The maximum members per presence channel limit was reached"
    async with serving() as server, AsyncExitStack() as stack:
        for each in range(100):
            await join(await stack.enter_async_context(server.socket()), X, {"user_id": str(each)})
        late = await stack.enter_async_context(server.socket())
        assert await enters(late, '{"user_id":"late"}') == error(text)
        assert await late.hear() == denied(X, text, "LimitReached", 4100)
        again = await stack.enter_async_context(server.socket())
        assert (await join(again, X, {"user_id": "1"}))["count"] == 100
        status, body = await server.get(f"/apps/3/channels/{X}", info="user_count,subscription_count")
        assert (status, json.loads(body)) == (
            200,
            {"occupied": True, "user_count": 100, "subscription_count": 101},
        )


@pytest.mark.parametrize(("size", "let_in"), [(1024, True), (1025, False)])
async def test_row_35_user_info_has_a_kilobyte(server: Running, size: int, let_in: bool) -> None:
    info = {"a": "x" * (size - 8)}
    assert len(json.dumps(info, separators=(",", ":"))) == size
    async with server.socket() as alice:
        data = json.dumps({"user_id": "1", "user_info": info}, separators=(",", ":"))
        told = await enters(alice, data)
        if let_in:
            assert json.loads(told["data"])["presence"]["hash"] == {"1": info}
        else:
            text = "user_info supplied to presence subscription has 1025 bytes, at most 1024 are allowed"
            assert told == error(text)
            assert await alice.hear() == denied(X, text, "LimitReached", 4301)


async def test_row_36_who_is_signed_in_enters_as_that_user(server: Running) -> None:
    async with server.socket() as alice:
        await sign_in(alice, {"id": "u1", "user_info": {"name": "Una"}})
        told = await enters(alice, None)
        snapshot = {"ids": ["u1"], "hash": {"u1": {"name": "Una"}}, "count": 1}
        assert json.loads(told["data"])["presence"] == snapshot
        await join(alice, "presence-y", ANNA)  # channel_data, where there is some, comes first
        status, body = await server.get("/apps/3/channels/presence-y/users")
        assert (status, json.loads(body)) == (200, {"users": [{"id": "1"}]})


async def test_row_37_who_is_not_signed_in_has_to_say_who_it_is(server: Running) -> None:
    async with server.socket() as alice:
        told = await enters(alice, None)
        text = f"channel_data is required to subscribe to {X}, unless the connection is signed in"
        assert told == error(text)
        assert await alice.hear() == denied(X, text, "AuthError", 401)


async def test_row_59_the_server_says_who_sent_a_client_event(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob, server.socket() as also_alice:
        await join(alice, X, ANNA)
        await join(also_alice, X, ANNA)
        await join(bob, X, BEN)
        for each in (alice, also_alice):
            await each.hear()
        await alice.say("client-x", {"a": 1}, channel=X, user_id="9")
        sent = {"event": "client-x", "channel": X, "data": '{"a":1}', "user_id": "1"}
        assert await bob.hear() == sent
        assert await also_alice.hear() == sent  # another connection of the sender's user hears it
        await alice.hears_nothing()


async def test_row_55_user_counts_of_presence_channels(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        await join(alice, X, ANNA)
        await join(bob, X, BEN)
        await bob.enter("a")
        status, body = await server.get("/apps/3/channels", filter_by_prefix="presence-", info="user_count")
        assert (status, json.loads(body)) == (200, {"channels": {X: {"user_count": 2}}})


async def test_row_57_users_are_told_once_and_of_presence_channels_only(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob, server.socket() as again:
        for socket, member in ((alice, ANNA), (bob, BEN), (again, BEN)):
            await join(socket, X, member)
        status, body = await server.get(f"/apps/3/channels/{X}/users")
        assert (status, json.loads(body)) == (200, {"users": [{"id": "1"}, {"id": "2"}]})
    assert await server.get("/apps/3/channels/presence-nobody/users") == (200, '{"users":[]}')
    assert await server.get("/apps/3/channels/a/users") == (
        400,
        "Users can only be retrieved for presence channels\n",
    )
    assert await server.get(f"/apps/3/channels/{X}/users", info="user_count") == (
        400,
        "The following query string parameters are extraneous: info\n",
    )


async def test_a_publication_answers_with_the_users_of_presence_channels() -> None:
    async with serving(make_app(subscription_counts=True)) as server, server.socket() as alice:
        await join(alice, X, ANNA)
        body = {"name": "e", "data": "1", "channels": [X, "a"], "info": "user_count,subscription_count"}
        status, text = await server.post("/apps/3/events", body)
        channels = {X: {"user_count": 1}, "a": {"subscription_count": 0}}
        assert (status, json.loads(text)) == (200, {"channels": channels})


async def test_nothing_is_left_when_everyone_has_gone(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        await join(alice, X, ANNA)
        await join(bob, X, BEN)
    assert await server.get(f"/apps/3/channels/{X}/users") == (200, '{"users":[]}')
    assert server.node.broker._members == {}  # type: ignore[attr-defined]
