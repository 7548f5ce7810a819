"""Generations over HTTP: begun, watched, cancelled, tried again, fetched."""

import base64
import hashlib
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import SOURCE, Engine, Listener
from identity_parts import PASSWORD
from servers import APP
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.jobs_dbos import DbosJobs
from toolboxai.adapters.kept_here import KeptHere
from toolboxai.adapters.source_files.processes import SourceFileProcesses
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.errors import ContentFailed, StorageUnavailable
from toolboxai.node.node import Node
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.channel_history import ChannelHistory
from toolboxai.platform.content.downloads import Downloads
from toolboxai.platform.content.records.sessions import STAGES, Stage
from toolboxai.platform.content.run.limits import RunLimits
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.policy import ChannelPolicy
from toolboxai.platform.identity.service import IdentityService
from toolboxai.web.application import create_api
from toolboxai.web.content import LARGER_BODIES, content_routes
from toolboxai.web.realtime import realtime_routes
from toolboxai.web.security import Authenticator

pytestmark = pytest.mark.timeout(60)

REQUEST: dict[str, Any] = {
    "subject": "Science",
    "grade_level": "6-8",
    "learning_objectives": ["Explain evaporation", {"title": "Name the stages", "bloom_level": "remember"}],
    "source_text": SOURCE,
    "num_questions": 5,
}
SESSIONS = "/api/v1/content/sessions"
GENERATE = "/api/v1/content/generate"
PROPOSALS = "/api/v1/content/proposals"


@dataclass
class Api:
    """The routes, and people who use them."""

    http: httpx2.AsyncClient
    listener: Listener
    engine: Engine
    people: dict[str, dict[str, str]]

    async def ask(self, method: str, path: str, who: str | None = "anna", **options: Any) -> httpx2.Response:
        headers = {**(self.people[who] if who else {}), **options.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **options)

    async def done(self, **changes: Any) -> dict[str, Any]:
        """A generation that came to its end."""
        answer = await self.ask("POST", GENERATE, json={**REQUEST, **changes})
        assert answer.status_code == 202, answer.text
        started: dict[str, Any] = answer.json()
        await self.listener.until_over(started["session_id"])
        return started


@pytest.fixture
async def api(
    database: AsyncEngine, migrated_url: str, identity: IdentityService, audit: Audit
) -> AsyncIterator[Api]:
    store, listener, engine, jobs = (
        DatabaseContentStore(database),
        Listener(),
        Engine(),
        DbosJobs(migrated_url),
    )
    service = ContentService(
        store=store,
        jobs=jobs,
        publisher=listener,
        engine=engine,
        clock=SystemClock(),
        dice=random.Random(3),
        link_keys=lambda: [b"k" * 32],
        limits=RunLimits(active_per_user=3),
    )
    people = {}
    for name, role, organization in (
        ("anna", Role.TEACHER, "North"),
        ("ben", Role.TEACHER, "North"),
        ("cleo", Role.TEACHER, "South"),
        ("sam", Role.STUDENT, "North"),
        ("ada", Role.ADMIN, "North"),
    ):
        await identity.create_user(name, role, PASSWORD, organization=organization)
        people[name] = {"authorization": f"Bearer {await identity.issue_access_token(name)}"}
    authenticator = Authenticator(identity)
    clock, dice = SystemClock(), random.Random(4)
    node = Node(AppRegistry([APP]), MemoryBroker(clock, dice), clock=clock, dice=dice)
    files = SourceFileProcesses()
    routes = [
        content_routes(service, authenticator, files, audit),
        realtime_routes(
            ChannelHistory(service, KeptHere(node, lambda: APP)),
            listener,
            ChannelPolicy(store),
            authenticator,
            audit,
            event_bytes=lambda: 10_240,
        ),
    ]
    transport = httpx2.ASGITransport(create_api(routes, larger_bodies=LARGER_BODIES))
    await jobs.launch()
    async with (
        service.watching(),
        httpx2.AsyncClient(transport=transport, base_url="http://server") as http,
    ):
        yield Api(http, listener, engine, people)
        engine.go.set()
    await jobs.close()
    await service.close()
    files.close()


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


