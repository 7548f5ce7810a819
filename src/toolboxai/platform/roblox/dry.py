"""What stands in the water is dry inside: rooms, domes, covered ways and ramps, in whole voxels of Roblox terrain."""

from collections.abc import Iterator
from itertools import groupby
from math import ceil, hypot, sqrt
from typing import Final

from toolboxai.platform.roblox.budgets import HEADROOM, dome_shoulder
from toolboxai.platform.roblox.model.plan import CELL, Cells, Corridor, Dry, Ramp, Room, RoomShape

__all__ = ["dry_spaces"]

_ROOF: Final = 1  # studs
_SHELL: Final = 1  # studs by which a dome's shell stands back from the outside of its wall


def dry_spaces(
    rooms: tuple[Room, ...], corridors: tuple[Corridor, ...], ramps: tuple[Ramp, ...], water: int
) -> tuple[Dry, ...]:
    """The insides with their walls and roofs, as far as water would reach them.

    Args:
        rooms: each is filled; a dome by its round.
        corridors: those with a roof.
        ramps: where water stands, what covers the corridor covers the ramp beside it.
        water: height of its surface.
    """
    found: list[Dry] = []
    for room in rooms:
        if room.shape is RoomShape.BOX:
            found.append(_voxels(room.cells, room.floor, room.floor + room.height + _ROOF, water))
        elif room.shape is RoomShape.DOME:
            found += _dome(room, water)
    for corridor in corridors:
        if corridor.covered:
            top = corridor.floor + HEADROOM + _ROOF
            found += (_voxels(cells, corridor.floor, top, water) for cells in corridor.cells)
    found += (_voxels(ramp.cells, ramp.low, ramp.high + HEADROOM + _ROOF, water) for ramp in ramps)
    return tuple(each for each in found if each.bottom < each.top)


def _voxels(cells: Cells, floor: int, top: float, water: int) -> Dry:
    """All voxels that the heights touch, from a stud under the floor; over the water there is nothing to keep out."""
    return Dry(cells, (floor - 1) // CELL * CELL, ceil(min(top, water) / CELL) * CELL)


def _dome(room: Room, water: int) -> Iterator[Dry]:
    """Row by row the cells that its shell covers in part or whole, side by side where they are as high."""
    area = room.cells
    for z in range(area.z, area.z + area.depth):
        spaces = [
            _voxels(Cells(x, z, 1, 1), room.floor, height, water)
            for x in range(area.x, area.x + area.width)
            if (height := _shell_over(room, x, z)) is not None
        ]
        for _, alike in groupby(spaces, key=lambda each: each.top):
            first, *others = alike
            yield Dry(Cells(first.cells.x, z, 1 + len(others), 1), first.bottom, first.top)


def _shell_over(room: Room, x: int, z: int) -> float | None:
    """How high the shell stands at the point of a cell that is nearest to the middle; None outside of it."""
    area = room.cells
    radius = area.width * CELL / 2 - _SHELL
    away = hypot(_nearest(x - area.x, area.width), _nearest(z - area.z, area.depth))
    if away >= radius:
        return None
    shoulder = dome_shoulder(room.height)
    return room.floor + shoulder + (room.height - shoulder) * sqrt(1 - (away / radius) ** 2)


def _nearest(at: int, side: int) -> float:
    """Studs from the middle of a side to the nearest edge of one of its cells; the side is even."""
    return CELL * max(at - side / 2, side / 2 - at - 1, 0)
