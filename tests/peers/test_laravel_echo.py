"""Stock Laravel Echo over stock pusher-js, with both of its broadcasters."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from programs import Program, running
from pusher_js import node
from servers import KEY, Running

pytestmark = [pytest.mark.peers, pytest.mark.usefixtures("node_packages")]

SCRIPT = str(Path(__file__).parent / "echo.mjs")
SHIPPED = "App\\Events\\OrderShipped"
NOTIFICATION = "Illuminate\\Notifications\\Events\\BroadcastNotificationCreated"


class Echo:
    """One page with Echo."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.next = program.next

    def order(self, order: str, **more: Any) -> None:
        self.program.tell(json.dumps({"order": order, **more}))

    async def open(self, kind: str, name: str, *events: str) -> None:
        """Subscribe, and wait until the server has confirmed."""
        self.order("open", kind=kind, name=name, events=events)
        await self.program.until(channel=name, subscribed=True)

    async def hears_nothing(self) -> None:
        self.order("ping")
        assert await self.next() == {"pong": True}


@asynccontextmanager
async def echo(server: Running, user: str = "anna", broadcaster: str = "pusher") -> AsyncIterator[Echo]:
    settings = {"key": KEY, "port": server.port, "user": user, "broadcaster": broadcaster}
    async with running(node(), SCRIPT, json.dumps(settings)) as program:
        assert (await program.next())["connected"]
        yield Echo(program)


@pytest.mark.parametrize("broadcaster", ["pusher", "reverb"])
async def test_listen_on_public_and_private_channels(server: Running, broadcaster: str) -> None:
    async with echo(server, broadcaster=broadcaster) as anna:
        await anna.open("channel", "orders", "OrderShipped", ".plain")
        await anna.open("private", "orders.1", "OrderShipped")
        for channel, name in (("orders", "orders"), ("private-orders.1", "orders.1")):
            await server.trigger(channel, SHIPPED, '{"id":7}')
            assert await anna.next() == {"channel": name, "event": "OrderShipped", "data": {"id": 7}}
        await server.trigger("orders", "plain", '"as it is"')
        assert await anna.next() == {"channel": "orders", "event": ".plain", "data": "as it is"}
        anna.order("stop", name="orders", event="OrderShipped")
        anna.order("all", name="orders")
        await anna.hears_nothing()  # so that the page has done both
        await server.trigger("orders", SHIPPED, '{"id":8}')
        assert await anna.next() == {"channel": "orders", "all": "OrderShipped", "data": {"id": 8}}


async def test_join_tells_who_is_here_who_joins_and_who_leaves(server: Running) -> None:
    async with echo(server, "anna") as anna:
        anna.order("open", kind="join", name="room")
        told = [await anna.next() for _ in range(2)]
        assert {"channel": "room", "here": [{"name": "Anna"}]} in told
        async with echo(server, "ben") as ben:
            await ben.open("join", "room")
            assert await anna.next() == {"channel": "room", "joining": {"name": "Ben"}}
            ben.order("whisper", name="room", data={"name": "Ben"})
            assert await anna.next() == {"channel": "room", "event": "whisper", "data": {"name": "Ben"}}
        assert await anna.next() == {"channel": "room", "leaving": {"name": "Ben"}}


async def test_whisper_reaches_the_others_only(server: Running) -> None:
    async with echo(server, "anna") as anna, echo(server, "ben") as ben:
        for who in (anna, ben):
            await who.open("private", "chat")
        anna.order("whisper", name="chat", data={"typing": True})
        assert await ben.next() == {"channel": "chat", "event": "whisper", "data": {"typing": True}}
        await anna.hears_nothing()


async def test_a_notification_comes_on_the_users_private_channel(server: Running) -> None:
    async with echo(server) as anna:
        await anna.open("private", "App.Models.User.1")
        await server.trigger("private-App.Models.User.1", NOTIFICATION, '{"type":"invoice"}')
        told = {"channel": "App.Models.User.1", "event": "notification", "data": {"type": "invoice"}}
        assert await anna.next() == told


async def test_leave_ends_every_form_of_a_channel(server: Running) -> None:
    async with echo(server) as anna:
        await anna.open("channel", "news", ".e")
        await anna.open("private", "news", ".e")
        anna.order("leave", name="news")
        await anna.hears_nothing()
        for channel in ("news", "private-news"):
            await server.trigger(channel, "e", "1")
        await anna.hears_nothing()