async def test_generate_answers_at_once_with_where_to_look(api: Api) -> None:
    answer = await api.ask("POST", GENERATE, json=REQUEST)
    assert answer.status_code == 202
    said = answer.json()
    session_id = said["session_id"]
    assert said == {
        "session_id": session_id,
        "content_id": said["content_id"],
        "status": "queued",
        "channel": f"content-generation-{session_id}",
        "private_channel": f"private-content-generation-{session_id}",
        "status_url": f"{SESSIONS}/{session_id}",
        "events_url": f"{SESSIONS}/{session_id}/events",
        "source_files": [],
    }
    assert answer.headers["location"] == said["status_url"]
    await api.listener.until_over(session_id)
    status = (await api.ask("GET", said["status_url"])).json()
    assert (status["status"], status["progress_percent"], status["error"]) == ("complete", 100, None)
    assert status["download_url"] == f"/api/v1/content/download/{said['content_id']}"


async def test_what_a_text_offers_is_answered_and_nothing_is_begun(api: Api) -> None:
    answer = await api.ask("POST", PROPOSALS, json={"source_text": SOURCE})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    objectives = said.pop("objectives")
    assert said == {
        "title": "The water cycle",
        "subject": "Water cycle",
        "language": "en",
        "grade_level": "6-8",
        "words": said["words"],
        "source_files": [],
    }
    assert {"title", "bloom_level", "sentences"} == set(objectives[0])
    wanted = [{name: each[name] for name in ("title", "bloom_level")} for each in objectives]
    assert (await api.ask("GET", SESSIONS)).json()["items"] == []
    # What is proposed is taken as it is.
    await api.done(subject=said["subject"], grade_level=said["grade_level"], learning_objectives=wanted)


async def test_files_offer_as_much_and_one_that_is_not_taken_is_named(api: Api) -> None:
    page = ("water.md", SOURCE.encode(), "text/markdown")
    answer = await api.ask("POST", PROPOSALS, files=[("source_files", page)], data={"language": "en"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["objectives"]
    assert [file["name"] for file in answer.json()["source_files"]] == ["water.md"]
    broken = ("notes.pdf", b"%PDF-1.4 and no more", "application/pdf")
    refused = await api.ask("POST", PROPOSALS, files=[("source_files", page), ("source_files", broken)])
    assert code_of(refused) == (422, "VALIDATION_ERROR")
    assert list(refused.json()["details"]["fields"]) == ["source_files[1]"]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "SOURCE_REQUIRED", None),
        ({"source_text": "Too short. Really."}, "SOURCE_TOO_SHORT", None),
        ({"source_text": SOURCE, "language": "no language"}, "VALIDATION_ERROR", "language"),
        ({"source_text": "x" * 500_001}, "VALIDATION_ERROR", "source_text"),
        ({"source_text": SOURCE, "subject": "Science"}, "VALIDATION_ERROR", "subject"),
    ],
)
async def test_a_text_that_offers_nothing_is_told_why(
    api: Api, body: dict[str, Any], code: str, field: str | None
) -> None:
    answer = await api.ask("POST", PROPOSALS, json=body)
    assert code_of(answer) == (422, code)
    assert field is None or field in answer.json()["details"]["fields"]


async def test_the_events_are_those_of_the_private_channel(api: Api) -> None:
    started = await api.done()
    events = (await api.ask("GET", started["events_url"])).json()
    assert events["items"] == api.listener.on(started["private_channel"])
    assert events["next_cursor"] is None
    page = (await api.ask("GET", started["events_url"], params={"after": 1, "limit": 2})).json()
    assert [event["seq"] for event in page["items"]] == [2, 3]
    assert page["next_cursor"] == 3


