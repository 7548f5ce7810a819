"""Worlds in the database, on SQLite and on Postgres."""

from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.platform.messages.environment import ComponentState, EnvironmentStatus
from toolboxai.platform.roblox.builds import spec_of
from toolboxai.platform.roblox.model.files import WorldFile, WorldFormat
from toolboxai.platform.roblox.model.instances import Script, ScriptKind
from toolboxai.platform.roblox.model.spec import Component, Features
from toolboxai.platform.roblox.records.environments import (
    BuildFacts,
    Environment,
    EnvironmentChange,
    EnvironmentError,
    KeptScript,
    NewEnvironment,
    ScriptChangeKind,
)
from toolboxai.platform.roblox.run.pipeline import kept_script
from toolboxai.platform.runs.events import Draft
from toolboxai.platform.runs.records import Superseded, TooManyActive
from world_parts import LESSON, a_wish
from world_plans import handmade

NOW = 1_780_000_000.0
ENDED = frozenset(EnvironmentStatus) - {EnvironmentStatus.QUEUED, EnvironmentStatus.GENERATING}


@pytest.fixture
def store(database: AsyncEngine) -> DatabaseEnvironmentStore:
    return DatabaseEnvironmentStore(database)


def a_world(number: int = 1, **changes: Any) -> NewEnvironment:
    wish = a_wish(content_id="content_1")
    values: dict[str, Any] = {
        "id": f"env_{number}",
        "organization_id": "org_1",
        "owner_id": "user_1",
        "wish": wish,
        "spec": spec_of(f"env_{number}", wish, LESSON),
        "idempotency_key": None,
        "at": NOW + number,
    }
    return NewEnvironment(**{**values, **changes})


async def made(store: DatabaseEnvironmentStore, number: int = 1, **changes: Any) -> Environment:
    creation = await store.create(a_world(number, **changes), active_limit=9)
    assert creation is not None
    return creation.environment


def a_script(revision: int = 1, build: int = 1, *, id: str = "quiz") -> KeptScript:
    script = Script(
        id=id, kind=ScriptKind.SERVER, name=id, parent="ServerScriptService", source=f"-- ü {revision}\n"
    )
    return kept_script(
        script, revision=revision, build=build, how=ScriptChangeKind.GENERATED, author_id="user_1", at=NOW
    )


def a_model(content: bytes = b"<roblox/>") -> WorldFile:
    return WorldFile(
        name="w.rbxmx",
        format=WorldFormat.RBXMX,
        media_type="application/xml",
        content=content,
        notes=("no ü",),
    )


async def ready(store: DatabaseEnvironmentStore, number: int = 1) -> Environment:
    world = await made(store, number)
    change = EnvironmentChange(
        attempt=1,
        at=NOW + 10 + number,
        status=EnvironmentStatus.READY,
        progress=100,
        land=handmade().land,
        plan=handmade(),
        scripts=(a_script(), a_script(id="doors")),
        files=(a_model(),),
        events=(Draft("environment_status", {"progress": 100, "name": "ü \x00"}),),
    )
    await store.record(world.id, change)
    return await there(store, world.id)


async def there(store: DatabaseEnvironmentStore, environment_id: str) -> Environment:
    found = await store.environment(environment_id)
    assert found is not None
    return found


async def test_a_new_world_waits_and_has_nothing(store: DatabaseEnvironmentStore) -> None:
    world = await made(store)
    assert world == await there(store, "env_1")
    assert (world.status, world.progress, world.attempt, world.build) == (EnvironmentStatus.QUEUED, 0, 1, 1)
    assert (world.ready_build, world.content_revision, world.error) == (None, 1, None)
    assert set(world.components.values()) == {ComponentState.PENDING}
    assert await store.spec("env_1", 1) == a_world().spec
    assert (await store.land("env_1", 1), await store.plan("env_1", 1)) == (None, None)
    assert (await store.events("env_1"), await store.assets("env_1"), await store.scripts("env_1", 1)) == (
        [],
        [],
        [],
    )
    assert [one.number for one in await store.builds("env_1")] == [1]
    with pytest.raises(LookupError):
        await store.spec("env_1", 2)
    assert await store.script("env_1", "quiz") is None
    assert await store.environment("env_2") is None
    ownership = await store.ownership("environment", "env_1")
    assert ownership is not None
    assert (ownership.organization_id, ownership.owner_id) == ("org_1", "user_1")


