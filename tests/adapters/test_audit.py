"""The audit in the database; on SQLite and Postgres."""

import logging
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from storage_faults import fault_of, may_fail
from toolboxai.adapters.database.audit import DatabaseAuditStore
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action, By, Entry
from toolboxai.testing.clock import ManualClock

NORTH, SOUTH = By("org_north", "user_1"), By("org_south", "user_2")


@pytest.fixture
def store(database: AsyncEngine) -> DatabaseAuditStore:
    return DatabaseAuditStore(database)


def an_entry(number: int, by: By = NORTH, action: Action = Action.SHARED) -> Entry:
    return Entry(
        at=float(number),
        action=action,
        organization_id=by.organization_id,
        user_id=by.user_id,
        kind="content",
        resource_id=f"content_{number}",
        details={"ü": [number, None]},
        request_id=None,
    )


async def found(store: DatabaseAuditStore, school: str = "org_north", **wanted: object) -> list[float]:
    options = {"action": None, "user_id": None, "since": None, "before": None, "limit": 9, **wanted}
    return [entry.at for entry in await store.entries(school, **options)]  # type: ignore[arg-type]


async def test_entries_come_back_as_they_were_newest_first(store: DatabaseAuditStore) -> None:
    for number in (1, 2, 3):
        await store.add(an_entry(number))
    await store.add(an_entry(4, SOUTH))
    kept = await store.entries("org_north", action=None, user_id=None, since=None, before=None, limit=2)
    assert [replace(entry, id=0) for entry in kept] == [an_entry(3), an_entry(2)]
    assert await found(store, before=kept[-1].id) == [1]
    assert await found(store, "org_south") == [4]


async def test_entries_are_chosen_by_what_who_and_when(store: DatabaseAuditStore) -> None:
    await store.add(an_entry(1))
    await store.add(an_entry(2, By("org_north"), Action.DELETED))
    await store.add(an_entry(3, action=Action.DELETED))
    assert await found(store, action=Action.DELETED) == [3, 2]
    assert await found(store, user_id="user_1") == [3, 1]
    assert await found(store, since=2.0) == [3, 2]
    assert await found(store, user_id="user_2") == []


async def test_what_is_old_goes_and_no_number_is_given_twice(store: DatabaseAuditStore) -> None:
    for number in (1, 2, 3):
        await store.add(an_entry(number))
    (newest, *_) = await store.entries(
        "org_north", action=None, user_id=None, since=None, before=None, limit=1
    )
    assert await store.prune(3.0) == 2
    assert await store.prune(9.0) == 1
    await store.add(an_entry(4))
    (after,) = await store.entries("org_north", action=None, user_id=None, since=None, before=None, limit=9)
    assert after.id > newest.id


async def test_each_note_is_a_line_and_an_entry_and_what_names_people_stands_in_the_line_alone(
    store: DatabaseAuditStore, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "toolboxai.audit")
    await Audit(store, clock).note(
        Action.SIGNED_IN,
        NORTH,
        "user",
        "user_1",
        details={"role": "teacher"},
        logged={"address": "192.0.2.1"},
    )
    (line,) = map(vars, caplog.records)
    facts = ("name", "msg", "action", "user_id", "organization_id", "resource_id", "role", "address")
    assert tuple(line[fact] for fact in facts) == (
        "toolboxai.audit",
        "signed in at the identity provider",
        "signed_in",
        "user_1",
        "org_north",
        "user_1",
        "teacher",
        "192.0.2.1",
    )
    (entry,) = await Audit(store, clock).entries(NORTH, limit=9)
    assert (entry.action, entry.details, entry.at) == (Action.SIGNED_IN, {"role": "teacher"}, clock.now())


async def test_a_table_that_takes_nothing_undoes_nothing_and_the_log_has_it(
    store: DatabaseAuditStore, migrated_url: str, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    audit = Audit(store, clock)
    with may_fail(), fault_of(migrated_url, "read_only")():
        await audit.note(Action.DISCONNECTED, NORTH, "connection", "1.1")
    said = [record.getMessage() for record in caplog.records if record.name.startswith("toolboxai.")]
    assert said == ["connection ended by an operator", "an audit entry stands in the log alone"]


def test_every_action_has_its_line() -> None:
    assert all(action.said for action in Action)
