"""Agents in this process: the store, the queue and the routes over one database, and people. Time stands still.

Everything is real but the clock and the way out, which remembers what was said on it.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import Listener
from identity_parts import PASSWORD
from toolboxai.adapters.database.agents import DatabaseAgentStore
from toolboxai.adapters.database.classes import DatabaseClassStore
from toolboxai.adapters.database.resources import DatabaseResourceStore
from toolboxai.adapters.database.shares import DatabaseShareStore
from toolboxai.platform.agents.access import AgentAccess
from toolboxai.platform.agents.ledger import AgentLedger
from toolboxai.platform.agents.registry import AgentRegistry
from toolboxai.platform.agents.service import AgentTasks
from toolboxai.platform.agents.sweep import Sweeper
from toolboxai.platform.agents.work import AgentWork
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.resources.links import ShareLinks
from toolboxai.platform.resources.owners import Owners
from toolboxai.platform.resources.sharing import Sharing
from toolboxai.platform.runs.bell import Bell
from toolboxai.testing.clock import ManualClock
from toolboxai.web.agents import agent_routes, task_routes
from toolboxai.web.application import create_api
from toolboxai.web.security import Authenticator
from toolboxai.web.shares import share_routes

__all__ = ["EVENT_BYTES", "AgentRoutes", "agent_routes_of_schools", "code_of"]

EVENT_BYTES = 10_240


@dataclass
class AgentRoutes:
    """The routes, and people who use them; agents that were registered join the tokens by their ids."""

    http: httpx2.AsyncClient
    identity: IdentityService
    store: DatabaseAgentStore
    ledger: AgentLedger
    registry: AgentRegistry
    tasks: AgentTasks
    work: AgentWork
    sweeper: Sweeper
    owners: Owners
    listener: Listener
    clock: ManualClock
    tokens: dict[str, str]
    ids: dict[str, str]

    async def ask(self, who: str | None, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = dict(options.pop("headers", {}))
        if who is not None:
            headers["authorization"] = f"Bearer {self.tokens[who]}"
        return await self.http.request(method, f"/api/v1/{path}", headers=headers, **options)

    async def register(self, who: str = "anna", **changes: Any) -> str:
        """An agent's id; its token is kept under it."""
        body = {"name": "grader", "task_types": ["grade", "lesson_generation"], **changes}
        made = await self.ask(who, "POST", "agents", json=body)
        assert made.status_code == 201, made.text
        agent_id = str(made.json()["agent_id"])
        self.tokens[agent_id] = made.json()["token"]
        return agent_id

    async def submit(self, agent_id: str, who: str = "anna", **changes: Any) -> str:
        """A task's id."""
        options = {name: changes.pop(name) for name in ("headers",) if name in changes}
        body = {"task_type": "grade", "input": {"n": 1}, **changes}
        made = await self.ask(who, "POST", f"agents/{agent_id}/tasks", json=body, **options)
        assert made.status_code == 202, made.text
        return str(made.json()["task_id"])

    async def claim(self, agent_id: str, worker: str = "w1", **changes: Any) -> dict[str, Any] | None:
        """What a worker gets; None: nothing."""
        answer = await self.ask(
            agent_id, "POST", f"agents/{agent_id}/claim", json={"worker": worker, **changes}
        )
        assert answer.status_code in (200, 204), answer.text
        return dict(answer.json()) if answer.status_code == 200 else None

    async def says(self, agent_id: str, claim: dict[str, Any], what: str, **fields: Any) -> httpx2.Response:
        """What a worker says of a task that it holds, or held."""
        body = {"lease_id": claim["lease_id"], **fields}
        return await self.ask(agent_id, "POST", f"tasks/{claim['task_id']}/{what}", json=body)

    async def task(self, task_id: str, who: str = "anna") -> dict[str, Any]:
        return dict((await self.ask(who, "GET", f"tasks/{task_id}")).json())

    async def agent(self, agent_id: str, who: str = "anna") -> dict[str, Any]:
        return dict((await self.ask(who, "GET", f"agents/{agent_id}")).json())

    async def share(self, agent_id: str, who: str) -> None:
        """Anna lets somebody look at an agent, and give it tasks."""
        body = {"kind": "agent", "id": agent_id, "user_id": self.ids[who]}
        answer = await self.ask("anna", "POST", "shares", json=body)
        assert answer.status_code == 201, answer.text

    async def pass_time(self, seconds: float) -> None:
        """Time goes by, and what is due then happens."""
        self.clock.advance(seconds)
        await self.sweeper.sweep()

    def told(self, agent_id: str, kind: str | None = None) -> list[dict[str, Any]]:
        """What was said on the agent's channel."""
        said = self.listener.on(f"private-agent-{agent_id}")
        return [each for each in said if kind is None or each["type"] == kind]


@pytest.fixture
async def agent_routes_of_schools(
    database: AsyncEngine,
    identity: IdentityService,
    limiter: AttemptLimiter,
    clock: ManualClock,
    audit: Audit,
) -> AsyncIterator[AgentRoutes]:
    tokens, ids = {}, {}
    for name, role, school in (
        ("anna", Role.TEACHER, "North"),
        ("ben", Role.TEACHER, "North"),
        ("sam", Role.STUDENT, "North"),
        ("olga", Role.TEACHER, "South"),
    ):
        user = await identity.create_user(name, role, PASSWORD, organization=school)
        tokens[name], ids[name] = await identity.issue_access_token(name), user.id
    store, dice, listener = DatabaseAgentStore(database), random.Random(7), Listener()
    classes = DatabaseClassStore(database)
    owners = Owners({"agent": DatabaseResourceStore(database), "class": classes})
    ledger = AgentLedger(store, listener, clock, Bell(), event_bytes=lambda: EVENT_BYTES)
    access = AgentAccess(store, owners, identity)
    registry = AgentRegistry(store, ledger, access, identity, clock, dice)
    tasks = AgentTasks(store, ledger, access, limiter, clock, dice)
    work = AgentWork(ledger, access, limiter, clock, dice)
    shares = DatabaseShareStore(database)
    sharing = Sharing(shares, owners, identity, classes, clock, dice)
    links = ShareLinks(shares, owners, identity, limiter, clock, dice)
    authenticator = Authenticator(identity)
    routes = [
        agent_routes(registry, tasks, work, authenticator, audit),
        task_routes(tasks, work, authenticator),
        share_routes(sharing, links, authenticator, audit),
    ]
    transport = httpx2.ASGITransport(create_api(routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as http:
        yield AgentRoutes(
            http,
            identity,
            store,
            ledger,
            registry,
            tasks,
            work,
            Sweeper(store, ledger, clock),
            owners,
            listener,
            clock,
            tokens,
            ids,
        )
    await ledger.close()


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of an error."""
    return answer.status_code, answer.json()["error_code"]
