"""Sharing over HTTP: the owner shares, others of the organisation look, nobody else."""

import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import a_session
from identity_parts import PASSWORD
from toolboxai.adapters.database.classes import DatabaseClassStore
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.resources import DatabaseResourceStore
from toolboxai.adapters.database.shares import DatabaseShareStore
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.classes.model import Classroom, Member
from toolboxai.platform.classes.store import Entry
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import PERMISSIONS, Role
from toolboxai.platform.identity.policy import ChannelPolicy
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.tokens import TokenService
from toolboxai.platform.resources import sharing as module
from toolboxai.platform.resources.links import ShareLinks
from toolboxai.platform.resources.model import Resource, ResourceKind
from toolboxai.platform.resources.owners import Owners
from toolboxai.platform.resources.sharing import Sharing
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.security import Authenticator
from toolboxai.web.shares import share_routes

PATH = "/api/v1/shares"
SESSION = {"kind": "content_session", "id": "gen_1"}
CHANNEL = "private-content-generation-gen_1"


@pytest.fixture
def database_backend() -> str:
    """Postgres is the stricter one with odd text."""
    return "postgres"


@dataclass
class Api:
    """The routes, and people who use them."""

    http: httpx2.AsyncClient
    identity: IdentityService
    policy: ChannelPolicy
    tokens: dict[str, str]
    ids: dict[str, str]

    async def ask(self, who: str, method: str, path: str = PATH, **options: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        return await self.http.request(method, path, headers=headers, **options)

    async def share(self, who: str, username: str, **changes: str) -> httpx2.Response:
        return await self.ask(who, "POST", json={**SESSION, "username": username, **changes})

    async def follows(self, who: str, channel: str = CHANNEL) -> bool:
        principal = await self.identity.authenticate(self.tokens[who])
        return (await self.policy.decide(principal, channel)).allowed


@pytest.fixture
async def api(
    database: AsyncEngine,
    identity: IdentityService,
    tokens: TokenService,
    limiter: AttemptLimiter,
    clock: ManualClock,
    audit: Audit,
) -> AsyncIterator[Api]:
    content, resources = DatabaseContentStore(database), DatabaseResourceStore(database)
    known, ids = {}, {}
    for name, role, school in (
        ("anna", Role.TEACHER, "North"),
        ("ben", Role.TEACHER, "North"),
        ("sam", Role.STUDENT, "North"),
        ("ada", Role.ADMIN, "North"),
        ("olga", Role.TEACHER, "South"),
    ):
        user = await identity.create_user(name, role, PASSWORD, organization=school)
        known[name], ids[name] = await identity.issue_access_token(name), user.id
    anna = await identity.user_named("anna")
    # Programs whose ids are an owner's, and an owner's of another tenant: neither is the owner.
    for name, role, organization in (
        ("service", Role.SERVICE, anna.organization_id),
        ("twin", Role.TEACHER, "org_2"),
    ):
        known[name] = tokens.issue_access(
            subject=anna.id,
            organization_id=organization,
            role=role,
            permissions=PERMISSIONS[role],
            session_id="login_1",
        ).text
    own = {"owner_id": anna.id, "organization_id": anna.organization_id}
    await content.create(a_session(1, **own), active_limit=9)
    await content.create(a_session(2, **own), active_limit=9)
    for kind, resource_id in (
        (ResourceKind.ENVIRONMENT, "env_1"),
        (ResourceKind.AGENT, "agent_1"),
        (ResourceKind.PLUGIN, "plugin_1"),
    ):
        await resources.add(Resource(kind, resource_id, anna.organization_id, anna.id, "", 1.0))
    shares, classes = DatabaseShareStore(database), DatabaseClassStore(database)
    kinds = {kind.value: resources for kind in ResourceKind}
    owners = Owners({"content_session": content, "class": classes, **kinds})
    sharing = Sharing(shares, owners, identity, classes, clock, random.Random(5))
    links = ShareLinks(shares, owners, identity, limiter, clock, random.Random(6))
    transport = httpx2.ASGITransport(
        create_api([share_routes(sharing, links, Authenticator(identity), audit)])
    )
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
        yield Api(client, identity, ChannelPolicy(owners), known, ids)


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


async def test_a_student_follows_what_is_shared_until_it_is_no_longer(api: Api) -> None:
    assert not await api.follows("sam")
    made = await api.share("anna", "sam")
    assert made.status_code == 201
    share = made.json()
    assert share == {
        "share_id": share["share_id"],
        **SESSION,
        "role": "viewer",
        "shared_with": "user",
        "user_id": api.ids["sam"],
        "username": "sam",
        "class_id": None,
        "class_name": None,
        "link": None,
        "expires_at": None,
        "created_at": "2026-05-28T20:26:40.000Z",
    }
    assert await api.follows("sam")
    assert not await api.follows("sam", "private-content-generation-gen_2")
    assert not await api.follows("ben")
    listed = await api.ask("anna", "GET", made.headers["Location"])
    assert listed.json() == {"items": [share], "next_cursor": None}
    assert (await api.ask("anna", "DELETE", f"{PATH}/{share['share_id']}")).status_code == 204
    assert not await api.follows("sam")
    again = await api.ask("anna", "DELETE", f"{PATH}/{share['share_id']}")
    assert code_of(again) == (404, "RESOURCE_NOT_FOUND")


async def test_the_same_share_is_made_once(api: Api) -> None:
    first = await api.share("anna", "sam")
    again = await api.ask("anna", "POST", json={**SESSION, "user_id": api.ids["sam"]})
    assert (again.status_code, again.json()) == (200, first.json())


async def test_environments_and_agents_are_shared_and_plugins_are_not(api: Api) -> None:
    for kind, resource_id in (("environment", "env_1"), ("agent", "agent_1")):
        made = await api.share("anna", "ben", kind=kind, id=resource_id)
        assert made.status_code == 201
    assert await api.follows("ben", "private-roblox-sync-env_1")
    assert await api.follows("ben", "private-agent-agent_1")
    refused = await api.share("anna", "ben", kind="plugin", id="plugin_1")
    assert code_of(refused) == (422, "VALIDATION_ERROR")
    assert list(refused.json()["details"]["fields"]) == ["kind"]


@pytest.mark.parametrize("who", ["ben", "sam", "ada", "olga", "service", "twin"])
async def test_only_the_owner_shares_sees_and_ends_shares(api: Api, who: str) -> None:
    share_id = (await api.share("anna", "sam")).json()["share_id"]
    refused = await api.share(who, "ben")
    unknown = await api.share(who, "ben", id="gen_9")
    assert code_of(refused) == code_of(unknown) == (404, "RESOURCE_NOT_FOUND")
    assert refused.json()["message"] == unknown.json()["message"].replace("gen_9", "gen_1")
    assert (await api.ask(who, "GET", params=SESSION)).status_code == 404
    assert (await api.ask(who, "DELETE", f"{PATH}/{share_id}")).status_code == 404
    assert await api.follows("sam")
    assert not await api.follows("ben")


async def test_a_user_of_another_organisation_is_as_unknown_as_none(api: Api) -> None:
    foreign, nobody = await api.share("anna", "olga"), await api.share("anna", "nobody")
    assert code_of(foreign) == code_of(nobody) == (404, "RESOURCE_NOT_FOUND")
    assert foreign.json()["message"] == nobody.json()["message"].replace("nobody", "olga")
    by_id = await api.ask("anna", "POST", json={**SESSION, "user_id": api.ids["olga"]})
    assert by_id.status_code == 404
    assert not await api.follows("olga")


@pytest.mark.parametrize(
    "body",
    [
        SESSION,
        {**SESSION, "username": "sam", "user_id": "user_1"},
        {**SESSION, "username": "anna"},
        {"kind": "class", "id": "class_1", "username": "sam"},
        {"kind": "content_session", "username": "sam"},
        {**SESSION, "username": "sam", "role": "owner"},
    ],
)
async def test_what_makes_no_sense_is_told(api: Api, body: dict[str, str]) -> None:
    assert code_of(await api.ask("anna", "POST", json=body)) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize("text", ["\x00", "user_\x00", "\ud800", "x" * 200, "' OR 1=1"])
async def test_odd_text_names_nobody_and_nothing(api: Api, text: str) -> None:
    for name in ("id", "user_id", "username"):
        whom = {} if name != "id" else {"username": "sam"}
        body = json.dumps({**SESSION, **whom, name: text})
        answer = await api.ask("anna", "POST", content=body.encode())
        assert answer.status_code in (404, 422), answer.text


async def test_a_resource_is_shared_with_so_many_at_most(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARES_MOST", 1)
    assert (await api.share("anna", "sam")).status_code == 201
    assert code_of(await api.share("anna", "ben")) == (409, "CONFLICT")


async def test_everybody_finds_what_is_shared_with_them_page_by_page(api: Api) -> None:
    for session in ("gen_1", "gen_2"):
        await api.share("anna", "sam", id=session)
    await api.share("anna", "ben")
    first = (await api.ask("sam", "GET", params={"limit": 1})).json()
    rest = (await api.ask("sam", "GET", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert sorted(page["items"][0]["id"] for page in (first, rest)) == ["gen_1", "gen_2"]
    assert rest["next_cursor"] is None
    assert (await api.ask("anna", "GET")).json()["items"] == []
    for wrong in ({"kind": "content_session"}, {"id": "gen_1"}, {"cursor": "WzFd"}, {"limit": "0"}):
        assert code_of(await api.ask("sam", "GET", params=wrong)) == (422, "VALIDATION_ERROR")


async def test_a_teacher_and_who_is_in_a_class_find_what_is_shared_with_it_page_by_page(
    api: Api, database: AsyncEngine
) -> None:
    school, classes = (await api.identity.user_named("anna")).organization_id, DatabaseClassStore(database)
    assert await classes.add(Classroom("class_1", school, api.ids["anna"], "7b", False, 1.0), most=9)
    for session in ("gen_1", "gen_2"):
        await api.ask("anna", "POST", json={**SESSION, "id": session, "class_id": "class_1"})
    for name in ("sam", "ben"):
        await api.share("anna", name)
    of_it: dict[str, Any] = {"class_id": "class_1", "limit": 1}
    for other in ("ben", "sam", "ada", "olga", "service", "twin"):
        assert code_of(await api.ask(other, "GET", params=of_it)) == (404, "RESOURCE_NOT_FOUND")
    assert await classes.enter(Member("class_1", api.ids["sam"], "Otter", False, 1.0), most=9) is Entry.IN
    for who in ("anna", "sam"):
        first = (await api.ask(who, "GET", params=of_it)).json()
        rest = (await api.ask(who, "GET", params={**of_it, "cursor": first["next_cursor"]})).json()
        assert sorted(page["items"][0]["id"] for page in (first, rest)) == ["gen_1", "gen_2"]
        assert {page["items"][0]["class_name"] for page in (first, rest)} == {"7b"}
        assert rest["next_cursor"] is None
    for wrong in ({**SESSION, **of_it}, {"class_id": "class_1", "kind": "agent"}):
        assert code_of(await api.ask("anna", "GET", params=wrong)) == (422, "VALIDATION_ERROR")


async def test_nobody_shares_without_a_token(api: Api) -> None:
    for method, path in (("POST", PATH), ("GET", PATH), ("DELETE", f"{PATH}/share_1")):
        assert (await api.http.request(method, path)).status_code == 401


async def test_shares_and_their_end_stand_in_the_audit(api: Api, audit: Audit) -> None:
    share = (await api.share("anna", "sam")).json()
    await api.ask("anna", "DELETE", f"{PATH}/{share['share_id']}")
    ended, made = await audit.entries(await api.identity.authenticate(api.tokens["ada"]), limit=9)
    assert (made.action, ended.action) == (Action.SHARED, Action.UNSHARED)
    assert (made.user_id, made.kind, made.resource_id) == (api.ids["anna"], SESSION["kind"], SESSION["id"])
    assert made.details["with"] == api.ids["sam"]
    assert made.request_id
    assert await audit.entries(await api.identity.authenticate(api.tokens["olga"]), limit=9) == []
