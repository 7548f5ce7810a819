"""The guide's two whole clients, unchanged, through a generation, a server that goes, and another that comes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from generation import assert_whole, long_text
from guide import block, filled_in
from guide_programs import IMPATIENT, InNode, as_shown, in_node, in_python, json_words
from overheard import Conversation, overheard
from school import School, calls, generate, open_school
from server_process import end, launched
from toolboxai.platform.messages.registry import validate

pytestmark = [pytest.mark.peers, pytest.mark.timeout(60)]

MANAGER = block("Reconnection Logic", "javascript")
ANSWERING = block("Heartbeat/Ping", "javascript")
SIGNING_IN = block("JWT Authentication", "javascript")
CLIENT = block("Python WebSocket Client", "python")


@pytest.fixture
def school(tmp_path: Path) -> School:
    return open_school(tmp_path, names=("jane",))


def manager(port: int, session_id: str) -> str:
    return filled_in(MANAGER, {"localhost:8009": f"127.0.0.1:{port}", "gen_abc123": session_id})


def storage(token: str) -> dict[str, str]:
    """`localStorage`, which a browser has and the guide takes for granted."""
    return {"localStorage": f"{{ getItem: (name) => ({{ jwt_token: {json_words(token)} }})[name] ?? null }}"}


async def events_of(http: httpx2.AsyncClient, accepted: dict[str, Any]) -> list[dict[str, Any]]:
    """What the application keeps of a generation that is complete."""
    events: list[dict[str, Any]] = (await http.get(accepted["events_url"])).json()["items"]
    assert_whole(events, accepted["session_id"])
    return events


async def shown_by_manager(program: InNode) -> tuple[list[list[Any]], dict[str, Any]]:
    """What the manager logs of one connection up to the end of the generation; the first message apart."""
    assert await program.logged() == ["WebSocket connected"]
    assert await program.logged() == ["Authenticated successfully"]
    received, snapshot = await program.logged()
    assert (received, snapshot["type"]) == ("Received message:", "snapshot")
    lines = []
    while not lines or lines[-1][-1].get("type") != "generation_complete":
        line = await program.logged()
        lines.append(line if len(line) == 2 else [line[0], {}])
    return lines, snapshot["data"]


def logged_by_manager(events: Sequence[dict[str, Any]]) -> list[list[Any]]:
    return [
        [as_shown(event), {}] if event["type"] == "progress_update" else ["Received message:", event]
        for event in events
    ]


def printed_by_python(events: Sequence[dict[str, Any]]) -> list[str]:
    progress = [as_shown(event) for event in events if event["type"] == "progress_update"]
    content_id = events[-1]["data"]["content_id"]
    return [
        "Connected and authenticated",
        *progress,
        "Content generation completed!",
        f"Content ID: {content_id}",
    ]


def answered(talks: Sequence[Conversation]) -> bool:
    return bool(talks) and bool(talks[0].of_client("pong"))


async def test_both_clients_show_a_generation_and_live_through_a_restart_as_the_guide_says(
    school: School, tmp_path: Path
) -> None:
    token = school["jane"].token
    with launched([*IMPATIENT, "0"], cwd=school.home, env=school.env) as first:
        async with (
            calls(first, school["jane"]) as http,
            overheard(first.port) as to_python,
            overheard(first.port) as to_manager,
            overheard(first.port) as to_answering,
        ):
            told = [await generate(http, source_text=long_text(100_000)) for _ in range(2)]
            python_block = filled_in(
                CLIENT,
                {
                    "localhost:8009": f"127.0.0.1:{to_python.port}",
                    "gen_abc123": told[0]["session_id"],
                    "your_jwt_token_here": token,
                },
            )
            socket = f"new WebSocket('ws://127.0.0.1:{to_answering.port}/ws/roblox')"
            async with (
                in_python(tmp_path / "python", python_block) as python,
                in_node(
                    tmp_path / "manager",
                    [manager(to_manager.port, told[1]["session_id"])],
                    names=storage(token),
                ) as node,
                in_node(
                    tmp_path / "answering",
                    [SIGNING_IN, ANSWERING],
                    names={"jwtToken": json_words(token), "ws": socket},
                ),
            ):
                # Each shows every event once, in order, whether it was there before the client came or came live.
                await python.until("Content ID: ")
                shown, _ = await shown_by_manager(node)
                kept = [await events_of(http, accepted) for accepted in told]
                assert python.printed == printed_by_python(kept[0])
                assert shown == logged_by_manager(kept[1])

                # Each answers the pings: with the ping's own time, or with the client's.
                await to_python.until(answered)
                await to_manager.until(answered)
                await to_answering.until(answered)
                [talk] = to_python.conversations
                times = [ping["timestamp"] for ping in talk.of_server("ping")]
                assert [pong["timestamp"] for pong in talk.of_client("pong")] == times[
                    : len(talk.of_client("pong"))
                ]
                said = [
                    *to_manager.conversations[0].of_client("pong"),
                    *to_answering.conversations[0].of_client("pong"),
                ]
                assert [fault for pong in said for fault in validate(pong)] == []

                # The server goes: one program ends by itself, the other waits for the next server.
                end(first)
                await python.ends()
                [*_, goodbye] = await node.until("Received message:")
                assert (goodbye[1]["type"], goodbye[1]["data"]["code"]) == ("goodbye", 1001)
                assert await node.logged() == ["WebSocket closed:", 1001]
                assert await node.logged() == ["Reconnecting... attempt 1"]
                with launched([*IMPATIENT, str(first.port)], cwd=school.home, env=school.env) as second:
                    back: list[Any] = []
                    while back != ["WebSocket connected"]:
                        back = (await node.next()).get("logged", [])
                    assert await node.logged() == ["Authenticated successfully"]
                    _, snapshot = await node.logged()
                    assert snapshot["data"]["status"] == "complete"
                    [*_, last] = await node.until("Received message:", kept[1][-1])
                    assert last[1] == kept[1][-1]
                    end(second)

        everything = [
            message
            for line in (to_python, to_manager, to_answering)
            for talk in line.conversations
            for message in talk.messages
        ]
        assert [(message, faults) for message in everything if (faults := validate(message))] == []
        assert all("timestamp" in message for message in everything)
        assert {
            talk.closed_by_server for line in (to_python, to_manager) for talk in line.conversations[:1]
        } == {1001}


async def test_the_manager_gives_up_after_five_tries_with_waits_that_double(tmp_path: Path) -> None:
    # Nobody listens there; and its clock is a fast one, which tells how long it was asked to wait.
    fast = """
    const { setTimeout: really } = globalThis;
    globalThis.setTimeout = (work, ms) => {
      if (ms % 1000) return really(work, ms); // Node's own
      console.log('waits', ms);
      return really(work, 0);
    };
    """
    async with overheard(1) as line:
        line.cut()
        async with in_node(
            tmp_path / "alone", [manager(line.port, "gen_abc123")], names=storage("t"), first=fast
        ) as program:
            lines = [await program.next()]
            while lines[-1] != {"failed": ["Max reconnection attempts reached"]}:
                lines.append(await program.next())
    waits = [line["logged"][1] for line in lines if line.get("logged", [""])[0] == "waits"]
    assert waits == [1000, 2000, 4000, 8000, 16000]
    assert [line["logged"] for line in lines if line.get("logged", [""])[0] == "WebSocket closed:"] == [
        ["WebSocket closed:", 1006]
    ] * 6
    tries = [line["logged"] for line in lines if line.get("logged", [""])[0].startswith("Reconnecting")]
    assert tries == [[f"Reconnecting... attempt {number}"] for number in range(1, 6)]
