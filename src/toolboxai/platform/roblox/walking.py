"""Where somebody can walk: cells and heights, four neighbours, a step of one stud at most but on ramps."""

from collections.abc import Iterable, Iterator
from typing import Final

from toolboxai.platform.roblox.model.plan import Cells, Door, Facing, Ramp, RoomShape, WorldPlan
from toolboxai.platform.roblox.standing import Cell, Standing, cell_of, covered_cells, inside_cells

__all__ = ["Walk", "walking_faults"]

_STEP: Final = 1
"""Studs that somebody steps up or down without jumping."""

_NEIGHBOURS: Final[tuple[tuple[int, int, Facing], ...]] = (
    (0, -1, Facing.NORTH),
    (1, 0, Facing.EAST),
    (0, 1, Facing.SOUTH),
    (-1, 0, Facing.WEST),
)


class Walk:
    """The plan as a grid: for each cell that one can be on, what it belongs to and how high its four edges are.

    What belongs together is closed off from the rest by walls, where it has some: a room but at its doors, a covered
    corridor and the ramps at it but at the doors that they meet.
    """

    def __init__(self, plan: WorldPlan, standing: Standing) -> None:
        self._plan = plan
        self._heights: dict[Cell, int] = {}
        self._slopes: dict[Cell, Ramp] = {}
        self._walled: dict[Cell, str] = {}
        self._doors: dict[Cell, Door] = {}
        self._walls: set[Cell] = set()
        self._gate = set(covered_cells(plan.gate.cells)) if plan.gate else set()
        self._lay_land()
        self._lay_ways()
        self._lay_rooms()
        self._blocked = self._walls | standing.taken

    def _lay_land(self) -> None:
        land = self._plan.land
        for at, height in enumerate(land.heights):
            self._heights[at % land.width, at // land.width] = height

    def _lay_ways(self) -> None:
        for corridor in self._plan.corridors:
            for cells in corridor.cells:
                self._lay(cells, corridor.floor, corridor.id if corridor.covered else "")
        for ramp in self._plan.ramps:
            at = next(
                (
                    each
                    for each in self._plan.corridors
                    if any(_side_by_side(ramp.cells, cells) for cells in each.cells)
                ),
                None,
            )
            self._lay(ramp.cells, ramp.low, at.id if at and at.covered else "")
            for cell in covered_cells(ramp.cells):
                self._slopes[cell] = ramp

    def _lay_rooms(self) -> None:
        for room in self._plan.rooms:
            self._lay(room.cells, room.floor, "" if room.shape is RoomShape.OPEN else room.id)
            inside = inside_cells(room)
            self._walls.update(cell for cell in covered_cells(room.cells) if cell not in inside)
        for door in self._plan.doors:
            self._doors.update(dict.fromkeys(covered_cells(door.cells), door))
        self._walls.difference_update(self._doors)

    def _lay(self, cells: Cells, height: int, walled: str) -> None:
        for cell in covered_cells(cells):
            self._heights[cell] = height
            self._walled[cell] = walled

    @property
    def start(self) -> Cell:
        """Where the spawn is."""
        return cell_of(self._plan, self._plan.spawn)

    def reached(self, begin: Iterable[Cell], *, gate_open: bool, falls: bool = False) -> set[Cell]:
        """The cells to which somebody comes from those of ``begin``, these with them; with falls also down from any height."""
        reached = set(begin)
        ahead = list(reached)
        closed = set() if gate_open else self._gate
        while ahead:
            here = ahead.pop()
            for x, z, side in _NEIGHBOURS:
                there = (here[0] + x, here[1] + z)
                if there in reached or there in closed or not self._is_open(here, there):
                    continue
                rise = self._edge(there, _OPPOSITE[side]) - self._edge(here, side)
                if -_STEP <= rise <= _STEP or (falls and rise < 0):
                    reached.add(there)
                    ahead.append(there)
        return reached

    def _is_open(self, here: Cell, there: Cell) -> bool:
        """Whether there is no wall and nothing else between two cells."""
        if there not in self._heights or there in self._blocked:
            return False
        if here not in self._walled and there not in self._walled:
            return True  # land, most of a world
        if here in self._doors or there in self._doors:
            return self._is_through(here, there)
        return self._walled.get(here, "") == self._walled.get(there, "")

    def _is_through(self, here: Cell, there: Cell) -> bool:
        """A door is passed from side to side, not along the wall, but within itself; outside it opens on any way."""
        door, other = self._doors.get(here), self._doors.get(there)
        if door is other:
            return True
        if door is not None and other is not None:
            return False
        one = door or other
        assert one is not None
        return here[0] == there[0] if one.side in (Facing.NORTH, Facing.SOUTH) else here[1] == there[1]

    def _edge(self, cell: Cell, side: Facing) -> float:
        """How high the floor of a cell is at one of its sides; what is between the ends of a slope is its middle."""
        ramp = self._slopes.get(cell)
        if ramp is None:
            return self._heights[cell]
        area = ramp.cells
        south = ramp.facing in (Facing.NORTH, Facing.SOUTH)
        length, at = (area.depth, cell[1] - area.z) if south else (area.width, cell[0] - area.x)
        if ramp.facing in (Facing.NORTH, Facing.WEST):
            at = length - 1 - at
        share = {ramp.facing: 1.0, _OPPOSITE[ramp.facing]: 0.0}.get(side, 0.5)
        return ramp.low + (ramp.high - ramp.low) * (at + share) / length


_OPPOSITE: Final = {
    Facing.NORTH: Facing.SOUTH,
    Facing.EAST: Facing.WEST,
    Facing.SOUTH: Facing.NORTH,
    Facing.WEST: Facing.EAST,
}


def _side_by_side(one: Cells, two: Cells) -> bool:
    wide = set(covered_cells(Cells(one.x - 1, one.z, one.width + 2, one.depth)))
    wide.update(covered_cells(Cells(one.x, one.z - 1, one.width, one.depth + 2)))
    return any(cell in wide for cell in covered_cells(two))


def walking_faults(plan: WorldPlan, walk: Walk) -> Iterator[str]:
    """What cannot be walked to: with the gate shut before it, with the gate open behind it; and pits."""
    shut = walk.reached([walk.start], gate_open=False)
    everywhere = walk.reached(shut, gate_open=True)
    last = plan.gate.room if plan.gate else None
    for name, room, cell in _goals(plan):
        if cell not in (everywhere if room == last else shut):
            yield f"{name} in {room} cannot be walked to from the spawn"
        if room == last and cell in shut:
            yield f"{name} in {room} can be walked to while the gate is shut"
    yield from _pit_faults(walk.reached(everywhere, gate_open=True, falls=True), everywhere)


def _goals(plan: WorldPlan) -> Iterator[tuple[str, str, Cell]]:
    standing = Standing(plan)
    for thing in standing.things:
        yield thing.name, thing.room, thing.used_from
    for room in plan.rooms:
        free = [cell for cell in sorted(inside_cells(room)) if cell not in standing.taken]
        area = room.cells
        middle = (area.x + area.width // 2, area.z + area.depth // 2)
        nearest = min(free, key=lambda cell: abs(cell[0] - middle[0]) + abs(cell[1] - middle[1]))
        yield "the middle", room.id, nearest


def _pit_faults(fallen: Iterable[Cell], everywhere: set[Cell]) -> Iterator[str]:
    pits = sorted(set(fallen) - everywhere)
    if pits:
        yield f"from {len(pits)} cells, as {pits[0]}, there is no way back to the spawn"
