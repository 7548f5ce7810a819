"""Corridors and ramps as parts."""

from collections.abc import Iterator
from typing import Final

from toolboxai.platform.roblox.budgets import HEADROOM
from toolboxai.platform.roblox.files.shapes import (
    AHEAD,
    OPPOSITE,
    Area,
    area_of,
    box,
    ground_under,
    model,
    wedge,
)
from toolboxai.platform.roblox.files.signs import lamp
from toolboxai.platform.roblox.looks import Look
from toolboxai.platform.roblox.model.instances import Instance
from toolboxai.platform.roblox.model.plan import Cells, Corridor, Facing, Land, Ramp, WorldPlan

__all__ = ["corridor_model", "ramp_model"]

_WALL: Final = 0.5
"""Studs of a covered way's wall: it stands on the way's own edge, since the next cell may be anybody's."""

Cell = tuple[int, int]


def corridor_model(plan: WorldPlan, corridor: Corridor, look: Look) -> Instance:
    """A corridor: floors, and walls, roofs and lamps where it is covered."""
    finish = look.floor if corridor.covered else look.path
    parts: list[Instance] = []
    for cells in corridor.cells:
        area = area_of(plan.land, cells)
        low = min(corridor.floor - 1, ground_under(plan.land, cells))
        parts.append(box("Floor", finish, area, low, corridor.floor))
    if corridor.covered:
        open_to = _open_to(plan, corridor)
        top = corridor.floor + HEADROOM
        for cells in corridor.cells:
            area = area_of(plan.land, cells)
            parts.extend(
                box("Wall", look.wall, run, corridor.floor, top) for run in _walls(plan.land, cells, open_to)
            )
            parts.append(box("Roof", look.roof, area, top, top + 1))
            parts.append(lamp(area.middle, top, look.trim, reach=max(16, 4 * max(cells.width, cells.depth))))
    return model(corridor.id, parts)


def ramp_model(plan: WorldPlan, ramp: Ramp, name: str, look: Look) -> Instance:
    """A slope on a foot, under the roof of the corridor beside it where that has one."""
    area = area_of(plan.land, ramp.cells)
    covered = _is_covered(plan, ramp)
    finish = look.floor if covered else look.path
    parts = [
        box("Foot", finish, area, min(ramp.low - 1, ground_under(plan.land, ramp.cells)), ramp.low),
        wedge("Slope", finish, area, ramp.low, ramp.high, ramp.facing),
    ]
    if covered:
        top = ramp.high + HEADROOM
        parts.extend(
            box("Wall", look.wall, _edge(area, side), ramp.low, top)
            for side in Facing
            if side not in (ramp.facing, OPPOSITE[ramp.facing])
        )
        low_end = _edge(area, OPPOSITE[ramp.facing])
        parts.append(box("Lintel", look.wall, low_end, ramp.low + HEADROOM, top))
        parts.append(box("Roof", look.roof, area, top, top + 1))
    return model(name, parts)


def _all(cells: Cells) -> Iterator[Cell]:
    for z in range(cells.z, cells.z + cells.depth):
        for x in range(cells.x, cells.x + cells.width):
            yield x, z


def _is_covered(plan: WorldPlan, ramp: Ramp) -> bool:
    beside = _beside(ramp.cells)
    for corridor in plan.corridors:
        if any(cell in beside for cells in corridor.cells for cell in _all(cells)):
            return corridor.covered
    return False


def _beside(cells: Cells) -> set[Cell]:
    """The cells along all four sides, corners left out."""
    around = {
        (x, z) for x in range(cells.x, cells.x + cells.width) for z in (cells.z - 1, cells.z + cells.depth)
    }
    around |= {
        (x, z) for z in range(cells.z, cells.z + cells.depth) for x in (cells.x - 1, cells.x + cells.width)
    }
    return around


def _open_to(plan: WorldPlan, corridor: Corridor) -> dict[Cell, frozenset[Facing]]:
    """The cells into which one can walk from a corridor, and in which directions."""
    every = frozenset(Facing)
    open_to = {cell: every for cells in corridor.cells for cell in _all(cells)}
    for ramp in plan.ramps:
        if corridor.floor not in (ramp.low, ramp.high):
            continue
        # One enters by the lower end, or leaves by the upper one.
        along = frozenset({ramp.facing, OPPOSITE[ramp.facing]})
        open_to.update(dict.fromkeys(_all(ramp.cells), along))
    for door in plan.doors:
        into = frozenset({OPPOSITE[door.side]})
        open_to.update(dict.fromkeys(_all(door.cells), into))
    return open_to


def _walls(land: Land, cells: Cells, open_to: dict[Cell, frozenset[Facing]]) -> Iterator[Area]:
    """The runs of edge cells behind which there is no way, as areas on the corridor's edge."""
    for side in Facing:
        x, z = AHEAD[side]
        if z:
            row = cells.z if z < 0 else cells.z + cells.depth - 1
            edge = [(at, row) for at in range(cells.x, cells.x + cells.width)]
        else:
            column = cells.x if x < 0 else cells.x + cells.width - 1
            edge = [(column, at) for at in range(cells.z, cells.z + cells.depth)]
        closed = [side not in open_to.get((cell[0] + x, cell[1] + z), ()) for cell in edge]
        for start, end in _runs(closed):
            first, last = edge[start], edge[end - 1]
            run = Cells(first[0], first[1], last[0] - first[0] + 1, last[1] - first[1] + 1)
            yield _edge(area_of(land, run), side)


def _runs(closed: list[bool]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for at, each in enumerate([*closed, False]):
        if each and start is None:
            start = at
        elif not each and start is not None:
            yield start, at
            start = None


def _edge(area: Area, side: Facing) -> Area:
    """The strip of an area along one side, as wide as a wall."""
    match side:
        case Facing.NORTH:
            return Area(area.west, area.east, area.north, area.north + _WALL)
        case Facing.SOUTH:
            return Area(area.west, area.east, area.south - _WALL, area.south)
        case Facing.WEST:
            return Area(area.west, area.west + _WALL, area.north, area.south)
        case Facing.EAST:
            return Area(area.east - _WALL, area.east, area.north, area.south)
