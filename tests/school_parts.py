"""Everything that a school's admins and people do over HTTP, in this process: every part real, the clock handed in."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import SOURCE, Engine, Listener
from identity_parts import PASSWORD
from toolboxai.adapters.database.audit import DatabaseAuditStore
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.personal import DatabasePersonalStore
from toolboxai.adapters.database.school import DatabaseSchoolStore
from toolboxai.adapters.jobs_dbos import DbosJobs
from toolboxai.adapters.source_files.processes import SourceFileProcesses
from toolboxai.errors import ResourceNotFound
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.welcome import Welcome
from toolboxai.platform.privacy.deletion import Deletion
from toolboxai.platform.privacy.retention import Retention
from toolboxai.platform.roblox.records.environments import Environment
from toolboxai.platform.school.accounts import SchoolAccounts
from toolboxai.platform.school.importing import RosterImport
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.audit import audit_routes
from toolboxai.web.auth import auth_routes
from toolboxai.web.content import content_routes
from toolboxai.web.privacy import privacy_routes
from toolboxai.web.school import ROSTER_BODIES, school_routes, welcome_routes
from toolboxai.web.security import Authenticator

__all__ = ["PEOPLE", "Forgotten", "SchoolApi", "code_of", "school_api"]

PEOPLE = (
    ("ada", Role.ADMIN, "North"),
    ("anna", Role.TEACHER, "North"),
    ("sam", Role.STUDENT, "North"),
    ("olga", Role.ADMIN, "South"),
)


class Forgotten:
    """What the job engine was to forget of worlds."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def forget(self, worlds: Sequence[Environment]) -> None:
        self.ids += [world.id for world in worlds]


@dataclass
class SchoolApi:
    """The routes, and people who use them.

    Attributes:
        retention: of a hundred days, and two hundred of the audit.
        forgotten: worlds that went by it.
    """

    http: httpx2.AsyncClient
    identity: IdentityService
    clock: ManualClock
    listener: Listener
    engine: Engine
    retention: Retention
    forgotten: "Forgotten"
    flushed: list[str]
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    async def ask(self, who: str | None, method: str, path: str, **options: Any) -> httpx2.Response:
        """As somebody, with the token that they were given first."""
        headers = {"authorization": f"Bearer {self.tokens[who]}"} if who else {}
        headers |= options.pop("headers", {})
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **options)

    async def later(self, seconds: float) -> None:
        """Let so much time go by; whoever is left has a new token."""
        self.clock.advance(seconds)
        for name in self.ids:
            with suppress(ResourceNotFound):
                self.tokens[name] = await self.identity.issue_access_token(name)

    async def login(self, name: str, password: str = PASSWORD) -> httpx2.Response:
        return await self.ask(None, "POST", "/auth/login", json={"username": name, "password": password})

    async def welcome(self, link: str, password: str) -> httpx2.Response:
        assert link.startswith("/#welcome=")
        code = link.partition("=")[2]
        return await self.ask(None, "POST", "/auth/welcome", json={"code": code, "password": password})

    async def generated(self, who: str, **changes: Any) -> dict[str, Any]:
        """A generation that has begun."""
        body = {
            "subject": "Science",
            "grade_level": "6-8",
            "learning_objectives": ["Explain evaporation"],
            "source_text": SOURCE,
            "num_questions": 3,
            **changes,
        }
        answer = await self.ask(who, "POST", "/content/generate", json=body)
        assert answer.status_code == 202, answer.text
        started: dict[str, Any] = answer.json()
        return started

    async def audit(self, who: str, **wanted: Any) -> list[tuple[str, str | None, str | None]]:
        """What was done, by whom, to what; the oldest first."""
        answer = await self.ask(who, "GET", "/audit", params={"limit": 100, **wanted})
        assert answer.status_code == 200, answer.text
        return [(item["action"], item["user_id"], item["id"]) for item in answer.json()["items"]][::-1]


@asynccontextmanager
async def school_api(
    database: AsyncEngine,
    url: str,
    identity: IdentityService,
    limiter: AttemptLimiter,
    clock: ManualClock,
    *,
    working: bool = False,
) -> AsyncIterator[SchoolApi]:
    """Two schools; with `working`, what is generated there is made, too."""
    dice = random.Random(7)
    entries, personal, schools = (
        DatabaseAuditStore(database),
        DatabasePersonalStore(database),
        DatabaseSchoolStore(database),
    )
    audit, listener, engine, jobs = Audit(entries, clock), Listener(), Engine(), DbosJobs(url)
    content = ContentService(
        store=DatabaseContentStore(database),
        jobs=jobs,
        publisher=listener,
        engine=engine,
        clock=clock,
        dice=dice,
        link_keys=lambda: [b"k" * 32],
    )
    flushed: list[str] = []
    forgotten = Forgotten()

    async def flush() -> None:
        flushed.append("flushed")

    deletion = Deletion(identity, personal, content, flush)
    authenticator = Authenticator(identity)
    files = SourceFileProcesses()
    routes = [
        auth_routes(identity, authenticator),
        welcome_routes(Welcome(identity, schools, limiter, clock, audit), authenticator),
        school_routes(
            SchoolAccounts(identity, schools, clock, dice),
            RosterImport(schools, clock, dice),
            deletion,
            authenticator,
            audit,
        ),
        privacy_routes(identity, personal, deletion, authenticator, limiter, audit, clock),
        audit_routes(audit, clock, authenticator),
        content_routes(content, authenticator, files, audit),
    ]
    transport = httpx2.ASGITransport(create_api(routes, larger_bodies=ROSTER_BODIES))
    async with AsyncExitStack() as stack:
        stack.callback(files.close)
        stack.push_async_callback(content.close)
        if working:
            await jobs.launch()
            stack.push_async_callback(jobs.close)
            await stack.enter_async_context(content.watching())
        http = await stack.enter_async_context(
            httpx2.AsyncClient(transport=transport, base_url="http://server")
        )
        retention = Retention(
            personal, entries, deletion, content, forgotten, clock, days=100, audit_days=200
        )
        api = SchoolApi(http, identity, clock, listener, engine, retention, forgotten, flushed)
        for name, role, school in PEOPLE:
            user = await identity.create_user(name, role, PASSWORD, organization=school)
            api.ids[name], api.tokens[name] = user.id, await identity.issue_access_token(name)
        yield api


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]
