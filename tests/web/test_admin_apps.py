"""The apps over REST, for those who may: on a real database and a real node."""

import json
import logging
import random
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from identity_parts import PASSWORD
from toolboxai.adapters.database.apps import DatabaseAppStore
from toolboxai.app.stored_apps import app_parser
from toolboxai.apps.app import App, AppKey, HistoryRule
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.config import Settings
from toolboxai.errors import ConfigError
from toolboxai.node.node import Node
from toolboxai.node.served_apps import Configured, ServedApps
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.testing.clock import ManualClock
from toolboxai.web.admin_apps import admin_apps_routes
from toolboxai.web.application import create_api
from toolboxai.web.security import Authenticator

OURS = App(id="1", keys=(AppKey("ours", "our secret"),), history=(HistoryRule("kept-*", 5, 60.0),))
FILE_SECRET = OURS.keys[0].secret


class File:
    """What is read on a reload."""

    def __init__(self) -> None:
        self.apps = [OURS]
        self.faults: list[str] = []

    def read(self) -> Configured:
        if self.faults:
            raise ConfigError(self.faults)
        return Configured(AppRegistry(self.apps, own=OURS), ["server.port"])


@pytest.fixture
def file() -> File:
    return File()


@pytest.fixture
def node(clock: ManualClock) -> Node:
    dice = random.Random(1)
    return Node(AppRegistry([OURS], own=OURS), MemoryBroker(clock, dice), clock=clock, dice=dice)


@pytest.fixture
async def stranger(
    file: File, node: Node, database: AsyncEngine, identity: IdentityService, audit: Audit
) -> AsyncIterator[httpx2.AsyncClient]:
    served = ServedApps(node, file.read)
    await served.add_stored(DatabaseAppStore(database), app_parser(Settings()), random.Random(2))
    for name, role in (("ada", Role.ADMIN), ("anna", Role.TEACHER)):
        await identity.create_user(name, role, PASSWORD)
    api = create_api([admin_apps_routes(served, Authenticator(identity), audit)])
    transport = httpx2.ASGITransport(api)
    async with httpx2.AsyncClient(transport=transport, base_url="http://server/api/v1/admin") as client:
        yield client


@pytest.fixture
async def http(stranger: httpx2.AsyncClient, identity: IdentityService) -> httpx2.AsyncClient:
    """Ada's client; she is an admin."""
    stranger.headers["authorization"] = f"Bearer {await identity.issue_access_token('ada')}"
    return stranger


def error_of(answer: httpx2.Response) -> tuple[int, str, Mapping[str, Any]]:
    body = answer.json()
    assert set(body) == {"error_code", "message", "details", "request_id"}
    return answer.status_code, body["message"], body["details"]


async def create(http: httpx2.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await http.post("/apps", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


CALLS = [
    ("GET", "/apps"),
    ("POST", "/apps"),
    ("POST", "/apps/reload"),
    ("GET", "/apps/1"),
    ("PATCH", "/apps/1"),
    ("DELETE", "/apps/1"),
    ("POST", "/apps/1/keys"),
    ("DELETE", "/apps/1/keys/k"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_every_route_is_for_those_with_the_permission(
    stranger: httpx2.AsyncClient, identity: IdentityService, node: Node, method: str, path: str
) -> None:
    before = node.apps
    assert (await stranger.request(method, path, json={})).status_code == 401
    teacher = {"authorization": f"Bearer {await identity.issue_access_token('anna')}"}
    status, message, details = error_of(await stranger.request(method, path, json={}, headers=teacher))
    assert (status, details) == (403, {"required_permissions": ["admin:apps"]})
    assert "admin:apps" in message
    assert node.apps is before


async def test_an_app_is_made_served_and_its_secret_told_once(http: httpx2.AsyncClient, node: Node) -> None:
    made = await create(
        http, name="Club", event_bytes=20_000, history=[{"pattern": "a", "events": 3, "seconds": 60}]
    )
    secret = made.pop("secret")
    app = node.apps.by_id(made["id"])
    assert app is not None
    assert app.keys == (AppKey(made["keys"][0]["key"], secret),)
    assert app.event_bytes == 20_000
    assert (made["source"], made["own"], made["name"], made["enabled"]) == ("database", False, "Club", True)
    assert made["settings"]["event_bytes"] == 20_000
    assert made["settings"]["history"] == [{"pattern": "a", "events": 3, "seconds": 60.0}]
    again = await http.get(f"/apps/{made['id']}")
    assert again.json() == made
    assert secret not in (await http.get("/apps")).text


async def test_the_list_tells_all_without_secrets(http: httpx2.AsyncClient) -> None:
    made = [await create(http, id=app_id) for app_id in ("8", "7")]
    answer = await http.get("/apps")
    items = answer.json()["items"]
    assert [(each["id"], each["source"], each["own"]) for each in items] == [
        ("1", "file", True),
        ("8", "database", False),
        ("7", "database", False),
    ] or [each["id"] for each in items] == ["1", "7", "8"]  # made in the same moment of the clock
    assert items[0]["keys"] == [{"key": "ours", "created_at": None}]
    assert items[0]["settings"]["history"] == [{"pattern": "kept-*", "events": 5, "seconds": 60.0}]
    assert not {"id", "keys", "enabled", "secrets"} & items[0]["settings"].keys()
    for secret in (FILE_SECRET, *(each["secret"] for each in made)):
        assert secret not in answer.text
    first = (await http.get("/apps", params={"limit": 2})).json()
    rest = (await http.get("/apps", params={"cursor": first["next_cursor"]})).json()
    assert [*first["items"], *rest["items"]] == items
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"event_bytes": 0}, "event_bytes"),
        ({"nonsense": 1}, "nonsense"),
        ({"secret": "mine"}, "secret"),
        ({"keys": []}, "keys"),
        ({"id": "seven"}, "id"),
        ({"name": "n" * 201}, "name"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"history": [{"pattern": "a"}]}, "history.0"),
        ({"webhooks": [{"url": "http://127.0.0.1:8100/"}]}, "webhooks.0.url"),
        ({"webhooks": [{"url": "http://localhost./"}]}, "webhooks.0.url"),
        ({"webhooks": [{"url": "http://10.0.0.1/"}]}, "webhooks.0"),
        (
            {"webhooks": [{"url": "http://10.0.0.1/", "allow_private_address": True}]},
            "webhooks.0.allow_private_address",
        ),
        ({"x\ud800": 1}, "body"),
        ({"allowed_origins": ["\ud800"]}, "body"),
    ],
)
async def test_a_body_that_does_not_fit_is_told_by_its_fields(
    http: httpx2.AsyncClient, node: Node, body: dict[str, Any], field: str
) -> None:
    raw = json.dumps(body)
    answer = await http.post("/apps", content=raw, headers={"content-type": "application/json"})
    status, _message, details = error_of(answer)
    assert (status, field in details["fields"]) == (422, True), details
    assert [app.id for app in node.apps] == ["1"]


