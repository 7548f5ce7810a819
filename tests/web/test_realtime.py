"""Publishing by HTTP, the echo, and what a channel keeps."""

import json
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from identity_parts import PASSWORD
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.jobs_dbos import DbosJobs
from toolboxai.adapters.kept_here import KeptHere
from toolboxai.adapters.publisher_embedded import EmbeddedPublisher
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.config.app_table import AppTable
from toolboxai.errors import PublishFailed
from toolboxai.node.node import Node
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.channel_history import ChannelHistory
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.model import Role, User
from toolboxai.platform.identity.policy import ChannelPolicy, Ownership
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.ports import Event
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.realtime import realtime_routes
from toolboxai.web.security import Authenticator

OURS = AppTable.model_validate({"id": "3", "key": "k", "secret": "s"}).app(own=True)


class Noted:
    """A publisher that notes the bytes it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], Event, str | None]] = []
        self.fault: PublishFailed | None = None

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        if self.fault is not None:
            raise self.fault
        self.calls.append((list(channels), event, exclude))
        return [f"epoch:{len(self.calls)}"]

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        raise AssertionError("nothing here restores")


class Rows:
    """One environment, one agent and one plugin, of this user's."""

    def __init__(self, owner: User) -> None:
        self.owner = owner

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        if (kind, resource_id) not in (
            ("environment", "env_1"),
            ("agent", "agent_1"),
            ("plugin", "plugin_1"),
        ):
            return None
        return Ownership(self.owner.organization_id, self.owner.id)


@pytest.fixture
def node(clock: ManualClock) -> Node:
    dice = random.Random(2)
    return Node(AppRegistry([OURS], own=OURS), MemoryBroker(clock, dice), clock=clock, dice=dice)


@pytest.fixture
def database_backend() -> str:
    """HTTP is the subject."""
    return "sqlite"


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
async def http(
    noted: Noted,
    node: Node,
    database: AsyncEngine,
    migrated_url: str,
    identity: IdentityService,
    audit: Audit,
) -> AsyncIterator[httpx2.AsyncClient]:
    store = DatabaseContentStore(database)
    content = ContentService(
        store=store,
        jobs=DbosJobs(migrated_url),
        publisher=noted,
        engine=OfflineEngine(),
        clock=SystemClock(),
        dice=random.Random(1),
        link_keys=lambda: [b"k" * 32],
    )
    for name, role in (("ada", Role.ADMIN), ("anna", Role.TEACHER), ("ben", Role.TEACHER)):
        await identity.create_user(name, role, PASSWORD)
    rows = Rows(await identity.user_named("anna"))
    routes = realtime_routes(
        ChannelHistory(content, KeptHere(node, lambda: OURS)),
        noted,
        ChannelPolicy(rows),
        Authenticator(identity),
        audit,
        event_bytes=lambda: 10_240,
    )
    transport = httpx2.ASGITransport(create_api([routes]))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server/api/v1/realtime") as client:
        yield client
    await content.close()


@pytest.fixture
async def people(http: httpx2.AsyncClient, identity: IdentityService) -> Mapping[str, dict[str, str]]:
    return {
        name: {"authorization": f"Bearer {await identity.issue_access_token(name)}"}
        for name in ("ada", "anna", "ben")
    }


People = Mapping[str, dict[str, str]]


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


@pytest.mark.parametrize(
    ("data", "text"),
    [({"a": [1, "ä"]}, '{"a":[1,"ä"]}'), ("as it is", "as it is"), (None, "null"), (3, "3"), ([], "[]")],
)
async def test_an_operator_publishes_any_json(
    http: httpx2.AsyncClient, noted: Noted, people: People, data: Any, text: str
) -> None:
    body = {"channel": "system-notifications", "event": "news", "data": data, "socket_id": "1.2"}
    answer = await http.post("/trigger", json=body, headers=people["ada"])
    assert answer.json() == {"channel": "system-notifications", "event": "news", "publication_id": "epoch:1"}
    assert noted.calls == [(["system-notifications"], Event("news", text), "1.2")]


