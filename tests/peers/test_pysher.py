"""Stock Pysher: an old client, which reads errors in-band and never close codes."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callers import until
from programs import Program, running
from servers import KEY, SECRET, Running
from toolboxai.close_codes import CloseCode

pytestmark = pytest.mark.peers

SCRIPT = str(Path(__file__).parent / "pysher_page.py")


@asynccontextmanager
async def pysher(
    server: Running, *channels: str, key: str = KEY, user: str = "anna"
) -> AsyncIterator[Program]:
    async with running(sys.executable, SCRIPT, key, SECRET, str(server.port), user, *channels) as program:
        yield program


async def test_it_connects_is_answered_subscribes_and_hears(server: Running) -> None:
    async with pysher(server, "news", "private-news") as page:
        first = await page.until(event="connected")
        assert set(json.loads(first["data"])) == {"socket_id", "activity_timeout"}
        for channel in ("news", "private-news"):
            await page.until(channel=channel, event="pusher_internal:subscription_succeeded")
        for channel in ("news", "private-news"):
            await server.trigger(channel, "e", '{"a":1}')
            assert json.loads((await page.until(channel=channel, event="e"))["data"]) == {"a": 1}
        assert {"event": "pong"} in page.said  # it asks the moment the socket opens


async def test_an_unknown_key_ends_it_for_good(server: Running) -> None:
    async with pysher(server, key="NOPE") as page:
        said = await page.until(event="error")
        assert said["data"]["code"] == 4001
        await until(lambda: not server.server._acceptor.sockets)
    assert server.metrics.connections_refused_total.total() == 1


async def test_members_come_and_go_and_whisper(server: Running) -> None:
    name = "presence-room"
    async with pysher(server, name) as anna:
        told = await anna.until(channel=name, event="pusher_internal:subscription_succeeded")
        assert json.loads(told["data"])["presence"]["hash"] == {"anna": {"name": "Anna"}}
        async with pysher(server, name, user="ben") as ben:
            told = await anna.until(channel=name, event="pusher_internal:member_added")
            assert json.loads(told["data"]) == {"user_id": "ben", "user_info": {"name": "Ben"}}
            await ben.until(channel=name, event="pusher_internal:subscription_succeeded")
            ben.tell(f"trigger {name}")
            told = await anna.until(channel=name, event="client-x")
            assert json.loads(told["data"]) == {"from": "ben"}
        told = await anna.until(channel=name, event="pusher_internal:member_removed")
        assert json.loads(told["data"]) == {"user_id": "ben"}


async def test_it_comes_back_and_is_in_its_channels_again(server: Running) -> None:
    async with pysher(server, "news", "private-news") as page:
        for channel in ("news", "private-news"):
            await page.until(channel=channel, event="pusher_internal:subscription_succeeded")
        (pump,) = server.server._acceptor.pumps
        pump.close(CloseCode.RECONNECT_NOW, "Please reconnect immediately")
        await page.until(event="connected")
        for channel in ("news", "private-news"):
            await page.until(channel=channel, event="pusher_internal:subscription_succeeded")
        await server.trigger("private-news", "e", "1")
        assert (await page.until(channel="private-news", event="e"))["data"] == "1"
