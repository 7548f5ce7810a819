"""What is kept of somebody is handed out and deleted on their word, forgotten in time, and the audit says who did what."""

import logging
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert, make_url, update
from sqlalchemy.ext.asyncio import AsyncEngine

from identity_parts import PASSWORD
from school_parts import SchoolApi, code_of, school_api
from toolboxai.adapters.database.engine import open_engine
from toolboxai.adapters.database.identity import UserRow
from toolboxai.adapters.database.resource_tables import ShareRow
from toolboxai.adapters.jobs_dbos import jobs_database_url
from toolboxai.platform.content.records.sessions import Stage
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.privacy.retention import Swept
from toolboxai.testing.clock import ManualClock
from whole_lives import a_world, everything

pytestmark = pytest.mark.timeout(60)

DAY = 86_400.0


@pytest.fixture
async def api(
    database: AsyncEngine,
    migrated_url: str,
    identity: IdentityService,
    limiter: AttemptLimiter,
    clock: ManualClock,
) -> AsyncIterator[SchoolApi]:
    async with school_api(database, migrated_url, identity, limiter, clock, working=True) as api:
        yield api


async def kept_of(url: str, database: AsyncEngine, *words: str) -> set[str]:
    """Tables, those of the jobs among them, in which one of these words stands."""
    rows = dict(await everything(database))
    if make_url(url).get_backend_name() == "sqlite":
        async with open_engine(jobs_database_url(url)) as jobs:
            rows |= await everything(jobs)
    return {
        table.rpartition(".")[2]
        for table, lines in rows.items()
        for line in lines
        if any(word in str(value) for value in line.values() for word in words)
    }


async def test_generations_downloads_exports_and_deletions_stand_in_the_audit_of_ones_own_school(
    api: SchoolApi,
) -> None:
    started = await api.generated("anna")
    await api.listener.until_over(started["session_id"])
    content = started["content_id"]
    path = f"/content/download/{content}"
    await api.ask("anna", "GET", path, params={"format": "gift"})
    link = (await api.ask("anna", "POST", f"/content/{content}/download-link")).json()["url"]
    assert (await api.http.get(link)).status_code == 200
    assert code_of(await api.ask("olga", "GET", path)) == (404, "RESOURCE_NOT_FOUND")
    await api.ask("sam", "GET", "/me/export")
    assert (await api.ask("sam", "DELETE", "/me", json={"password": PASSWORD})).status_code == 204
    anna, sam = api.ids["anna"], api.ids["sam"]
    assert await api.audit("ada") == [
        ("generated", anna, content),
        ("downloaded", anna, content),
        ("linked", anna, content),
        ("downloaded", None, content),
        ("exported", sam, sam),
        ("deleted", sam, sam),
    ]
    assert await api.audit("olga") == []
    assert await api.audit("ada", action="downloaded", user_id=anna) == [("downloaded", anna, content)]
    await api.later(3 * 3600)
    assert await api.audit("ada", since="2h") == []
    whole = (await api.ask("ada", "GET", "/audit", params={"limit": 2})).json()
    assert [(item["action"], item["kind"]) for item in whole["items"]] == [
        ("deleted", "user"),
        ("exported", "user"),
    ]
    rest = await api.ask("ada", "GET", "/audit", params={"limit": 100, "cursor": whole["next_cursor"]})
    (first, *_, oldest) = rest.json()["items"]
    assert (first["details"], oldest["details"]) == (
        {"format": "md", "sheet": "teacher", "revision": None},
        {"session_id": started["session_id"]},
    )
    assert oldest["request_id"]
    for wanted in ({"action": "none"}, {"since": "ever"}, {"cursor": "x"}, {"user_id": "a b"}):
        assert code_of(await api.ask("ada", "GET", "/audit", params=wanted)) == (422, "VALIDATION_ERROR")


async def test_an_account_is_deleted_with_its_lessons_its_jobs_and_its_logins(
    api: SchoolApi, database: AsyncEngine, migrated_url: str
) -> None:
    done = await api.generated("anna", title="Of Anna's")
    await api.listener.until_over(done["session_id"])
    api.engine.waits_in = Stage.LESSON
    runs = await api.generated("anna", seed=1)
    await api.engine.waiting.wait()
    words = [api.ids["anna"], done["session_id"], done["content_id"], runs["session_id"], "Of Anna's", "anna"]
    assert await kept_of(migrated_url, database, *words) >= {"users", "content_sessions", "workflow_status"}
    api.engine.go.set()
    gone = await api.ask("anna", "DELETE", "/me", json={"password": PASSWORD})
    assert gone.status_code == 204
    assert api.flushed == ["flushed"]
    assert await kept_of(migrated_url, database, *words) == {"audit_entries"}
    assert code_of(await api.ask("anna", "GET", "/auth/me")) == (401, "INVALID_TOKEN")
    assert code_of(await api.login("anna")) == (401, "INVALID_TOKEN")
    again = await api.ask("ada", "POST", "/admin/users", json={"username": "anna", "role": "teacher"})
    assert again.status_code == 201  # the name is free


