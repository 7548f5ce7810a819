"""The guide's two whole clients, unchanged, through a generation, a server that goes, and another that comes."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from generation import assert_whole, long_text
from guide import block, blocks, differences, filled_in, sample
from guide_programs import IMPATIENT, InNode, InPython, as_shown, in_node, in_python, json_words
from overheard import Overheard, overheard
from school import School, calls, generate, open_school
from server_process import Serving, end, launched
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


def client(port: int, session_id: str, token: str) -> str:
    return filled_in(
        CLIENT,
        {
            "localhost:8009": f"127.0.0.1:{port}",
            "gen_abc123": session_id,
            "your_jwt_token_here": token,
        },
    )


def storage(token: str) -> dict[str, str]:
    """`localStorage`, which a browser has and the guide takes for granted."""
    return {"localStorage": f"{{ getItem: (name) => ({{ jwt_token: {json_words(token)} }})[name] ?? null }}"}


async def events_of(http: httpx2.AsyncClient, accepted: dict[str, Any]) -> list[dict[str, Any]]:
    """What the application keeps of a generation that is complete."""
    events: list[dict[str, Any]] = (await http.get(accepted["events_url"])).json()["items"]
    assert_whole(events, accepted["session_id"])
    return events


def printed_by_python(events: Sequence[dict[str, Any]]) -> list[str]:
    progress = [as_shown(event) for event in events if event["type"] == "progress_update"]
    content_id = events[-1]["data"]["content_id"]
    return [
        "Connected and authenticated",
        *progress,
        "Content generation completed!",
        f"Content ID: {content_id}",
    ]


def logged_by_manager(events: Sequence[dict[str, Any]]) -> list[list[Any]]:
    return [
        [as_shown(event)] if event["type"] == "progress_update" else ["Received message:", event]
        for event in events
    ]


async def one_connection(program: InNode) -> tuple[dict[str, Any], list[list[Any]]]:
    """What the manager logs of a connection up to the end of the generation: the snapshot, and what follows."""
    while (line := await program.next()) != {"logged": ["WebSocket connected"]}:
        assert line.keys() == {"failed"} or line["logged"][0].startswith(
            ("WebSocket closed:", "Reconnecting...")
        )
    assert await program.logged() == ["Authenticated successfully"]
    received, snapshot = await program.logged()
    assert (received, snapshot["type"]) == ("Received message:", "snapshot")
    lines = [await program.logged()]
    while len(lines[-1]) == 1 or lines[-1][1]["type"] != "generation_complete":
        lines.append(await program.logged())
    return snapshot["data"], lines


async def goes_and_says_so(server: Serving, python: InPython, manager: InNode) -> None:
    """The server ends: one program ends by itself, the other says goodbye and waits for the next server."""
    await asyncio.to_thread(end, server)  # the lines have to go on meanwhile
    await python.ends()
    received, notice = await manager.logged()
    assert (received, notice["type"], notice["data"]["kind"]) == (
        "Received message:",
        "system_notification",
        "shutdown",
    )
    received, goodbye = await manager.logged()
    assert (received, goodbye["type"], goodbye["data"]["code"]) == ("Received message:", "goodbye", 1001)
    assert await manager.logged() == ["WebSocket closed:", 1001]
    assert await manager.logged() == ["Reconnecting... attempt 1"]


async def answer_pings(to_python: Overheard, *to_nodes: Overheard) -> None:
    """Each client answers: in Python with the ping's own time, in JavaScript with the client's."""
    for line in (to_python, *to_nodes):
        await line.until(lambda talks: talks and talks[0].of_client("pong"))
    [talk] = to_python.conversations
    asked = [ping["timestamp"] for ping in talk.of_server("ping")]
    answered = [pong["timestamp"] for pong in talk.of_client("pong")]
    assert answered == asked[: len(answered)]
    pongs = [pong for line in to_nodes for pong in line.conversations[0].of_client("pong")]
    assert [faults for pong in pongs if (faults := validate(pong))] == []


def as_the_guide_shows_them(messages: Sequence[dict[str, Any]]) -> None:
    """All are of the registry; those of a type that the guide shows have its fields, of its kinds."""
    assert [(message, faults) for message in messages if (faults := validate(message))] == []
    assert all("timestamp" in message for message in messages)
    shown = {
        message["type"]: message
        for message in map(sample, (each for each in blocks() if each.language == "json"))
    }
    seen = set()
    for message in messages:
        stage = message.get("data", {}).get("completed_stage")
        if message["type"] in shown and stage in (None, "content_analysis"):
            seen.add(message["type"])
            assert list(differences(message, shown[message["type"]])) == []
    assert seen == {"auth_response", "ping", "progress_update", "stage_complete", "generation_complete"}


async def test_both_clients_show_a_generation_and_live_through_a_restart_as_the_guide_says(
    school: School, tmp_path: Path
) -> None:
    token = school["jane"].token
    async with AsyncExitStack() as stack:
        first = stack.enter_context(launched([*IMPATIENT, "0"], cwd=school.home, env=school.env))
        lines = [await stack.enter_async_context(overheard(first.port)) for _ in range(3)]
        to_python, to_manager, to_answering = lines
        async with calls(first, school["jane"]) as http:
            told = [await generate(http, source_text=long_text(40_000)) for _ in range(2)]
            python = await stack.enter_async_context(
                in_python(tmp_path / "python", client(to_python.port, told[0]["session_id"], token))
            )
            node = await stack.enter_async_context(
                in_node(
                    tmp_path / "manager",
                    [manager(to_manager.port, told[1]["session_id"])],
                    names=storage(token),
                )
            )
            socket = f"new WebSocket('ws://127.0.0.1:{to_answering.port}/ws/roblox')"
            names = {"jwtToken": json_words(token), "ws": socket}
            await stack.enter_async_context(
                in_node(tmp_path / "answering", [SIGNING_IN, ANSWERING], names=names)
            )

            # Each shows every event once, in order, whether it was there before the client came or came live.
            await python.until("Content ID: ")
            _, logged = await one_connection(node)
            kept = [await events_of(http, accepted) for accepted in told]
            assert python.printed == printed_by_python(kept[0])
            assert logged == logged_by_manager(kept[1])
            await answer_pings(*lines)

        await goes_and_says_so(first, python, node)
        second = stack.enter_context(launched([*IMPATIENT, str(first.port)], cwd=school.home, env=school.env))
        snapshot, logged = await one_connection(node)
        assert snapshot["status"] == "complete"
        assert logged == logged_by_manager(kept[1])
        await asyncio.to_thread(end, second)

        talks = [talk for line in lines for talk in line.conversations]
        as_the_guide_shows_them([message for talk in talks for message in talk.messages])
        assert {line.conversations[0].closed_by_server for line in lines} == {1001}


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
