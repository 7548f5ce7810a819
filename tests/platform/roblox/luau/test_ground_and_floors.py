"""The ground that the script builds is the plan's, voxel by voxel; missing floors are told, and nobody falls for ever."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_roblox import FakeRoblox
from small_worlds import FLOOR, small_land, small_plan, small_spec
from toolboxai.platform.roblox.luau.scripts import scripts
from toolboxai.platform.roblox.model.plan import CELL, Land

PALETTE = ("Grass", "Sand", "Rock")


def built(land: Land) -> FakeRoblox:
    return FakeRoblox(
        scripts(small_spec(without=["buildings"]), small_plan((), land=land, guide=None))
    ).start()


def expected(land: Land) -> dict[str, str]:
    """What each voxel holds that is not air."""
    voxels = {}
    for row in range(land.depth):
        for column in range(land.width):
            at = row * land.width + column
            top, water = land.heights[at], land.water or 0
            for level in range(-(-max(top, water) // CELL)):
                bottom = level * CELL
                earth = min(1.0, max(0, top - bottom) / CELL)
                wet = min(1.0, max(0, water - bottom) / CELL)
                kind = land.palette[int(land.materials[at])] if earth else "Water"
                place = f"{column - land.width // 2},{level},{row - land.depth // 2}"
                voxels[place] = f"{kind} {earth or wet:g}"
    return voxels


def solid(world: FakeRoblox) -> dict[str, str]:
    return {place: held for place, held in world.voxels.items() if not held.startswith("Air")}


def rough(seed: int, width: int, depth: int, *, highest: int, water: int | None) -> Land:
    dice = Random(seed)
    cells = width * depth
    return small_land(
        width=width,
        depth=depth,
        palette=PALETTE,
        heights=tuple(dice.randint(4, highest) for _ in range(cells)),
        materials="".join(dice.choice("012") for _ in range(cells)),
        water=water,
    )


@settings(max_examples=10)
@given(
    st.integers(0, 1000), st.sampled_from([2, 8, 34]), st.sampled_from([2, 6, 66]), st.sampled_from([96, 200])
)
def test_the_ground_is_the_plan_s(seed: int, width: int, depth: int, highest: int) -> None:
    land = rough(seed, width, depth, highest=highest, water=seed % 40 or None)
    assert solid(built(land)) == expected(land)


def test_level_ground_is_filled_block_by_block() -> None:
    world = built(small_land())
    assert solid(world) == expected(small_land())
    assert world.do("return { fake.squares.even, fake.squares.uneven }") == [4, 0]


def test_a_level_sea_has_water_over_its_ground() -> None:
    land = small_land(water=30)
    world = built(land)
    assert solid(world) == expected(land)
    assert world.do("return fake.squares.even") == 0


def test_the_server_breathes_between_two_squares() -> None:
    world = FakeRoblox(scripts(small_spec(without=["buildings"]), small_plan((), guide=None)))
    world.do("fake.start()")
    assert world.do('return game:GetService("Workspace"):GetAttribute("TerrainBuilt")') is None
    world.advance(1)
    assert world.do('return game:GetService("Workspace"):GetAttribute("TerrainBuilt")') is True


def test_a_place_saved_with_its_ground_keeps_it() -> None:
    world = FakeRoblox(scripts(small_spec(without=["buildings"]), small_plan((), guide=None)))
    world.do('game:GetService("Workspace"):SetAttribute("TerrainBuilt", true)')
    assert world.start().voxels == {}


# ---- floors ----------------------------------------------------------------------------------------------------------

FLOORS = """
for _, cells in { { -48, -40, 64, 48 }, { 48, -40, 48, 48 } } do
    local floor = fake.create("Part", "Floor")
    local x, z, width, depth = table.unpack(cells)
    floor.Size = fake.vector(width, 1, depth)
    floor.Position = fake.vector(x + (x < 0 and 16 or 0), ... - 0.5, z)
    floor.Parent = game:GetService("Workspace")
end
"""


def checked(*, floors: bool) -> FakeRoblox:
    world = FakeRoblox(scripts(small_spec(without=["terrain"]), small_plan()))
    if floors:
        world.do(FLOORS, FLOOR)
    return world.start()


def missing(world: FakeRoblox) -> Any:
    return world.do('return game:GetService("Workspace"):GetAttribute("FloorsMissing")')


def test_a_world_with_its_floors_has_none_missing() -> None:
    world = checked(floors=True)
    assert (missing(world), world.warned) == (0, [])


def test_each_missing_floor_is_told_with_its_place() -> None:
    world = checked(floors=False)
    assert missing(world) == 2 + 7 + 1
    assert world.warned[0] == "BuildingsCheck: there is no floor at room r1; build the world's parts anew"


@pytest.mark.parametrize(("height", "where"), [(-100, FLOOR + 4), (-20, -17)])
def test_who_falls_off_the_world_is_brought_back(height: int, where: int) -> None:
    world = checked(floors=True)
    player = world.join()
    world.do("fake.stand(...)", player, 500, height, 500)
    world.advance(4)
    assert world.do("return (...).Character.HumanoidRootPart.Position.Y", player) == where
