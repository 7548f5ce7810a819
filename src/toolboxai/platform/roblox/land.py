"""The ground: hills of value noise that grow smooth into level land under and around what is built.

Heights of cells side by side differ by one stud at most, on the whole land. So there is no pit, wherever somebody walks
or falls: each slope can be walked up again.
"""

from itertools import pairwise
from math import hypot
from random import Random
from typing import Final

from msgspec import Struct

from toolboxai.platform.roblox.budgets import MAX_HEIGHT, MIN_HEIGHT, Budget
from toolboxai.platform.roblox.dry import dry_spaces
from toolboxai.platform.roblox.looks import Ground
from toolboxai.platform.roblox.model.plan import Cells, Corridor, Facing, Land, Ramp, Room, RoomShape

__all__ = ["GROUND", "Built", "make_land"]

GROUND: Final = 16
"""Studs of the level ground, four voxels of terrain: the floor of the lowest rooms is one stud over it."""

_ROOM_MARGIN: Final = 2
_WAY_MARGIN: Final = 1
"""Cells of level ground around what is built. A ramp of four cells leaves no more before the upper room's wall."""

_FAR: Final = 10_000
"""Studs: more than any height."""

Field = list[list[int]]
"""A height for each cell, row by row."""


class Built(Struct, frozen=True, kw_only=True):
    """What stands on the land."""

    rooms: tuple[Room, ...] = ()
    corridors: tuple[Corridor, ...] = ()
    ramps: tuple[Ramp, ...] = ()


class _Level(Struct, frozen=True):
    """Cells on which something is built, the height of the ground under them, and how far it stays level around them."""

    cells: Cells
    height: int
    margin: int

    def around(self, margin: int, side: int) -> tuple[range, range]:
        """Columns and rows with ``margin`` cells on each side, as far as there is land."""
        cells = self.cells
        return (
            range(max(0, cells.x - margin), min(side, cells.x + cells.width + margin)),
            range(max(0, cells.z - margin), min(side, cells.z + cells.depth + margin)),
        )


def make_land(ground: Ground, budget: Budget, built: Built, dice: Random, *, shaped: bool) -> Land:
    """The land of a world.

    Args:
        ground: of the theme.
        budget: of the size.
        built: what the land has to be level for: it ends one stud under each floor.
        dice: for hills, craters and spots.
        shaped: with hills and water; else it is a level plate.
    """
    side = budget.cells
    if not shaped:
        return Land(
            width=side,
            depth=side,
            heights=(GROUND,) * side**2,
            materials="0" * side**2,
            palette=(ground.paved,),
            water=None,
        )
    level = _level_cells(built)
    top, bottom = _bounds(side, level, built.ramps)
    hills = _hills(ground, side, dice)
    _raise_to(hills, bottom)
    _soften(hills)
    _lower_to(hills, top)
    heights = tuple(height for row in hills for height in row)
    water = _water(ground, built)
    palette = _palette(ground)
    return Land(
        width=side,
        depth=side,
        heights=heights,
        materials=_materials(ground, palette, hills, water, level, dice),
        palette=palette,
        water=water,
        dry=() if water is None else dry_spaces(built.rooms, built.corridors, built.ramps, water),
    )


def _level_cells(built: Built) -> list[_Level]:
    """What is built, ramps left out."""
    level = [_Level(room.cells, room.floor - 1, _ROOM_MARGIN) for room in built.rooms]
    for corridor in built.corridors:
        level += [_Level(cells, corridor.floor - 1, _WAY_MARGIN) for cells in corridor.cells]
    return level


def _bounds(side: int, level: list[_Level], ramps: tuple[Ramp, ...]) -> tuple[Field, Field]:
    """The most and the least height of each cell, so that the land is level where it has to be."""
    top = [[_FAR] * side for _ in range(side)]
    bottom = [[-_FAR] * side for _ in range(side)]
    for each in level:
        columns, rows = each.around(each.margin, side)
        for z in rows:
            high, low = top[z], bottom[z]
            for x in columns:
                high[x] = min(high[x], each.height)
                low[x] = max(low[x], each.height)
    for ramp in ramps:
        for x, z, height in _under(ramp):
            top[z][x] = min(top[z][x], height)
    _soften(top)
    mirrored = [[-height for height in row] for row in bottom]
    _soften(mirrored)
    return top, [[-height for height in row] for row in mirrored]


def _under(ramp: Ramp) -> list[tuple[int, int, int]]:
    """Each cell of a ramp, and the ground under it: a stud below its lower edge."""
    cells = ramp.cells
    south = ramp.facing in (Facing.NORTH, Facing.SOUTH)
    length = cells.depth if south else cells.width
    backwards = ramp.facing in (Facing.NORTH, Facing.WEST)
    found = []
    for z in range(cells.depth):
        for x in range(cells.width):
            along = z if south else x
            steps = length - 1 - along if backwards else along
            rise = (ramp.high - ramp.low) * steps // length
            found.append((cells.x + x, cells.z + z, ramp.low - 1 + rise))
    return found


