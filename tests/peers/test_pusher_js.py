"""Stock pusher-js in Node: everything that a page does with a connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from callers import until
from manual_clock import ManualClock
from programs import Program, running
from pusher_js import node
from servers import KEY, SECRET, Running, serving
from toolboxai.close_codes import CloseCode

pytestmark = [pytest.mark.peers, pytest.mark.usefixtures("node_packages")]

PAGE = str(Path(__file__).parent / "page.mjs")


class Page:
    """A page with one pusher-js."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def order(self, order: str, **more: Any) -> None:
        self.program.tell(json.dumps({"order": order, **more}))

    async def hears(self, channel: str) -> tuple[str, Any]:
        """The next event on a channel; no other line may come before it."""
        said = await self.program.next()
        assert said.get("channel") == channel, said
        return said["event"], said["data"]

    async def enter(self, channel: str) -> None:
        self.order("subscribe", channel=channel)
        assert await self.hears(channel) == ("pusher:subscription_succeeded", {})


@asynccontextmanager
async def page(
    server: Running, *, key: str = KEY, secret: str = SECRET, **options: Any
) -> AsyncIterator[Page]:
    settings = {"key": key, "secret": secret, "options": {"wsPort": server.port, **options}}
    async with running(node(), PAGE, json.dumps(settings)) as program:
        yield Page(program)


@asynccontextmanager
async def connected(server: Running, **options: Any) -> AsyncIterator[Page]:
    async with page(server, **options) as alice:
        await alice.program.until(state="connected")
        yield alice


async def test_a_page_connects_subscribes_and_hears(server: Running) -> None:
    async with connected(server) as alice:
        await alice.enter("news")
        await alice.enter("private-news")
        await server.trigger("news", "App\\Events\\Shipped", '{"a":[1,"ü"]}')
        assert await alice.hears("news") == ("App\\Events\\Shipped", {"a": [1, "ü"]})
        await server.trigger("private-news", "plain", "no json")
        assert await alice.hears("private-news") == ("plain", "no json")


async def test_a_page_that_signs_wrongly_is_told_on_its_channel(server: Running) -> None:
    async with connected(server, secret="not the secret") as alice:
        alice.order("subscribe", channel="private-news")
        error = (await alice.program.next())["error"]["data"]
        event, data = await alice.hears("private-news")
        assert event == "pusher:subscription_error"
        assert (data["type"], data["status"]) == ("AuthError", 401)
        assert error == {"code": None, "message": data["error"]}
        await alice.enter("news")  # and the connection is as good as before


async def test_two_pages_whisper_to_each_other(server: Running) -> None:
    async with connected(server) as alice, connected(server) as bob:
        for who in (alice, bob):
            await who.enter("private-chat")
        for number in range(3):
            alice.order("trigger", channel="private-chat", event="client-typing", data={"number": number})
            assert await bob.hears("private-chat") == ("client-typing", {"number": number})
        bob.order("trigger", channel="private-chat", event="client-read", data="all")
        assert await alice.hears("private-chat") == ("client-read", "all")  # and never her own


async def test_the_publishing_page_can_be_left_out(server: Running) -> None:
    async with page(server) as alice, connected(server) as bob:
        socket_id = (await alice.program.until(state="connected"))["socket_id"]
        for who in (alice, bob):
            await who.enter("news")
        await server.trigger("news", "e", "1", socket_id=socket_id)
        await server.trigger("news", "e", "2")
        assert [await bob.hears("news") for _ in range(2)] == [("e", 1), ("e", 2)]
        assert await alice.hears("news") == ("e", 2)


async def test_after_unsubscribe_a_page_hears_nothing_of_the_channel(server: Running) -> None:
    async with connected(server) as alice:
        await alice.enter("a")
        await alice.enter("b")
        alice.order("unsubscribe", channel="a")
        alice.order("ping")
        assert await alice.program.next() == {"pong": True}
        assert server.node.hub(next(iter(server.node.apps))).subscribers("a") == 0
        await server.trigger("a", "e", "1")
        await server.trigger("b", "e", "2")
        assert await alice.hears("b") == ("e", 2)


async def test_a_page_that_hears_nothing_asks_and_is_answered(server: Running) -> None:
    async with connected(server, activityTimeout=100, pongTimeout=5000) as alice:
        assert [await alice.program.next() for _ in range(3)] == [
            {"pong": True}
        ] * 3  # each ping is its own idea


async def test_a_page_answers_when_the_server_asks(clock: ManualClock) -> None:
    async with serving(clock=clock) as server, connected(server) as alice:
        (pump,) = server.server._acceptor.pumps
        for _ in range(3):
            clock.advance(121)
            pump.check_silence()
            await until(lambda: pump.session.heard_at == clock.monotonic())
        clock.advance(100)
        pump.check_silence()
        await alice.enter("a")


async def test_4001_ends_it_for_good(server: Running) -> None:
    async with page(server, key="NOPE") as alice:
        told = await alice.program.until(state="disconnected")
        assert told["from"] == "connecting"
        assert alice.program.said[0]["error"]["error"]["data"]["code"] == 4001
        alice.order("intents")
        assert await alice.program.next() == {"state": "disconnected", "retries": False}
    assert server.metrics.connections_refused_total == 1


@pytest.mark.parametrize(
    ("code", "at_least_s", "at_most_s"),
    [
        pytest.param(CloseCode.RECONNECT_NOW, 0.0, 0.7, id="4200-at-once"),
        pytest.param(CloseCode.OVER_CAPACITY, 0.9, 3.0, id="4100-after-a-second"),
        pytest.param(CloseCode.PONG_NOT_RECEIVED, 0.0, 0.7, id="4201-at-once"),
    ],
)
async def test_a_page_comes_back_and_is_in_its_channels_again(
    server: Running, code: CloseCode, at_least_s: float, at_most_s: float
) -> None:
    loop = asyncio.get_running_loop()
    async with connected(server) as alice:
        await alice.enter("news")
        before = next(said for said in alice.program.said if said.get("state") == "connected")
        (pump,) = server.server._acceptor.pumps
        pump.close(code, "for the test")
        closed_at = loop.time()
        back = await alice.program.until(state="connected")
        assert at_least_s <= loop.time() - closed_at <= at_most_s
        assert back["socket_id"] != before["socket_id"]
        assert await alice.hears("news") == ("pusher:subscription_succeeded", {})
        await server.trigger("news", "e", "1")
        assert await alice.hears("news") == ("e", 1)


async def test_a_page_that_leaves_is_gone(server: Running) -> None:
    async with connected(server) as alice:
        await alice.enter("news")
        alice.order("disconnect")
        await alice.program.until(state="disconnected")
        await until(lambda: server.metrics.connections == 0)


async def test_what_is_kept_reaches_a_page_that_comes_late(server: Running) -> None:
    for number in range(3):
        await server.trigger("content-generation-1", "stage", str(number))
    async with connected(server) as alice:
        await alice.enter("content-generation-1")
        assert [await alice.hears("content-generation-1") for _ in range(3)] == [
            ("stage", n) for n in range(3)
        ]
