"""J3: a teacher has a world built for her lesson, follows it, changes a script, and survives a server that dies."""

import asyncio
import io
import json
import signal
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest

from forms import FULL
from school import SERVE, Open, School, calls, generate, open_school
from server_process import end, launched
from toolboxai.client import Channel, connect

pytestmark = pytest.mark.peers

WORLDS = "/api/v1/roblox/environments"


async def followed(channel: Channel, *statuses: str) -> list[Any]:
    """Everything that is told of a world, to its end."""
    events = []
    async for event in channel:
        events.append(event.data)
        if event.name == "environment_status" and event.data["data"]["status"] in statuses:
            break
    return events


async def a_lesson_of(http: httpx2.AsyncClient) -> str:
    """A finished content."""
    accepted = await generate(http)
    async with asyncio.timeout(30):
        while True:
            session = (await http.get(accepted["status_url"])).json()
            if session["status"] == "complete":
                return str(accepted["content_id"])
            assert session["status"] in ("queued", "running"), session
            await asyncio.sleep(0.05)


async def built(http: httpx2.AsyncClient, **wish: Any) -> dict[str, Any]:
    answer = await http.post(WORLDS, json=wish)
    assert answer.status_code == 202, answer.text
    begun: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == begun["status_url"]
    return begun


async def ended(http: httpx2.AsyncClient, begun: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    async with asyncio.timeout(40):
        while True:
            world: dict[str, Any] = (await http.get(begun["status_url"])).json()
            if world["status"] not in ("queued", "generating"):
                return world, (await http.get(begun["events_url"])).json()["items"]
            await asyncio.sleep(0.05)


def assert_one_by_one(events: Sequence[Any]) -> None:
    """Numbers without gaps; components move one by one, and never back."""
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    order = ["pending", "in_progress", "complete"]
    states = [event["data"] for event in events if event["type"] == "environment_status"]
    for component in ("terrain", "buildings", "scripts"):
        seen = [order.index(state["components"][component]) for state in states]
        assert seen == sorted(seen)
        assert set(seen) == {0, 1, 2}
    for state in states:
        complete = set(state["components"].values()) == {"complete"}
        assert (state["progress"] == 100) == complete == (state["status"] == "ready")


@pytest.mark.timeout(90)
async def test_j3_a_world_for_the_lesson(opened: Open) -> None:
    jane = opened.school["jane"]
    async with (
        calls(opened.server, jane) as http,
        connect(opened.server.url, opened.school.key, token=jane.token) as client,
    ):
        content_id = await a_lesson_of(http)
        begun = await built(http, content_id=content_id, theme="space_station", size="small", seed=7)
        channel = await client.subscribe(begun["private_channel"], since=0)
        async with asyncio.timeout(30):
            told = await followed(channel, "ready", "failed")
        world, events = await ended(http, begun)
        assert world["status"] == "ready", world
        assert told == events  # the last word is that it is ready: every file has been told of before
        assert_one_by_one(events)
        where = {"channel": begun["private_channel"], "after": 3, "limit": 2}
        page = (await http.get("/api/v1/realtime/history", params=where)).json()
        assert page == {"items": events[3:5], "next_cursor": 5}
        for event in events:
            await what_is_told_is_served(http, event)
        quiz = (await http.get(f"/api/v1/content/{content_id}")).json()["quiz"]["questions"]
        await the_zip_is_whole(http, begun, [question["question"] for question in quiz])
        picture = await http.get(world["plan_url"])
        assert picture.headers["content-type"].startswith("image/svg+xml")
        assert ElementTree.fromstring(picture.content).tag.endswith("svg")
        await a_script_is_changed(http, begun)
        await client.close()
        gone = await http.delete(begun["status_url"])
        assert (gone.status_code, gone.headers.get("content-type")) == (204, None)
        assert (await http.get(begun["status_url"])).status_code == 404


@pytest.mark.timeout(60)
async def test_a_lesson_that_was_asked_for_with_a_world_has_one(opened: Open) -> None:
    async with calls(opened.server, opened.school["jane"]) as http:
        accepted = await generate(http, environment_theme="underwater")
        url = (await http.get(accepted["status_url"])).json()["environment_url"]
        async with asyncio.timeout(40):
            while True:
                if (await http.get(url)).status_code == 200:  # once the lesson is complete
                    break
                await asyncio.sleep(0.05)
        world, _ = await ended(http, {"status_url": url, "events_url": f"{url}/events"})
        assert (world["status"], world["theme"]) == ("ready", "underwater")
        where = {"content_id": accepted["content_id"]}
        items = (await http.get(WORLDS, params=where)).json()["items"]
        assert [item["status_url"] for item in items] == [url]


async def what_is_told_is_served(http: httpx2.AsyncClient, event: dict[str, Any]) -> None:
    data = event["data"]
    match event["type"]:
        case "asset_ready":
            content = (await http.get(data["download_url"])).content
        case "script_update" if "script_content" in data:
            content = data["script_content"].encode()
        case "script_update":
            content = (await http.get(data["content_url"])).content
            assert len(content) == data["size"]
        case _:
            return
    assert sha256(content).hexdigest() == data["checksum"]


async def the_zip_is_whole(http: httpx2.AsyncClient, begun: dict[str, Any], questions: list[str]) -> None:
    link = await http.post(f"{begun['status_url']}/download-link", params={"format": "zip"})
    async with httpx2.AsyncClient(base_url=http.base_url, trust_env=False) as anybody:
        answer = await anybody.get(link.json()["url"])
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        place = next(archive.read(name) for name in archive.namelist() if name.endswith(".rbxlx"))
    text = "".join(ElementTree.fromstring(place).itertext())
    assert any(question[:30] in text for question in questions)


async def a_script_is_changed(http: httpx2.AsyncClient, begun: dict[str, Any]) -> None:
    scripts = (await http.get(f"{begun['status_url']}/scripts")).json()["items"]
    [url] = [script["url"] for script in scripts if script["script_id"] == "buildings_check"]
    tag = (await http.get(url)).headers["etag"]
    assert (await http.put(url, json={"source": "print(2)"})).status_code == 428
    broken = await http.put(url, json={"source": "print(2"}, headers={"If-Match": tag})
    assert broken.status_code == 422
    assert broken.json()["details"]["faults"][0]["line"] == 1
    saved = await http.put(url, json={"source": "print(2)"}, headers={"If-Match": tag})
    assert saved.status_code == 200, saved.text
    assert (await http.put(url, json={"source": "print(3)"}, headers={"If-Match": tag})).status_code == 412
    news = (await http.get(begun["events_url"])).json()["items"]
    update = next(event for event in reversed(news) if event["type"] == "script_update")
    assert update["data"]["script_content"] == "print(2)"
    bundle = await http.get(f"{begun['status_url']}/download", params={"format": "bundle"})
    assert "print(2)" in json.dumps(bundle.json())
    diff = await http.get(f"{url}/diff", params={"before": 1})
    assert "+print(2)" in diff.text


@pytest.fixture
def school(tmp_path: Path, database_url: str) -> School:
    (tmp_path / "school").mkdir()
    return open_school(tmp_path / "school", database_url=database_url, names=("jane",))


@pytest.mark.parametrize("component", ["terrain", "buildings", "scripts"] if FULL else ["buildings"])
@pytest.mark.timeout(90)
async def test_a_server_that_dies_in_a_component_goes_on_with_it(school: School, component: str) -> None:
    jane = school["jane"]

    def works(event: Any) -> bool:
        told: dict[str, Any] = event.data["data"]
        return event.name == "environment_status" and bool(told["components"][component] == "in_progress")

    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as first:
        async with connect(first.url, school.key, token=jane.token) as client, calls(first, jane) as http:
            begun = await built(http, size="xlarge", theme="fantasy")
            channel = await client.subscribe(begun["private_channel"], since=0)
            async with asyncio.timeout(30):
                async for event in channel:
                    if works(event):
                        break
            first.process.send_signal(signal.SIGKILL)
            assert await asyncio.to_thread(first.process.wait) == -signal.SIGKILL
            await client.close()
    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as second:
        async with calls(second, jane) as http:
            world, events = await ended(http, begun)
            assert world["status"] == "ready", world
            assert_one_by_one(events)
            assert sum(event["type"] == "asset_ready" for event in events) == len(world["assets"])
        end(second)