def _soften(field: Field) -> None:
    """Lower what is more than a stud over a neighbour, until nothing is: two passes, there and back."""
    for rows in (field, field[::-1]):
        before: list[int] | None = None
        for row in rows:
            if before is not None:
                row[:] = [min(here, there + 1) for here, there in zip(row, before, strict=True)]
            for way in (range(1, len(row)), range(len(row) - 2, -1, -1)):
                step = 1 if way.step > 0 else -1
                for x in way:
                    limit = row[x - step] + 1
                    if row[x] > limit:
                        row[x] = limit
            before = row


def _raise_to(field: Field, least: Field) -> None:
    for row, floor in zip(field, least, strict=True):
        row[:] = map(max, row, floor)


def _lower_to(field: Field, most: Field) -> None:
    for row, ceiling in zip(field, most, strict=True):
        row[:] = map(min, row, ceiling)


def _hills(ground: Ground, side: int, dice: Random) -> Field:
    """Two waves of noise, a rim and craters, before anything is made smooth."""
    large = _noise(side, ground.wave, dice)
    small = _noise(side, max(4, ground.wave // 3), dice)
    rim = [min(1.0, 4 * min(at, side - 1 - at) / side) for at in range(side)]
    field = []
    for z in range(side):
        edge = rim[z]
        row = []
        for x in range(side):
            inwards = min(edge, rim[x])
            height = ground.relief * (0.75 * large[z][x] + 0.25 * small[z][x])
            height += ground.rim * (1 - inwards) ** 2
            row.append(max(MIN_HEIGHT, min(MAX_HEIGHT, GROUND + round(height))))
        field.append(row)
    for _ in range(ground.craters * (side // 40) ** 2 // 4):
        _dig_crater(field, dice)
    return field


def _noise(side: int, wave: int, dice: Random) -> list[list[float]]:
    """Value noise from -1 to 1: chance at the points of a lattice ``wave`` cells wide, smooth in between."""
    points = side // wave + 2
    lattice = [[dice.uniform(-1, 1) for _ in range(points)] for _ in range(points)]
    smooth = [t * t * (3 - 2 * t) for t in (at / wave for at in range(wave))]
    columns = [
        [value for left, right in pairwise(line) for value in (left + (right - left) * t for t in smooth)]
        for line in lattice
    ]
    field = []
    for z in range(side):
        at, within = divmod(z, wave)
        t = smooth[within]
        upper, lower = columns[at], columns[at + 1]
        field.append([upper[x] + (lower[x] - upper[x]) * t for x in range(side)])
    return field


def _dig_crater(field: Field, dice: Random) -> None:
    side = len(field)
    radius = dice.randint(4, 9)
    middle_x, middle_z = (dice.randrange(side) for _ in range(2))
    for z in range(max(0, middle_z - radius - 2), min(side, middle_z + radius + 3)):
        for x in range(max(0, middle_x - radius - 2), min(side, middle_x + radius + 3)):
            away = hypot(x - middle_x, z - middle_z) / radius
            if away <= 1:
                field[z][x] = max(MIN_HEIGHT, field[z][x] - round(0.8 * radius * (1 - away**2)))
            elif away <= 1.3:
                field[z][x] += 1  # the wall that was thrown up


def _water(ground: Ground, built: Built) -> int | None:
    """The water's surface; none over an open floor, on which somebody stands who came for a lesson."""
    if ground.water is None:
        return None
    surface = GROUND + ground.water
    open_floors = [room.floor for room in built.rooms if room.shape is RoomShape.OPEN]
    open_floors += [corridor.floor for corridor in built.corridors if not corridor.covered]
    return None if any(surface >= floor for floor in open_floors) else surface


def _palette(ground: Ground) -> tuple[str, ...]:
    wanted = (ground.main, ground.patch, ground.high, ground.shore, ground.paved)
    return tuple(dict.fromkeys(wanted))


def _materials(
    ground: Ground,
    palette: tuple[str, ...],
    field: Field,
    water: int | None,
    level: list[_Level],
    dice: Random,
) -> str:
    """A digit for each cell: by height, in spots, and paved where something is built."""
    side = len(field)
    spots = _noise(side, 9, dice)
    main, patch, high, shore, paved = (
        str(palette.index(name))
        for name in (ground.main, ground.patch, ground.high, ground.shore, ground.paved)
    )
    hilltop = GROUND + max(4, ground.relief // 2)
    wet = GROUND - max(2, ground.relief // 3) if water is None or water > hilltop else water + 1
    rows = []
    for z, row in enumerate(field):
        rows.append(
            [
                shore
                if height <= wet
                else high
                if height >= hilltop
                else patch
                if spots[z][x] > 0.35
                else main
                for x, height in enumerate(row)
            ]
        )
    for each in level:
        columns, paved_rows = each.around(1, side)
        for z in paved_rows:
            rows[z][columns.start : columns.stop] = [paved] * len(columns)
    return "".join("".join(row) for row in rows)
