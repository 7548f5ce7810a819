"""Clients of the old sockets and a server that dies in the middle of its work, comes back, and is shut down in order."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from generation import assert_whole, long_text, stages_done
from old_school import OldClient
from school import SERVE, School, calls, generate, open_school, own
from server_process import ENDS_WITHIN_S, Serving, launched
from toolboxai.platform.resources.model import ResourceKind

DRAIN_S = 2.0
TERMINAL = ("generation_complete", "error")


@pytest.fixture
def school(tmp_path: Path) -> School:
    return open_school(tmp_path, names=("jane",), TOOLBOXAI_DRAIN_S=str(DRAIN_S))


@asynccontextmanager
async def at(server: Serving, path: str) -> AsyncIterator[OldClient]:
    async with connect(f"ws://127.0.0.1:{server.port}{path}", proxy=None) as wire:
        yield OldClient(wire)


async def numbered(client: OldClient) -> dict[str, Any]:
    """The next event; what has no number is none."""
    while "seq" not in (message := await client.hear()):
        assert message["type"] in ("auth_response", "snapshot", "ping", "resumed"), message
    return message


async def to_the_end(client: OldClient) -> list[dict[str, Any]]:
    """All events up to the last, behind which nothing comes but what was asked for."""
    events = [await numbered(client)]
    while events[-1]["type"] not in TERMINAL:
        events.append(await numbered(client))
    await client.say("ping")
    while (message := await client.hear())["type"] != "pong":
        assert message["type"] in ("resumed", "ping"), message
    return events


async def until_it_breaks(client: OldClient) -> list[dict[str, Any]]:
    """What is still heard; then, without a close frame, nothing more."""
    events = []
    try:
        while True:
            events.append(await numbered(client))
    except ConnectionClosedError as cut:
        if cut.rcvd is not None:  # without one, a client calls it 1006
            raise
    return events


@pytest.mark.timeout(60)
async def test_who_resumes_after_a_crash_misses_nothing_and_hears_the_end_once(school: School) -> None:
    token = school["jane"].token
    seen: list[dict[str, Any]] = []
    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as first:
        async with calls(first, school["jane"]) as http:
            accepted = await generate(http, source_text=long_text(120_000))
        path = f"/ws/content/{accepted['session_id']}"
        async with at(first, path) as client:
            await client.sign_in(token)
            while not stages_done(seen):
                seen.append(await numbered(client))
            first.process.send_signal(signal.SIGKILL)
            seen += await until_it_breaks(client)
        await asyncio.to_thread(first.process.wait)
        assert seen[-1]["type"] not in TERMINAL

        with launched([*SERVE, str(first.port)], cwd=school.home, env=school.env) as second:
            async with at(second, path) as client:
                await client.say("auth", token=f"Bearer {token}")
                await client.say("resume", last_seq=seen[-1]["seq"])
                seen += await to_the_end(client)
                assert_whole(seen, accepted["session_id"])
                async with calls(second, school["jane"]) as http:
                    kept = (await http.get(accepted["events_url"])).json()["items"]
                assert seen == kept
                await client.say("ack", seq=seen[-1]["seq"] - 2)
            last = len(seen)
            for said, first_seq in ({"last_seq": 0}, 1), ({"last_seq": last - 1}, last), ({}, last - 1):
                async with at(second, path) as client:
                    await client.sign_in(token, **said)
                    assert await to_the_end(client) == seen[first_seq - 1 :]


async def test_a_shutdown_says_goodbye_to_every_old_socket_within_the_drain(school: School) -> None:
    token = school["jane"].token
    rows = {
        ResourceKind.ENVIRONMENT: "env_1",
        ResourceKind.AGENT: "agent_1",
        ResourceKind.PLUGIN: "plugin_1",
    }
    for kind, resource_id in rows.items():
        await own(school, "jane", kind, resource_id)
    ends: dict[str, tuple[Any, int, float]] = {}

    async def stays(server: Serving, path: str, name: str, ready: asyncio.Queue[str]) -> None:
        async with at(server, path) as client:
            if name != "stranger":
                await client.sign_in(token)
                assert name != "signed in" or (await client.hear())["type"] == "snapshot"
            await ready.put(name)
            said, code, _ = await client.ended()
            ends[f"{path} {name}"] = (said, code, time.monotonic())

    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        async with calls(server, school["jane"]) as http:
            session_id = (await generate(http, source_text=long_text(12_000)))["session_id"]
        places = [
            (f"/ws/content/{session_id}", "stranger"),
            ("/ws/roblox", "stranger"),
            ("/ws/roblox", "on its own"),
            ("/ws/agent/agent_1", "signed in"),
            ("/ws/agent/agent_1", "stranger"),
            ("/ws/plugin/plugin_1", "signed in"),
        ]
        ready: asyncio.Queue[str] = asyncio.Queue()
        async with asyncio.TaskGroup() as tasks:
            for path, name in places:
                tasks.create_task(stays(server, path, name, ready))
            async with at(server, "/ws/native") as echo:
                for _ in places:
                    await ready.get()
                began = time.monotonic()
                server.process.send_signal(signal.SIGTERM)
                with pytest.raises(ConnectionClosed) as ended:
                    await echo.hear()  # which has never heard a word of ours
                assert ended.value.rcvd is not None
                assert ended.value.rcvd.code == 1001
        assert await asyncio.to_thread(server.process.wait, ENDS_WITHIN_S) == 0
        times = [at for _, _, at in ends.values()]
        assert max(times) - began < DRAIN_S + 1
        assert max(times) - min(times) > DRAIN_S / 4, "they would all come back at once"
        for said, code, _ in ends.values():
            assert code == 1001
            assert said[-1]["type"] == "goodbye"
            assert (said[-1]["data"]["retry"], said[-1]["data"]["retry_after"]) == (True, 0)
