"""Models go to Roblox when they are ready, and their id is told then."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.platform.roblox.model.files import WorldFile
from toolboxai.platform.roblox.run.uploads import UploadFailed
from world_parts import ANNA, RunningWorlds, a_wish, running_worlds

pytestmark = pytest.mark.timeout(60)


class Roblox:
    """Takes models, unless it is told not to."""

    def __init__(self) -> None:
        self.taken: list[WorldFile] = []
        self.refused: list[UploadFailed] = []
        self.asked = asyncio.Event()
        self.looking = asyncio.Event()
        self.looks_for_long: set[str] = set()
        self.looked = asyncio.Event()

    async def begin(self, file: WorldFile, *, name: str, description: str) -> str:
        self.asked.set()
        if self.refused:
            raise self.refused.pop(0)
        self.taken.append(file)
        return f"op-{len(self.taken)}"

    async def outcome(self, operation: str) -> str:
        self.looking.set()
        if operation in self.looks_for_long:
            await self.looked.wait()
        return f"rbxassetid://{operation.removeprefix('op-')}"


@pytest.fixture
def roblox() -> Roblox:
    return Roblox()


@pytest.fixture
def run(database: AsyncEngine, migrated_url: str, roblox: Roblox) -> Callable[[], Any]:
    def running() -> Any:
        there = RunningWorlds(DatabaseEnvironmentStore(database), migrated_url, uploader=roblox)
        return running_worlds(there)

    return running


@pytest.fixture
async def there(run: Callable[[], Any]) -> AsyncIterator[RunningWorlds]:
    async with run() as begun:
        yield begun


def ids_told(there: RunningWorlds, environment_id: str) -> list[str]:
    told = (said["data"] for said in there.told(environment_id) if said["type"] == "asset_ready")
    return [data["asset_id"] for data in told if data["asset_id"] is not None]


async def test_a_model_that_roblox_has_is_told_again_with_its_id(
    there: RunningWorlds, roblox: Roblox
) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.listener.until(lambda: ids_told(there, begun.id) != [])
    assert ids_told(there, begun.id) == ["rbxassetid://1"]
    assert there.told(begun.id)[-1]["data"]["status"] == "uploaded"
    model = await there.service.downloads.file(ANNA, begun.id, "rbxmx")
    assert roblox.taken == [model]
    world = await there.service.environment(ANNA, begun.id)
    kept = {asset.format: asset.roblox_id for asset in await there.service.downloads.assets(world)}
    assert kept == {"rbxlx": None, "rbxmx": "rbxassetid://1", "bundle": None, "rojo": None, "zip": None}


async def test_a_changed_script_makes_another_model(there: RunningWorlds, roblox: Roblox) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.listener.until(lambda: len(ids_told(there, begun.id)) == 1)
    await there.service.scripts.edit(ANNA, begun.id, "buildings_check", "print(1)", expected=1)
    await there.listener.until(lambda: len(ids_told(there, begun.id)) == 2)
    assert len({file.sha256 for file in roblox.taken}) == 2


async def test_a_model_that_is_no_more_as_roblox_has_it_is_not_told(
    there: RunningWorlds, roblox: Roblox
) -> None:
    roblox.looks_for_long = {"op-1"}
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    await roblox.looking.wait()
    await there.service.scripts.edit(ANNA, begun.id, "buildings_check", "print(1)", expected=1)
    roblox.looked.set()
    await there.listener.until(lambda: ids_told(there, begun.id) != [])
    assert ids_told(there, begun.id) == ["rbxassetid://2"]


async def test_a_refusal_that_passes_is_tried_again(there: RunningWorlds, roblox: Roblox) -> None:
    roblox.refused = [UploadFailed("busy", retryable=True)]
    begun = await there.service.build(ANNA, a_wish())
    await there.listener.until(lambda: ids_told(there, begun.id) != [])
    assert len(roblox.taken) == 1


async def test_a_refusal_for_good_leaves_the_world_as_it_is(run: Callable[[], Any], roblox: Roblox) -> None:
    roblox.refused = [UploadFailed("no", retryable=False)]
    async with run() as there:
        first = await there.service.build(ANNA, a_wish())
        await there.until(first.id, "ready")
        second = await there.service.build(ANNA, a_wish(seed=2))
        await there.listener.until(lambda: ids_told(there, second.id) != [])
        assert ids_told(there, first.id) == []
        assert (await there.service.environment(ANNA, first.id)).status.value == "ready"


async def test_what_a_former_process_did_not_come_to_is_uploaded(
    run: Callable[[], Any], roblox: Roblox
) -> None:
    roblox.refused = [UploadFailed("no", retryable=False)]
    async with run() as first:
        begun = await first.service.build(ANNA, a_wish())
        await first.until(begun.id, "ready")
        await roblox.asked.wait()
    async with run() as second:
        await second.listener.until(lambda: ids_told(second, begun.id) != [])
    assert len(roblox.taken) == 1


async def test_what_roblox_was_looking_at_is_asked_after_and_not_sent_again(
    run: Callable[[], Any], roblox: Roblox
) -> None:
    roblox.looks_for_long = {"op-1"}
    async with run() as first:
        begun = await first.service.build(ANNA, a_wish())
        await first.until(begun.id, "ready")
        await roblox.looking.wait()
    roblox.looks_for_long.clear()
    async with run() as second:
        await second.listener.until(lambda: ids_told(second, begun.id) != [])
        assert ids_told(second, begun.id) == ["rbxassetid://1"]
    assert len(roblox.taken) == 1


async def test_one_that_roblox_looks_at_for_long_holds_up_no_other(
    there: RunningWorlds, roblox: Roblox
) -> None:
    roblox.looks_for_long = {"op-1"}
    first = await there.service.build(ANNA, a_wish())
    await there.until(first.id, "ready")
    await roblox.asked.wait()
    second = await there.service.build(ANNA, a_wish(seed=2))
    await there.listener.until(lambda: ids_told(there, second.id) != [])
    assert ids_told(there, first.id) == []
