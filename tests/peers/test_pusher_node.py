"""The stock Node server library."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from programs import Program, running
from pusher_js import node
from servers import APP_ID, KEY, SECRET, Running

pytestmark = [pytest.mark.peers, pytest.mark.usefixtures("node_packages")]

SCRIPT = str(Path(__file__).parent / "publisher.mjs")


@asynccontextmanager
async def library(server: Running, **more: Any) -> AsyncIterator[Program]:
    settings = {"appId": APP_ID, "key": KEY, "secret": SECRET, "useTLS": False}
    where = {"host": "127.0.0.1", "port": server.port}
    async with running(node(), SCRIPT, json.dumps(settings | where | more)) as program:
        yield program


async def calls(program: Program, call: str, *params: Any) -> tuple[int, Any]:
    program.tell(json.dumps({"call": call, "params": params}))
    said = await program.next()
    return said["status"], said["body"]


async def test_its_calls_are_accepted_and_heard(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob, library(server) as pusher:
        for who in (alice, bob):
            await who.enter("news")
        assert await calls(pusher, "trigger", "news", "e", {"a": "ü"}) == (200, "{}")
        assert json.loads((await alice.hear())["data"]) == {"a": "ü"}
        assert (await bob.hear())["event"] == "e"
        assert await calls(pusher, "trigger", ["news", "other"], "f", "1", {"socket_id": bob.id}) == (
            200,
            "{}",
        )
        assert (await alice.hear())["event"] == "f"
        await bob.hears_nothing()
        batch = [{"channel": "news", "name": f"b{number}", "data": {"n": number}} for number in range(10)]
        assert await calls(pusher, "triggerBatch", batch) == (200, "{}")
        assert [(await alice.hear())["event"] for _ in range(10)] == [f"b{number}" for number in range(10)]


async def test_its_questions_are_answered(server: Running) -> None:
    async with server.socket() as alice, library(server) as pusher:
        await alice.enter("news")
        asked = {"path": "/channels", "params": {"filter_by_prefix": "new"}}
        assert await calls(pusher, "get", asked) == (200, '{"channels":{"news":{}}}')
        asked = {"path": "/channels/news", "params": {"info": "subscription_count"}}
        status, body = await calls(pusher, "get", asked)
        assert (status, json.loads(body)) == (200, {"occupied": True, "subscription_count": 1})


async def test_its_mistakes_are_told(server: Running) -> None:
    async with library(server) as pusher:
        status, body = await calls(pusher, "trigger", "news", "e", "x" * 10_300)
        assert (status, body[:36]) == (413, "The data content of this event excee")
    async with library(server, secret="another") as stranger:
        status, body = await calls(stranger, "trigger", "news", "e", "1")
        assert (status, body[:17]) == (401, "Invalid signature")
