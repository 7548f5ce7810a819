"""Who still uses the old sockets, over HTTP."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from identity_parts import PASSWORD
from toolboxai.adapters.database.old_socket_uses import DatabaseUsageStore
from toolboxai.config.legacy_table import LegacyTable
from toolboxai.legacy.endpoints import EndpointName
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.migration.usage import UsageLedger
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.migration import migration_routes
from toolboxai.web.security import Authenticator

PATH = "/api/v1/migration"
DAY_S = 86400.0
MODES = LegacyTable.model_validate({"sunset": "2027-01-31", "endpoints": {"native": {"mode": "off"}}})
Headers = Mapping[str, dict[str, str]]


@pytest.fixture
def database_backend() -> str:
    """Postgres is the stricter one with odd text."""
    return "postgres"


@pytest.fixture
async def http(
    database: AsyncEngine, identity: IdentityService, clock: ManualClock
) -> AsyncIterator[httpx2.AsyncClient]:
    store = DatabaseUsageStore(database)
    ledger = UsageLedger(store, clock)
    for name, role, school in (
        ("ada", Role.ADMIN, "North"),
        ("anna", Role.TEACHER, "North"),
        ("olga", Role.TEACHER, "South"),
        ("otto", Role.ADMIN, "South"),
    ):
        user = await identity.create_user(name, role, PASSWORD, organization=school)
        use = {
            "endpoint": "content",
            "user_agent": "websockets/15",
            "client": f"{school} bot",
            "user_id": user.id,
            "organization_id": user.organization_id,
        }
        ledger.opened(**use)
        ledger.closed(0, **use)
    clock.advance(10 * DAY_S)
    ledger.opened(endpoint="native", user_agent="curl", client="", user_id="", organization_id="")
    await ledger.flush()
    ledger = UsageLedger(store, clock)
    routes = [migration_routes(store, MODES.policies(), clock, Authenticator(identity), flush=ledger.flush)]
    transport = httpx2.ASGITransport(create_api(routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
        yield client


@pytest.fixture
async def people(http: httpx2.AsyncClient, identity: IdentityService) -> Headers:
    return {
        name: {"authorization": f"Bearer {await identity.issue_access_token(name)}"}
        for name in ("ada", "anna")
    }


async def ask(http: httpx2.AsyncClient, people: Headers, **params: Any) -> dict[str, Any]:
    answer = await http.get(PATH, params=params, headers=people["ada"])
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_clients_are_told_with_what_replaces_their_endpoint(
    http: httpx2.AsyncClient, people: Headers
) -> None:
    told = await ask(http, people)
    assert [(item["client"], item["users"], item["user_id"]) for item in told["items"]] == [
        ("North bot", 2, None),
        ("South bot", 2, None),
        ("", 0, None),
    ]
    assert told["items"][0]["replacement"]["channel"] == "private-content-generation-{session_id}"
    assert told["items"][0]["last_seen"] == "2026-05-28T20:26:40.000Z"
    assert told["next_cursor"] is None


async def test_every_endpoint_is_told_with_its_mode_and_sunset(
    http: httpx2.AsyncClient, people: Headers
) -> None:
    endpoints = {each["endpoint"]: each for each in (await ask(http, people))["endpoints"]}
    assert list(endpoints) == list(EndpointName)
    content, roblox, native = (endpoints[name] for name in ("content", "roblox", "native"))
    assert (content["clients"], content["connections"], content["users"]) == (2, 4, 4)
    assert (content["mode"], native["mode"]) == ("warn", "off")
    assert content["sunset"] == "2027-01-31T00:00:00Z"
    assert (roblox["connections"], roblox["last_seen"]) == (0, None)


async def test_each_endpoint_is_told_day_by_day(http: httpx2.AsyncClient, people: Headers) -> None:
    endpoints = {each["endpoint"]: each for each in (await ask(http, people, by_day=12))["endpoints"]}
    content, native = endpoints["content"]["by_day"], endpoints["native"]["by_day"]
    assert [day["day"] for day in content] == [
        *(f"2026-05-{day}" for day in range(27, 32)),
        *(f"2026-06-{day:02}" for day in range(1, 8)),
    ]
    assert content[1] == {"day": "2026-05-28", "clients": 2, "connections": 4, "messages": 0}
    assert [day["connections"] for day in native] == [0] * 11 + [1]
    assert {day["connections"] for day in endpoints["agent"]["by_day"]} == {0}
    assert len((await ask(http, people))["endpoints"][0]["by_day"]) == 30
    assert (await ask(http, people, by_day=0))["endpoints"][0]["by_day"] == []


async def test_users_of_another_organisation_are_counted_and_never_named(
    http: httpx2.AsyncClient, people: Headers, identity: IdentityService
) -> None:
    ada, olga = await identity.user_named("ada"), await identity.user_named("olga")
    answer = await http.get(PATH, params={"users": "true"}, headers=people["ada"])
    items = answer.json()["items"]
    ours = [item for item in items if item["client"] == "North bot"]
    assert {item["user_id"] for item in ours} == {ada.id, (await identity.user_named("anna")).id}
    (theirs,) = [item for item in items if item["client"] == "South bot"]
    assert (theirs["user_id"], theirs["organization_id"], theirs["users"]) == (None, None, 2)
    assert olga.id not in answer.text
    assert olga.organization_id not in answer.text


async def test_it_is_filtered_and_paged(http: httpx2.AsyncClient, people: Headers) -> None:
    recent = await ask(http, people, since="9d")
    assert [item["endpoint"] for item in recent["items"]] == ["native"]
    assert [each["connections"] for each in recent["endpoints"]] == [0, 0, 0, 0, 1]
    one = await ask(http, people, endpoint="native")
    assert ([item["user_agent"] for item in one["items"]], len(one["endpoints"])) == (["curl"], 1)
    whole = (await ask(http, people, users=True))["items"]
    read: list[Any] = []
    page = await ask(http, people, users=True, limit=1)
    while True:
        read += page["items"]
        if page["next_cursor"] is None:
            break
        page = await ask(http, people, users=True, limit=1, cursor=page["next_cursor"])
    assert read == whole
    assert len(whole) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": "7"},
        {"since": "1y"},
        {"endpoint": "lesson"},
        {"by_day": "401"},
        {"limit": "0"},
        {"limit": "101"},
        {"users": "x"},
        {"cursor": "x"},
        {"cursor": "WyJhIl0"},  # ["a"]
        {"cursor": "WyJhIiwiYSIsImEiLCJhIiwiXHUwMDAwIl0"},  # the character zero in it
        {"cursor": "WyJhIiwiYSIsImEiLCJhIiwxXQ"},  # a number in it
        {"cursor": "\u2603"},
    ],
)
async def test_what_makes_no_sense_is_told(
    http: httpx2.AsyncClient, people: Headers, wrong: dict[str, str]
) -> None:
    answer = await http.get(PATH, params=wrong, headers=people["ada"])
    assert (answer.status_code, answer.json()["error_code"]) == (422, "VALIDATION_ERROR")


async def test_only_admins_may(http: httpx2.AsyncClient, people: Headers) -> None:
    assert (await http.get(PATH, headers=people["anna"])).status_code == 403
    assert (await http.get(PATH)).status_code == 401
