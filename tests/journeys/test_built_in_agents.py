"""A lesson seen as the work of the agents that are built in: what they tell beside what the lesson tells."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
import pytest

from agents_at_work import seven, tasks_of, whole_story
from generation import STAGES, long_text, of_type
from school import Open, Person, calls, generate
from toolboxai.client import Channel, connect

pytestmark = pytest.mark.timeout(60)

KINDS = ["content", "environment", "lesson", "packaging", "quiz", "review", "script"]


async def until_idle(channel: Channel, after: int) -> list[Any]:
    """What an agent tells after the event with this number, until a task has ended and nothing runs any more."""
    told = []
    async for event in channel:
        if event.data["seq"] <= after:
            continue
        told.append(event.data)
        ended = bool(of_type(told, "task_result"))
        if ended and event.name == "agent_status" and event.data["data"]["status"] != "active":
            break
    return told


async def test_a_lesson_is_the_work_of_four_agents_who_tell_the_same_story(opened: Open) -> None:
    john = opened.school["john"]
    async with (
        calls(opened.server, john) as http,
        connect(opened.server.url, opened.school.key, token=john.token) as client,
    ):
        agents = await seven(http)
        assert sorted(item["agent_id"].split("_")[1] for item in agents.values()) == KINDS
        assert all(item["status"] in ("idle", "error") for item in agents.values())
        assert {item["queue_length"] for item in agents.values()} == {0}
        channels = [await client.subscribe(agents[stage]["channel"]) for stage in STAGES]
        known = [len(await whole_story(http, agents[stage])) for stage in STAGES]
        follow = asyncio.gather(*map(until_idle, channels, known))
        accepted = await generate(http)
        told = dict(zip(STAGES, await follow, strict=True))
        events = (await http.get(accepted["events_url"])).json()["items"]
        for stage in STAGES:
            said = told[stage]
            assert [event["seq"] for event in said] == list(range(said[0]["seq"], said[0]["seq"] + len(said)))
            the_story_is_the_same(said, events, stage)
            [task] = await tasks_of(http, agents[stage], accepted["session_id"])
            [result] = of_type(said, "task_result")
            assert (task["status"], task["attempt"], task["result"]) == ("completed", 1, result["result"])
            assert result["execution_time_ms"] == task["execution_time_ms"]
        [lesson] = of_type(told["lesson_generation"], "task_result")
        content = (await http.get(f"/api/v1/content/{accepted['content_id']}")).json()
        assert lesson["result"]["lesson_title"] == content["title"]
        assert len(lesson["result"]["content_sections"]) == lesson["result"]["sections"] > 0
        waited = of_type(told["content_analysis"], "agent_status")
        assert [status["queue_length"] for status in waited] == [1, 0, 0]
        await nobody_else_moves_them(opened, http, agents["lesson_generation"], task["task_id"])


def the_story_is_the_same(
    said: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]], stage: str
) -> None:
    updates = [
        (data["progress_percent"], data["message"])
        for data in of_type(events, "progress_update")
        if data["stage"] == stage
    ]
    progress = [(data["progress_percent"], data["message"]) for data in of_type(said, "task_progress")]
    left = iter(updates)
    assert all(each in left for each in progress), "each of them is one of the lesson's, in the same order"
    [counts] = [
        data["stage_results"]
        for data in of_type(events, "stage_complete")
        if data["completed_stage"] == stage
    ]
    [result] = of_type(said, "task_result")
    assert counts.items() <= result["result"].items()
    statuses = of_type(said, "agent_status")
    assert ("active", stage) in [(status["status"], status["current_task"]) for status in statuses]
    assert statuses[-1]["queue_length"] == 0


async def nobody_else_moves_them(
    opened: Open, http: httpx2.AsyncClient, agent: Mapping[str, Any], task_id: str
) -> None:
    own = f"/api/v1/agents/{agent['agent_id']}"
    refused = [
        await http.post(f"{own}/tasks", json={"task_type": "lesson_generation", "input": {}}),
        await http.post(f"{own}/claim", json={"worker": "mine"}),
        await http.delete(own),
        await http.delete(f"/api/v1/tasks/{task_id}"),
        await http.post(f"/api/v1/tasks/{task_id}/requeue"),
    ]
    assert [answer.status_code for answer in refused] == [409] * 5
    assert all(
        "/api/v1/content" in answer.json()["message"] for answer in refused if answer.json()["details"]
    )
    jane: Person = opened.school["jane"]
    async with calls(opened.server, jane) as others:
        assert (await others.get(own)).status_code == 404
        assert (await others.get(f"/api/v1/tasks/{task_id}")).status_code == 404


async def test_a_lesson_that_is_cancelled_cancels_what_its_agent_does(opened: Open) -> None:
    john = opened.school["john"]
    async with (
        calls(opened.server, john) as http,
        connect(opened.server.url, opened.school.key, token=john.token) as client,
    ):
        agent = (await seven(http))["content_analysis"]
        channel = await client.subscribe(agent["channel"])
        known = len(await whole_story(http, agent))
        accepted = await generate(http, source_text=long_text(300_000))
        follow = asyncio.create_task(until_idle(channel, known))
        page = await client.subscribe(accepted["private_channel"], since=0)
        await anext(aiter(page))  # it is under way
        assert (await http.delete(accepted["status_url"])).status_code == 200
        told = await follow
        [result] = of_type(told, "task_result")
        [task] = await tasks_of(http, agent, accepted["session_id"])
        assert (result["status"], result["result"]) == (task["status"], task["result"]) == ("cancelled", None)
        assert (await http.get(f"/api/v1/agents/{agent['agent_id']}")).json()["status"] == "idle"
