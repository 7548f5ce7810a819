"""A server that dies in the middle of its work, and comes back."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from agents_at_work import seven, tasks_of, whole_story
from generation import STAGES, assert_whole, long_text, of_type, stages_done
from pusher_js import ends
from school import SERVE, Open, School, calls, generate, open_school
from server_process import end, launched
from toolboxai.client import Channel, ChannelsClient, connect

pytestmark = pytest.mark.peers


@pytest.fixture
def school(tmp_path: Path, database_url: str) -> School:
    (tmp_path / "school").mkdir()
    return open_school(tmp_path / "school", database_url=database_url, names=("jane",))


async def followed(channel: Channel) -> list[Any]:
    """Everything that our client shows of a generation, to its end."""
    events = []
    async for event in channel:
        events.append(event.data)
        if event.name in ("generation_complete", "error"):
            break
    return events


@pytest.mark.timeout(60)
async def test_a_generation_that_was_cut_off_is_finished_after_the_restart(school: School) -> None:
    jane = school["jane"]
    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as first:
        page_of = Open(school, first).watching("jane")
        async with page_of as page, connect(first.url, school.key, token=jane.token) as client:
            async with calls(first, jane) as http:
                accepted = await generate(http, source_text=long_text(300_000))
            session_id, name = accepted["session_id"], accepted["private_channel"]
            shown = asyncio.create_task(followed(await client.subscribe(name, since=0)))
            await page.subscribe(name)
            if not stages_done(page.events(name)):
                await page.until(lambda said: said.get("event") == "stage_complete")
            first.process.send_signal(signal.SIGKILL)
            assert await asyncio.to_thread(first.process.wait) == -signal.SIGKILL
            assert len(stages_done(page.events(name))) < len(STAGES)

            with launched([*SERVE, str(first.port)], cwd=school.home, env=school.env) as second:
                async with asyncio.timeout(30):
                    events = await shown
                    await page.until(lambda said: ends(said, name))
                assert_whole(events, session_id)
                the_page_saw_each_at_least_once(page.events(name), events)
                async with calls(second, jane) as http:
                    assert (await http.get(accepted["events_url"])).json()["items"] == events
                    made = await http.get(events[-1]["data"]["download_url"])
                    assert made.status_code == 200
                    await each_stage_was_one_task_and_ended_once(http, client, session_id)
                await client.close()
                end(second)


async def until_told(channel: Channel, name: str) -> None:
    """It comes right after the end of the lesson."""
    async with asyncio.timeout(10):
        async for event in channel:
            if event.name == name:
                return


async def each_stage_was_one_task_and_ended_once(
    http: httpx2.AsyncClient, client: ChannelsClient, session_id: str
) -> None:
    """Of four agents, over both processes."""
    agents = await seven(http)
    for stage in STAGES:
        await until_told(await client.subscribe(agents[stage]["channel"], since=0), "task_result")
        [task] = await tasks_of(http, agents[stage], session_id)
        assert (task["status"], task["attempt"], task["error"]) == ("completed", 1, None)
        told = await whole_story(http, agents[stage])
        assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
        [result] = of_type(told, "task_result")
        assert (result["task_id"], result["result"]) == (task["task_id"], task["result"])
        status = of_type(told, "agent_status")[-1]
        assert (status["status"], status["queue_length"]) == ("idle", 0)


def the_page_saw_each_at_least_once(seen: Sequence[dict[str, Any]], shown: Sequence[dict[str, Any]]) -> None:
    """What came twice came with the same number."""
    by_number = {event["seq"]: event for event in shown}
    assert {event["seq"] for event in seen} == set(by_number)
    assert all(event == by_number[event["seq"]] for event in seen)
