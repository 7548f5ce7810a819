"""A team leaves the old sockets: both ways for a while, then one client moves, then the endpoint goes."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from generation import assert_whole, long_text
from guide import block, filled_in
from guide_programs import InNode, as_shown, in_node, in_python, json_words
from old_school import OldClient
from school import SERVE, Open, School, calls, generate, open_school, own, publish
from server_process import Serving, end, launched
from toolboxai.cli.exits import ExitCode
from toolboxai.platform.resources.model import ResourceKind
from warm_start import run

pytestmark = [pytest.mark.peers, pytest.mark.timeout(60)]

MANAGER = block("Reconnection Logic", "javascript")
CLIENT = block("Python WebSocket Client", "python")
WORLD = "private-roblox-sync-env_456"

# The guide's class, of which nothing but the way in is another: the handler is the very same.
MOVED = """
import Pusher from 'pusher-js';
import { createInterface } from 'node:readline';

class Moved extends WebSocketManager {
  connect() {
    this.pusher = new Pusher(key, {
      cluster: 'us2', wsHost: '127.0.0.1', wsPort: port, forceTLS: false, enabledTransports: ['ws'],
      channelAuthorization: {
        endpoint: `http://127.0.0.1:${port}/api/v1/pusher/auth`,
        transport: 'ajax',
        headers: { Authorization: `Bearer ${this.authToken}` },
      },
    });
  }
  follow(name) {
    if (this.pusher.connection.state !== 'connected') { // it waits long for a server that was away, as a user does not
      this.pusher.disconnect();
      this.pusher.connect();
    }
    this.pusher.subscribe(name).bind_global((event, message) => {
      if (!event.startsWith('pusher:')) this.handleMessage(message);
      if (event === 'generation_complete') this.pusher.unsubscribe(name);
    });
  }
}
const moved = new Moved('', token);
createInterface({ input: process.stdin }).on('line', (name) => moved.follow(name));
"""


@pytest.fixture
def school(tmp_path: Path) -> School:
    (tmp_path / "school").mkdir()
    return open_school(tmp_path / "school", names=("jane", "ada"))


def manager(port: int, session_id: str) -> str:
    return filled_in(MANAGER, {"localhost:8009": f"127.0.0.1:{port}", "gen_abc123": session_id})


def in_the_guides_words(token: str) -> dict[str, str]:
    return {"localStorage": f"{{ getItem: () => {json_words(token)} }}"}


@asynccontextmanager
async def moved_client(folder: Path, port: int, key: str, token: str) -> AsyncIterator[InNode]:
    """The guide's class on pusher-js; it follows what it is told to."""
    own_class, usage, _ = MANAGER.partition("// Usage")
    assert usage
    names = {"port": str(port), "key": json_words(key), "token": json_words(token)}
    async with in_node(folder, [own_class, MOVED], names=names) as program:
        yield program


async def shown(program: InNode) -> list[list[Any]]:
    """What the guide's handler writes of a generation, to its end; what comes before its events is passed over."""
    lines: list[list[Any]] = []
    while not lines or len(lines[-1]) == 1 or lines[-1][1]["type"] != "generation_complete":
        line = await program.logged()
        if line[0].startswith("Progress: ") or (len(line) == 2 and "seq" in line[1]):
            lines.append(line)
    return lines


def as_the_handler_shows(events: list[dict[str, Any]]) -> list[list[Any]]:
    return [
        [as_shown(event)] if event["type"] == "progress_update" else ["Received message:", event]
        for event in events
    ]


@asynccontextmanager
async def world_client(server: Serving, token: str) -> AsyncIterator[tuple[OldClient, ClientConnection]]:
    """A client of another endpoint, which follows a world."""
    url = f"ws://127.0.0.1:{server.port}/ws/roblox"
    async with connect(url, proxy=None, user_agent_header="world-tool/1") as wire:
        client = OldClient(wire)
        assert (await client.sign_in(token))["type"] == "auth_response"
        assert (await client.ask("subscribe", environment_id="env_456"))["type"] == "subscribed"
        assert (await client.hear())["type"] == "snapshot"
        yield client, wire


async def world_lives(client: OldClient, opened: Open, seq: int) -> None:
    """What the operator's own application publishes for the world arrives."""
    data = {"environment_id": "env_456", "status": "generating", "progress": 60, "components": {}}
    said = {"type": "environment_status", "data": data, "timestamp": "2026-12-01T12:00:00.000Z", "seq": seq}
    await publish(opened, WORLD, said)
    assert await client.hear() == said


async def report(server: Serving, school: School, *options: str) -> tuple[int, list[dict[str, Any]]]:
    """The operator's command beside the running server: its status, and what it tells."""
    words = ["migration", "report", "--json", *options]
    done = await asyncio.to_thread(run, words, cwd=school.home, env=server.env)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


