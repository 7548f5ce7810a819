"""What an operator does: accounts, starting, stopping, and the schema of the database."""

import asyncio
import json
import re
import socket
import sqlite3
import subprocess
from pathlib import Path

import httpx2
import pytest

from generation import assert_whole, long_text
from school import SERVE, Open, School, calls, generate, open_school
from server_process import end, launched, serving
from warm_start import run

PASSWORD = "correct horse battery"


def toolboxai(school: School, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    """One command of ours, in the school's place and settings, to its end."""
    env = {"PATH": "/usr/bin:/bin", "HOME": str(school.home), **school.env}
    return run(words, cwd=school.home, env=env, given=given)


@pytest.fixture
def school(tmp_path: Path) -> School:
    """A school in which nobody has an account yet."""
    (tmp_path / "school").mkdir()
    return open_school(tmp_path / "school", names=(), TOOLBOXAI_DRAIN_S="1")


@pytest.mark.timeout(60)  # one program after another
async def test_from_an_account_made_on_the_machine_to_a_token_that_opens_the_door(school: School) -> None:
    made = toolboxai(
        school, "users", "create", "jane", "--role", "teacher", "--password-stdin", given=PASSWORD + "\n"
    )
    assert made.returncode == 0, made.stderr
    printed = toolboxai(school, "token", "jane").stdout.strip()
    with serving([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
        async with calls(server) as http:
            assert (await http.get("/healthz")).status_code == 200
            login = await http.post("/api/v1/auth/login", json={"username": "jane", "password": PASSWORD})
            assert login.status_code == 200
            for token in (printed, login.json()["access_token"]):
                me = await http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
                assert (me.json()["username"], me.json()["role"]) == ("jane", "teacher")
                assert "content:generate" in me.json()["permissions"]
            wrong = await http.post(
                "/api/v1/auth/login", json={"username": "jane", "password": "wrong horse"}
            )
            assert (wrong.status_code, wrong.json()["error_code"]) == (401, "INVALID_TOKEN")
    log = server.log.read_text()
    assert not [secret for secret in (PASSWORD, printed, school.env["PUSHER_SECRET"]) if secret in log]


@pytest.mark.peers
async def test_a_restart_calls_every_page_back_and_loses_no_work(tmp_path: Path) -> None:
    (tmp_path / "school").mkdir()
    school = await asyncio.to_thread(open_school, tmp_path / "school", names=("jane",), TOOLBOXAI_DRAIN_S="1")
    jane = school["jane"]
    with (
        socket.create_server(("127.0.0.1", 0), backlog=4096) as listener,
        launched([*SERVE, "0"], cwd=school.home, env=school.env, listener=listener) as first,
    ):
        async with (
            Open(school, first).watching("jane") as page,
            calls(first, jane) as http,
        ):
            accepted = await generate(http, source_text=long_text(180_000))
            name = accepted["private_channel"]
            await page.subscribe(name)
            if not page.events(name):
                await page.until(lambda said: said.get("event") == "progress_update")
            await asyncio.to_thread(end, first)
            closed = await page.until(lambda said: "error" in said)
            assert closed["error"]["data"]["code"] == 4200
            assert "generation_complete" not in [event["type"] for event in page.events(name)]
            with launched([*SERVE, "0"], cwd=school.home, env=school.env, listener=listener) as second:
                await page.connected()
                seen = {event["seq"]: event for event in await page.over(name)}
                events = [seen[number] for number in sorted(seen)]
                assert_whole(events, accepted["session_id"])
                async with calls(second, jane) as again:
                    asked = await again.get(
                        f"/apps/1/channels/{name}/poll", params={"wait": 0, "key": school.env["PUSHER_KEY"]}
                    )
                kept = [json.loads(item["data"])["seq"] for item in asked.json()["items"]]
                assert kept == [event["seq"] for event in events[-len(kept) :]]  # each is kept once
                await asyncio.to_thread(end, second)


async def test_requests_under_way_are_answered_before_the_end(school: School) -> None:
    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        async with calls(server) as http:
            assert (await http.get("/healthz")).status_code == 200
            # A sign-in takes its time, for the hash is slow on purpose.
            under_way = asyncio.create_task(
                http.post("/api/v1/auth/login", json={"username": "nobody", "password": PASSWORD})
            )
            await asyncio.wait((under_way,), timeout=0.02)
            ending = asyncio.create_task(asyncio.to_thread(end, server))
            assert (await under_way).status_code == 401
            await ending
            with pytest.raises(httpx2.ConnectError):
                await http.get("/healthz")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "newer"),
        ("DROP TABLE content_sessions", "half migrated"),
        ("DELETE FROM alembic_version", "half migrated"),
        ("UPDATE alembic_version SET version_num = '0001'", "this version needs"),
    ],
)
def test_a_schema_that_does_not_fit_is_refused_with_the_command_to_run(
    school: School, change: str, word: str
) -> None:
    database = sqlite3.connect(school.home / "toolboxai.db")
    with database:
        database.execute(change)
    database.close()
    refused = toolboxai(school, "serve", "--port", "0")
    assert (refused.returncode, refused.stdout) == (3, "")
    assert word in refused.stderr
    assert "toolboxai db upgrade" in refused.stderr
    assert "Traceback" not in refused.stderr