async def test_a_deletion_wants_the_password_or_where_there_is_none_the_word(
    api: SchoolApi, database: AsyncEngine
) -> None:
    for body in ({}, {"confirm": "yes"}, {"password": PASSWORD, "confirm": "delete"}):
        assert code_of(await api.ask("sam", "DELETE", "/me", json=body)) == (422, "VALIDATION_ERROR")
    for body in ({"password": "wrong"}, {"confirm": "delete"}):
        refused = await api.ask("sam", "DELETE", "/me", json=body)
        assert code_of(refused) == (403, "INSUFFICIENT_PERMISSIONS")
        assert set(refused.json()["details"]["fields"]) == {"password"}  # where a page says it
    told = {code_of(await api.ask("sam", "DELETE", "/me", json={"password": "wrong"})) for _ in range(9)}
    assert (429, "RATE_LIMIT_EXCEEDED") in told
    made = await api.ask("ada", "POST", "/admin/users", json={"username": "kim", "role": "student"})
    session = await api.identity.issue_access_token("kim")
    api.tokens["kim"] = session
    assert (await api.ask("kim", "DELETE", "/me", json={"confirm": "delete"})).status_code == 204
    assert code_of(await api.ask("ada", "GET", f"/admin/users/{made.json()['id']}"))[0] == 404
    assert code_of(await api.ask("ada", "DELETE", "/me", json={"password": PASSWORD})) == (409, "CONFLICT")


async def test_an_export_is_one_document_and_not_to_be_had_all_the_time(api: SchoolApi) -> None:
    started = await api.generated("anna", num_questions=5)
    await api.listener.until_over(started["session_id"])
    answer = await api.ask("anna", "GET", "/me/export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="toolboxai-export.json"'
    document = answer.json()
    assert document["exported_at"] == "2026-05-28T20:26:40.000Z"
    assert document["account"]["username"] == "anna"
    assert [one["content_id"] for one in document["contents"]] == [started["content_id"]]
    assert document["contents"][0]["request"]["num_questions"] == 5
    assert len(document["content_events"]) > 5
    assert [entry["action"] for entry in document["audit"]] == ["generated", "exported"]
    assert document["memberships"] == []
    codes = [(await api.ask("anna", "GET", "/me/export")).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]


async def test_what_is_kept_long_enough_goes_and_guests_who_stay_away_do(
    api: SchoolApi, database: AsyncEngine, migrated_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    old = await api.generated("anna")
    await api.listener.until_over(old["session_id"])
    lost = await api.identity.create_user("kim", Role.STUDENT, PASSWORD, organization="North")
    async with database.begin() as connection:
        guests = update(UserRow).where(UserRow.id.in_([api.ids["sam"], lost.id]))
        await connection.execute(guests.values(guest=True))
        share = {
            "id": "share_1",
            "kind": "content_session",
            "resource_id": old["session_id"],
            "organization_id": "north",
            "user_id": api.ids["sam"],
            "role": "viewer",
            "created_at": 1.0,
        }
        await connection.execute(insert(ShareRow).values(share))
        await a_world(connection, "env_old", api.ids["anna"], at=1.0)
    assert (await api.login("sam")).status_code == 200  # of guests it is known when they were last here
    # A guest who has nothing left, as when their class has gone, goes when no login of theirs holds.
    assert await api.retention.sweep() == Swept(worlds=1, guests=1)
    assert api.forgotten.ids == ["env_old"]
    assert await kept_of(migrated_url, database, "env_old") == set()
    assert await kept_of(migrated_url, database, lost.id) == set()
    await api.later(99 * DAY)
    assert await api.retention.sweep() == Swept()
    fresh = await api.generated("anna", seed=1)
    await api.listener.until_over(fresh["session_id"])
    await api.later(2 * DAY)
    assert await api.retention.sweep() == Swept(contents=1, guests=1)
    assert await kept_of(migrated_url, database, old["session_id"]) == {"audit_entries"}
    assert await kept_of(migrated_url, database, api.ids["sam"]) == set()
    assert await kept_of(migrated_url, database, fresh["session_id"]) >= {"content_sessions"}
    await api.later(100 * DAY)
    assert (await api.retention.sweep()).audit_entries == 1
