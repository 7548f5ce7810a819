"""J8: the keys that sign tokens are rotated under a running server, and nobody signs in again."""

import json
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from websockets.asyncio.client import connect

from callers import Socket
from old_school import OldClient
from school import SERVE, Open, Person, School, calls, open_school
from server_process import Serving, end, launched
from streams import Stream

WAIT_S = 10.0
OLD = {"kid": "spring", "secret": "the secret of the spring, long enough to sign"}
NEW = {"kid": "autumn", "secret": "the secret of the autumn, long enough to sign"}
AUDIT = "toolboxai.audit"


def write(config: Path, *keys: Mapping[str, str]) -> None:
    """What an operator does with an editor."""
    listed = ", ".join(f'{{kid = "{key["kid"]}", secret = "{key["secret"]}"}}' for key in keys)
    config.write_text(f"[auth]\njwt_keys = [{listed}]\n")


def lines(server: Serving) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log.read_text().splitlines()]


def rotate(server: Serving, config: Path, *keys: Mapping[str, str]) -> list[dict[str, Any]]:
    """Edit, SIGHUP, and what the audit log says of it."""
    before = len(lines(server))
    write(config, *keys)
    server.process.send_signal(signal.SIGHUP)
    patience = time.monotonic() + WAIT_S
    while time.monotonic() < patience:
        said = lines(server)[before:]
        if any(line["event"] == "apps reloaded" for line in said):
            return [line for line in said if line["logger"] == AUDIT]
        time.sleep(0.01)
    raise AssertionError(server.log.read_text())


async def signed_in(server: Serving, person: Person) -> dict[str, Any]:
    async with calls(server) as http:
        body = {"username": person.name, "password": person.password}
        session: dict[str, Any] = (await http.post("/api/v1/auth/login", json=body)).json()
        return session


async def status(http: httpx2.AsyncClient, token: str) -> tuple[int, str]:
    answer = await http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json().get("error_code", "")


def kid(token: str) -> str:
    name: str = jwt.get_unverified_header(token)["kid"]
    return name


def told(audit: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    by, *changes = audit
    assert (by["event"], by["by"]) == ("settings are read anew", "SIGHUP")
    return [tuple(line[name] for name in ("signing", "accepted", "added", "removed")) for line in changes]


@pytest.fixture
def school(tmp_path: Path) -> School:
    return open_school(tmp_path, names=("jane", "ada"), TOOLBOXAI_DRAIN_S="0")


@pytest.mark.timeout(60)
async def test_j8_keys_rotate_in_three_steps_and_nobody_is_signed_out(school: School) -> None:
    config = school.home / "toolboxai.toml"
    env = {name: value for name, value in school.env.items() if name != "TOOLBOXAI_JWT_SECRET"}
    write(config, OLD)
    jane = school["jane"]
    with launched([*SERVE, "0"], cwd=school.home, env=env) as server:
        session = await signed_in(server, jane)
        old = session["access_token"]
        assert kid(old) == "spring"
        stream = f"/apps/{env['PUSHER_APP_ID']}/channels/private-user-{jane.id}/sse?key={env['PUSHER_KEY']}"
        bearer = {"Authorization": f"Bearer {old}"}
        ws = server.url.replace("http", "ws", 1)
        async with (
            calls(server) as http,
            Socket.opened(f"{ws}/app/{school.key}?protocol=7") as page,
            connect(f"{ws}/ws/roblox", additional_headers=bearer, proxy=None) as wire,
            Stream.opened(server.port, "GET", stream, bearer) as events,
        ):
            page.greet(await page.hear())
            socket = OldClient(wire)
            assert (await socket.hear())["type"] == "auth_response"

            assert told(rotate(server, config, OLD, NEW)) == [
                ("spring", ["spring", "autumn"], ["autumn"], [])
            ]
            assert told(rotate(server, config, NEW, OLD)) == [("autumn", ["autumn", "spring"], [], [])]
            # Everything goes on with the old token, and whoever refreshes is handed one of the new key.
            assert await status(http, old) == (200, "")
            assert (await socket.ask("ping"))["type"] == "pong"
            body = {"refresh_token": session["refresh_token"]}
            fresh = (await http.post("/api/v1/auth/refresh", json=body)).json()["access_token"]
            assert kid(fresh) == "autumn"
            assert await status(http, fresh) == (200, "")

            assert told(rotate(server, config, NEW)) == [("autumn", ["autumn"], [], ["spring"])]
            assert await status(http, old) == (401, "INVALID_TOKEN")
            assert await status(http, fresh) == (200, "")
            said, code, _ = await socket.ended()
            assert (said[0]["type"], code) == ("auth_error", 4001)
            while (event := await events.event())["event"] != "pusher:subscription_expired":
                assert event["event"] != "pusher:error"
            await page.hears_nothing()  # what a signature opened stays open

            assert told(rotate(server, config, NEW)) == []
        end(server)
    log = server.log.read_text()
    assert not [secret for secret in (OLD["secret"], NEW["secret"], old, fresh) if secret in log]


async def test_j8_the_audit_log_says_who_did_what_and_a_logout_ends_what_is_open(opened: Open) -> None:
    server, ada = opened.server, opened.school["ada"]
    before = len(lines(server))
    token = (await signed_in(server, opened.school["jane"]))["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    ws = server.url.replace("http", "ws", 1)
    async with (
        calls(server, ada) as http,
        connect(f"{ws}/ws/roblox", additional_headers=bearer, proxy=None) as wire,
    ):
        socket = OldClient(wire)
        assert (await socket.hear())["type"] == "auth_response"
        event = {"channel": "private-test-channel", "event": "hello", "data": "a word to keep to oneself"}
        assert (await http.post("/api/v1/realtime/trigger", json=event)).status_code == 200
        assert (await http.post("/api/v1/admin/apps/reload")).status_code == 200
        assert (await http.post("/api/v1/auth/logout", headers=bearer)).status_code == 204
        said, code, _ = await socket.ended()
        assert (said[-2]["data"]["error"], code) == ("INVALID_TOKEN", 4001)
    audit = [line for line in lines(server)[before:] if line["logger"] == AUDIT]
    assert [(line["event"], line["user_id"]) for line in audit] == [
        ("event triggered by an operator", ada.id),
        ("apps changed by an operator", ada.id),
    ]
    assert (audit[0]["resource_id"], audit[0]["event_name"]) == ("private-test-channel", "hello")
    assert event["data"] not in server.log.read_text()