async def test_a_key_leads_to_one_world_and_so_many_wait_at_once(store: DatabaseEnvironmentStore) -> None:
    first = await made(store, idempotency_key="k")
    again = await store.create(a_world(2, idempotency_key="k"), active_limit=1)
    assert again is not None
    assert (again.environment.id, again.fresh, again.same_request) == (first.id, False, True)
    other = await store.create(
        a_world(3, idempotency_key="k", wish=a_wish(features=Features(npcs=True))), active_limit=1
    )
    assert other is not None
    assert not other.same_request
    assert await store.create(a_world(4), active_limit=1) is None
    assert await store.environment("env_4") is None
    assert await store.create(a_world(5, owner_id="user_2"), active_limit=1) is not None


async def test_lists_are_ones_own_newest_first(store: DatabaseEnvironmentStore) -> None:
    for number in (1, 2, 3):
        await made(store, number)
    await made(store, 4, owner_id="user_2")
    await made(store, 5, organization_id="org_2")
    mine: dict[str, Any] = {"organization_id": "org_1", "owner_id": "user_1"}
    assert [one.id for one in await store.environments(**mine, limit=2)] == ["env_3", "env_2"]
    rest = await store.environments(**mine, limit=2, before=(NOW + 2, "env_2"))
    assert [one.id for one in rest] == ["env_1"]
    assert await store.environments(**mine, limit=9, content_id="content_2") == []
    assert [one.id for one in await store.unfinished()] == ["env_1", "env_2", "env_3", "env_4", "env_5"]


async def test_what_a_change_makes_is_kept_with_its_events(store: DatabaseEnvironmentStore) -> None:
    world = await ready(store)
    assert (world.status, world.progress, world.ready_build, world.last_seq) == (
        EnvironmentStatus.READY,
        100,
        1,
        1,
    )
    assert world.finished_at == NOW + 11
    assert [event.data["name"] for event in await store.events("env_1")] == ["ü \x00"]
    assert await store.events("env_1", after=1) == []
    assert await store.events("env_1", after=2**53) == []
    assert await store.plan("env_1", 1) == handmade()
    assert await store.land("env_1", 1) == handmade().land
    assert [one.id for one in await store.scripts("env_1", 1)] == ["quiz", "doors"]
    assert await store.file("env_1", "rbxmx") == a_model()
    [asset] = await store.assets("env_1")
    assert (asset.sha256, asset.size, asset.notes) == (a_model().sha256, 9, ("no ü",))
    assert [one.id for one in await store.changed_since(NOW + 11)] == ["env_1"]
    assert await store.changed_since(NOW + 12) == []
    edited = EnvironmentChange(attempt=1, at=NOW + 99, expected=ENDED, scripts=(a_script(2),))
    await store.record("env_1", edited)  # what is told of that is to be told by the next process, too
    assert [one.id for one in await store.changed_since(NOW + 99)] == ["env_1"]


async def test_who_comes_late_changes_nothing(store: DatabaseEnvironmentStore) -> None:
    await made(store)
    error = EnvironmentError("ENVIRONMENT_GENERATION_FAILED", "why", Component.SCRIPTS, retry_possible=True)
    await store.record(
        "env_1", EnvironmentChange(attempt=1, at=NOW, status=EnvironmentStatus.CANCELLED, error=error)
    )
    late = EnvironmentChange(attempt=1, at=NOW, scripts=(a_script(),), files=(a_model(),))
    with pytest.raises(Superseded):
        await store.record("env_1", late)
    again = EnvironmentChange(
        attempt=1, at=NOW, expected=ENDED, status=EnvironmentStatus.QUEUED, retry=True, clear_error=True
    )
    assert (await there(store, "env_1")).error == error
    await store.record("env_1", again)
    with pytest.raises(Superseded):
        await store.record("env_1", late)
    assert (await store.assets("env_1"), await store.scripts("env_1", 1)) == ([], [])
    assert (await there(store, "env_1")).error is None
    with pytest.raises(LookupError):
        await store.record("env_2", late)


