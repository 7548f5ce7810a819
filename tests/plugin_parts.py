"""Plugins in this process: their routes over one database, people of two schools, and sockets that a test says are open."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import Listener
from identity_parts import PASSWORD
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.adapters.database.plugins import DatabasePluginStore
from toolboxai.adapters.database.resources import DatabaseResourceStore
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.plugins.rooms import PluginRooms
from toolboxai.platform.roblox.downloads import WorldDownloads
from toolboxai.platform.roblox.records.access import Access
from toolboxai.platform.runs.bell import Bell
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.plugins import plugin_routes
from toolboxai.web.security import Authenticator

__all__ = ["EVENT_BYTES", "PluginSchool", "Sockets", "plugin_school", "result"]

EVENT_BYTES = 10_240


@dataclass
class Sockets:
    """Satisfies ``platform.plugins.doors.Sockets``; `ended` has whose channels were taken away."""

    here: set[str] = field(default_factory=set)
    ended: list[str] = field(default_factory=list)

    def open(self, plugin_id: str) -> bool:
        return plugin_id in self.here

    def followed(self) -> Sequence[str]:
        return tuple(self.here)

    def end(self, plugin_id: str) -> None:
        self.ended.append(plugin_id)


@dataclass
class PluginSchool:
    """The routes, and people who use them; a plugin that is registered is known by its id.

    Args:
        tokens: by name, or id of a plugin.
    """

    http: httpx2.AsyncClient
    rooms: PluginRooms
    sockets: Sockets
    identity: IdentityService
    worlds: DatabaseEnvironmentStore
    resources: DatabaseResourceStore
    listener: Listener
    clock: ManualClock
    limiter: AttemptLimiter
    tokens: dict[str, str]
    ids: dict[str, str]

    async def ask(self, who: str | None, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = dict(options.pop("headers", {}))
        if who is not None:
            headers["authorization"] = f"Bearer {self.tokens[who]}"
        where = "plugins" + (f"/{path}" if path else "")
        return await self.http.request(method, f"/api/v1/{where}", headers=headers, **options)

    async def a_plugin(self, who: str = "anna", **about: Any) -> str:
        """Its id; what it has posted goes under that, too."""
        made = await self.ask(who, "POST", "", json={"name": "Studio", **about})
        assert made.status_code == 201, made.text
        plugin_id = str(made.json()["plugin_id"])
        self.tokens[plugin_id] = made.json()["token"]
        return plugin_id

    async def command(self, plugin_id: str, who: str = "anna", **about: Any) -> dict[str, Any]:
        body = {"action": "show_message", "payload": {"text": "Hello"}, **about}
        made = await self.ask(who, "POST", f"{plugin_id}/commands", json=body)
        assert made.status_code == 202, made.text
        return dict(made.json())

    async def says(self, plugin_id: str, *messages: dict[str, Any]) -> list[dict[str, Any]]:
        taken = await self.ask(plugin_id, "POST", f"{plugin_id}/messages", json={"messages": messages})
        assert taken.status_code == 200, taken.text
        return list(taken.json()["items"])

    async def reads(self, plugin_id: str, cursor: int = 0, who: str | None = None) -> dict[str, Any]:
        page = await self.ask(who or plugin_id, "GET", f"{plugin_id}/messages", params={"cursor": cursor})
        assert page.status_code == 200, page.text
        return dict(page.json())

    async def stands(self, plugin_id: str, command_id: str) -> dict[str, Any]:
        found = await self.ask("anna", "GET", f"{plugin_id}/commands/{command_id}")
        assert found.status_code == 200, found.text
        return dict(found.json())

    def told(self, plugin_id: str) -> list[dict[str, Any]]:
        """What went out on the plugin's channel."""
        return self.listener.on(f"private-plugin-{plugin_id}")


def result(command_id: str, status: str = "ok", **more: Any) -> dict[str, Any]:
    return {"type": "command_result", "data": {"command_id": command_id, "status": status, **more}}


@pytest.fixture
async def plugin_school(
    database: AsyncEngine,
    identity: IdentityService,
    limiter: AttemptLimiter,
    clock: ManualClock,
    audit: Audit,
) -> Any:
    tokens, ids = {}, {}
    for name, role, school in (
        ("anna", Role.TEACHER, "North"),
        ("ben", Role.TEACHER, "North"),
        ("sam", Role.STUDENT, "North"),
        ("ada", Role.ADMIN, "North"),
        ("olga", Role.ADMIN, "South"),
    ):
        user = await identity.create_user(name, role, PASSWORD, organization=school)
        tokens[name], ids[name] = await identity.issue_access_token(name), user.id
    listener, sockets, worlds = Listener(), Sockets(), DatabaseEnvironmentStore(database)
    rooms = PluginRooms(
        DatabasePluginStore(database),
        identity,
        listener,
        Bell(),
        sockets,
        clock,
        random.Random(7),
        lambda: EVENT_BYTES,
    )
    authenticator = Authenticator(identity)
    downloads = WorldDownloads(worlds, Access(worlds), clock, lambda: [b"k" * 32])
    routes = [plugin_routes(rooms, downloads, authenticator, limiter, audit, clock)]
    transport = httpx2.ASGITransport(create_api(routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as http:
        yield PluginSchool(
            http,
            rooms,
            sockets,
            identity,
            worlds,
            DatabaseResourceStore(database),
            listener,
            clock,
            limiter,
            tokens,
            ids,
        )
    await rooms.log.close()
