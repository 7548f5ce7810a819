"""A school is copied in the middle of a lesson, its machine is lost, and it goes on from the copy."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from generation import STAGES, assert_whole, long_text
from school import SERVE, Open, School, a_lesson, calls, generate, open_school, publish
from server_process import end, launched
from toolboxai.client import connect

pytestmark = pytest.mark.peers

SETTINGS = """
[[apps]]
id = "{PUSHER_APP_ID}"
key = "{PUSHER_KEY}"
secret = "{PUSHER_SECRET}"

[[apps.history]]
pattern = "news"
events = 100
seconds = 3600

[[apps.webhooks]]
url = "http://127.0.0.1:9/"
"""


def settle(home: Path, env: Mapping[str, str]) -> None:
    home.mkdir()
    (home / "toolboxai.toml").write_text(SETTINGS.format(**env))


@pytest.fixture
def school(tmp_path: Path, database_url: str) -> School:
    home = tmp_path / "school"
    there = open_school(home, database_url=database_url, names=("jane", "ada"))
    settle(home, there.env)
    return there


@pytest.fixture
def elsewhere(school: School, database_backend: str, request: pytest.FixtureRequest) -> School:
    """The same settings on another machine: an empty folder and an empty database."""
    home = school.home.parent / "elsewhere"
    settle(home, school.env)
    url = f"sqlite:///{home / 'toolboxai.db'}"
    if database_backend == "postgres":
        url = request.getfixturevalue("postgres_server").empty()
    return replace(school, home=home, env={**school.env, "TOOLBOXAI_DATABASE_URL": url})


async def toolboxai(school: School, *arguments: str) -> dict[str, Any]:
    """A command, as an operator types it; what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "toolboxai",
        *arguments,
        "--json",
        cwd=school.home,
        env={"PATH": "", **school.env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    said: dict[str, Any] = json.loads(out)
    return said


@asynccontextmanager
async def pressed(http: httpx2.AsyncClient) -> AsyncIterator[list[float]]:
    """Somebody who writes all the time, and has to be served; how long each call took."""
    took: list[float] = []

    async def press() -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            answer = await http.post("/api/v1/content/generate", json=a_lesson(source_text="too short"))
            assert answer.status_code == 422, answer.text
            answer = await http.get("/api/v1/auth/me")
            assert answer.status_code == 200, answer.text
            took.append(loop.time() - began)

    pressing = asyncio.create_task(press())
    try:
        yield took
    finally:
        pressing.cancel()
        await asyncio.wait([pressing])
        assert pressing.cancelled(), pressing.exception()


async def files_of(http: httpx2.AsyncClient, accepted: Mapping[str, Any]) -> dict[str, bytes]:
    """What a finished lesson may be downloaded as, by format; the same request gives the same files."""
    status = (await http.get(accepted["status_url"])).json()
    found = {}
    for form in ("md", "html", "json"):
        answer = await http.get(status["download_url"], params={"format": form})
        assert answer.status_code == 200, answer.text
        found[form] = answer.content
    return found


async def finished(opened: Open, accepted: Mapping[str, Any]) -> None:
    """Follow a generation to its end, every event once."""
    school = opened.school
    events = []
    async with connect(opened.server.url, school.key, token=school["jane"].token) as client:
        async for event in await client.subscribe(accepted["private_channel"], since=0):
            events.append(event.data)
            if event.name in ("generation_complete", "error"):
                break
    assert_whole(events, accepted["session_id"])


async def kept(opened: Open, channel: str) -> list[Any]:
    """What a client that begins now is handed of a channel."""
    async with connect(opened.server.url, opened.school.key) as client:
        found = []
        async for event in await client.subscribe(channel, since=0):
            found.append(event.data)
            if event.data["data"] == "last":
                return found
    raise AssertionError("the channel ended")


async def say(opened: Open, number: int, text: str) -> None:
    event = {"type": "said", "data": text, "seq": number, "timestamp": "2026-01-01T00:00:00Z"}
    await publish(opened, "news", event)


async def body(http: httpx2.AsyncClient, post: Mapping[str, Any]) -> Any:
    return (await http.get(f"/api/v1/admin/webhooks/{post['id']}")).json()


@pytest.mark.timeout(120)
async def test_what_was_copied_in_the_middle_of_a_lesson_goes_on_elsewhere_and_ends_alike(
    school: School, elsewhere: School
) -> None:
    path = school.home.parent / "school.backup"
    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as first:
        opened = Open(school, first)
        async with calls(first, school["jane"]) as jane, calls(first, school["ada"]) as ada:
            made = await ada.post("/api/v1/admin/apps", json={"name": "Chess club"})
            assert made.status_code == 201, made.text
            await say(opened, 1, "first")
            await say(opened, 2, "last")
            accepted = await generate(jane, source_text=long_text(150_000))
            async with connect(first.url, school.key, token=school["jane"].token) as client:
                async for event in await client.subscribe(accepted["private_channel"], since=0):
                    if event.name == "stage_complete":
                        break
            async with pressed(jane) as took:
                said = await toolboxai(school, "backup", str(path))
            assert 0 < said["rows"]["application/content_artefacts"] < len(STAGES), "it was in the middle"
            assert said["memory"] == "written"
            assert said["rows"]["jobs/workflow_status"] == 1
            assert said["rows"]["application/webhook_deliveries"] >= 1
            assert said["writers_held_ms"] < 1000
            assert max(took) < 5.0, "as long as a writer waits for its turn"
            await finished(opened, accepted)
            whole = await files_of(jane, accepted)
            await say(opened, 3, "after the copy")
        first.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(first.process.wait)

    restored = await toolboxai(elsewhere, "restore", str(path))
    assert (restored["schema"], restored["jobs"]) == ("current", True)
    with launched([*SERVE, "0"], cwd=elsewhere.home, env=elsewhere.env) as second:
        opened = Open(elsewhere, second)
        await finished(opened, accepted)
        async with calls(second, school["jane"]) as jane, calls(second, school["ada"]) as ada:
            assert await files_of(jane, accepted) == whole
            names = [app["name"] for app in (await ada.get("/api/v1/admin/apps")).json()["items"]]
            assert "Chess club" in names
            posts = (await ada.get("/api/v1/admin/webhooks")).json()["items"]
            assert "channel_occupied" in json.dumps([await body(ada, post) for post in posts])
            credentials = {"username": "jane", "password": school["jane"].password}
            assert (await jane.post("/api/v1/auth/login", json=credentials)).status_code == 200
        assert [event["data"] for event in await kept(opened, "news")] == ["first", "last"]
        end(second)