async def told_to_admins(server: Serving, school: School) -> dict[str, Any]:
    async with calls(server, school["ada"]) as http:
        answer = await http.get("/api/v1/migration?users=true")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


def of(told: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in told["endpoints"] if each["endpoint"] == endpoint)
    return found


async def test_j9_one_client_moves_the_endpoint_goes_and_nobody_else_is_touched(
    school: School, tmp_path: Path
) -> None:
    jane = school["jane"]
    await own(school, "jane", ResourceKind.ENVIRONMENT, "env_456")
    async with AsyncExitStack() as stack:
        first = stack.enter_context(launched([*SERVE, "0"], cwd=school.home, env=school.env))
        async with calls(first, jane) as http:
            told = [await generate(http, source_text=long_text(12_000)) for _ in range(2)]

            # The clients in the field, unchanged; beside one of them the same handler on pusher-js.
            words = {"localhost:8009": f"127.0.0.1:{first.port}", "gen_abc123": told[0]["session_id"]}
            text = filled_in(CLIENT, {**words, "your_jwt_token_here": jane.token})
            python = await stack.enter_async_context(in_python(tmp_path / "python", text))
            moved = await stack.enter_async_context(
                moved_client(tmp_path / "moved", first.port, school.key, jane.token)
            )
            moved.tell(told[1]["private_channel"])
            storage = in_the_guides_words(jane.token)
            old = in_node(tmp_path / "old", [manager(first.port, told[1]["session_id"])], names=storage)
            async with old as node, world_client(first, jane.token) as (world, wire):
                await python.until("Content ID: ")
                lines = await shown(node)
                assert await shown(moved) == lines
                events = (await http.get(told[1]["events_url"])).json()["items"]
                assert_whole(events, told[1]["session_id"])
                assert lines == as_the_handler_shows(events)

                # Each handshake says that it is over one day, and what to use instead.
                assert wire.response is not None
                headers = wire.response.headers
                assert headers["Deprecation"].startswith("@")
                assert headers["Sunset"].endswith(" GMT")
                assert 'rel="successor-version"' in headers["Link"]
                await world_lives(world, Open(school, first), 1)

                # The ledger says who: the operator and an admin read the same.
                admins = await told_to_admins(first, school)
                status, operators = await report(first, school, "--users")
                assert (status, operators) == (ExitCode.OK, admins["items"])
                content = [use for use in operators if use["endpoint"] == "content"]
                assert len(content) == 2
                assert {use["user_id"] for use in operators} == {jane.id}
                assert any("websockets/" in use["user_agent"] for use in content)
                assert [use["user_agent"] for use in operators if use not in content] == ["world-tool/1"]
                assert of(admins, "content")["connections"] == 2
                asked = ("--endpoint", "content", "--fail-if-seen-since", "1h")
                assert (await report(first, school, *asked))[0] == ExitCode.STILL_USED
        await asyncio.to_thread(end, first)
        await python.ends()

        # The old client of that page is gone for good, and so is the endpoint; the other ones are not.
        (school.home / "toolboxai.toml").write_text('[legacy.endpoints.content]\nmode = "off"\n')
        second = stack.enter_context(launched([*SERVE, str(first.port)], cwd=school.home, env=school.env))
        async with calls(second, jane) as http, world_client(second, jane.token) as (world, _):
            accepted = await generate(http)
            moved.tell(accepted["private_channel"])
            lines = await shown(moved)
            events = (await http.get(accepted["events_url"])).json()["items"]
            assert_whole(events, accepted["session_id"])
            assert lines == as_the_handler_shows(events)
            assert (await world.hear())["seq"] == 1  # it was kept over the restart
            await world_lives(world, Open(school, second), 2)
            await refused_with_the_mapping(second, accepted)
            names = in_the_guides_words(jane.token)
            late = in_node(tmp_path / "late", [manager(second.port, accepted["session_id"])], names=names)
            async with late as node:
                assert (await node.next()).keys() == {"failed"}
                assert await node.logged() == ["WebSocket closed:", 1006]
        admins = await told_to_admins(second, school)
        assert of(admins, "content")["mode"] == "off"
        assert of(admins, "content")["connections"] == 2
        assert of(admins, "roblox")["connections"] == 2
        await asyncio.to_thread(end, second)


async def refused_with_the_mapping(server: Serving, accepted: Mapping[str, Any]) -> None:
    url = f"ws://127.0.0.1:{server.port}/ws/content/{accepted['session_id']}"
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, proxy=None)
    answer = refused.value.response
    body = json.loads(answer.body or b"")
    assert (answer.status_code, body["error_code"]) == (410, "ENDPOINT_GONE")
    assert body["details"]["replacement"]["channel"] == accepted["private_channel"]
    assert accepted["private_channel"] in answer.headers["Link"]
