"""The stock Python server library."""

import asyncio
import json
from typing import Any

import pusher
import pytest
from pusher.errors import PusherBadAuth, PusherBadRequest

from callers import Socket
from servers import APP_ID, KEY, SECRET, Running, make_app, serving

pytestmark = pytest.mark.peers


def library(server: Running, secret: str = SECRET) -> Any:
    return pusher.Pusher(app_id=APP_ID, key=KEY, secret=secret, ssl=False, host="127.0.0.1", port=server.port)


async def test_trigger_reaches_every_channel(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        await alice.enter("b=@,.;-_")
        data = {"text": "ü", "list": [1, 2.5, None]}
        assert await asyncio.to_thread(library(server).trigger, ["a", "b=@,.;-_"], "my-event", data) == {}
        heard = [await alice.hear() for _ in range(2)]
        assert [(each["channel"], json.loads(each["data"])) for each in heard] == [
            ("a", data),
            ("b=@,.;-_", data),
        ]


async def test_trigger_leaves_out_the_named_socket(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        for who in (alice, bob):
            await who.enter("a")
        await asyncio.to_thread(library(server).trigger, "a", "e", "text", alice.id)
        assert (await bob.hear())["data"] == "text"
        await alice.hears_nothing()


async def test_a_batch(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        batch = [{"channel": "a", "name": f"e{number}", "data": {"n": number}} for number in range(10)]
        assert await asyncio.to_thread(library(server).trigger_batch, batch) == {}
        assert [(await alice.hear())["event"] for _ in range(10)] == [f"e{number}" for number in range(10)]


async def test_it_authenticates_a_client_into_a_private_channel(server: Running) -> None:
    async with server.socket() as alice:
        auth = library(server).authenticate("private-a", alice.id)
        await alice.enter("private-a", auth["auth"])
        data = {"user_id": 10, "user_info": {"name": "Mr. Channels"}}
        auth = library(server).authenticate("private-b", alice.id, data)
        said = await alice.subscribe("private-b", auth["auth"], channel_data=auth.get("channel_data"))
        assert said["event"] == "pusher_internal:subscription_succeeded"


async def test_questions() -> None:
    async with serving(make_app(subscription_counts=True)) as server, server.socket() as alice:
        await alice.enter("a")
        await alice.enter("public-b")
        ask = library(server)
        assert await asyncio.to_thread(ask.channels_info) == {"channels": {"a": {}, "public-b": {}}}
        assert await asyncio.to_thread(ask.channels_info, "public-") == {"channels": {"public-b": {}}}
        assert await asyncio.to_thread(ask.channel_info, "a", ["subscription_count"]) == {
            "occupied": True,
            "subscription_count": 1,
        }
        assert await asyncio.to_thread(ask.channel_info, "nobody") == {"occupied": False}


async def test_mistakes_have_their_own_errors(server: Running) -> None:
    with pytest.raises(PusherBadAuth, match="Invalid signature"):
        await asyncio.to_thread(library(server, "another").trigger, "a", "e", "1")
    with pytest.raises(PusherBadRequest, match="user_count may only be requested for presence channels"):
        await asyncio.to_thread(library(server).channels_info, "", ["user_count"])


async def test_one_library_object_keeps_its_connection(server: Running) -> None:
    ask = library(server)

    async def heard(alice: Socket) -> list[str]:
        return [(await alice.hear())["data"] for _ in range(20)]

    def publish() -> None:
        for number in range(20):
            ask.trigger("a", "e", str(number))

    async with server.socket() as alice:
        await alice.enter("a")
        async with asyncio.TaskGroup() as tasks:
            hearing = tasks.create_task(heard(alice))
            tasks.create_task(asyncio.to_thread(publish))
        assert hearing.result() == [str(number) for number in range(20)]