async def test_a_request_that_cannot_be_served_is_answered_with_every_field_at_fault(api: Api) -> None:
    cases: list[tuple[dict[str, Any], str, set[str] | None]] = [
        ({"source_text": ""}, "SOURCE_REQUIRED", None),
        ({"source_text": " \n "}, "SOURCE_REQUIRED", None),
        ({"source_text": "x" * 500_001}, "VALIDATION_ERROR", {"source_text"}),
        (
            {"duration_minutes": 4, "num_questions": 51},
            "VALIDATION_ERROR",
            {"duration_minutes", "num_questions"},
        ),
        ({"learning_objectives": []}, "VALIDATION_ERROR", {"learning_objectives"}),
        ({"grade_level": "eighth"}, "VALIDATION_ERROR", {"grade_level"}),
        ({"question_types": ["essay"]}, "VALIDATION_ERROR", {"question_types"}),
        ({"seed": -1}, "VALIDATION_ERROR", {"seed"}),
        ({"subject": 7}, "VALIDATION_ERROR", {"subject"}),
        ({"num_questons": 3}, "VALIDATION_ERROR", {"num_questons"}),
        ({"source_files": [{"name": "a.txt"}]}, "VALIDATION_ERROR", {"source_files.0.content_base64"}),
    ]
    for changes, error_code, fields in cases:
        answer = await api.ask("POST", GENERATE, json={**REQUEST, **changes})
        assert code_of(answer) == (422, error_code), str(changes)[:80]
        if fields is not None:
            assert set(answer.json()["details"]["fields"]) == fields
        assert (await api.ask("GET", SESSIONS)).json()["items"] == []


async def test_an_unknown_field_is_answered_with_what_may_have_been_meant(api: Api) -> None:
    answer = await api.ask("POST", GENERATE, json={**REQUEST, "num_questons": 3})
    assert "num_questions" in answer.json()["details"]["fields"]["num_questons"]


async def test_a_body_that_is_no_request_is_an_error_of_the_sender(api: Api) -> None:
    kind = {"content-type": "application/json"}
    nested = (b"[" * 5000, b'{"a":' * 3000)
    for body in (b"", b"{", b"[]", b'"text"', b"null", b"\xff", b'{"subject": "\\ud800"}', *nested):
        answer = await api.ask("POST", GENERATE, content=body, headers=kind)
        assert code_of(answer) == (422, "VALIDATION_ERROR"), body[:80]


async def test_characters_that_cannot_be_kept_are_an_error_of_the_sender(api: Api) -> None:
    for field, value in (
        ("source_text", "x \ud800 y"),
        ("subject", "Sci\x00ence"),
        ("title", "\udfff"),
        ("learning_objectives", [{"title": "a\x00"}]),
    ):
        body = json.dumps({**REQUEST, field: value}).encode()
        answer = await api.ask("POST", GENERATE, content=body, headers={"content-type": "application/json"})
        assert code_of(answer) == (422, "VALIDATION_ERROR"), field
        assert list(answer.json()["details"]["fields"]) == [field]


@pytest.mark.parametrize("odd", ["gen_%00", "..%2f..", "%ff", "gen 1", "g" * 5000, "%F0%9F%A6%8A"])
async def test_an_odd_id_names_nothing(api: Api, odd: str) -> None:
    for path in (f"{SESSIONS}/{odd}", f"/api/v1/content/{odd}", f"/api/v1/content/download/{odd}?format=%00"):
        assert (await api.ask("GET", path)).status_code == 404


async def test_the_key_makes_a_second_call_harmless(api: Api) -> None:
    key = {"Idempotency-Key": "2f1e"}
    first = await api.ask("POST", GENERATE, json=REQUEST, headers=key)
    again = await api.ask("POST", GENERATE, json=REQUEST, headers=key)
    assert (again.status_code, again.json()["session_id"]) == (202, first.json()["session_id"])
    other = await api.ask("POST", GENERATE, json={**REQUEST, "seed": 5}, headers=key)
    assert code_of(other) == (409, "CONFLICT")
    await api.listener.until_over(first.json()["session_id"])


async def test_the_world_that_follows_is_named_to_those_who_see_the_session(api: Api) -> None:
    plain = (await api.ask("GET", (await api.done())["status_url"])).json()
    assert (plain["environment_id"], plain["environment_url"]) == (None, None)
    key = {"Idempotency-Key": "world"}
    body = {**REQUEST, "environment_theme": "underwater"}
    started = (await api.ask("POST", GENERATE, json=body, headers=key)).json()
    told = (await api.listener.until_over(started["session_id"]))[-1]["data"]
    status = (await api.ask("GET", started["status_url"])).json()
    assert status["environment_id"].startswith("env_")
    assert status["environment_url"] == f"/api/v1/roblox/environments/{status['environment_id']}"
    for name in ("environment_id", "environment_url"):
        assert told[name] == status[name]
        assert name not in api.listener.on(started["channel"])[-1]["data"]
    other = await api.ask("POST", GENERATE, json={**body, "environment_theme": "fantasy"}, headers=key)
    assert code_of(other) == (409, "CONFLICT")


