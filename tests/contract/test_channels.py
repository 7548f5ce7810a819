"""Subscribing, unsubscribing and client events, row by row of the conformance table, over real sockets."""

import pytest

from callers import denied, error, succeeded
from servers import HandClock, Running, channel_auth, digest, make_app, serving


async def test_row_16_a_public_channel_lets_in_whoever_asks(server: Running) -> None:
    async with server.socket() as alice:
        assert await alice.subscribe("a") == succeeded("a")


async def test_row_17_a_second_subscribe_is_named(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        assert await alice.subscribe("a") == error("Existing subscription to channel a")


async def test_row_18_after_unsubscribe_nothing_comes(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        await alice.say("pusher:unsubscribe", {"channel": "a"})
        await alice.hears_nothing()
        await server.trigger("a", "e", "1")
        await alice.hears_nothing()


async def test_row_19_unsubscribe_of_what_was_never_subscribed(server: Running) -> None:
    async with server.socket() as alice:
        said = "No current subscription to channel b, or subscription in progress"
        assert await alice.ask("pusher:unsubscribe", {"channel": "b"}) == error(said)


async def test_row_20_a_bad_name_is_refused_twice_over(server: Running) -> None:
    async with server.socket() as alice:
        first = await alice.subscribe("bad name!")
        text = first["data"]["message"]
        assert first == error(text)
        assert "' ' at 3" in text
        assert await alice.hear() == denied("bad name!", text, "InvalidChannel", 4009)
        assert (await server.get("/apps/3/channels")) == (200, '{"channels":{}}')


async def test_row_21_a_name_of_201_characters_comes_back_whole(server: Running) -> None:
    name = "a" * 201
    async with server.socket() as alice:
        text = (await alice.subscribe(name))["data"]["message"]
        assert await alice.hear() == denied(name, text, "LimitReached", 4009)
        await alice.enter("a" * 200)


async def test_row_22_a_private_channel_lets_in_its_signature(server: Running) -> None:
    async with server.socket() as alice:
        assert await alice.subscribe("private-x", channel_auth(alice.id, "private-x")) == succeeded(
            "private-x"
        )


async def test_a_private_channel_counts_channel_data_into_the_signature(server: Running) -> None:
    data = '{"user_id": 10}'
    async with server.socket() as alice:
        auth = channel_auth(alice.id, "private-x", data)
        assert await alice.subscribe("private-x", auth, channel_data=data) == succeeded("private-x")
        auth = channel_auth(alice.id, "private-y")
        assert (await alice.subscribe("private-y", auth, channel_data=data))["event"] == "pusher:error"


async def test_row_23_a_signature_made_for_another_socket_is_refused(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        first = await alice.subscribe("private-x", channel_auth(bob.id, "private-x"))
        text = first["data"]["message"]
        assert first == error(text)
        assert text.startswith("Invalid signature: Expected HMAC SHA256 hex digest of ")
        assert f"{alice.id}:private-x" in text
        assert await alice.hear() == denied("private-x", text, "AuthError", 401)


BAD_AUTH = [
    pytest.param("OTHER:sig", "Invalid key in subscription auth data: 'OTHER'", id="row-24"),
    pytest.param(
        "nosig",
        "Auth value for subscription to private-x is invalid: should be of format 'key:signature'",
        id="row-25",
    ),
    pytest.param("", "Auth info required to subscribe to private-x", id="none"),
]


@pytest.mark.parametrize(("auth", "text"), BAD_AUTH)
async def test_an_auth_value_that_cannot_hold(server: Running, auth: str, text: str) -> None:
    async with server.socket() as alice:
        assert await alice.subscribe("private-x", auth) == error(text)
        assert await alice.hear() == denied("private-x", text, "AuthError", 401)
        await alice.enter("private-x", channel_auth(alice.id, "private-x"))  # and the connection lives


async def test_a_signature_of_one_wrong_digit_is_refused(server: Running) -> None:
    async with server.socket() as alice:
        good = channel_auth(alice.id, "private-x")
        bad = good[:-1] + ("0" if good[-1] != "0" else "1")
        assert (await alice.subscribe("private-x", bad))["event"] == "pusher:error"


# ---- client events --------------------------------------------------------------------------------------------


async def test_row_58_a_client_event_reaches_everyone_but_its_sender(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        for who in (alice, bob):
            await who.enter("private-c", channel_auth(who.id, "private-c"))
        await alice.say("client-x", {"t": 1}, channel="private-c", user_id="9")
        assert await bob.hear() == {"event": "client-x", "channel": "private-c", "data": '{"t":1}'}
        await alice.say("client-x", "as it is", channel="private-c")
        assert (await bob.hear())["data"] == "as it is"
        await alice.hears_nothing()
    assert server.metrics.client_events_total == 2


async def test_row_60_client_events_need_a_private_channel_and_a_subscription(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        said = await alice.ask("client-x", {}, channel="a")
        assert said == error("Client event rejected - only supported on private and presence channels")
        said = await alice.ask("client-x", {}, channel="private-z")
        text = "Cannot broadcast client event (connection not subscribed to channel private-z)"
        assert said == error(text)


async def test_row_61_the_eleventh_client_event_of_a_second_is_dropped(clock: HandClock) -> None:
    async with serving(clock=clock) as server, server.socket() as alice, server.socket() as bob:
        for who in (alice, bob):
            await who.enter("private-c", channel_auth(who.id, "private-c"))
        for number in range(11):
            await alice.say("client-x", number, channel="private-c")
        assert await alice.hear() == error("Client event rejected due to rate limit", 4301)
        assert [(await bob.hear())["data"] for _ in range(10)] == [str(number) for number in range(10)]
        await bob.hears_nothing()
        clock.advance(0.9)
        assert await alice.ask("client-x", "early", channel="private-c") == error(
            "Client event rejected due to rate limit", 4301
        )
        clock.advance(0.1)
        await alice.say("client-x", "later", channel="private-c")
        assert (await bob.hear())["data"] == "later"
        await alice.hears_nothing()


async def test_row_62_an_app_may_do_without_client_events() -> None:
    async with serving(make_app(client_events=False)) as server, server.socket() as alice:
        await alice.enter("private-c", channel_auth(alice.id, "private-c"))
        text = "To send client events, you must enable this feature in the Settings page of your dashboard."
        assert await alice.ask("client-x", {}, channel="private-c") == error(text)


async def test_a_client_event_over_the_limit_of_bytes_is_named(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("private-c", channel_auth(alice.id, "private-c"))
        said = await alice.ask("client-x", "é" * 5121, channel="private-c")
        assert said["data"]["message"].startswith(
            "The data content of this event exceeds the allowed maximum"
        )
        await alice.say("client-x", "é" * 5120, channel="private-c")
        await alice.hears_nothing()


async def test_an_event_of_no_known_kind_is_named(server: Running) -> None:
    async with server.socket() as alice:
        text = "Client event rejected - client events must be prefixed by 'client-'"
        assert await alice.ask("hello", {}, channel="a") == error(text)
        assert await alice.ask("pusher_internal:member_added", {}, channel="a") == error(text)


async def test_what_is_kept_comes_right_behind_the_subscription(server: Running) -> None:
    """Channels with a history rule: late subscribers see what they missed, in order, then live events."""
    channel = "private-content-generation-1"
    for number in range(3):
        await server.trigger(channel, "stage", str(number))
    async with server.socket() as late:
        await late.enter(channel, f"{channel_auth(late.id, channel)}")
        await server.trigger(channel, "stage", "3")
        heard = [(await late.hear())["data"] for _ in range(4)]
    assert heard == ["0", "1", "2", "3"]


def test_the_helper_signs_like_the_known_answer() -> None:
    vector = "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
    assert digest("1234.1234:private-foobar") == vector
