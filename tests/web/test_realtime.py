"""Publishing by HTTP, and the echo."""

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
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.errors import PublishFailed
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.policy import ChannelPolicy
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.ports import Event
from toolboxai.web.application import create_api
from toolboxai.web.realtime import realtime_routes
from toolboxai.web.security import Authenticator


class Noted:
    """A publisher that notes the bytes it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], Event, str | None]] = []
        self.fault: PublishFailed | None = None

    async def publish(self, channels: Sequence[str], event: Event, *, exclude: str | None = None) -> None:
        if self.fault is not None:
            raise self.fault
        self.calls.append((list(channels), event, exclude))

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        raise AssertionError("nothing here restores")


@pytest.fixture
def database_backend() -> str:
    """HTTP is the subject."""
    return "sqlite"


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
async def http(
    noted: Noted, database: AsyncEngine, migrated_url: str, identity: IdentityService
) -> AsyncIterator[httpx2.AsyncClient]:
    store = DatabaseContentStore(database)
    content = ContentService(
        store=store,
        jobs=DbosJobs(migrated_url),
        publisher=noted,
        engine=OfflineEngine(),
        clock=SystemClock(),
        dice=random.Random(1),
        link_key=b"k" * 32,
    )
    for name, role in (("ada", Role.ADMIN), ("anna", Role.TEACHER)):
        await identity.create_user(name, role, PASSWORD)
    routes = realtime_routes(
        content, noted, ChannelPolicy(store), Authenticator(identity), event_bytes=lambda: 10_240
    )
    transport = httpx2.ASGITransport(create_api([routes]))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server/api/v1/realtime") as client:
        yield client
    await content.close()


@pytest.fixture
async def people(http: httpx2.AsyncClient, identity: IdentityService) -> Mapping[str, dict[str, str]]:
    return {
        name: {"authorization": f"Bearer {await identity.issue_access_token(name)}"}
        for name in ("ada", "anna")
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
    assert answer.json() == {"channel": "system-notifications", "event": "news"}
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
    assert answer.json() == {"channel": "test-channel", "event": "echo"}
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
