"""Whether a plan can be built and walked, found from the plan alone: nothing of how it was made is used or believed."""

from collections.abc import Iterator
from itertools import combinations

from toolboxai.platform.roblox.budgets import MAX_HEIGHT, MIN_HEIGHT, Budget, budget_of, parts_needed
from toolboxai.platform.roblox.flooding import flooding_faults
from toolboxai.platform.roblox.model.plan import (
    CELL,
    Cells,
    Corridor,
    Door,
    Facing,
    Ramp,
    RoomShape,
    WorldPlan,
)
from toolboxai.platform.roblox.standing import Standing, standing_faults
from toolboxai.platform.roblox.walking import Walk, walking_faults

__all__ = ["faults"]


def faults(plan: WorldPlan) -> list[str]:
    """What is wrong with a plan, one sentence each; none where all is well.

    Rooms, corridors and ramps do not overlap and lie on the land; doors are gaps in walls and meet ways; ramps join the
    floors that they say, no steeper than 45 degrees; nothing stands in a wall or a doorway or on something else; every
    board, station and room can be walked to from the spawn, those before the gate while it is shut; from nowhere that
    somebody can come to, or fall to, is there no way back; where one walks there is no water; the budgets of the size
    are kept.
    """
    found = [*_land_faults(plan), *_reference_faults(plan)]
    if found:
        return found  # what follows reads the land by cells, and things by the ids of their rooms
    standing = Standing(plan)
    return [
        *_overlap_faults(plan),
        *_door_faults(plan),
        *_corridor_faults(plan),
        *_ramp_faults(plan),
        *_ground_faults(plan),
        *flooding_faults(plan),
        *_gate_faults(plan),
        *standing_faults(plan, standing),
        *walking_faults(plan, Walk(plan, standing)),
        *_budget_faults(plan),
    ]


def _land_faults(plan: WorldPlan) -> Iterator[str]:
    land = plan.land
    cells = land.width * land.depth
    if land.width != land.depth or land.width % 2:
        yield f"the land has {land.width} times {land.depth} cells: it has to be a square of an even number"
    if len(land.heights) != cells or len(land.materials) != cells:
        yield f"the land has {cells} cells, {len(land.heights)} heights and {len(land.materials)} materials"
        return
    if any(not digit.isdecimal() or int(digit) >= len(land.palette) for digit in set(land.materials)):
        yield f"the land has a material that is not in its palette of {len(land.palette)}"
    for what, area in _areas(plan):
        if min(area.x, area.z) < 0 or area.x + area.width > land.width or area.z + area.depth > land.depth:
            yield f"{what} does not lie on the land"
        if area.width < 1 or area.depth < 1:
            yield f"{what} has no cells"


def _areas(plan: WorldPlan) -> Iterator[tuple[str, Cells]]:
    """What takes ground for itself, with a name for it."""
    for room in plan.rooms:
        yield room.id, room.cells
    for corridor in plan.corridors:
        for number, cells in enumerate(corridor.cells, 1):
            yield f"{corridor.id}, part {number}", cells
    for number, ramp in enumerate(plan.ramps, 1):
        yield f"ramp {number}", ramp.cells


def _reference_faults(plan: WorldPlan) -> Iterator[str]:
    ids = [room.id for room in plan.rooms]
    if not ids:
        yield "there is no room"
    if len(set(ids)) < len(ids) or ids[:1] not in ([], ["r1"]):
        yield f"rooms are called {', '.join(ids)}: the first is r1, and no two share an id"
    named = [door.room for door in plan.doors]
    named += [room for corridor in plan.corridors for room in corridor.rooms]
    named += [board.room for board in plan.boards] + [station.room for station in plan.stations]
    named += [plan.gate.room] if plan.gate else []
    for name in dict.fromkeys(named):
        if name not in ids:
            yield f"{name} is named, and is no room"
    for room in plan.rooms:
        if room.shape is RoomShape.DOME and (room.cells.width != room.cells.depth or room.cells.width % 2):
            yield f"{room.id} is a dome of {room.cells.width} times {room.cells.depth} cells: no even square"
        if room.shape is not RoomShape.OPEN and min(room.cells.width, room.cells.depth) < 5:
            yield f"{room.id} has walls and no inside to speak of"


def _overlap_faults(plan: WorldPlan) -> Iterator[str]:
    for (what, one), (other, two) in combinations(_areas(plan), 2):
        if _overlap(one, two):
            yield f"{what} and {other} overlap"


