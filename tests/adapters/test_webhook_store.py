"""The queue of webhooks, on SQLite and on Postgres."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database import webhooks as module
from toolboxai.adapters.database.engine import open_engine
from toolboxai.adapters.database.webhooks import DatabaseWebhookStore
from toolboxai.node.webhooks.hold import Key
from toolboxai.node.webhooks.store import (
    Announcement,
    Delivery,
    Newest,
    Outcome,
    State,
    StoreUnavailable,
)

NOW = 1_780_000_000.0
URL = "http://a.example/hook"


@pytest.fixture
def store(database: AsyncEngine) -> DatabaseWebhookStore:
    return DatabaseWebhookStore(database)


def a_delivery(number: int, **changes: object) -> Delivery:
    values = {
        "id": f"wh_{number}",
        "app_id": "3",
        "url": URL,
        "channels": ("a", "ü"),
        "body": f'{{"time_ms":{number},"events":[{{"name":"cache_miss","channel":"ü"}}]}}',
        "key": "k",
        "created_at": NOW,
        "next_at": NOW,
        "state": State.PENDING,
        **changes,
    }
    return Delivery(**values)  # type: ignore[arg-type]


async def ids(store: DatabaseWebhookStore, after: int = 0) -> list[str]:
    return [each.id for each in await store.waiting("3", URL, after=after, limit=100)]


async def test_what_is_written_waits_in_its_order_for_its_address(store: DatabaseWebhookStore) -> None:
    other = a_delivery(3, app_id="4")
    await store.write([a_delivery(2), a_delivery(1), other], [])
    first, second = await store.waiting("3", URL, after=0, limit=9)
    assert (first.id, second.id, first.channels) == ("wh_2", "wh_1", frozenset({"a", "ü"}))
    assert [each.id for each in await store.waiting("3", URL, after=first.seq, limit=9)] == ["wh_1"]
    assert [each.id for each in await store.waiting("3", URL, after=0, limit=1)] == ["wh_2"]
    found = await store.find("wh_3")
    assert found is not None
    assert found == replace(other, seq=found.seq)
    assert await store.find("wh_9") is None
    assert sorted(await store.newest(0)) == [Newest("3", URL, second.seq), Newest("4", URL, found.seq)]
    assert await store.newest(found.seq) == []
    assert await store.backlog() == {("3", URL): 2, ("4", URL): 1}


async def test_what_is_gathered_waits_only_once_it_is_whole_and_behind_what_came_meanwhile(
    store: DatabaseWebhookStore,
) -> None:
    await store.write([a_delivery(1, state=State.GATHERING, body="{}")], [])
    assert await ids(store) == []
    await store.write([a_delivery(1, state=State.GATHERING), a_delivery(2)], [])
    await store.write([a_delivery(1)], [])
    assert await ids(store) == ["wh_2", "wh_1"]


async def test_what_an_earlier_life_was_gathering_is_whole_after_a_start(store: DatabaseWebhookStore) -> None:
    await store.write([a_delivery(1, state=State.GATHERING, next_at=NOW + 5)], [])
    await store.resume(NOW)
    (found,) = await store.waiting("3", URL, after=0, limit=9)
    assert (found.id, found.next_at) == ("wh_1", NOW)


async def test_a_try_is_recorded(store: DatabaseWebhookStore) -> None:
    await store.write([a_delivery(1)], [])
    await store.record([Outcome("wh_1", State.PENDING, 1, NOW + 2, 500, "x" * 900)])
    (found,) = await store.waiting("3", URL, after=0, limit=9)
    assert (found.attempts, found.next_at) == (1, NOW + 2)
    await store.record([Outcome("wh_1", State.DELIVERED, 2, NOW + 2, 204, delivered_at=NOW + 3)])
    assert await ids(store) == []
    whole = await store.find("wh_1")
    assert whole is not None
    assert (whole.state, whole.last_status, whole.last_error) == (State.DELIVERED, 204, None)


async def test_who_is_there_changes_with_the_deliveries_that_tell_of_it(store: DatabaseWebhookStore) -> None:
    a, anna = Key("3", "a"), Key("3", "a", "anna")
    await store.write([], [Announcement(a, there=True), Announcement(anna, there=True)])
    await store.write([], [Announcement(a, there=True)])
    assert sorted(await store.announced()) == [a, anna]
    await store.write([a_delivery(1), a_delivery(2)], [])
    with pytest.raises(Exception, match=r"(?i)unique"):
        await store.write([a_delivery(1)], [Announcement(a, there=False)])
    assert sorted(await store.announced()) == [a, anna], "neither or both"
    await store.write([], [Announcement(a, there=False), Announcement(a, there=True)])
    await store.write([], [Announcement(anna, there=True), Announcement(anna, there=False)])
    assert await store.announced() == [a]


async def test_a_replay_is_new_but_for_its_id_and_its_events(store: DatabaseWebhookStore) -> None:
    await store.write([a_delivery(1), a_delivery(2)], [])
    assert not await store.replay("wh_1", NOW + 9), "it is still being tried"
    assert not await store.replay("wh_9", NOW + 9)
    await store.record([Outcome("wh_1", State.DEAD, 9, NOW + 500, 500, "it answered 500")])
    before = await store.find("wh_1")
    assert before is not None
    assert await store.replay("wh_1", NOW + 600)
    after = await store.find("wh_1")
    assert after is not None
    assert after.seq > before.seq
    assert after.body == before.body.replace('"time_ms":1,', f'"time_ms":{int((NOW + 600) * 1000)},')
    assert (after.state, after.attempts, after.created_at, after.key) == (State.PENDING, 0, NOW + 600, "")
    assert (after.last_status, after.last_error) == (None, None)
    assert await ids(store) == ["wh_2", "wh_1"]


async def test_a_place_is_never_given_twice(store: DatabaseWebhookStore) -> None:
    await store.write([a_delivery(1)], [])
    (first,) = await store.waiting("3", URL, after=0, limit=9)
    await store.record([Outcome("wh_1", State.DELIVERED, 1, NOW, 200, delivered_at=NOW)])
    await store.prune(NOW + 2 * 86400)
    assert await store.find("wh_1") is None
    await store.write([a_delivery(2)], [])
    assert await ids(store, after=first.seq) == ["wh_2"]


async def test_the_log_is_paged_newest_first_and_filtered(store: DatabaseWebhookStore) -> None:
    some = [a_delivery(number) for number in range(5)]
    await store.write([*some, a_delivery(5, app_id="4"), a_delivery(6, state=State.GATHERING)], [])
    await store.record([Outcome("wh_1", State.DEAD, 9, NOW)])

    async def page(**wanted: object) -> list[str]:
        values = {"app_id": None, "state": None, "before": None, "limit": 9, **wanted}
        return [each.id for each in await store.page(**values)]  # type: ignore[arg-type]

    assert await page(limit=3) == ["wh_6", "wh_5", "wh_4"]
    fourth = await store.find("wh_4")
    assert fourth is not None
    assert await page(before=fourth.seq) == ["wh_3", "wh_2", "wh_1", "wh_0"]
    assert await page(app_id="4") == ["wh_5"]
    assert await page(state=State.DEAD) == ["wh_1"]
    assert await page(app_id="3", state=State.PENDING) == ["wh_6", "wh_4", "wh_3", "wh_2", "wh_0"]


async def test_the_log_is_bounded_by_age_and_number_and_what_waits_is_left_alone(
    store: DatabaseWebhookStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DELIVERED_MOST", 2)
    await store.write([a_delivery(number) for number in range(6)], [])
    for number in range(4):
        at = NOW + number
        await store.record([Outcome(f"wh_{number}", State.DELIVERED, 1, at, 200, delivered_at=at)])
    await store.record([Outcome("wh_4", State.DEAD, 1, NOW)])
    await store.prune(NOW + 10)
    everything = {"app_id": None, "state": None, "before": None, "limit": 99}
    assert [each.id for each in await store.page(**everything)] == ["wh_5", "wh_4", "wh_3", "wh_2"]  # type: ignore[arg-type]
    await store.prune(NOW + 2.5 + 24 * 3600)
    assert [each.id for each in await store.page(**everything)] == ["wh_5", "wh_4", "wh_3"]  # type: ignore[arg-type]
    await store.prune(NOW + 31 * 86400)
    assert [each.id for each in await store.page(**everything)] == ["wh_5"]  # type: ignore[arg-type]


async def test_places_are_seen_in_their_order_while_several_write(migrated_url: str) -> None:
    """Whoever has read up to a place misses nothing that is written later by another."""
    seen: list[str] = []
    last = 0

    async def write(writer: int) -> None:
        for number in range(15):
            await stores[writer].write([a_delivery(writer * 100 + number)], [])

    async def look() -> None:
        nonlocal last
        for each in await stores[2].waiting("3", URL, after=last, limit=100):
            seen.append(each.id)
            last = each.seq

    async with AsyncExitStack() as stack:
        stores = [
            DatabaseWebhookStore(await stack.enter_async_context(open_engine(migrated_url))) for _ in range(3)
        ]
        writers = [asyncio.create_task(write(writer)) for writer in range(2)]
        while not all(each.done() for each in writers):
            await look()
        await asyncio.gather(*writers)
        await look()
        assert len(seen) == len(set(seen)) == 30


async def test_a_database_that_takes_no_writes_for_now_is_told_as_such(database: AsyncEngine) -> None:
    store = DatabaseWebhookStore(database)
    is_sqlite = database.dialect.name == "sqlite"

    @event.listens_for(database.sync_engine, "begin")
    def _read_only(connection: Connection) -> None:
        if refuses:
            connection.exec_driver_sql("PRAGMA query_only=ON" if is_sqlite else "SET TRANSACTION READ ONLY")
        elif is_sqlite:
            connection.exec_driver_sql("PRAGMA query_only=OFF")

    refuses = True
    with pytest.raises(StoreUnavailable):
        await store.write([a_delivery(1)], [])
    refuses = False
    await store.write([a_delivery(1)], [])
    assert await ids(store) == ["wh_1"]


async def test_a_database_that_is_away_is_told_as_such() -> None:
    async with open_engine("postgresql://nobody@127.0.0.1:1/nothing") as engine:
        with pytest.raises(StoreUnavailable):
            await DatabaseWebhookStore(engine).announced()
