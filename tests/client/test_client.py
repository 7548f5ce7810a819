"""The client over real sockets: it comes back, authorises anew, loses nothing, and ends when told."""

import asyncio
import gc
import json
import weakref
from collections.abc import AsyncGenerator, Iterator

import pytest
from starlette.responses import JSONResponse

from scripted_server import Peer, ScriptedServer
from toolboxai.client import (
    Channel,
    ChannelsClient,
    ConnectionClosed,
    ConnectionRefused,
    ConnectionState,
    GaveUp,
    SubscriptionDenied,
    Unreachable,
    connect,
)

PRIVATE = "private-lesson"


class Pauses:
    """Waits for nothing, and remembers for how long it was asked to."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


async def read(channel: Channel, count: int) -> list[object]:
    """The next events of a new reader, by number or data."""
    events: list[object] = []
    async with asyncio.timeout(5):
        async for event in channel:
            events.append(event.seq or event.data)
            if len(events) == count:
                break
    return events


async def test_it_subscribes_and_iterates_typed_events(server: ScriptedServer) -> None:
    async with connect(server.url, "key") as client:
        peer = await server.peer()
        subscribing = asyncio.create_task(client.subscribe("news"))
        await peer.confirm()
        channel = await subscribing
        await peer.publish("news", 1)
        async for event in channel:
            assert (event.name, event.channel, event.seq) == ("step", "news", 1)
            assert event.data["type"] == "step"
            break
        assert client.socket_id == peer.socket_id


async def subscribed(
    client: ChannelsClient, peer: Peer, name: str = PRIVATE, *, since: int | None = None
) -> Channel:
    subscribing = asyncio.create_task(client.subscribe(name, since=since))
    await peer.confirm()
    return await subscribing


async def test_each_reader_gets_every_event_from_when_it_begins(server: ScriptedServer) -> None:
    async with connect(server.url, "key") as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, "news")
        await peer.publish("news", 1)
        first = aiter(channel)
        assert (await anext(first)).seq == 1
        second = aiter(channel)
        await peer.publish("news", 2)
        assert (await anext(first)).seq == 2
        assert (await anext(second)).seq == 2


async def test_each_subscription_is_signed_with_a_fresh_token(server: ScriptedServer, pauses: Pauses) -> None:
    tokens = iter(["first", "second"])

    async def provider() -> str:
        return next(tokens)

    async with connect(server.url, "key", token_provider=provider, sleep=pauses) as client:
        peer = await server.peer()
        subscribing = asyncio.create_task(client.subscribe(PRIVATE))
        assert (await peer.confirm())["data"]["auth"] == f"key:for-1.1-{PRIVATE}"
        await subscribing
        await peer.socket.close(4100, "over capacity")
        peer = await server.peer()
        assert (await peer.confirm())["data"]["auth"] == f"key:for-2.1-{PRIVATE}"
        assert server.tokens == ["Bearer first", "Bearer second"]


async def test_after_a_loss_the_missed_events_are_shown_once_and_in_order(
    server: ScriptedServer, pauses: Pauses
) -> None:
    async with connect(server.url, "key", token="t", sleep=pauses) as client:
        peer = await server.peer()
        channel = await subscribed(client, peer)
        await peer.publish(PRIVATE, 1)
        await peer.publish(PRIVATE, 2)
        assert await read(channel, 2) == [1, 2]
        reader = aiter(channel)
        server.history = [{"type": "step", "data": {}, "timestamp": "t", "seq": seq} for seq in range(1, 8)]
        await peer.socket.close(1011)
        peer = await server.peer()
        await peer.confirm()
        await peer.publish(PRIVATE, 7)
        await peer.publish(PRIVATE, 8)
        assert [(await anext(reader)).seq for _ in range(6)] == [3, 4, 5, 6, 7, 8]
        assert server.history_asked == [(PRIVATE, 2), (PRIVATE, 4), (PRIVATE, 6)]
        assert len(pauses.asked) == 1
        assert 0.5 <= pauses.asked[0] < 1.5


async def test_latecomers_get_what_is_kept(server: ScriptedServer) -> None:
    server.history = [{"type": "step", "data": {}, "timestamp": "t", "seq": seq} for seq in (1, 2)]
    async with connect(server.url, "key") as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, "news", since=0)
        await peer.publish("news", 3)
        assert await read(channel, 3) == [1, 2, 3]


async def test_without_history_the_live_events_go_on_and_the_gap_is_told(
    server: ScriptedServer, pauses: Pauses
) -> None:
    told: list[str] = []
    async with connect(server.url, "key", sleep=pauses, on_error=told.append) as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, "news")
        await peer.publish("news", 1)
        await peer.publish("news", 4)
        assert await read(channel, 2) == [1, 4]
        assert told == ["news: events 2 to 3 could not be had"]


async def test_client_events_leave_in_order_also_those_of_a_time_without_connection(
    server: ScriptedServer,
) -> None:
    allowed = asyncio.Event()

    async def pause(_seconds: float) -> None:
        await allowed.wait()

    lost = asyncio.Event()

    def state(now: ConnectionState, _text: str) -> None:
        if now is ConnectionState.WAITING:
            lost.set()

    async with connect(server.url, "key", sleep=pause, on_state=state) as client:
        peer = await server.peer()
        channel = await subscribed(client, peer)
        channel.trigger("client-typing", {"n": 1})
        assert (await peer.hear())["data"] == {"n": 1}
        await peer.socket.close(4200)
        await lost.wait()
        channel.trigger("client-typing", {"n": 2})
        channel.trigger("client-typing", {"n": 3})
        allowed.set()
        peer = await server.peer()
        await peer.confirm()
        assert [(await peer.hear())["data"] for _ in range(2)] == [{"n": 2}, {"n": 3}]


async def test_an_auth_endpoint_that_cannot_answer_is_asked_again_when_it_says(
    server: ScriptedServer, pauses: Pauses
) -> None:
    server.auth_answers = [
        JSONResponse({"error_code": "RATE_LIMIT_EXCEEDED", "message": "slow"}, 429, {"Retry-After": "17"}),
        JSONResponse({}, 503),
    ]
    async with connect(server.url, "key", token="t", sleep=pauses) as client:
        await subscribed(client, await server.peer())
    assert pauses.asked[0] == 17
    assert len(pauses.asked) == 2


async def test_a_denied_channel_raises_with_the_reason_and_the_status(server: ScriptedServer) -> None:
    server.auth_answers = [JSONResponse({"error_code": "X", "message": "not your session"}, 403)]
    async with connect(server.url, "key", token="t") as client:
        with pytest.raises(SubscriptionDenied, match="not your session") as denied:
            await client.subscribe(PRIVATE)
        assert denied.value.status == 403


async def test_a_channel_denied_after_a_reconnect_ends_its_readers(
    server: ScriptedServer, pauses: Pauses
) -> None:
    async with connect(server.url, "key", token="t", sleep=pauses) as client:
        peer = await server.peer()
        channel = await subscribed(client, peer)
        server.auth_answers = [JSONResponse({"message": "revoked"}, 401)]
        await peer.socket.close(1012)
        with pytest.raises(SubscriptionDenied, match="revoked"):
            await read(channel, 1)


async def test_a_refused_key_raises_at_once_and_is_not_tried_again(
    server: ScriptedServer, pauses: Pauses
) -> None:
    server.greeting = ("pusher:error", {"code": 4001, "message": "App key key not in this cluster"})
    connecting = asyncio.create_task(anext(connected_to(server, pauses)))
    peer = await server.peer()
    await peer.socket.close(4001)
    with pytest.raises(ConnectionRefused, match="not in this cluster") as refused:
        await connecting
    assert refused.value.code == 4001
    assert pauses.asked == []


async def connected_to(server: ScriptedServer, pauses: Pauses) -> AsyncGenerator[ChannelsClient, None]:
    async with connect(server.url, "key", sleep=pauses) as client:
        yield client


async def test_an_address_where_nobody_answers_is_told(unused_tcp_port_url: str) -> None:
    with pytest.raises(Unreachable, match="no connection to ws://"):
        async with connect(unused_tcp_port_url, "key"):
            pass


@pytest.fixture
def unused_tcp_port_url() -> Iterator[str]:
    import socket

    with socket.socket() as held:  # bound and not listening: whoever connects is refused
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


async def test_after_so_many_attempts_it_gives_up_and_says_so_once(
    server: ScriptedServer, pauses: Pauses
) -> None:
    ends: list[object] = []
    async with connect(server.url, "key", sleep=pauses, on_give_up=ends.append, max_attempts=3) as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, "news")
        server.greeting = ("pusher:error", {"code": 4100, "message": "Over capacity"})
        await peer.socket.close(4100)
        for _ in range(3):
            await (await server.peer()).socket.close(4100)
        with pytest.raises(GaveUp, match="3 attempts"):
            await read(channel, 1)
        with pytest.raises(GaveUp):
            await client.subscribe("other")
    assert len(ends) == 1
    assert [round(seconds) for seconds in pauses.asked] == pytest.approx([1, 2, 4], abs=2)


async def test_a_close_that_forbids_coming_back_ends_the_readers(server: ScriptedServer) -> None:
    async with connect(server.url, "key") as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, "news")
        await peer.socket.close(4009, "Connection is unauthorized")
        with pytest.raises(ConnectionRefused, match="unauthorized"):
            await read(channel, 1)


async def test_closing_ends_the_readers_and_does_not_come_back(server: ScriptedServer) -> None:
    async with connect(server.url, "key") as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, "news")
        reading = asyncio.create_task(read(channel, 1))
        await client.close()
        assert await reading == []
    assert client.state is ConnectionState.CLOSED
    assert await peer.heard.get() is None
    assert server.peers.empty()
    with pytest.raises(ConnectionClosed):
        await client.subscribe("news")


async def test_closing_in_a_pause_between_attempts_ends_at_once(server: ScriptedServer) -> None:
    waiting = asyncio.Event()

    async def for_ever(_seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    async with connect(server.url, "key", sleep=for_ever):
        await (await server.peer()).socket.close(1011)
        await waiting.wait()


async def test_leaving_a_channel_ends_its_readers_after_what_they_have(server: ScriptedServer) -> None:
    async with connect(server.url, "key") as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, "news")
        reader = aiter(channel)
        await peer.publish("news", 1)
        assert (await anext(reader)).seq == 1
        channel.unsubscribe()
        assert (await peer.hear())["event"] == "pusher:unsubscribe"
        with pytest.raises(StopAsyncIteration):
            await anext(reader)


async def test_a_reader_that_was_left_gathers_no_more_events(server: ScriptedServer) -> None:
    async with connect(server.url, "key") as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, "news")
        await peer.publish("news", 1)
        reader = aiter(channel)
        assert (await anext(reader)).seq == 1
        left = weakref.ref(reader)
        del reader
        gc.collect()
        assert left() is None


async def test_closing_while_a_subscription_waits_for_its_confirmation_is_told(
    server: ScriptedServer,
) -> None:
    async with connect(server.url, "key") as client:
        peer = await server.peer()
        subscribing = asyncio.create_task(client.subscribe("news"))
        await peer.hear()
        await client.close()
        with pytest.raises(ConnectionClosed):
            await subscribing


async def test_a_token_that_cannot_be_had_is_asked_for_again_and_then_denies_the_channel(
    server: ScriptedServer, pauses: Pauses
) -> None:
    def provider() -> str:
        raise OSError("the token service is away")

    async with connect(server.url, "key", token_provider=provider, sleep=pauses, max_attempts=2) as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, "news")
        with pytest.raises(SubscriptionDenied, match="OSError: the token service is away"):
            await client.subscribe(PRIVATE)
        await peer.publish("news", 1)
        assert await read(channel, 1) == [1]
    assert len(pauses.asked) == 2


async def test_an_error_of_the_users_own_passes_through_as_it_is(server: ScriptedServer) -> None:
    async def work() -> None:
        async with connect(server.url, "key"):
            await server.peer()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()


async def test_debug_tells_open_message_error_and_close_without_tokens(server: ScriptedServer) -> None:
    lines: list[str] = []
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    async with connect(server.url, "key", token=token, debug=lines.append) as client:
        peer = await server.peer()
        await subscribed(client, peer)
        await peer.say("pusher:error", {"code": None, "message": "Existing subscription"})
        await peer.say("step", json.dumps({"token": token}), PRIVATE)
        await peer.say("pusher:ping", {})
        assert (await peer.hear())["event"] == "pusher:pong"
    said = "\n".join(lines)
    assert lines[0] == "open"
    assert lines[-1].startswith("close: 1000")
    assert "message: " in said
    assert "error: None Existing subscription" in said
    assert "for-1.1" not in said
    assert token not in said
    assert '"auth":"********"' in said


@pytest.mark.parametrize("url", ["127.0.0.1:8009", "ftp://host", "http://"])
async def test_an_address_that_is_none_is_refused_with_how_to_write_it(url: str) -> None:
    with pytest.raises(ValueError, match="http://HOST:PORT"):
        async with connect(url, "key"):
            pass