def _overlap(one: Cells, two: Cells) -> bool:
    return (
        one.x < two.x + two.width
        and two.x < one.x + one.width
        and one.z < two.z + two.depth
        and two.z < one.z + one.depth
    )


def _touch(one: Cells, two: Cells) -> bool:
    """Whether they share a piece of an edge, not only a corner."""
    across = min(one.x + one.width, two.x + two.width) - max(one.x, two.x)
    along = min(one.z + one.depth, two.z + two.depth) - max(one.z, two.z)
    return max(across, along) > 0 and min(across, along) == 0


def _before(cells: Cells, side: Facing) -> Cells:
    """The row of cells right before one side of a rectangle, outside."""
    match side:
        case Facing.NORTH:
            return Cells(cells.x, cells.z - 1, cells.width, 1)
        case Facing.SOUTH:
            return Cells(cells.x, cells.z + cells.depth, cells.width, 1)
        case Facing.WEST:
            return Cells(cells.x - 1, cells.z, 1, cells.depth)
        case Facing.EAST:
            return Cells(cells.x + cells.width, cells.z, 1, cells.depth)


def _within(inner: Cells, outer: Cells) -> bool:
    return (
        outer.x <= inner.x
        and outer.z <= inner.z
        and inner.x + inner.width <= outer.x + outer.width
        and inner.z + inner.depth <= outer.z + outer.depth
    )


def _door_faults(plan: WorldPlan) -> Iterator[str]:
    rooms = {room.id: room for room in plan.rooms}
    for room in plan.rooms:
        has_door = any(door.room == room.id for door in plan.doors)
        if room.shape is RoomShape.OPEN and has_door:
            yield f"{room.id} has no walls, and a door"
        if room.shape is not RoomShape.OPEN and not has_door:
            yield f"{room.id} has no door"
    for number, door in enumerate(plan.doors, 1):
        room, name = rooms[door.room], f"door {number} of {door.room}"
        if not _is_gap(door, room.cells):
            yield f"{name} is no gap of two cells in the {door.side} wall, corners left out"
        if room.shape is RoomShape.DOME and not _is_in_the_middle(door, room.cells):
            yield f"{name} is not in the middle of the side, where alone a dome has its wall"
        if not _meets_a_way(plan, door, room.floor):
            yield f"{name} meets no corridor and no ramp at its height"


def _is_gap(door: Door, room: Cells) -> bool:
    cells = door.cells
    if door.side in (Facing.NORTH, Facing.SOUTH):
        row = room.z if door.side is Facing.NORTH else room.z + room.depth - 1
        inner = room.x + 1 <= cells.x and cells.x + 2 <= room.x + room.width - 1
        return (cells.z, cells.width, cells.depth) == (row, 2, 1) and inner
    column = room.x if door.side is Facing.WEST else room.x + room.width - 1
    inner = room.z + 1 <= cells.z and cells.z + 2 <= room.z + room.depth - 1
    return (cells.x, cells.width, cells.depth) == (column, 1, 2) and inner


def _is_in_the_middle(door: Door, room: Cells) -> bool:
    return door.cells.x - room.x == room.width // 2 - 1 or door.cells.z - room.z == room.depth // 2 - 1


def _meets_a_way(plan: WorldPlan, door: Door, floor: int) -> bool:
    outside = _before(door.cells, door.side)
    for corridor in plan.corridors:
        if corridor.floor == floor and any(_within(outside, cells) for cells in corridor.cells):
            return door.room in corridor.rooms
    return any(
        (ramp.high == floor and _upper_end(ramp) == door.cells)
        or (ramp.low == floor and _lower_end(ramp) == door.cells)
        for ramp in plan.ramps
    )


def _upper_end(ramp: Ramp) -> Cells:
    """The row of cells to which it leads up."""
    return _before(ramp.cells, ramp.facing)


def _lower_end(ramp: Ramp) -> Cells:
    back = {
        Facing.NORTH: Facing.SOUTH,
        Facing.SOUTH: Facing.NORTH,
        Facing.EAST: Facing.WEST,
        Facing.WEST: Facing.EAST,
    }
    return _before(ramp.cells, back[ramp.facing])


def _corridor_faults(plan: WorldPlan) -> Iterator[str]:
    for corridor in plan.corridors:
        if any(min(cells.width, cells.depth) < 2 for cells in corridor.cells):
            yield f"{corridor.id} is narrower than a door"
        if not all(_touch(one, two) for one, two in zip(corridor.cells, corridor.cells[1:], strict=False)):
            yield f"{corridor.id} has parts that do not touch"
        for name in corridor.rooms:
            if not _leads_to(plan, corridor, name):
                yield f"{corridor.id} does not lead to a door of {name}"


