"""The live server that applications test with."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from toolboxai.testing import LiveServer


async def follow(server: LiveServer) -> str:
    """A page in the loop of the test."""
    async with connect(server.websocket_url) as wire:
        await wire.recv()
        await wire.send(json.dumps({"event": "pusher:subscribe", "data": {"channel": "news"}}))
        await server.subscription("news")
        await wire.recv()
        server.trigger("news", "e", {"n": 1})
        return str(json.loads(await wire.recv())["data"])


def test_a_page_in_the_tests_own_loop_hears_what_the_test_triggers() -> None:
    with LiveServer() as server:
        assert asyncio.run(follow(server)) == '{"n":1}'


async def test_waiting_in_a_loop_would_stop_it_and_says_so() -> None:
    with LiveServer() as server, pytest.raises(RuntimeError, match="await subscription"):
        server.wait_for_subscription("news")


async def test_who_does_not_come_in_time_is_named() -> None:
    told = r"'news' has 0 subscribers after 0\.01 s, 2 were awaited"
    with LiveServer() as server, pytest.raises(TimeoutError, match=told):
        await server.subscription("news", subscribers=2, timeout_s=0.01)


def test_it_runs_once_at_a_time_and_can_be_asked_only_then() -> None:
    server = LiveServer()
    with pytest.raises(RuntimeError, match="does not run"):
        server.trigger("news", "e", 1)
    for _ in range(2):
        with server:
            assert server.connections == 0
            with pytest.raises(RuntimeError, match="runs already"), server:
                pass
            assert server.connections == 0
        with pytest.raises(RuntimeError, match="does not run"):
            server.advance(1)


def test_it_encrypts_with_the_key_that_it_is_given() -> None:
    master_key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    with LiveServer(encryption_master_key_base64=master_key) as server:
        server.trigger("private-encrypted-a", "e", {"n": 1})


def test_a_start_that_fails_is_told() -> None:
    server = LiveServer()
    server.host = "192.0.2.1"
    with pytest.raises(OSError, match=r"."), server:
        pass
    server.host = "127.0.0.1"
    with server:
        assert server.connections == 0