async def test_a_teacher_may_not_publish(http: httpx2.AsyncClient, noted: Noted, people: People) -> None:
    answer = await http.post(
        "/trigger", json={"channel": "c", "event": "e", "data": 1}, headers=people["anna"]
    )
    assert code_of(answer) == (403, "INSUFFICIENT_PERMISSIONS")
    assert code_of(await http.post("/trigger", json={"channel": "c", "event": "e", "data": 1})) == (
        401,
        "AUTHENTICATION_REQUIRED",
    )
    assert noted.calls == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "with space"}, "channel"),
        ({"channel": ""}, "channel"),
        ({"event": ""}, "event"),
        ({"event": "e" * 201}, "event"),
        ({"event": "pusher:error"}, "event"),
        ({"event": "client-x"}, "event"),
        ({"data": "x" * 10_241}, "data"),
        ({"channel": "private-encrypted-c", "data": "x" * 7_617}, "data"),
        ({"socket_id": "abc"}, "socket_id"),
        ({"user": 1}, "user"),
        ({"data": {"a": "\ud800"}}, "data"),
        ({"data": ["\x00"]}, "data"),
        ({"data": [float("nan")]}, "data"),
        ({"event": "\udfff"}, "event"),
    ],
)
async def test_what_cannot_be_published_is_said_field_by_field(
    http: httpx2.AsyncClient, noted: Noted, people: People, changes: dict[str, Any], field: str
) -> None:
    body = {"channel": "c", "event": "e", "data": 1, **changes}
    answer = await http.post(
        "/trigger",
        content=json.dumps(body).encode(),
        headers={**people["ada"], "content-type": "application/json"},
    )
    assert code_of(answer) == (422, "VALIDATION_ERROR")
    assert list(answer.json()["details"]["fields"]) == [field]
    assert noted.calls == []


async def test_an_encrypted_channel_takes_what_fits_once_it_is_encrypted(
    http: httpx2.AsyncClient, noted: Noted, people: People
) -> None:
    body = {"channel": "private-encrypted-c", "event": "e", "data": "x" * 7_616}
    assert (await http.post("/trigger", json=body, headers=people["ada"])).status_code == 200
    assert noted.calls == [(["private-encrypted-c"], Event("e", "x" * 7_616), None)]


async def test_a_publisher_that_is_away_is_said(
    http: httpx2.AsyncClient, noted: Noted, people: People
) -> None:
    noted.fault = PublishFailed("the far side is away", retryable=True)
    answer = await http.post(
        "/trigger", json={"channel": "c", "event": "e", "data": 1}, headers=people["ada"]
    )
    assert code_of(answer) == (503, "PROVIDER_UNAVAILABLE")


async def test_the_echo_comes_back_on_the_test_channel(
    http: httpx2.AsyncClient, noted: Noted, people: People
) -> None:
    body = {"socket_id": "1.2", "data": "Hello WebSocket!"}
    answer = await http.post("/echo", json=body, headers=people["anna"])
    assert answer.json() == {"channel": "test-channel", "event": "echo", "publication_id": "epoch:1"}
    assert noted.calls == [
        (["test-channel"], Event("echo", '{"socket_id":"1.2","data":"Hello WebSocket!"}'), None)
    ]
    assert code_of(await http.post("/echo", json=body)) == (401, "AUTHENTICATION_REQUIRED")


@pytest.mark.parametrize("channel", ["test-channel", "content-generation-gen_9", "private-user-x", "no name"])
async def test_no_history_is_told_where_there_is_none_for_the_asker(
    http: httpx2.AsyncClient, people: People, channel: str
) -> None:
    answer = await http.get("/history", params={"channel": channel}, headers=people["anna"])
    assert answer.status_code in (403, 404)
    for query in ("", f"channel={channel}&after=-1", f"channel={channel}&limit=0"):
        answer = await http.get(f"/history?{query}", headers=people["anna"])
        assert code_of(answer) == (422, "VALIDATION_ERROR")


# ---- what channels of environments, plugins and agents keep ---------------------------------------------------

WHEN = "2026-01-21T10:01:00.000Z"


async def publish(node: Node, channel: str, kind: str, seq: int | None, data: object = None) -> None:
    """As the application does."""
    said: dict[str, object] = {"type": kind, "data": {} if data is None else data, "timestamp": WHEN}
    if seq is not None:
        said["seq"] = seq
    await EmbeddedPublisher(node, lambda: OURS).publish([channel], Event(kind, json.dumps(said)))