async def test_a_change_is_in_force_with_the_answer(http: httpx2.AsyncClient, node: Node) -> None:
    await create(http, id="7", event_bytes=5)
    answer = await http.patch("/apps/7", json={"enabled": False, "max_connections": 2, "event_bytes": None})
    assert answer.status_code == 200
    app = node.apps.by_id("7")
    assert app is not None
    assert (app.enabled, app.max_connections, app.event_bytes) == (False, 2, 10240)
    assert (answer.json()["enabled"], answer.json()["settings"]["max_connections"]) == (False, 2)
    assert (await http.delete("/apps/7")).status_code == 204
    assert node.apps.by_id("7") is None
    assert error_of(await http.get("/apps/7"))[:2] == (404, "there is no app 7")


async def test_keys_are_rotated_one_after_the_other(http: httpx2.AsyncClient, node: Node) -> None:
    made = await create(http, id="7")
    old = made["keys"][0]["key"]
    answer = await http.post("/apps/7/keys")
    new = answer.json()
    assert (answer.status_code, set(new)) == (201, {"key", "secret"})
    app = node.apps.by_id("7")
    assert app is not None
    assert app.keys == (AppKey(old, made["secret"]), AppKey(new["key"], new["secret"]))
    assert (await http.delete(f"/apps/7/keys/{old}")).status_code == 204
    assert node.apps.by_key(old) is None
    assert node.apps.by_key(new["key"]) is not None
    status, message, _ = error_of(await http.delete(f"/apps/7/keys/{new['key']}"))
    assert (status, "last active key" in message) == (409, True)
    assert error_of(await http.delete(f"/apps/7/keys/{old}"))[0] == 404


@pytest.mark.parametrize(
    ("method", "path"), [call for call in CALLS if call[1].startswith("/apps/1") and call[0] != "GET"]
)
async def test_our_app_and_those_of_the_file_are_changed_in_the_file(
    http: httpx2.AsyncClient, node: Node, method: str, path: str
) -> None:
    status, message, details = error_of(await http.request(method, path, json={"enabled": False}))
    assert (status, details) == (409, {"source": "file"})
    assert "is our own; change it there, then reload" in message
    assert list(node.apps) == [OURS]


async def test_a_reload_says_what_has_changed(http: httpx2.AsyncClient, node: Node, file: File) -> None:
    file.apps = [OURS, App(id="2", keys=(AppKey("two", "s"),))]
    answer = await http.post("/apps/reload")
    assert answer.status_code == 200
    assert answer.json() == {
        "added": ["2"],
        "changed": [],
        "enabled": [],
        "disabled": [],
        "removed": [],
        "needs_restart": ["server.port"],
        "not_served": {},
    }
    assert node.apps.by_key("two") is not None
    file.faults = ["this is wrong", "and this too"]
    status, message, details = error_of(await http.post("/apps/reload"))
    assert (status, details) == (422, {"faults": file.faults})
    assert "nothing has changed" in message
    assert node.apps.by_key("two") is not None


async def test_every_change_leaves_a_line_without_a_secret(
    http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "toolboxai.audit")
    made = await create(http, id="7")
    new = (await http.post("/apps/7/keys")).json()
    await http.patch("/apps/7", json={"event_bytes": 9})
    await http.delete(f"/apps/7/keys/{new['key']}")
    await http.delete("/apps/7")
    await http.post("/apps/reload")
    lines = [record for record in caplog.records if record.name == "toolboxai.audit"]
    told = [(line.__dict__["action"], line.__dict__["resource_id"]) for line in lines]
    assert told == [
        ("app_created", "7"),
        ("app_key_added", "7"),
        ("app_changed", "7"),
        ("app_key_revoked", "7"),
        ("app_removed", "7"),
        ("apps_reloaded", None),
    ]
    assert {line.__dict__["user_id"] for line in lines} != {None}
    whole = " ".join(str(line.__dict__) for line in caplog.records)
    assert made["secret"] not in whole
    assert new["secret"] not in whole
