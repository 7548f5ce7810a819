"""Domes: closed all around but for their doors."""

import itertools
import math

import pytest

from forms import FULL
from toolboxai.platform.roblox.files.domes import dome
from toolboxai.platform.roblox.files.shapes import Area
from toolboxai.platform.roblox.model.instances import Instance
from toolboxai.platform.roblox.model.plan import Cells, Facing, Room, RoomShape
from toolboxai.platform.roblox.model.spec import Theme
from toolboxai.platform.roblox.themes import THEMES
from world_solids import Solids

FLOOR = 17
SIDES = [sides for number in range(5) for sides in itertools.combinations(Facing, number)]
OUT = {Facing.NORTH: (0, -1), Facing.EAST: (1, 0), Facing.SOUTH: (0, 1), Facing.WEST: (-1, 0)}


def door(side: Facing, radius: float) -> Area:
    """The middle two cells of one side."""
    near, far = radius - 4, radius
    return {
        Facing.NORTH: Area(-4, 4, -far, -near),
        Facing.EAST: Area(near, far, -4, 4),
        Facing.SOUTH: Area(-4, 4, near, far),
        Facing.WEST: Area(-far, -near, -4, 4),
    }[side]


def built(sides: tuple[Facing, ...], cells: int, height: int) -> tuple[list[Instance], Solids]:
    radius = cells * 2.0
    room = Room(
        id="r1", title="D", shape=RoomShape.DOME, cells=Cells(0, 0, cells, cells), floor=FLOOR, height=height
    )
    doors = [(side, door(side, radius)) for side in sides]
    made = list(dome(Area(-radius, radius, -radius, radius), room, doors, THEMES[Theme.UNDERWATER]))
    return made, Solids(Instance(class_name="Model", name="D", children=tuple(made)))


@pytest.mark.parametrize("sides", SIDES)
def test_one_walks_in_and_out_by_its_doors(sides: tuple[Facing, ...]) -> None:
    _, solids = built(sides, 10, 16)
    for side in sides:
        x, z = OUT[side]
        for out, aside, up in itertools.product(range(0, 21), (-3.9, -2, 0, 2, 3.9), (0.5, 4, 7.9)):
            assert solids.blocking(out * x + aside * z, FLOOR + up, out * z + aside * x) == []


@pytest.mark.parametrize(
    ("cells", "height"), [(8, 14), (10, 16), (14, 24), (16, 26)] if FULL else [(10, 16), (16, 26)]
)
@pytest.mark.parametrize("sides", SIDES if FULL else [(), tuple(Facing)])
def test_whoever_looks_out_meets_a_wall_or_the_shell(
    sides: tuple[Facing, ...], cells: int, height: int
) -> None:
    _, solids = built(sides, cells, height)
    for degrees, rise in itertools.product(range(0, 360, 2 if FULL else 5), range(0, 91, 4 if FULL else 9)):
        at, up = math.radians(degrees), math.radians(rise)
        x, y, z = math.sin(at) * math.cos(up), math.sin(up), math.cos(at) * math.cos(up)
        steps = (step / 4 for step in range(20, 4 * (2 * cells + 10)))
        met = any(solids.blocking(x * step, FLOOR + 2 + y * step, z * step) for step in steps)
        # Through a door one sees out: beside the line to it one does not.
        through = any(
            x * out_x + z * out_z > 0
            and abs(x * out_z + z * out_x) / (x * out_x + z * out_z) < 4 / (2 * cells - 4)
            for out_x, out_z in (OUT[side] for side in sides)
        )
        assert met or (through and y * 2 * cells < 7), (degrees, rise)


@pytest.mark.parametrize("sides", SIDES)
def test_it_has_no_more_parts_than_were_counted_with(sides: tuple[Facing, ...]) -> None:
    made, _ = built(sides, 16, 26)
    assert len(made) <= 75 + 3 * len(sides)


@pytest.mark.parametrize(("cells", "height"), [(8, 14), (16, 26)])
def test_it_stays_in_its_cells_and_under_its_height(cells: int, height: int) -> None:
    _, solids = built((), cells, height)
    for degrees in range(0, 360, 5):
        x, z = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        for up in range(1, height):
            assert solids.blocking(x * (2 * cells + 1), FLOOR + up, z * (2 * cells + 1)) == []
    assert all(solids.at(x, FLOOR + height + 0.5, z) == [] for x in range(-8, 9, 2) for z in range(-8, 9, 2))
