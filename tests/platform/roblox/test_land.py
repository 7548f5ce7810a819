"""The ground: level where something stands, and never steeper than can be walked."""

from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from toolboxai.platform.roblox.budgets import BUDGETS, MAX_HEIGHT, MIN_HEIGHT
from toolboxai.platform.roblox.land import GROUND, Built, make_land
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.looks import Ground
from toolboxai.platform.roblox.model.plan import Cells, Facing, Land, Ramp, Room, RoomShape
from toolboxai.platform.roblox.model.spec import Size, Theme
from toolboxai.platform.roblox.themes import THEMES
from world_plans import handmade, wish

SMALL = BUDGETS[Size.SMALL]


def land(theme: Theme, seed: int = 1, built: Built | None = None, *, shaped: bool = True) -> Land:
    return make_land(
        THEMES[theme].ground, SMALL, built or Built(rooms=handmade().rooms[:1]), Random(seed), shaped=shaped
    )


def steepest(land: Land) -> int:
    """The largest step between two cells side by side."""
    rows = [land.heights[at : at + land.width] for at in range(0, len(land.heights), land.width)]
    lines: list[tuple[int, ...]] = [*rows, *zip(*rows, strict=True)]
    return max(abs(one - other) for line in lines for one, other in pairwise(line))


def heights(land: Land, area: Cells) -> set[int]:
    return {
        land.heights[z * land.width + x]
        for z in range(area.z, area.z + area.depth)
        for x in range(area.x, area.x + area.width)
    }


rooms = st.builds(
    lambda x, z, floor: Room(
        id="r1", title="R", shape=RoomShape.BOX, cells=Cells(x, z, 10, 8), floor=floor, height=14
    ),
    st.integers(0, SMALL.cells - 10),
    st.integers(0, SMALL.cells - 8),
    st.integers(6, 60),
)


@settings(max_examples=20)
@given(st.sampled_from(Theme), st.integers(0, 2**53 - 1), st.lists(rooms, min_size=1, max_size=5))
def test_no_step_is_higher_than_one_stud_whatever_is_built(
    theme: Theme, seed: int, built: list[Room]
) -> None:
    made = land(theme, seed, Built(rooms=tuple(built)))
    assert steepest(made) <= 1
    assert MIN_HEIGHT <= min(made.heights) <= max(made.heights) <= MAX_HEIGHT
    for room in built:
        assert max(heights(made, room.cells)) < room.floor


@settings(max_examples=20)
@given(st.sampled_from(Theme), st.integers(0, 2**53 - 1), rooms)
def test_the_ground_is_level_under_a_room_and_around_it(theme: Theme, seed: int, room: Room) -> None:
    made = land(theme, seed, Built(rooms=(room,)))
    x, z = max(0, room.cells.x - 2), max(0, room.cells.z - 2)
    end_x, end_z = min(made.width, room.cells.x + 12), min(made.depth, room.cells.z + 10)
    assert heights(made, Cells(x, z, end_x - x, end_z - z)) == {room.floor - 1}


def test_the_ground_stays_under_a_ramp() -> None:
    for facing, area in ((Facing.EAST, Cells(40, 40, 4, 2)), (Facing.NORTH, Cells(40, 40, 2, 4))):
        ramp = Ramp(cells=area, low=17, high=21, facing=facing)
        made = land(Theme.FANTASY, built=Built(rooms=handmade().rooms[:1], ramps=(ramp,)))
        lower = Cells(40, 40, 1, 2) if facing is Facing.EAST else Cells(40, 43, 2, 1)
        assert max(heights(made, lower)) <= 16
        assert max(heights(made, area)) <= 19


def test_each_theme_has_hills_of_its_own_and_the_seed_decides() -> None:
    made = {theme: land(theme) for theme in Theme}
    assert all(max(each.heights) - min(each.heights) >= 6 for each in made.values())
    assert len({each.heights for each in made.values()}) == len(Theme)
    assert land(Theme.OUTDOOR, 1) == made[Theme.OUTDOOR] != land(Theme.OUTDOOR, 2)


def test_craters_are_hollows_in_the_ground() -> None:
    ground = Ground(
        main="Slate",
        patch="Slate",
        high="Slate",
        shore="Slate",
        paved="Slate",
        relief=0,
        wave=10,
        rim=0,
        craters=5,
    )
    made = make_land(ground, SMALL, Built(rooms=handmade().rooms[:1]), Random(1), shaped=True)
    assert min(made.heights) < GROUND - 2
    assert made.palette == ("Slate",)


def test_every_cell_has_a_material_and_what_is_built_on_is_paved() -> None:
    made = land(Theme.CLASSROOM)
    assert len(made.materials) == len(made.heights) == SMALL.cells**2
    used = {made.palette[int(digit)] for digit in made.materials}
    assert {"Grass", "LeafyGrass", "Pavement"} <= used
    assert made.palette[int(made.materials[35 * SMALL.cells + 15])] == "Pavement"


def test_water_stands_in_the_hollows_and_only_sealed_worlds_lie_under_it() -> None:
    outdoors = plan_world(wish(Theme.OUTDOOR, Size.MEDIUM)).land
    assert outdoors.water == 12
    assert min(outdoors.heights) < 12
    deep = plan_world(wish(Theme.UNDERWATER))
    assert deep.land.water is not None
    assert deep.land.water > max(room.floor + room.height for room in deep.rooms)
    assert deep.land.dry
    assert outdoors.dry == ()
    open_floor = replace(handmade().rooms[0], shape=RoomShape.OPEN)
    assert land(Theme.UNDERWATER, built=Built(rooms=(open_floor,))).water is None
    assert land(Theme.UNDERWATER, built=Built(corridors=handmade().corridors)).water is None


def test_without_shape_it_is_one_level_plate() -> None:
    made = land(Theme.FANTASY, shaped=False)
    assert (set(made.heights), set(made.materials), made.palette, made.water) == (
        {16},
        {"0"},
        ("Cobblestone",),
        None,
    )