async def test_more_than_so_many_at_once_have_to_wait(api: Api) -> None:
    api.engine.waits_in = Stage.ANALYSIS
    for _ in range(3):
        assert (await api.ask("POST", GENERATE, json=REQUEST)).status_code == 202
    answer = await api.ask("POST", GENERATE, json=REQUEST)
    assert code_of(answer) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(answer.headers["retry-after"]) > 0


async def test_nothing_is_there_for_who_is_not_signed_in(api: Api) -> None:
    for method, path in (
        ("POST", GENERATE),
        ("GET", SESSIONS),
        ("GET", f"{SESSIONS}/gen_1"),
        ("GET", f"{SESSIONS}/gen_1/events"),
        ("POST", PROPOSALS),
        ("POST", f"{SESSIONS}/gen_1/retry"),
        ("DELETE", f"{SESSIONS}/gen_1"),
        ("GET", "/api/v1/content"),
        ("GET", "/api/v1/content/content_1"),
        ("GET", "/api/v1/content/download/content_1"),
        ("POST", "/api/v1/content/content_1/download-link"),
        ("PATCH", "/api/v1/content/content_1"),
        ("GET", "/api/v1/content/content_1/revisions"),
        ("GET", "/api/v1/content/content_1/revisions/1"),
        ("POST", "/api/v1/content/content_1/revisions/1/restore"),
        ("POST", "/api/v1/content/content_1/sections/s1/regenerate"),
        ("POST", "/api/v1/content/content_1/questions/q1/regenerate"),
    ):
        answer = await api.ask(method, path, None, json=REQUEST if method == "POST" else None)
        assert code_of(answer) == (401, "AUTHENTICATION_REQUIRED"), (method, path)


async def test_a_pupil_may_not_generate_nor_stop_nor_retry(api: Api) -> None:
    for method, path in (
        ("POST", GENERATE),
        ("POST", PROPOSALS),
        ("DELETE", f"{SESSIONS}/gen_1"),
        ("POST", f"{SESSIONS}/gen_1/retry"),
    ):
        body = {GENERATE: REQUEST, PROPOSALS: {"source_text": SOURCE}}.get(path)
        answer = await api.ask(method, path, "sam", json=body)
        assert code_of(answer) == (403, "INSUFFICIENT_PERMISSIONS")


async def test_what_is_anothers_is_as_if_it_were_not(api: Api) -> None:
    started = await api.done()
    for who in ("ben", "cleo", "sam", "ada"):
        for method, path in (
            ("GET", started["status_url"]),
            ("GET", started["events_url"]),
            ("GET", f"/api/v1/content/{started['content_id']}"),
            ("GET", f"/api/v1/content/download/{started['content_id']}"),
            ("POST", f"/api/v1/content/{started['content_id']}/download-link"),
        ):
            answer = await api.ask(method, path, who, json={} if method == "POST" else None)
            assert code_of(answer) == (404, "RESOURCE_NOT_FOUND"), (who, path)
    for who in ("ben", "cleo"):
        assert code_of(await api.ask("DELETE", started["status_url"], who)) == (404, "RESOURCE_NOT_FOUND")
        assert (await api.ask("GET", SESSIONS, who)).json() == {"items": [], "next_cursor": None}
        assert (await api.ask("GET", "/api/v1/content", who)).json()["items"] == []


async def test_a_failure_is_shown_and_a_retry_goes_on(api: Api) -> None:
    api.engine.faults[Stage.QUIZ] = ContentFailed("PROVIDER_UNAVAILABLE", "away", retryable=True)
    started = await api.done()
    status = (await api.ask("GET", started["status_url"])).json()
    assert status["status"] == "failed"
    assert status["error"] == {
        "error_code": "PROVIDER_UNAVAILABLE",
        "message": "away",
        "details": {"stage": "quiz_generation", "retry_possible": True},
    }
    api.engine.faults.clear()
    answer = await api.ask("POST", f"{started['status_url']}/retry")
    assert (answer.status_code, answer.json()["status"], answer.json()["attempt"]) == (202, "queued", 2)
    await api.listener.until_over(started["session_id"], times=2)
    assert api.engine.calls == [*STAGES[:3], *STAGES[2:]]
    assert code_of(await api.ask("POST", f"{started['status_url']}/retry")) == (409, "CONFLICT")