async def test_a_build_more_takes_the_lesson_as_it_is_given_and_leaves_no_plan_of_the_former(
    store: DatabaseEnvironmentStore,
) -> None:
    await ready(store)
    wish = a_wish(content_id="content_1", seed=7)
    facts = BuildFacts(number=2, wish=wish, author_id="user_2", at=NOW)
    lesson = replace(LESSON, revision=4)
    begun = EnvironmentChange(
        attempt=1,
        at=NOW,
        expected=ENDED,
        status=EnvironmentStatus.QUEUED,
        retry=True,
        build=(facts, spec_of("env_1", wish, lesson)),
    )
    await store.record("env_1", begun)
    world = await there(store, "env_1")
    assert (world.build, world.ready_build, world.content_revision, world.wish.seed) == (2, 1, 4, 7)
    assert [(one.number, one.author_id) for one in await store.builds("env_1")] == [
        (2, "user_2"),
        (1, "user_1"),
    ]
    assert await store.plan("env_1", 1) is not None  # shown until the new one is ready
    done = EnvironmentChange(
        attempt=2,
        at=NOW,
        status=EnvironmentStatus.READY,
        plan=handmade(),
        scripts=(a_script(2, build=2),),
        files=(a_model(b"<roblox>2</roblox>"),),
    )
    await store.record("env_1", done)
    assert (await store.plan("env_1", 1), await store.plan("env_1", 2)) == (None, handmade())
    assert [(one.id, one.revision) for one in await store.scripts("env_1", 2)] == [("quiz", 2)]
    assert len(await store.assets("env_1")) == 1


async def test_revisions_of_a_script_come_page_by_page(store: DatabaseEnvironmentStore) -> None:
    await ready(store)
    more = tuple(a_script(number) for number in (2, 3, 4))
    await store.record("env_1", EnvironmentChange(attempt=1, at=NOW, expected=ENDED, scripts=more))
    page = await store.script_revisions("env_1", "quiz", limit=2)
    assert [one.revision for one in page] == [4, 3]
    page = await store.script_revisions("env_1", "quiz", before=3, limit=9)
    assert [one.revision for one in page] == [2, 1]
    newest = await store.script("env_1", "quiz")
    assert newest is not None
    assert (newest.revision, newest.source) == (4, "-- ü 4\n")
    assert await store.script("env_1", "quiz", revision=3) == more[1]
    assert await store.script("env_1", "quiz", revision=5) is None


async def test_what_roblox_has_is_known_of_the_file_that_it_has(store: DatabaseEnvironmentStore) -> None:
    await ready(store)
    await ready(store, 2)
    [asset] = await store.assets("env_1")
    told: list[dict[str, Any]] = [
        {"roblox_operations": {asset.id: "op-1"}},
        {"roblox_ids": {asset.id: "rbxassetid://1"}},
    ]
    for facts in told:
        assert "env_1" in await store.not_at_roblox("rbxmx", since=NOW)
        await store.record("env_1", EnvironmentChange(attempt=1, at=NOW, expected=ENDED, **facts))
    [asset] = await store.assets("env_1")
    assert (asset.roblox_operation, asset.roblox_id) == ("op-1", "rbxassetid://1")
    assert await store.not_at_roblox("rbxmx", since=NOW) == ["env_2"]
    assert await store.not_at_roblox("rbxmx", since=NOW + 99) == []
    await store.record(
        "env_1", EnvironmentChange(attempt=1, at=NOW, expected=ENDED, files=(a_model(b"other"),))
    )
    [other] = await store.assets("env_1")
    assert (other.roblox_operation, other.roblox_id) == (None, None)
    late = EnvironmentChange(
        attempt=1,
        at=NOW,
        expected=ENDED,
        roblox_ids={asset.id: "rbxassetid://2"},
        events=(Draft("late", {}),),
    )
    before = await store.events("env_1")
    with pytest.raises(Superseded):
        await store.record("env_1", late)
    assert await store.events("env_1") == before


async def test_a_retry_beyond_the_owners_limit_is_refused(store: DatabaseEnvironmentStore) -> None:
    await ready(store)
    await made(store, 2)
    again = EnvironmentChange(
        attempt=1, at=NOW, expected=ENDED, status=EnvironmentStatus.QUEUED, retry=True, active_limit=1
    )
    with pytest.raises(TooManyActive):
        await store.record("env_1", again)
    assert (await there(store, "env_1")).attempt == 1


async def test_a_world_goes_with_all_of_it(store: DatabaseEnvironmentStore) -> None:
    await ready(store)
    assert await store.remove("env_1")
    assert not await store.remove("env_1")
    assert await store.environment("env_1") is None
    assert (await store.assets("env_1"), await store.events("env_1"), await store.builds("env_1")) == (
        [],
        [],
        [],
    )
    assert await store.ownership("environment", "env_1") is None
