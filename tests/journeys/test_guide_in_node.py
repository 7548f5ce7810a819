"""The small blocks of the guide, unchanged, against the whole server."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from generation import assert_whole
from guide import block, blocks, filled_in, sample
from guide_programs import InNode, in_node, json_words
from school import Open, calls, generate, own, publish
from toolboxai.platform.identity.model import PERMISSIONS, Role
from toolboxai.platform.messages.registry import validate
from toolboxai.platform.resources.model import ResourceKind

pytestmark = pytest.mark.peers

ROBLOX = block("Connection Example", "javascript")
AGENT = block("Connection Example", "javascript", 2)
ECHO = block("Test Example", "javascript")
SIGNING_IN = block("JWT Authentication", "javascript")
LISTENERS = block("Debug Mode", "javascript")

# Written behind a block, so that the test sees what comes in; the block has no listener of its own for it.
TELLING = "ws.addEventListener('message', (event) => console.log('came', JSON.parse(event.data)));"


def address(opened: Open) -> dict[str, str]:
    return {"localhost:8009": f"127.0.0.1:{opened.server.port}"}


async def test_the_echo_block_hears_its_own_words(opened: Open, tmp_path: Path) -> None:
    async with in_node(tmp_path / "echo", [filled_in(ECHO, address(opened))]) as program:
        assert await program.logged() == ["Connected to test WebSocket"]
        assert await program.logged() == ["Echo received:", "Hello WebSocket!"]


async def test_the_listeners_show_a_generation_to_whoever_signs_in_as_the_guide_says(
    opened: Open, tmp_path: Path
) -> None:
    jane = opened.school["jane"]
    async with calls(opened.server, jane) as http:
        accepted = await generate(http)
        listeners = filled_in(LISTENERS, {**address(opened), "gen_123": accepted["session_id"]})
        names = {"jwtToken": json_words(jane.token)}
        async with in_node(tmp_path / "debug", [listeners, SIGNING_IN, TELLING], names=names) as program:
            assert await program.logged() == ["WebSocket opened"]
            came: list[dict[str, Any]] = []
            texts = []
            while not came or came[-1]["type"] != "generation_complete":
                what, value = await program.logged()
                if what == "came":
                    came.append(value)
                else:
                    assert what == "Message received:"
                    texts.append(value)
        kept = (await http.get(accepted["events_url"])).json()["items"]
    assert [message["type"] for message in came[:2]] == ["auth_response", "snapshot"]
    assert came[0]["data"] == {
        "authenticated": True,
        "user_id": jane.id,
        "role": "teacher",
        "permissions": sorted(PERMISSIONS[Role.TEACHER]),
    }
    assert came[2:] == kept
    assert_whole(came[2:], accepted["session_id"])
    assert len(texts) == len(came)
    assert [faults for message in came if (faults := validate(message))] == []


async def test_the_listeners_show_how_a_session_that_nobody_knows_is_refused(
    opened: Open, tmp_path: Path
) -> None:
    names = {"jwtToken": json_words(opened.school["jane"].token)}
    listeners = filled_in(LISTENERS, address(opened))
    async with in_node(tmp_path / "nobody", [listeners, SIGNING_IN, TELLING], names=names) as program:
        lines = await program.until("WebSocket closed:")
    assert lines[0] == ["WebSocket opened"]
    assert lines[-1] == ["WebSocket closed:", {"event": "close", "code": 4004}]
    came = [line[1] for line in lines if line[0] == "came"]
    assert [message["type"] for message in came] == ["auth_response", "error", "goodbye"]
    assert came[1]["data"]["error_code"] == "RESOURCE_NOT_FOUND"
    assert (came[2]["data"]["code"], came[2]["data"]["retry"]) == (4004, False)
    assert [faults for message in came if (faults := validate(message))] == []


async def test_the_listeners_show_that_nobody_is_there(tmp_path: Path) -> None:
    listeners = filled_in(LISTENERS, {"localhost:8009": "127.0.0.1:1"})
    async with in_node(tmp_path / "gone", [listeners]) as program:
        assert await program.next() == {"failed": ["WebSocket error:", {"event": "error"}]}
        assert await program.logged() == ["WebSocket closed:", {"event": "close", "code": 1006}]


def as_events(id_name: str, resource_id: str, *shown: str) -> list[dict[str, Any]]:
    """The guide's own messages about one resource, numbered and with their time."""
    found = {each.under: sample(each) for each in blocks() if each.language == "json"}
    events = []
    for seq, under in enumerate(shown, 1):
        message = found[under]
        data = {**message["data"], id_name: resource_id}
        events.append(
            {"type": message["type"], "data": data, "timestamp": "2025-01-21T10:01:00.000Z", "seq": seq}
        )
    return events


async def hears(program: InNode, opened: Open, channel: str, events: Sequence[dict[str, Any]]) -> list[Any]:
    """Publish events when the program has been told where things stand, and it hears them; all that it heard."""
    came: list[dict[str, Any]] = []
    while not came or came[-1]["type"] != "snapshot":
        came.append((await program.logged())[1])
    for event in events:
        await publish(opened, channel, event)
        assert await program.logged() == ["came", event]
    assert [faults for message in [*came, *events] if (faults := validate(message))] == []
    return came


async def test_the_roblox_block_signs_in_and_subscribes_in_one_go(opened: Open, tmp_path: Path) -> None:
    jane = opened.school["jane"]
    await own(opened.school, "jane", ResourceKind.ENVIRONMENT, "env_guide")
    example = filled_in(ROBLOX, {**address(opened), "env_456": "env_guide"})
    names = {"authToken": json_words(jane.token)}
    events = as_events("environment_id", "env_guide", "Environment Status", "Script Update", "Asset Ready")
    async with in_node(tmp_path / "roblox", [example, TELLING], names=names) as program:
        assert await program.logged() == ["Connected to Roblox WebSocket"]
        came = await hears(program, opened, "private-roblox-sync-env_guide", events)
    assert [message["type"] for message in came] == ["auth_response", "subscribed", "snapshot"]
    assert [message["data"]["environment_id"] for message in came[1:]] == ["env_guide", "env_guide"]


async def test_the_roblox_block_is_told_that_an_environment_is_not_there(
    opened: Open, tmp_path: Path
) -> None:
    example = filled_in(ROBLOX, {**address(opened), "env_456": "env_of_nobody"})
    names = {"authToken": json_words(opened.school["jane"].token)}
    async with in_node(tmp_path / "nothing", [example, TELLING], names=names) as program:
        assert await program.logged() == ["Connected to Roblox WebSocket"]
        assert (await program.logged())[1]["type"] == "auth_response"
        error = (await program.logged())[1]
    assert error["data"]["error_code"] == "ENVIRONMENT_NOT_FOUND"
    assert error["data"]["details"] == {"environment_id": "env_of_nobody", "terminal": False}
    assert validate(error) == []


async def test_the_agent_block_hears_its_agent(opened: Open, tmp_path: Path) -> None:
    await own(opened.school, "jane", ResourceKind.AGENT, "agent_guide")
    example = filled_in(AGENT, {**address(opened), "agent_content_123": "agent_guide"})
    names = {"authToken": json_words(opened.school["jane"].token)}
    events = as_events("agent_id", "agent_guide", "Agent Status", "Task Result")
    async with in_node(tmp_path / "agent", [example, TELLING], names=names) as program:
        assert await program.logged() == ["Connected to agent agent_guide"]
        came = await hears(program, opened, "private-agent-agent_guide", events)
    assert [message["type"] for message in came] == ["auth_response", "snapshot"]