async def test_a_cancel_is_final_at_once(api: Api) -> None:
    api.engine.waits_in = Stage.QUIZ
    started = (await api.ask("POST", GENERATE, json=REQUEST)).json()
    await api.engine.waiting.wait()
    answer = await api.ask("DELETE", started["status_url"])
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["error"]["error_code"] == "GENERATION_CANCELLED"
    assert (await api.ask("DELETE", started["status_url"])).status_code == 200
    download = await api.ask("GET", f"/api/v1/content/download/{started['content_id']}")
    assert code_of(download) == (404, "RESOURCE_NOT_FOUND")


async def test_lists_go_page_by_page(api: Api) -> None:
    made = [(await api.done(seed=seed))["session_id"] for seed in range(3)]
    for path in (SESSIONS, "/api/v1/content"):
        seen: list[str] = []
        cursor = None
        while True:
            params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
            page = (await api.ask("GET", path, params=params)).json()
            seen.extend(item["session_id"] for item in page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == made[::-1]
    odd = (b"nan gen_1", b"inf gen_1", b"1e999 gen_1", b"1.0 \x00", b"1.0 gen_1 gen_2", b"1.0 ")
    for cursor in (
        "x",
        "AAAA",
        "e30=",
        "WzEsMl0=",
        *(base64.urlsafe_b64encode(text).decode() for text in odd),
    ):
        assert code_of(await api.ask("GET", SESSIONS, params={"cursor": cursor})) == (422, "VALIDATION_ERROR")
    failed = (await api.ask("GET", SESSIONS, params={"status": "failed"})).json()
    assert failed["items"] == []
    for wrong in ({"limit": 0}, {"limit": 101}, {"status": "odd"}):
        assert code_of(await api.ask("GET", SESSIONS, params=wrong)) == (422, "VALIDATION_ERROR")


async def test_the_files_are_what_was_announced(api: Api) -> None:
    started = await api.done()
    content = (await api.ask("GET", f"/api/v1/content/{started['content_id']}")).json()
    said = api.listener.on(started["private_channel"])[-1]["data"]
    assert content["summary"] == said["summary"]
    assert {(file["format"], file["sheet"]) for file in content["files"]} >= {
        ("md", "teacher"),
        ("md", "student"),
        ("html", "teacher"),
        ("html", "student"),
        ("docx", "student"),
        ("pdf", "teacher"),
        ("json", "teacher"),
    }
    for file in content["files"]:
        answer = await api.ask("GET", file["url"])
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
        assert len(answer.content) == file["size"]
        assert answer.headers["content-type"].startswith(file["media_type"].partition(";")[0])
        assert answer.headers["content-disposition"] == f'attachment; filename="{file["name"]}"'
        assert answer.headers["x-content-type-options"] == "nosniff"
    parsed = (await api.ask("GET", said["download_url"], params={"format": "json"})).json()
    assert len(parsed["quiz"]["questions"]) == said["summary"]["quiz_questions"]
    assert (await api.ask("GET", said["download_url"])).status_code == 200
    missing = await api.ask("GET", said["download_url"], params={"format": "rtf"})
    assert code_of(missing) == (404, "RESOURCE_NOT_FOUND")
    assert "md (teacher)" in missing.json()["message"]


async def test_a_link_works_without_a_token_and_only_for_its_file(api: Api) -> None:
    started = await api.done()
    made = await api.ask(
        "POST",
        f"/api/v1/content/{started['content_id']}/download-link",
        json={"format": "html", "sheet": "student"},
    )
    link = made.json()["url"]
    answer = await api.ask("GET", link, None)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    for wrong in (
        link.replace("sheet=student", "sheet=teacher"),
        link.replace("format=html", "format=md"),
        link.replace("signature=", "signature=0"),
    ):
        assert code_of(await api.ask("GET", wrong, None)) == (401, "INVALID_TOKEN")
    half = link.partition("&signature=")[0]
    assert code_of(await api.ask("GET", half, None)) == (401, "AUTHENTICATION_REQUIRED")


# ---- realtime -----------------------------------------------------------------------------------------------


async def test_history_is_what_the_channel_carried_for_who_may_follow_it(api: Api) -> None:
    started = await api.done()
    for channel in (started["private_channel"], started["channel"]):
        page = await api.ask("GET", "/api/v1/realtime/history", params={"channel": channel, "after": 2})
        assert page.json()["items"] == api.listener.on(channel)[2:]
    for who in ("ben", "cleo", "sam"):
        refused = await api.ask(
            "GET", "/api/v1/realtime/history", who, params={"channel": started["private_channel"]}
        )
        assert code_of(refused) == (403, "INSUFFICIENT_PERMISSIONS")
    public = await api.ask("GET", "/api/v1/realtime/history", "ben", params={"channel": started["channel"]})
    assert public.json()["items"] == api.listener.on(started["channel"])
    unsigned = await api.ask("GET", "/api/v1/realtime/history", None, params={"channel": started["channel"]})
    assert code_of(unsigned) == (401, "AUTHENTICATION_REQUIRED")


async def test_an_edit_needs_to_say_what_it_has_seen_and_answers_with_the_next_tag(api: Api) -> None:
    content = f"/api/v1/content/{(await api.done())['content_id']}"
    read = await api.ask("GET", content)
    assert (read.headers["etag"], read.json()["revision"]) == ('"r1"', 1)
    body = {"quiz": {"questions": [{"id": "q1", "rationale": "Look it up."}]}, "title": "Rain"}
    assert code_of(await api.ask("PATCH", content, json=body)) == (428, "PRECONDITION_REQUIRED")
    for odd in ("*", "r1", '"r0"', '"x"', '"r1", "r2"', '""'):
        answer = await api.ask("PATCH", content, json=body, headers={"If-Match": odd})
        assert code_of(answer) == (422, "VALIDATION_ERROR"), odd
    saved = await api.ask("PATCH", content, json=body, headers={"If-Match": read.headers["etag"]})
    assert (saved.status_code, saved.headers["etag"], saved.json()["revision"]) == (200, '"r2"', 2)
    assert saved.json() == (await api.ask("GET", content)).json()
    assert saved.json()["quiz"]["questions"][0]["rationale"] == "Look it up."
    stale = await api.ask("PATCH", content, json=body, headers={"If-Match": '"r1"'})
    assert code_of(stale) == (412, "PRECONDITION_FAILED")
    assert stale.json()["details"] == {"revision": 2, "etag": '"r2"'}
    back = {"lesson": saved.json()["lesson"], "quiz": saved.json()["quiz"]}
    same = await api.ask("PATCH", content, json=back, headers={"If-Match": 'W/"r2"'})
    assert (same.status_code, same.headers["etag"]) == (200, '"r2"')  # sent back as it was read
    [item] = (await api.ask("GET", "/api/v1/content")).json()["items"]
    assert (item["title"], item["revision"]) == ("Rain", 2)


async def test_a_file_is_that_of_the_newest_revision_or_of_one_that_is_named(api: Api) -> None:
    content = f"/api/v1/content/{(await api.done())['content_id']}"
    body = {"quiz": {"questions": [{"id": "q1", "rationale": "Look it up."}]}}
    edited = await api.ask("PATCH", content, json=body, headers={"If-Match": '"r1"'})
    file = next(one for one in edited.json()["files"] if (one["format"], one["sheet"]) == ("md", "teacher"))
    assert (file["size"], file["sha256"], file["notes"]) == (None, None, [])
    got = await api.ask("GET", file["url"])
    assert "Look it up." in got.text
    known = (await api.ask("GET", content)).json()["files"]
    assert got.headers["etag"].strip('"') in {one["sha256"] for one in known}
    earlier = (await api.ask("GET", f"{content}/revisions/1")).json()
    file = next(one for one in earlier["files"] if (one["format"], one["sheet"]) == ("md", "teacher"))
    assert file["url"].endswith("&revision=1")
    assert "Look it up." not in (await api.ask("GET", file["url"])).text
    link = await api.ask("POST", f"{content}/download-link", json={"format": "md", "revision": 1})
    assert "Look it up." not in (await api.ask("GET", link.json()["url"], None)).text
    moved = link.json()["url"].replace("revision=1", "revision=2")
    assert code_of(await api.ask("GET", moved, None)) == (401, "INVALID_TOKEN")
    for number in (3, 2**31 - 1):
        for path in (f"{content}/revisions/{number}", f"{file['url'][:-1]}{number}"):
            assert code_of(await api.ask("GET", path)) == (404, "RESOURCE_NOT_FOUND")


async def test_parts_are_made_anew_and_revisions_listed_and_restored(
    api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO", "toolboxai.audit")
    content = f"/api/v1/content/{(await api.done(num_questions=3))['content_id']}"
    path = f"{content}/questions/q2/regenerate"
    key = {"If-Match": '"r1"', "Idempotency-Key": "again"}

    async def unread(*_: object, **__: object) -> None:
        raise StorageUnavailable("the database does not answer", reason="gone")

    with monkeypatch.context() as meanwhile:  # it is kept, and nobody hears of it before the next try
        meanwhile.setattr(Downloads, "content", unread)
        assert (await api.ask("POST", path, json={"seed": 4}, headers=key)).status_code == 503
    made = await api.ask("POST", path, json={"seed": 4}, headers=key)
    assert (made.status_code, made.headers["etag"]) == (200, '"r2"')
    assert [one["id"] for one in made.json()["quiz"]["questions"]] == ["q1", "q4", "q3"]
    retried = await api.ask("POST", path, json={"seed": 4}, headers=key)
    assert retried.json() == made.json()
    assert code_of(await api.ask("POST", path, json={"seed": 5}, headers=key)) == (409, "CONFLICT")
    last = made.json()["lesson"]["sections"][-1]["id"]
    none = await api.ask("POST", f"{content}/sections/{last}/regenerate", headers={"If-Match": '"r2"'})
    assert code_of(none) == (409, "CONFLICT")
    gone = await api.ask("POST", path, headers={"If-Match": '"r2"'})
    assert code_of(gone) == (404, "RESOURCE_NOT_FOUND")
    back = await api.ask("POST", f"{content}/revisions/1/restore", headers={"If-Match": '"r2"'})
    assert (back.status_code, back.json()["revision"], back.json()["role"]) == (200, 3, "owner")
    page = (await api.ask("GET", f"{content}/revisions", params={"limit": 2})).json()
    kinds = [(one["revision"], one["kind"], one["restores"]) for one in page["items"]]
    assert kinds == [(3, "restored", 1), (2, "regenerated", None)]
    page = (await api.ask("GET", f"{content}/revisions", params={"cursor": page["next_cursor"]})).json()
    assert [(one["revision"], one["kind"], one["url"]) for one in page["items"]] == [
        (1, "generated", f"{content}/revisions/1")
    ]
    assert page["next_cursor"] is None
    told = [
        (line["action"], line["revision"])
        for line in map(vars, caplog.records)
        if line["name"] == "toolboxai.audit" and "revision" in line
    ]
    assert told == [("regenerated", 2), ("restored", 3)], (
        "what a repeated key asks for is done, and told, once"
    )


async def test_what_cannot_be_an_edit_is_refused_and_nothing_is_saved(api: Api) -> None:
    content = f"/api/v1/content/{(await api.done(num_questions=3))['content_id']}"
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    for body, field in (
        ({"quiz": {"questions": [{"id": "q9"}]}}, "quiz.questions[0].id"),
        ({"titel": "x"}, "titel"),
        ({"title": 10**40}, "title"),
        ({"lesson": deep}, "lesson"),
        (
            {"lesson": {"sections": [{"id": "s1", "duration_minutes": 10**40}]}},
            "lesson.sections[0].duration_minutes",
        ),
        ({"quiz": {"title": "a\x00"}}, "quiz"),
    ):
        answer = await api.ask("PATCH", content, json=body, headers={"If-Match": '"r1"'})
        assert code_of(answer) == (422, "VALIDATION_ERROR"), body
        assert field in answer.json()["details"]["fields"]
    for who in ("ben", "cleo", "ada"):
        for method, path in (("PATCH", content), ("POST", f"{content}/revisions/1/restore")):
            mine = {"title": "Mine"} if method == "PATCH" else None
            answer = await api.ask(method, path, who, json=mine, headers={"If-Match": '"r1"'})
            assert code_of(answer) == (404, "RESOURCE_NOT_FOUND")
    pupil = await api.ask("PATCH", content, "sam", json={"title": "Mine"}, headers={"If-Match": '"r1"'})
    assert code_of(pupil) == (403, "INSUFFICIENT_PERMISSIONS")
    assert (await api.ask("GET", content)).json()["revision"] == 1
