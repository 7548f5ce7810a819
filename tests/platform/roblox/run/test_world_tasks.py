"""The components of a world as tasks of agents: one story, told on both sides."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from told_tasks import ToldTasks
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.errors import ProviderUnavailable
from toolboxai.platform.roblox.run.world_tasks import Piece, WorldTasks
from world_parts import ANNA, RunningWorlds, a_wish, running_worlds

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def told() -> ToldTasks:
    return ToldTasks()


@pytest.fixture
async def there(database: AsyncEngine, migrated_url: str, told: ToldTasks) -> AsyncIterator[RunningWorlds]:
    worlds = RunningWorlds(DatabaseEnvironmentStore(database), migrated_url, tasks=told)
    async with running_worlds(worlds) as begun:
        yield begun


async def over(told: ToldTasks, attempt: int = 1) -> dict[str, str]:
    """The states once none is open."""
    await told.until_over([piece.value for piece in Piece])
    return told.states(attempt)


async def test_each_component_is_a_task_and_so_are_the_review_and_the_files(
    there: RunningWorlds, told: ToldTasks
) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    assert await over(told) == {piece.value: "completed" for piece in Piece}
    assert told.taken == [piece.value for piece in Piece]
    results = {piece: told.of(piece.value).result or {} for piece in Piece}
    assert {result.pop("environment_id") for result in map(dict, results.values())} == {begun.id}
    scripts = await there.store.scripts(begun.id, 1)
    assert results[Piece.SCRIPTS]["scripts"] == results[Piece.REVIEW]["scripts"] == len(scripts) > 0
    assert results[Piece.REVIEW]["faults"] == 0
    assert results[Piece.PACKING]["files"] == len(await there.store.assets(begun.id))
    plan = await there.store.plan(begun.id, 1)
    assert plan is not None
    assert results[Piece.BUILDINGS]["rooms"] == len(plan.rooms)
    assert results[Piece.TERRAIN]["cells"] == plan.land.width * plan.land.depth
    percents = [told.of(piece.value).told[0][0] for piece in Piece]
    assert percents == sorted(percents)
    assert set(percents) <= {progress for _, progress, _ in there.states(begun.id)}


async def test_a_component_that_fails_fails_its_task_alone_and_a_retry_is_another(
    there: RunningWorlds, told: ToldTasks
) -> None:
    there.engine.fails_once["buildings"] = MemoryError()
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "failed")
    first = await over(told)
    assert first == {
        "terrain_generation": "completed",
        "building_generation": "failed",
        "script_generation": "completed",
        "script_review": "completed",
    }
    world = await there.service.environment(ANNA, begun.id)
    assert world.error is not None
    assert told.of("building_generation").error == (world.error.error_code, world.error.message)
    await there.service.builds.retry(ANNA, begun.id)
    await there.until(begun.id, "ready")
    assert (await over(told, attempt=2))["building_generation"] == "completed"
    assert told.states() == first


async def test_a_review_that_cannot_be_made_fails_and_so_do_the_scripts(
    there: RunningWorlds, told: ToldTasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody(scripts: object) -> None:
        raise ProviderUnavailable("nothing that reads Luau is installed")

    monkeypatch.setattr(there.checker, "check", nobody)
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "failed")
    states = await over(told)
    assert (states["script_review"], states["script_generation"]) == ("failed", "failed")
    assert "world_packaging" not in states


async def test_a_world_that_is_cancelled_cancels_what_waits_and_what_runs(
    there: RunningWorlds, told: ToldTasks
) -> None:
    there.engine.waits_in = "buildings"
    begun = await there.service.build(ANNA, a_wish())
    await there.engine.waiting.wait()
    await there.service.cancel(ANNA, begun.id)
    assert told.states() == {"terrain_generation": "completed", "building_generation": "cancelled"}
    there.engine.go.set()
    await there.service.builds.retry(ANNA, begun.id)
    await there.until(begun.id, "ready")
    assert set((await over(told, attempt=2)).values()) == {"completed"}


async def test_after_a_start_tasks_say_what_the_record_says(there: RunningWorlds, told: ToldTasks) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    await over(told)
    world = await there.service.environment(ANNA, begun.id)
    late = ToldTasks()  # heard of everything, and of no end
    tasks = WorldTasks(late, there.store)
    for piece in Piece:
        async with tasks.take(world, piece):
            pass
    async with (
        tasks.take(replace(world, attempt=9), Piece.PACKING),
        tasks.take(replace(world, id="env_gone"), Piece.PACKING),
    ):
        pass
    await tasks.settle("env_gone")  # of that one alone
    ended_now = [key for key, one in late.by_key.items() if one.status not in ("queued", "running")]
    assert ended_now == [("env_gone", 1, "world_packaging")]
    await tasks.settle()
    for piece in Piece:
        ended, before = late.by_key[(world.id, 1, piece.value)], dict(told.of(piece.value).result or {})
        if piece is Piece.REVIEW:
            del before["risks"]  # they are not on record
        assert (ended.status, ended.result) == ("completed", before)
    assert late.by_key[(world.id, 9, "world_packaging")].status == "cancelled"
    assert late.by_key[("env_gone", 1, "world_packaging")].status == "cancelled"
