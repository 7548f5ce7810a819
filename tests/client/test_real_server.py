"""The client and our own server, over real sockets."""

import asyncio
from collections.abc import Awaitable, Callable

import pusher
import pytest

from toolboxai.app import running
from toolboxai.client import (
    Channel,
    ChannelsClient,
    ConnectionRefused,
    Member,
    SubscriptionDenied,
    connect,
)
from toolboxai.config import Purpose, Settings, load_settings
from toolboxai.protocol.signing import sign_channel

PRIVATE = "private-room"


def settings(port: int = 0) -> Settings:
    environ = {"PUSHER_APP_ID": "3", "PUSHER_KEY": "key", "PUSHER_SECRET": "secret", "TOOLBOXAI_DRAIN_S": "0"}
    return load_settings(environ, overrides={"server.port": port}, purpose=Purpose.CHANNELS_ONLY)


def sign(channel: str, socket_id: str) -> str:
    return f"key:{sign_channel('secret', socket_id, channel)}"


async def next_data(channel: Channel) -> object:
    async with asyncio.timeout(5):
        async for event in channel:
            return event.data
    raise AssertionError("the channel ended")


async def pair(url: str, work: Callable[[ChannelsClient, ChannelsClient], Awaitable[None]]) -> None:
    async with connect(url, "key", signer=sign) as alice, connect(url, "key", signer=sign) as bob:
        await work(alice, bob)


async def test_a_client_event_reaches_the_others_and_not_its_sender() -> None:
    async def work(alice: ChannelsClient, bob: ChannelsClient) -> None:
        hers, his = await alice.subscribe(PRIVATE), await bob.subscribe(PRIVATE)
        hers.trigger("client-hello", {"n": 1})
        assert await next_data(his) == {"n": 1}
        his.trigger("client-hello", {"n": 2})
        assert await next_data(hers) == {"n": 2}

    async with running(settings(), channels_only=True) as server:
        await pair(server.url, work)


async def test_a_presence_channel_with_the_stock_librarys_signature_at_a_server_without_an_application() -> (
    None
):
    """As it is at hosted Pusher, and at soketi: there is a socket, and nothing of ours beside it."""
    async with running(settings(), channels_only=True) as server:
        host, port = server.url.removeprefix("http://").split(":")
        library = pusher.Pusher("3", "key", "secret", host=host, port=int(port), ssl=False)

        def signer(user: str) -> Callable[[str, str], dict[str, str]]:
            return lambda channel, socket_id: dict(
                library.authenticate(
                    channel, socket_id, {"user_id": user, "user_info": {"name": user.title()}}
                )
            )

        told: list[str] = []
        async with connect(server.url, "key", signer=signer("jane"), on_error=told.append) as jane:
            hers = await jane.subscribe("presence-room")
            reader = aiter(hers)
            async with connect(server.url, "key", signer=signer("john")) as john:
                his = await john.subscribe("presence-room")
                assert (await anext(reader)).name == "pusher:member_added"
                assert hers.members == [Member("jane", {"name": "Jane"}), Member("john", {"name": "John"})]
                assert his.me == Member("john", {"name": "John"})
                his.trigger("client-hello", 1)
                event = await anext(reader)
                assert (event.data, event.user_id) == (1, "john")
            assert (await anext(reader)).name == "pusher:member_removed"
            assert [member.id for member in hers.members] == ["jane"]
        assert told == []


async def test_a_burst_stays_below_the_servers_limit() -> None:
    told: list[str] = []
    async with running(settings(), channels_only=True) as server:
        async with (
            connect(server.url, "key", signer=sign, on_error=told.append) as alice,
            connect(server.url, "key", signer=sign) as bob,
        ):
            hers, his = await alice.subscribe(PRIVATE), await bob.subscribe(PRIVATE)
            for number in range(12):
                hers.trigger("client-n", number)
            reader = aiter(his)
            async with asyncio.timeout(10):
                assert [(await anext(reader)).data for _ in range(12)] == list(range(12))
        assert told == []


async def test_a_restarted_server_finds_its_client_back() -> None:
    async with running(settings(), channels_only=True) as server:
        port = int(server.url.rsplit(":", 1)[1])
        running_again = asyncio.Event()

        async def pause(_seconds: float) -> None:
            await running_again.wait()

        stack = connect(server.url, "key", signer=sign, sleep=pause)
        client = await stack.__aenter__()
        channel = await client.subscribe(PRIVATE)
    async with (
        running(settings(port), channels_only=True) as server,
        connect(server.url, "key", signer=sign) as bob,
    ):
        running_again.set()
        other = await bob.subscribe(PRIVATE)
        answer = asyncio.create_task(next_data(channel))
        while not answer.done():  # until the first client is back, its room has one member
            other.trigger("client-again", "hello")
            await asyncio.wait((answer,), timeout=0.2)
        assert await answer == "hello"
        await stack.__aexit__(None, None, None)


async def test_a_wrong_signature_is_denied_in_the_servers_words() -> None:
    async with (
        running(settings(), channels_only=True) as server,
        connect(server.url, "key", signer=lambda _channel, _socket: "key:" + "0" * 64) as client,
    ):
        with pytest.raises(SubscriptionDenied, match="Invalid signature") as denied:
            await client.subscribe(PRIVATE)
        assert denied.value.status == 401


async def test_an_unknown_key_is_refused() -> None:
    async with running(settings(), channels_only=True) as server:
        with pytest.raises(ConnectionRefused) as refused:
            async with connect(server.url, "another"):
                pass
        assert refused.value.code == 4001