async def history(
    http: httpx2.AsyncClient, who: dict[str, str] | None, channel: str, **query: int
) -> httpx2.Response:
    return await http.get("/history", params={"channel": channel, **query}, headers=who or {})


def seqs(answer: httpx2.Response) -> tuple[list[int], int | None]:
    page = answer.json()
    return [item["seq"] for item in page["items"]], page["next_cursor"]


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ("private-roblox-sync-env_1", "environment_status"),
        ("private-agent-agent_1", "task_result"),
        ("private-plugin-plugin_1", "plugin_command"),
    ],
)
async def test_what_a_private_channel_keeps_is_told_by_number_to_who_may_follow_it(
    http: httpx2.AsyncClient, node: Node, people: People, channel: str, kind: str
) -> None:
    for seq in (1, 2, 4, 3, 4, 5):  # in whatever order it came, and once although it came twice
        await publish(node, channel, kind, seq, {"n": seq})
    whole = await history(http, people["anna"], channel)
    assert seqs(whole) == ([1, 2, 3, 4, 5], None)
    assert whole.json()["items"][2] == {"type": kind, "data": {"n": 3}, "timestamp": WHEN, "seq": 3}
    assert seqs(await history(http, people["anna"], channel, after=1, limit=2)) == ([2, 3], 3)
    assert seqs(await history(http, people["anna"], channel, after=3, limit=2)) == ([4, 5], None)
    assert seqs(await history(http, people["anna"], channel, after=9)) == ([], None)
    for who in ("ada", "ben"):
        assert code_of(await history(http, people[who], channel)) == (403, "INSUFFICIENT_PERMISSIONS")
    assert code_of(await history(http, None, channel)) == (401, "AUTHENTICATION_REQUIRED")


async def test_a_name_of_many_is_told_in_the_order_of_the_channel_page_by_page(
    http: httpx2.AsyncClient, node: Node, people: People
) -> None:
    for number, (environment, seq) in enumerate([("env_1", 7), ("env_2", 1), ("env_1", 8), ("env_2", 2)]):
        await publish(node, "roblox-sync", "environment_status", seq, {"environment_id": environment})
        await publish(node, "agent-status", "agent_status", number + 1)
    first = await history(http, people["ben"], "roblox-sync", limit=3)
    assert seqs(first)[0] == [7, 1, 8]
    assert seqs(await history(http, people["ben"], "roblox-sync", after=seqs(first)[1] or 0)) == ([2], None)
    assert seqs(await history(http, people["ben"], "agent-status")) == ([1, 2, 3, 4], None)
    assert code_of(await history(http, None, "agent-status")) == (401, "AUTHENTICATION_REQUIRED")


async def test_what_has_no_number_or_is_no_envelope_is_not_told(
    http: httpx2.AsyncClient, node: Node, people: People
) -> None:
    channel, publisher = "private-plugin-plugin_1", EmbeddedPublisher(node, lambda: OURS)
    await publish(node, channel, "command_result", None)
    await publish(node, channel, "plugin_command", 0)
    await publish(node, channel, "plugin_command", 2**60)
    for text in ("plain", '{"type":"other","data":{},"timestamp":"","seq":1}', "[" * 100_000):
        await publisher.publish([channel], Event("plugin_command", text))
    await publish(node, channel, "plugin_command", 1)
    assert seqs(await history(http, people["anna"], channel)) == ([1], None)


async def test_history_ends_when_the_rule_says_so(
    http: httpx2.AsyncClient, node: Node, identity: IdentityService, clock: ManualClock
) -> None:
    for channel in ("private-roblox-sync-env_1", "private-agent-agent_1"):
        await publish(node, channel, "status", 1)
    clock.advance(3601)
    node.sweep()
    anna = {"authorization": f"Bearer {await identity.issue_access_token('anna')}"}
    assert seqs(await history(http, anna, "private-roblox-sync-env_1")) == ([], None)
    assert seqs(await history(http, anna, "private-agent-agent_1")) == ([1], None)


async def test_the_encrypted_form_has_no_history(http: httpx2.AsyncClient, people: People) -> None:
    answer = await history(http, people["anna"], "private-encrypted-roblox-sync-env_1")
    assert code_of(answer) == (404, "RESOURCE_NOT_FOUND")
