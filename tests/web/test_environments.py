"""Worlds over HTTP: begun, watched, changed, tried again, fetched, shared."""

import json
import re
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from identity_parts import PASSWORD
from toolboxai.adapters.database.classes import DatabaseClassStore
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.adapters.database.shares import DatabaseShareStore
from toolboxai.errors import ContentFailed
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.classes.model import Classroom, Member
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.resources.model import Share, ShareRole
from toolboxai.platform.roblox.engine import BUILD_FAILED
from toolboxai.platform.roblox.limits import WorldLimits
from toolboxai.web.application import create_api
from toolboxai.web.environment_scripts import SCRIPT_BODIES
from toolboxai.web.environments import environment_routes
from toolboxai.web.security import Authenticator
from world_parts import LESSON, RunningWorlds, running_worlds

pytestmark = pytest.mark.timeout(60)

WORLDS = "/api/v1/roblox/environments"
WISH: dict[str, Any] = {"content_id": "content_1", "size": "small", "seed": 1}
FORMATS = {"rbxlx", "rbxmx", "rojo", "bundle", "zip"}


@dataclass
class Api:
    """The routes, and people who use them."""

    http: httpx2.AsyncClient
    worlds: RunningWorlds
    people: dict[str, dict[str, str]]
    ids: dict[str, str]
    organization_id: str
    database: AsyncEngine

    async def ask(self, method: str, path: str, who: str | None = "anna", **options: Any) -> httpx2.Response:
        headers = {**(self.people[who] if who else {}), **options.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **options)

    async def begun(self, **changes: Any) -> dict[str, Any]:
        answer = await self.ask("POST", WORLDS, json={**WISH, **changes})
        assert answer.status_code == 202, answer.text
        world: dict[str, Any] = answer.json()
        return world

    async def built(self, status: str = "ready", **changes: Any) -> str:
        """The address of a world that came to its end."""
        world = await self.begun(**changes)
        await self.worlds.until(world["environment_id"], status)
        return str(world["status_url"])

    async def shared(self, url: str, who: str, role: ShareRole = ShareRole.VIEWER) -> None:
        share = Share(
            f"share_{who}", "environment", id_of(url), self.organization_id, self.ids[who], 1.0, role
        )
        assert await DatabaseShareStore(self.database).add(share, most=9) is not None


@pytest.fixture
async def api(
    database: AsyncEngine, migrated_url: str, identity: IdentityService, audit: Audit
) -> AsyncIterator[Api]:
    people, ids, organization_id = {}, {}, ""
    for name, role, organization in (
        ("cleo", Role.TEACHER, "South"),
        ("sam", Role.STUDENT, "North"),
        ("ben", Role.TEACHER, "North"),
        ("anna", Role.TEACHER, "North"),
    ):
        user = await identity.create_user(name, role, PASSWORD, organization=organization)
        people[name] = {"authorization": f"Bearer {await identity.issue_access_token(name)}"}
        ids[name], organization_id = user.id, user.organization_id
    there = RunningWorlds(
        DatabaseEnvironmentStore(database),
        migrated_url,
        organization_id=organization_id,
        limits=WorldLimits(active_per_user=2),
        event_bytes=4000,
    )
    routes = [environment_routes(there.service, Authenticator(identity), audit)]
    transport = httpx2.ASGITransport(create_api(routes, larger_bodies=SCRIPT_BODIES))
    async with (
        running_worlds(there),
        httpx2.AsyncClient(transport=transport, base_url="http://server") as http,
    ):
        yield Api(http, there, people, ids, organization_id, database)


def id_of(url: str) -> str:
    return url.rpartition("/")[2]


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


NOT_FOUND = (404, "RESOURCE_NOT_FOUND")


