"""A school is copied in the middle of a lesson, its machine is lost, and it goes on from the copy."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from generation import STAGES, assert_whole, long_text
from school import SERVE, Open, School, calls, generate, open_school, publish
from server_process import Serving, end, launched
from toolboxai.adapters.backup.asking import Asked
from toolboxai.adapters.backup.restore import restore
from toolboxai.adapters.backup.take import Taken, take
from toolboxai.adapters.database.migrate import Schema
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


def quiet(_part: str, _done: int, _total: int) -> None:
    """Nobody watches."""


async def backup(school: School, path: Path) -> Taken:
    url = school.env["TOOLBOXAI_DATABASE_URL"]
    return await asyncio.to_thread(
        take, url, path, product="0.1.0", wait_s=30.0, replace=False, progress=quiet
    )


@contextmanager
def held(server: Serving) -> Iterator[None]:
    """The processes that work on lessons stand still, so that one is in its midst for as long as the block lasts."""
    server_id = server.process.pid
    children = Path(f"/proc/{server_id}/task/{server_id}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGSTOP)
    try:
        yield
    finally:
        for child in children:
            os.kill(int(child), signal.SIGCONT)


@asynccontextmanager
async def pressed(http: httpx2.AsyncClient, app_id: str) -> AsyncIterator[list[float]]:
    """Somebody who writes to the database all the time, and has to be served; how long each call took."""
    took: list[float] = []

    async def press() -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            changed = {"max_connections": len(took) + 1}
            answer = await http.patch(f"/api/v1/admin/apps/{app_id}", json=changed)
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
            accepted = await generate(jane, source_text=long_text(60_000))
            async with connect(first.url, school.key, token=school["jane"].token) as client:
                async for event in await client.subscribe(accepted["private_channel"], since=0):
                    if event.name == "stage_complete":
                        break
            async with pressed(ada, made.json()["id"]) as took:
                with held(first):
                    taken = await backup(school, path)
            rows = {part.name: part.rows for part in taken.manifest.parts}
            assert 0 < rows["application/content_artefacts"] < len(STAGES), "it was in the middle"
            assert rows["jobs/workflow_status"] == 1
            assert rows["application/webhook_deliveries"] >= 1
            assert taken.asked is Asked.WRITTEN
            assert taken.held_s < 1.0
            assert max(took) < 5.0, "as long as a writer waits for its turn"
            await finished(opened, accepted)
            whole = await files_of(jane, accepted)
            await say(opened, 3, "after the copy")
        first.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(first.process.wait)

    url = elsewhere.env["TOOLBOXAI_DATABASE_URL"]
    _manifest, state = await asyncio.to_thread(restore, path, url, jobs=True, progress=quiet)
    assert state.schema is Schema.CURRENT
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
