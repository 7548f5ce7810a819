"""Who uses the old sockets, on SQLite and on Postgres."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.engine import open_engine
from toolboxai.adapters.database.old_socket_uses import DatabaseUsageStore
from toolboxai.legacy.endpoints import EndpointName
from toolboxai.platform.migration.store import (
    ClientUse,
    EndpointUse,
    Place,
    Selection,
    UsageRow,
    UsageUnavailable,
    Use,
)

NOW = 1_780_000_000.0
DAY_S = 86400.0
CONTENT, NATIVE = EndpointName.CONTENT, EndpointName.NATIVE
PYTHON, BROWSER = "Python/3.13 websockets/15", "Mozilla/5.0 ü"


def use(**changes: str) -> Use:
    values = {
        "endpoint": "content",
        "user_agent": PYTHON,
        "client": "",
        "user_id": "user_1",
        "organization_id": "org_1",
    }
    return Use(**{**values, **changes})


def row(day: str = "2026-05-28", at: float = NOW, messages: int = 3, **who: str) -> UsageRow:
    return UsageRow(use(**who), day, 1, messages, at, at + 10)


@pytest.fixture
def store(database: AsyncEngine) -> DatabaseUsageStore:
    return DatabaseUsageStore(database)


@pytest.fixture
async def filled(store: DatabaseUsageStore) -> DatabaseUsageStore:
    await store.add(
        [
            row("2026-05-20", NOW - 8 * DAY_S),
            row("2026-05-21", NOW - 7 * DAY_S),
            row(),
            row(user_id="user_2"),
            row(user_id="user_3", organization_id="org_2"),
            row(user_id="user_4", organization_id="org_2"),
            row("2026-05-20", NOW - 8 * DAY_S, user_agent=BROWSER, client="page"),
            row(endpoint="native", user_agent=BROWSER, user_id="", organization_id=""),
        ]
    )
    return store


async def test_counts_are_added_and_times_widened(store: DatabaseUsageStore) -> None:
    await store.add([row(at=NOW)])
    await store.add([row(at=NOW - 5), row(at=NOW, client="other")])
    await store.add([row(at=NOW + 5)])
    first, other = await store.clients(Selection())
    assert first == ClientUse(Place("content", PYTHON, ""), NOW - 5, NOW + 15, 1, 3, 9, 1)
    assert other.connections == 1


async def test_a_client_is_all_its_users_and_days(filled: DatabaseUsageStore) -> None:
    assert await filled.clients(Selection()) == [
        ClientUse(Place("content", BROWSER, "page"), NOW - 8 * DAY_S, NOW - 8 * DAY_S + 10, 1, 1, 3, 1),
        ClientUse(Place("content", PYTHON, ""), NOW - 8 * DAY_S, NOW + 10, 3, 6, 18, 4),
        ClientUse(Place("native", BROWSER, ""), NOW, NOW + 10, 1, 1, 3, 0),
    ]


async def test_only_who_was_seen_since_is_told_and_counted_since(filled: DatabaseUsageStore) -> None:
    recent = Selection(since=NOW - 7 * DAY_S + 10)
    content, native = await filled.clients(recent)
    assert (content.place.user_agent, content.days, content.connections) == (PYTHON, 2, 5)
    assert content.first_seen == NOW - 8 * DAY_S, "it is told since when it is there at all"
    assert native.days == 1
    (later, _) = await filled.clients(Selection(since=NOW - 7 * DAY_S + 11))
    assert (later.days, later.connections) == (1, 4)
    assert await filled.clients(Selection(since=NOW + 11)) == []
    assert await filled.clients(Selection(endpoints=[NATIVE])) == [native]


async def test_clients_are_split_by_user(filled: DatabaseUsageStore) -> None:
    found = await filled.clients(Selection(since=NOW, by_user=True, endpoints=[CONTENT]))
    assert [(each.place.user_id, each.place.organization_id, each.connections) for each in found] == [
        ("user_1", "org_1", 1),
        ("user_2", "org_1", 1),
        ("user_3", "org_2", 1),
        ("user_4", "org_2", 1),
    ]


async def test_users_of_other_organisations_are_counted_and_not_named(filled: DatabaseUsageStore) -> None:
    found = await filled.clients(Selection(since=NOW, by_user=True, named_in="org_2", endpoints=[CONTENT]))
    assert [(*each.place[3:], each.users, each.connections) for each in found] == [
        ("", "", 2, 2),
        ("org_2", "user_3", 1, 1),
        ("org_2", "user_4", 1, 1),
    ]
    (nobody,) = await filled.clients(Selection(by_user=True, named_in="org_2", endpoints=[NATIVE]))
    assert (nobody.place.user_id, nobody.users) == ("", 0)


async def test_pages_follow_one_another(filled: DatabaseUsageStore) -> None:
    selection = Selection(by_user=True, named_in="org_1")
    whole = await filled.clients(selection)
    read: list[ClientUse] = []
    after = None
    while page := await filled.clients(selection, after=after, limit=2):
        read += page
        after = page[-1].place
    assert read == whole
    assert len(whole) == 5


async def test_endpoints_are_told_together(filled: DatabaseUsageStore) -> None:
    assert await filled.endpoints(Selection()) == [
        EndpointUse("content", NOW - 8 * DAY_S, NOW + 10, 2, 7, 21, 4),
        EndpointUse("native", NOW, NOW + 10, 1, 1, 3, 0),
    ]
    assert await filled.endpoints(Selection(since=NOW, endpoints=[CONTENT])) == [
        EndpointUse("content", NOW - 8 * DAY_S, NOW + 10, 1, 4, 12, 4)
    ]
    assert await filled.endpoints(Selection(since=NOW + 11)) == []


async def test_days_are_told_one_by_one(filled: DatabaseUsageStore) -> None:
    days = await filled.days(Selection(), from_day="2026-01-01")
    assert [(each.endpoint, each.day) for each in days] == [
        ("content", "2026-05-20"),
        ("content", "2026-05-21"),
        ("content", "2026-05-28"),
        ("native", "2026-05-28"),
    ]
    assert [each.clients for each in days] == [2, 1, 1, 1]
    assert [each.connections for each in days] == [2, 1, 4, 1]
    assert days[2].messages == 12
    assert await filled.days(Selection(endpoints=[CONTENT]), from_day="2026-05-22") == [days[2]]


async def test_days_that_are_too_old_are_forgotten(filled: DatabaseUsageStore) -> None:
    await filled.prune("2026-05-28")
    assert [each.days for each in await filled.clients(Selection())] == [1, 1]


async def test_the_longest_texts_fit(store: DatabaseUsageStore) -> None:
    texts = {
        "user_agent": "😀" * 200,
        "client": "\u6c34" * 200,
        "user_id": "u" * 128,
        "organization_id": "o" * 64,
    }
    for _ in range(2):
        await store.add([UsageRow(use(**texts), "2026-05-28", 1, 3, NOW, NOW)])
    (found,) = await store.clients(Selection(by_user=True))
    assert found.connections == 2
    assert found.place._asdict() == {"endpoint": "content", **texts}


async def test_several_processes_add_to_the_same_rows(migrated_url: str) -> None:
    rows = [row(user_id=f"user_{number}") for number in range(40)]
    async with AsyncExitStack() as stack:
        stores = [
            DatabaseUsageStore(await stack.enter_async_context(open_engine(migrated_url))) for _ in range(3)
        ]
        await asyncio.gather(*(store.add(rows) for store in stores * 4))
        (found,) = await stores[0].clients(Selection())
    assert (found.connections, found.users) == (480, 40)


async def test_a_database_that_is_away_is_told_as_such() -> None:
    async with open_engine("postgresql://nobody@127.0.0.1:1/nothing") as engine:
        with pytest.raises(UsageUnavailable):
            await DatabaseUsageStore(engine).add([row()])