def _leads_to(plan: WorldPlan, corridor: Corridor, room: str) -> bool:
    """By touching its door, or by a ramp that does."""
    doors = [door for door in plan.doors if door.room == room]
    if any(_touch(cells, door.cells) for cells in corridor.cells for door in doors):
        return True
    ramps = [ramp for ramp in plan.ramps if any(_touch(ramp.cells, cells) for cells in corridor.cells)]
    return any(_touch(ramp.cells, door.cells) for ramp in ramps for door in doors)


def _ramp_faults(plan: WorldPlan) -> Iterator[str]:
    floors = {room.id: room.floor for room in plan.rooms}
    for number, ramp in enumerate(plan.ramps, 1):
        south = ramp.facing in (Facing.NORTH, Facing.SOUTH)
        length = ramp.cells.depth if south else ramp.cells.width
        if ramp.high <= ramp.low:
            yield f"ramp {number} does not rise"
        if ramp.high - ramp.low > length * CELL:
            yield f"ramp {number} is steeper than 45 degrees: {ramp.high - ramp.low} studs over {length * CELL}"
        for end, height, word in (
            (_upper_end(ramp), ramp.high, "upper"),
            (_lower_end(ramp), ramp.low, "lower"),
        ):
            at_corridor = any(
                corridor.floor == height and _within(end, cells)
                for corridor in plan.corridors
                for cells in corridor.cells
            )
            at_door = any(floors[door.room] == height and door.cells == end for door in plan.doors)
            if not (at_corridor or at_door):
                yield f"ramp {number} meets nothing at its {word} end, {height} studs high"


def _ground_faults(plan: WorldPlan) -> Iterator[str]:
    """The ground is level under what is built, a stud or more under the floor, and nowhere lower or higher than it may be."""
    land = plan.land

    def heights(area: Cells) -> list[int]:
        rows = range(area.z, area.z + area.depth)
        return [land.heights[z * land.width + x] for z in rows for x in range(area.x, area.x + area.width)]

    for room in plan.rooms:
        if len(set(heights(room.cells))) > 1:
            yield f"the ground under {room.id} is not level"
    floors = [(room.id, room.cells, room.floor) for room in plan.rooms]
    floors += [
        (corridor.id, cells, corridor.floor) for corridor in plan.corridors for cells in corridor.cells
    ]
    floors += [(f"ramp {number}", ramp.cells, ramp.high) for number, ramp in enumerate(plan.ramps, 1)]
    for what, area, floor in floors:
        if max(heights(area)) >= floor:
            yield f"the ground reaches through the floor of {what}"
    if min(land.heights) < MIN_HEIGHT or max(*land.heights, land.water or 0) > MAX_HEIGHT:
        yield f"the land is lower than {MIN_HEIGHT} or higher than {MAX_HEIGHT} studs"


def _gate_faults(plan: WorldPlan) -> Iterator[str]:
    gate = plan.gate
    if gate is None:
        return
    room = next(room for room in plan.rooms if room.id == gate.room)
    doors = [door.cells for door in plan.doors if door.room == gate.room]
    if doors != [gate.cells]:
        yield f"the gate does not close {gate.room}: the room has {len(doors)} doors"
    if gate.floor != room.floor:
        yield f"the gate stands {gate.floor} studs high, its room {room.floor}"
    if room is not plan.rooms[-1] or room is plan.rooms[0]:
        yield f"the gate is before {gate.room}, which is not the last of several rooms"
    before = sum(station.room != gate.room for station in plan.stations)
    if not 1 <= gate.needed <= before:
        yield f"the gate wants {gate.needed} answers, and {before} stations stand before it"


def _budget_faults(plan: WorldPlan) -> Iterator[str]:
    budget: Budget | None = budget_of(plan.land.width)
    if budget is None:
        yield f"no size has land of {plan.land.width} cells"
        return
    for count, most, word in (
        (len(plan.rooms), budget.rooms, "rooms"),
        (len(plan.boards), budget.boards, "boards"),
        (len(plan.stations), budget.stations, "stations"),
        (parts_needed(plan), budget.parts, "parts"),
    ):
        if count > most:
            yield f"{count} {word} are more than the {most} of the size"
