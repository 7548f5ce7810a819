"""Who may do what, and how a generation is stopped and begun again."""

import asyncio
from typing import Any

import httpx2
import pytest

from generation import STAGES, long_text, stages_done
from school import Open, Person, a_lesson, calls, generate

NOT_THERE = (404, "RESOURCE_NOT_FOUND")


def told(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of an error, which has the one shape."""
    body = answer.json()
    assert set(body) == {"error_code", "message", "details", "request_id"}
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert body["message"]
    return answer.status_code, body["error_code"]


async def events_of(http: httpx2.AsyncClient, accepted: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await http.get(accepted["events_url"])).json()["items"]
    return items


@pytest.mark.peers
async def test_a_cancelled_generation_ends_at_once_and_can_be_tried_again(opened: Open) -> None:
    async with (
        calls(opened.server, opened.school["jane"]) as http,
        opened.watching("jane") as page,
    ):
        accepted = await generate(http, source_text=long_text(200_000))
        name = accepted["private_channel"]
        await page.subscribe(name)
        if not stages_done(page.events(name)):
            await page.until(lambda said: said.get("event") == "stage_complete")
        cancelled = await http.delete(accepted["status_url"])
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
        events = await page.over(name)
        last = events[-1]
        assert (last["type"], last["data"]["error_code"]) == ("error", "GENERATION_CANCELLED")
        assert last["data"]["details"]["terminal"] is True
        assert await events_of(http, accepted) == events
        for path in ("", "download/"):
            assert told(await http.get(f"/api/v1/content/{path}{accepted['content_id']}")) == NOT_THERE

        again = await http.post(f"{accepted['status_url']}/retry")
        assert (again.status_code, again.json()["attempt"]) == (202, 2)
        await page.until(lambda said: said.get("event") == "generation_complete")
        every = page.events(name)
        assert [event["seq"] for event in every] == list(range(1, len(every) + 1))
        assert stages_done(every) == STAGES, "what was done before the cancel is not done again"
        assert (await http.get(every[-1]["data"]["download_url"])).status_code == 200

        assert told(await http.post(f"{accepted['status_url']}/retry"))[0] == 409
        assert told(await http.delete(accepted["status_url"]))[0] == 409


async def test_another_teacher_and_another_school_find_nothing(opened: Open) -> None:
    async with calls(opened.server, opened.school["jane"]) as http:
        accepted = await generate(http)
    session, content = accepted["status_url"], f"/api/v1/content/{accepted['content_id']}"
    download = f"/api/v1/content/download/{accepted['content_id']}"
    for name in ("john", "olga"):
        async with calls(opened.server, opened.school[name]) as http:
            for method, path in (
                ("GET", session),
                ("DELETE", session),
                ("GET", f"{session}/events"),
                ("POST", f"{session}/retry"),
                ("GET", content),
                ("GET", download),
                ("POST", f"{content}/download-link"),
            ):
                assert told(await http.request(method, path)) == NOT_THERE, (name, method, path)
            for path in ("/api/v1/content", "/api/v1/content/sessions"):
                listed = (await http.get(path, params={"limit": 100})).json()["items"]
                assert accepted["session_id"] not in [item["session_id"] for item in listed]
            history = await http.get(
                "/api/v1/realtime/history", params={"channel": accepted["private_channel"]}
            )
            assert told(history) == (403, "INSUFFICIENT_PERMISSIONS")


async def test_a_student_may_not_generate(opened: Open) -> None:
    async with calls(opened.server, opened.school["sam"]) as http:
        refused = await http.post("/api/v1/content/generate", json={})
        assert told(refused) == (403, "INSUFFICIENT_PERMISSIONS")
        assert refused.json()["details"] == {"required_permissions": ["content:generate"]}
        trigger = await http.post("/api/v1/realtime/trigger", json={"channel": "news", "event": "e"})
        assert told(trigger) == (403, "INSUFFICIENT_PERMISSIONS")


async def test_one_idempotency_key_is_one_session(opened: Open) -> None:
    async with calls(opened.server, opened.school["jane"]) as http:
        key = {"Idempotency-Key": "lesson-1"}
        first, second = await asyncio.gather(
            *(http.post("/api/v1/content/generate", json=body, headers=key) for body in [a_lesson()] * 2)
        )
        assert (first.status_code, second.status_code) == (202, 202)
        assert first.json()["session_id"] == second.json()["session_id"]
        other = await http.post("/api/v1/content/generate", json=a_lesson(num_questions=3), headers=key)
        assert told(other) == (409, "CONFLICT")
    async with calls(opened.server, opened.school["john"]) as http:
        foreign = await http.post("/api/v1/content/generate", json=a_lesson(), headers=key)
        assert foreign.status_code == 202
        assert foreign.json()["session_id"] != first.json()["session_id"]


class TestTokens:
    async def login(self, http: httpx2.AsyncClient, person: Person) -> dict[str, Any]:
        answer = await http.post(
            "/api/v1/auth/login", json={"username": person.name, "password": person.password}
        )
        assert answer.status_code == 200
        session: dict[str, Any] = answer.json()
        return session

    async def me(self, http: httpx2.AsyncClient, token: str) -> httpx2.Response:
        return await http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})

    async def test_a_refresh_token_is_no_access_token(self, opened: Open) -> None:
        async with calls(opened.server) as http:
            session = await self.login(http, opened.school["john"])
            assert (await self.me(http, session["access_token"])).json()["username"] == "john"
            assert told(await self.me(http, session["refresh_token"])) == (401, "INVALID_TOKEN")

    async def test_a_token_in_the_url_is_refused_even_when_it_is_good(self, opened: Open) -> None:
        token = opened.school["john"].token
        async with calls(opened.server) as http:
            for name in ("token", "access_token", "ACCESS_TOKEN"):
                answer = await http.get("/api/v1/auth/me", params={name: token})
                assert told(answer) == (401, "AUTHENTICATION_REQUIRED")
                with_header = await http.get(
                    "/api/v1/auth/me", params={name: token}, headers=opened.school["john"].bearer
                )
                assert told(with_header) == (401, "AUTHENTICATION_REQUIRED")
        assert token not in opened.server.log.read_text()

    async def test_after_the_logout_nothing_of_the_session_holds(self, opened: Open) -> None:
        async with calls(opened.server) as http:
            session = await self.login(http, opened.school["john"])
            bearer = {"Authorization": f"Bearer {session['access_token']}"}
            assert (await http.post("/api/v1/auth/logout", headers=bearer)).status_code == 204
            assert told(await self.me(http, session["access_token"]))[0] == 401
            refresh = await http.post(
                "/api/v1/auth/refresh", json={"refresh_token": session["refresh_token"]}
            )
            assert told(refresh)[0] == 401
