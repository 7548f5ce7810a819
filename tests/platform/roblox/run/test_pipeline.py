"""Components of worlds: each fails alone and is made again alone; what comes too late changes nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.errors import Conflict, ResourceNotFound
from toolboxai.platform.messages.environment import ComponentState, EnvironmentStatus
from toolboxai.platform.roblox.builds import Rebuild
from toolboxai.platform.roblox.model.spec import Component
from world_parts import ANNA, RunningWorlds, a_wish, running_worlds

pytestmark = pytest.mark.timeout(60)

COMPLETE, FAILED = ComponentState.COMPLETE, ComponentState.FAILED


@pytest.fixture
async def there(database: AsyncEngine, migrated_url: str) -> AsyncIterator[RunningWorlds]:
    async with running_worlds(RunningWorlds(DatabaseEnvironmentStore(database), migrated_url)) as begun:
        yield begun


def assert_whole_only_with_all_parts(there: RunningWorlds, environment_id: str) -> None:
    for status, progress, states in there.states(environment_id):
        assert (progress == 100) == (set(states.split()) == {"complete"}) == (status == "ready")


@pytest.mark.parametrize("part", ["terrain", "buildings", "scripts", "files"])
async def test_one_that_fails_leaves_the_others_whole_and_is_made_again_alone(
    there: RunningWorlds, part: str
) -> None:
    there.engine.fails_once[part] = MemoryError()
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "failed")
    component = (
        Component.SCRIPTS if part == "files" else Component(part)
    )  # which are of use in the files alone
    world = await there.service.environment(ANNA, begun.id)
    assert world.components == {one: FAILED if one is component else COMPLETE for one in Component}
    assert world.error is not None
    assert (world.error.error_code, world.error.component, world.error.retry_possible) == (
        "ENVIRONMENT_GENERATION_FAILED",
        component,
        True,
    )
    assert "MemoryError" in world.error.message
    with pytest.raises(ResourceNotFound):
        await there.service.downloads.file(ANNA, begun.id, "zip")
    there.engine.calls.clear()
    await there.service.builds.retry(ANNA, begun.id)
    await there.until(begun.id, "ready")
    assert there.engine.calls == list(dict.fromkeys([part, "files"]))
    assert (await there.service.environment(ANNA, begun.id)).error is None
    assert_whole_only_with_all_parts(there, begun.id)
    said = [event["seq"] for event in there.told(begun.id)]
    assert said == list(range(1, len(said) + 1))


@pytest.mark.parametrize("part", ["terrain", "buildings", "scripts", "files"])
async def test_what_is_done_after_a_cancel_is_left(there: RunningWorlds, part: str) -> None:
    there.engine.waits_in = part
    begun = await there.service.build(ANNA, a_wish())
    await there.engine.waiting.wait()
    cancelled = await there.service.cancel(ANNA, begun.id)
    assert ComponentState.IN_PROGRESS not in cancelled.components.values()
    there.engine.go.set()
    await there.service.builds.retry(ANNA, begun.id)
    await there.until(begun.id, "ready")
    told = [status for status, _, _ in there.states(begun.id)]
    assert told.count("cancelled") == 1
    assert told[told.index("cancelled") + 1] == "queued"
    assert_whole_only_with_all_parts(there, begun.id)


async def test_one_that_is_deleted_while_it_is_built_is_gone(there: RunningWorlds) -> None:
    there.engine.waits_in = "buildings"
    begun = await there.service.build(ANNA, a_wish())
    await there.engine.waiting.wait()
    deleting = asyncio.create_task(there.service.delete(ANNA, begun.id))
    await there.listener.until(lambda: there.states(begun.id)[-1][0] == "cancelled")
    there.engine.go.set()
    await deleting
    assert await there.store.environment(begun.id) is None
    assert await there.jobs.status(begun.job_id) is None
    assert there.service.load == (0, 0)


async def test_of_two_who_build_anew_at_once_one_does(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    both = await asyncio.gather(
        *(there.service.builds.rebuild(ANNA, begun.id, Rebuild(seed=seed)) for seed in (2, 3)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in both) == ["Conflict", "Environment"]
    await there.until(begun.id, "ready")
    assert [one.number for one in await there.service.builds.all(ANNA, begun.id)] == [2, 1]


async def test_an_edit_that_a_rebuild_overtakes_is_refused(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    there.engine.waits_in = "files"
    editing = asyncio.create_task(
        there.service.scripts.edit(ANNA, begun.id, "buildings_check", "print(1)", expected=1)
    )
    await there.engine.waiting.wait()
    await there.service.builds.rebuild(ANNA, begun.id, Rebuild(seed=2))
    there.engine.go.set()
    with pytest.raises(Conflict, match="changed at the same time"):
        await editing
    await there.until(begun.id, "ready")
    script = await there.service.scripts.one(ANNA, begun.id, "buildings_check")
    assert (script.build, script.how.value) == (2, "generated")
    assert "print(1)" not in script.source
    world = await there.service.environment(ANNA, begun.id)
    assert (world.status, world.ready_build) == (EnvironmentStatus.READY, 2)