async def test_a_world_is_begun_listed_and_told(api: Api) -> None:
    key = {"Idempotency-Key": "2f1e"}
    answer = await api.ask("POST", WORLDS, json=WISH, headers=key)
    begun = answer.json()
    environment_id, url = begun["environment_id"], begun["status_url"]
    assert (answer.status_code, answer.headers["location"]) == (202, url)
    assert re.fullmatch(r"env_[0-9a-z]{16,}", environment_id)
    assert (begun["status"], begun["progress"], begun["role"]) == ("queued", 0, "owner")
    assert (begun["channel"], begun["private_channel"]) == (
        "roblox-sync",
        f"private-roblox-sync-{environment_id}",
    )
    assert begun["components"] == {"terrain": "pending", "buildings": "pending", "scripts": "pending"}
    again = await api.ask("POST", WORLDS, json=WISH, headers=key)
    assert (again.status_code, again.json()["environment_id"]) == (202, environment_id)
    other = await api.ask("POST", WORLDS, json={**WISH, "seed": 5}, headers=key)
    assert code_of(other) == (409, "CONFLICT")
    await api.worlds.until(environment_id, "ready")

    world = (await api.ask("GET", url)).json()
    assert (world["status"], world["progress"], world["name"]) == ("ready", 100, LESSON.title)
    assert (world["revision"], world["ready_revision"], world["content_revision"]) == (1, 1, 1)
    assert {asset["format"] for asset in world["assets"]} == FORMATS
    assert all((asset["status"], asset["asset_id"]) == ("local", None) for asset in world["assets"])

    events = (await api.ask("GET", begun["events_url"])).json()
    assert events["items"] == api.worlds.told(environment_id)
    page = (await api.ask("GET", begun["events_url"], params={"after": 1, "limit": 2})).json()
    assert ([event["seq"] for event in page["items"]], page["next_cursor"]) == ([2, 3], 3)

    second = await api.built(content_id=None, name=" Hall ")
    page = (await api.ask("GET", WORLDS, params={"limit": 1})).json()
    assert [(one["status_url"], one["name"], one["assets"]) for one in page["items"]] == [
        (second, "Hall", [])
    ]
    page = (await api.ask("GET", WORLDS, params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert ([one["status_url"] for one in page["items"]], page["next_cursor"]) == ([url], None)
    of_lesson = (await api.ask("GET", WORLDS, params={"content_id": "content_1"})).json()
    assert [one["status_url"] for one in of_lesson["items"]] == [url]
    assert (await api.ask("GET", WORLDS, "ben")).json()["items"] == []
    assert code_of(await api.ask("GET", WORLDS, params={"cursor": "x"})) == (422, "VALIDATION_ERROR")

    assert (await api.ask("DELETE", url)).status_code == 204
    assert code_of(await api.ask("GET", url)) == NOT_FOUND


BAD_WISHES: Any = [
    ({"theme": "volcano"}, "theme", "'classroom', 'laboratory'"),
    ({"size": "huge"}, "size", "'small', 'medium'"),
    ({"seed": -1}, "seed", "0"),
    ({"seed": True}, "seed", "integer"),
    ({"seed": 2**53}, "seed", "9007199254740992"),
    ({"max_players": 0}, "max_players", "1"),
    ({"features": {"lava": True}}, "features.lava", ""),
    ({"name": "a\u0007b"}, "name", "cannot be printed"),
    ({"name": "x" * 201}, "name", "200"),
    ({"content_id": ""}, "content_id", "1"),
    ({"them": "classroom"}, "them", "no such field"),
]


async def test_a_wish_that_cannot_be_is_answered_with_the_field_at_fault(api: Api) -> None:
    for changes, field, says in BAD_WISHES:
        answer = await api.ask("POST", WORLDS, json={**WISH, **changes})
        assert code_of(answer) == (422, "VALIDATION_ERROR")
        fields = answer.json()["details"]["fields"]
        assert list(fields) == [field]
        assert says in fields[field]
    assert (await api.ask("GET", WORLDS)).json()["items"] == []


async def test_who_is_not_asked_in_is_refused_and_strangers_know_of_nothing(api: Api) -> None:
    begun = await api.begun(content_id=None)
    url = begun["status_url"]
    await api.worlds.until(begun["environment_id"], "ready")
    script = f"{url}/scripts/buildings_check"
    reading = [url, f"{url}/events", f"{url}/revisions", f"{url}/download", f"{url}/plan.svg"]
    reading += [f"{url}/scripts", script, f"{script}/revisions", f"{script}/diff", f"{url}/assets/rbxlx_1"]
    writing = [
        ("DELETE", url),
        *(("POST", f"{url}/{what}") for what in ("cancel", "retry", "rebuild", "download-link")),
        ("PUT", script),
        ("POST", f"{script}/revisions/1/restore"),
    ]
    everything = [("GET", WORLDS), ("POST", WORLDS), *(("GET", path) for path in reading), *writing]
    for method, path in everything:
        assert code_of(await api.ask(method, path, None)) == (401, "AUTHENTICATION_REQUIRED"), path
    for method, path in [*(("GET", path) for path in reading), *writing]:
        body = {"source": "print(1)"} if method == "PUT" else {}
        for who in ("cleo", "ben"):
            answer = await api.ask(method, path, who, json=body, headers={"If-Match": '"r1"'})
            assert code_of(answer) == NOT_FOUND, (who, method, path)
    for method, path in [("POST", WORLDS), *writing]:
        answer = await api.ask(method, path, "sam", json={})
        assert code_of(answer) == (403, "INSUFFICIENT_PERMISSIONS"), path
    for path in reading:
        assert code_of(await api.ask("GET", path, "sam")) == NOT_FOUND, path
    for who in ("cleo", "anna"):
        content = "content_1" if who == "cleo" else "content_none"
        answer = await api.ask("POST", WORLDS, who, json={"content_id": content})
        assert code_of(answer) == NOT_FOUND
    for odd in ("env_%00", "..%2f..", "%ff", "e" * 5000, "gen_1"):
        assert code_of(await api.ask("GET", f"{WORLDS}/{odd}")) == NOT_FOUND
    assert (await api.ask("GET", url)).json()["status"] == "ready"


async def test_every_file_is_served_as_it_was_told(api: Api) -> None:
    url = await api.built()
    world = (await api.ask("GET", url)).json()
    for asset in world["assets"]:
        by_format = await api.ask("GET", f"{url}/download", params={"format": asset["format"]})
        assert by_format.headers["etag"] == f'"{asset["sha256"]}"'
        assert by_format.headers["content-disposition"].startswith('attachment; filename="')
        assert (await api.ask("GET", asset["url"])).content == by_format.content
        assert sha256(by_format.content).hexdigest() == asset["sha256"]
        assert len(by_format.content) == asset["size"]
        head = await api.ask("HEAD", asset["url"])
        assert (head.status_code, head.content, head.headers["content-length"]) == (
            200,
            b"",
            str(asset["size"]),
        )
        assert head.headers["content-type"] == by_format.headers["content-type"]
        known = {"If-None-Match": by_format.headers["etag"]}
        assert (await api.ask("GET", asset["url"], headers=known)).status_code == 304
        match asset["format"]:
            case "rbxlx" | "rbxmx":
                assert ElementTree.fromstring(by_format.content).tag == "roblox"
            case "bundle":
                assert json.loads(by_format.content)
            case "rojo" | "zip":
                assert zipfile.ZipFile(BytesIO(by_format.content)).testzip() is None
    assert code_of(await api.ask("GET", f"{url}/assets/rbxlx_0000")) == NOT_FOUND
    assert code_of(await api.ask("GET", f"{url}/download", params={"format": "exe"})) == (
        422,
        "VALIDATION_ERROR",
    )

    link = await api.ask("POST", f"{url}/download-link", params={"format": "zip"})
    assert link.status_code == 201
    open_to_all = link.json()["url"]
    assert (await api.ask("GET", open_to_all, None)).headers["content-type"] == "application/zip"
    assert (await api.ask("HEAD", open_to_all, None)).status_code == 200
    for bent in (open_to_all.replace("format=zip", "format=rbxlx"), open_to_all[:-1] + "_"):
        assert code_of(await api.ask("GET", bent, None)) == (401, "INVALID_TOKEN")

    for view in ("floor", "section"):
        picture = await api.ask("GET", f"{url}/plan.svg", params={"view": view})
        assert picture.headers["content-type"].startswith("image/svg+xml")
        assert ElementTree.fromstring(picture.content).tag.endswith("svg")
    assert code_of(await api.ask("GET", f"{url}/plan.svg?view=top")) == (422, "VALIDATION_ERROR")


async def test_a_script_is_read_changed_compared_and_taken_up_again(api: Api) -> None:
    url = await api.built()
    items = (await api.ask("GET", f"{url}/scripts")).json()["items"]
    by_id = {item["script_id"]: item for item in items}
    for item in items:
        content = (await api.ask("GET", item["content_url"])).content
        assert (sha256(content).hexdigest(), len(content)) == (item["checksum"], item["size"])
    told = {
        data["checksum"]: data
        for data in (event["data"] for event in api.worlds.told(id_of(url)))
        if "script_type" in data
    }
    long = [item for item in items if item["size"] > 4000]
    assert long
    for item in long:  # of what is too long for an event it is told where it stands
        assert "script_content" not in told[item["checksum"]]
        assert told[item["checksum"]]["content_url"] == item["content_url"]

    path = by_id["buildings_check"]["url"]
    seen = await api.ask("GET", path)
    assert (seen.headers["etag"], seen.json()["revision"]) == ('"r1"', 1)
    body = {"source": "print('hi')\n"}
    assert code_of(await api.ask("PUT", path, json=body)) == (428, "PRECONDITION_REQUIRED")
    tag = {"If-Match": seen.headers["etag"]}
    for bad in ("*", '"x"', '"r1", "r2"'):
        answer = await api.ask("PUT", path, json=body, headers={"If-Match": bad})
        assert code_of(answer) == (422, "VALIDATION_ERROR")
    broken = await api.ask("PUT", path, json={"source": "if then"}, headers=tag)
    assert code_of(broken) == (422, "VALIDATION_ERROR")
    assert broken.json()["details"]["faults"][0]["line"] == 1
    assert "line 1" in broken.json()["details"]["fields"]["source"]
    long_text = {"source": "-" * 200_001}
    assert code_of(await api.ask("PUT", path, json=long_text, headers=tag)) == (422, "VALIDATION_ERROR")
    saved = await api.ask("PUT", path, json=body, headers=tag)
    assert (saved.status_code, saved.headers["etag"], saved.json()["risks"]) == (200, '"r2"', [])
    assert code_of(await api.ask("PUT", path, json=body, headers=tag)) == (412, "PRECONDITION_FAILED")
    same = await api.ask("PUT", path, json=body, headers={"If-Match": '"r2"'})
    assert (same.headers["etag"], same.json()["checksum"]) == ('"r2"', saved.json()["checksum"])

    diff = await api.ask("GET", f"{path}/diff", params={"before": 1})
    assert "+print('hi')" in diff.text
    assert (await api.ask("GET", f"{path}/diff", params={"before": 2, "after": 2})).text == ""
    assert code_of(await api.ask("GET", f"{path}/diff", params={"before": 9})) == NOT_FOUND
    assert (await api.ask("GET", path, params={"revision": 1})).json()["source"] == seen.json()["source"]
    back = await api.ask("POST", f"{path}/revisions/1/restore", headers={"If-Match": '"r2"'})
    assert (back.status_code, back.json()["revision"]) == (200, 3)
    page = (await api.ask("GET", f"{path}/revisions", params={"limit": 2})).json()
    assert [(one["revision"], one["kind"]) for one in page["items"]] == [(3, "restored"), (2, "edited")]
    page = (await api.ask("GET", f"{path}/revisions", params={"cursor": page["next_cursor"]})).json()
    assert [(one["revision"], one["kind"]) for one in page["items"]] == [(1, "generated")]
    assert page["next_cursor"] is None
    assert code_of(await api.ask("GET", f"{url}/scripts/nothing")) == NOT_FOUND


async def test_what_failed_is_retried_alone_and_all_is_built_anew(api: Api) -> None:
    engine = api.worlds.engine
    engine.faults["buildings"] = ContentFailed(BUILD_FAILED, "it rained", retryable=True)
    url = await api.built("failed")
    world = (await api.ask("GET", url)).json()
    assert (world["components"]["buildings"], world["components"]["terrain"]) == ("failed", "complete")
    assert world["error"]["error_code"] == "ENVIRONMENT_GENERATION_FAILED"
    assert world["error"]["details"] == {"component": "buildings", "retry_possible": True}
    assert (world["download_url"], world["assets"]) == (None, [])
    assert code_of(await api.ask("GET", f"{url}/download")) == NOT_FOUND
    engine.faults.clear()
    engine.calls.clear()
    again = await api.ask("POST", f"{url}/retry")
    assert (again.status_code, again.json()["status"], again.json()["attempt"]) == (202, "queued", 2)
    await api.worlds.until(id_of(url), "ready")
    assert "terrain" not in engine.calls
    assert code_of(await api.ask("POST", f"{url}/retry")) == (409, "CONFLICT")
    assert code_of(await api.ask("POST", f"{url}/cancel")) == (409, "CONFLICT")

    api.worlds.lessons.now = replace(LESSON, revision=2, title="Changed")
    kept = await api.ask("POST", f"{url}/rebuild", json={"theme": "underwater", "seed": 3})
    assert (kept.status_code, kept.json()["revision"], kept.json()["ready_revision"]) == (202, 2, 1)
    assert code_of(await api.ask("POST", f"{url}/rebuild", json={})) == (409, "CONFLICT")
    await api.worlds.until(id_of(url), "ready")
    assert (await api.ask("GET", url)).json()["content_revision"] == 1
    latest = await api.ask("POST", f"{url}/rebuild", json={"content": "latest"})
    assert latest.json()["content_revision"] == 2
    await api.worlds.until(id_of(url), "ready")
    builds = (await api.ask("GET", f"{url}/revisions")).json()["items"]
    assert [(one["revision"], one["theme"], one["seed"]) for one in builds] == [
        (3, "underwater", 3),
        (2, "underwater", 3),
        (1, "classroom", 1),
    ]
    assert code_of(await api.ask("POST", f"{url}/rebuild", json={"name": "x"})) == (422, "VALIDATION_ERROR")


async def test_one_under_way_is_cancelled_and_so_many_wait_at_once(api: Api) -> None:
    engine = api.worlds.engine
    engine.waits_in = "terrain"
    first = (await api.begun(content_id=None))["status_url"]
    await engine.waiting.wait()
    await api.begun(content_id=None, seed=2)
    full = await api.ask("POST", WORLDS, json={})
    assert code_of(full) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(full.headers["retry-after"]) > 0
    assert full.json()["details"]["limit"] == 2
    script = await api.ask("PUT", f"{first}/scripts/quiz", json={"source": ""}, headers={"If-Match": '"r1"'})
    assert code_of(script) == NOT_FOUND  # there is none yet
    for _ in range(2):
        cancelled = await api.ask("POST", f"{first}/cancel")
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert cancelled.json()["error"]["error_code"] == "GENERATION_CANCELLED"
    before = len(api.worlds.told(id_of(first)))
    engine.go.set()
    nothing = await api.ask("POST", f"{first}/rebuild", json={"content": "latest"})
    assert list(nothing.json()["details"]["fields"]) == ["content"]
    assert (await api.ask("GET", first)).json()["components"]["terrain"] == "pending"
    assert len(api.worlds.told(id_of(first))) == before


async def test_a_class_sees_the_preview_and_neither_scripts_nor_files(api: Api) -> None:
    url = await api.built()
    classes = DatabaseClassStore(api.database)
    classroom = Classroom(
        "class_1", api.organization_id, api.ids["anna"], "5b", names_shown=False, created_at=1.0
    )
    assert await classes.add(classroom, most=9)
    await classes.enter(Member("class_1", api.ids["sam"], "Fox", made_here=False, joined_at=1.0), most=9)
    share = Share("share_1", "environment", id_of(url), api.organization_id, None, 1.0, class_id="class_1")
    assert await DatabaseShareStore(api.database).add(share, most=9) is not None
    world = (await api.ask("GET", url, "sam")).json()
    assert (world["status"], world["role"], world["assets"]) == ("ready", "viewer", [])
    for path in ("plan.svg", "plan.svg?view=section", "events"):
        assert (await api.ask("GET", f"{url}/{path}", "sam")).status_code == 200
    asset = (await api.ask("GET", url)).json()["assets"][0]["url"]
    hidden = [
        asset,
        *(f"{url}/{path}" for path in ("download", "scripts", "scripts/quiz_answers", "revisions")),
    ]
    hidden.append(f"{url}/assets/script_quiz_answers_r1")
    for path in hidden:
        assert code_of(await api.ask("GET", path, "sam")) == NOT_FOUND, path
    assert code_of(await api.ask("POST", f"{url}/download-link", "sam")) == (403, "INSUFFICIENT_PERMISSIONS")


async def test_a_colleague_reads_and_an_editor_changes_too(api: Api) -> None:
    url = await api.built()
    edit: dict[str, Any] = {"json": {"source": "print(1)"}, "headers": {"If-Match": '"r1"'}}
    path = f"{url}/scripts/buildings_check"
    await api.shared(url, "ben")
    assert (await api.ask("GET", url, "ben")).json()["role"] == "viewer"
    assert (await api.ask("GET", f"{url}/download", "ben")).status_code == 200
    assert code_of(await api.ask("PUT", path, "ben", **edit)) == NOT_FOUND
    await api.shared(url, "ben", ShareRole.EDITOR)
    assert (await api.ask("GET", url, "ben")).json()["role"] == "editor"
    assert (await api.ask("PUT", path, "ben", **edit)).status_code == 200
    assert (await api.ask("POST", f"{url}/rebuild", "ben", json={"seed": 9})).status_code == 202
    await api.worlds.until(id_of(url), "ready")
    assert code_of(await api.ask("DELETE", url, "ben")) == NOT_FOUND
