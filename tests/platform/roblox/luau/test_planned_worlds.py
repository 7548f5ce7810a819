"""Worlds as they are planned and built, with their parts and their scripts: what is missing, what lies under the floors."""

from collections.abc import Sequence

import pytest

from fake_roblox import FakeRoblox
from luau import machine
from small_worlds import small_spec
from toolboxai.platform.roblox.files.parts import parts
from toolboxai.platform.roblox.files.tree import place_tree
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.luau.report import SOURCE_BYTES
from toolboxai.platform.roblox.luau.scripts import scripts
from toolboxai.platform.roblox.model.plan import CELL
from toolboxai.platform.roblox.model.spec import Size, Theme, WorldSpec


def wished(seed: int, size: Size = Size.SMALL, without: Sequence[str] = ()) -> WorldSpec:
    themes: Sequence[Theme] = list(Theme)
    made = small_spec(without=without)
    return WorldSpec(
        environment_id=made.environment_id,
        name=made.name,
        theme=themes[seed % len(themes)],
        size=size,
        features=made.features,
        seed=seed,
        max_players=made.max_players,
        lesson=made.lesson,
    )


@pytest.mark.parametrize("missing", ["terrain", "buildings", "npcs", "quiz_stations"])
def test_a_world_that_has_not_everything_stands_and_runs(missing: str) -> None:
    spec = wished(3, without=[missing])
    plan = plan_world(spec)
    made = scripts(spec, plan)
    services = {each.name for each in place_tree(spec, plan, made).children}
    assert {each.parent.partition("/")[0] for each in made} <= services
    world = FakeRoblox(made)
    world.build(parts(spec, plan))
    world.start().join()
    world.advance(70)
    assert world.warned == []


def test_the_ground_ends_under_the_floors() -> None:
    spec = wished(5)
    plan = plan_world(spec)
    ground = FakeRoblox(scripts(spec, plan)).start().voxels
    for room in plan.rooms:
        x = room.cells.x + room.cells.width // 2 - plan.land.width // 2
        z = room.cells.z + room.cells.depth // 2 - plan.land.depth // 2
        held = {y: ground.get(f"{x},{y},{z}", "Air 0") for y in range(30)}
        filled = sum(CELL * float(each.split()[1]) for each in held.values() if each.split()[0] != "Water")
        assert filled == room.floor - 1


@pytest.mark.parametrize("size", [Size.SMALL, Size.XLARGE])
def test_the_scripts_of_any_size_compile_and_fit_into_roblox(size: Size) -> None:
    spec = wished(1, size)
    for script in scripts(spec, plan_world(spec)):
        machine().load_chunk(script.source, name=f"={script.id}")
        assert len(script.source) <= SOURCE_BYTES


@pytest.mark.parametrize("theme", Theme)
def test_the_ground_is_made_of_what_roblox_has(theme: Theme) -> None:
    spec = wished(list(Theme).index(theme))
    plan = plan_world(spec)
    world = FakeRoblox([])
    # A material that there is not is an error, as in Roblox.
    assert world.do(
        "for _, name in ... do assert(Enum.Material[name]) end return true", world.value(plan.land.palette)
    )
