"""Which cells things stand on, and whether each stands where it can be seen and used."""

from collections.abc import Iterator
from math import hypot

from msgspec import Struct

from toolboxai.platform.roblox.budgets import BEFORE_THE_ROUND
from toolboxai.platform.roblox.model.plan import CELL, Cells, Facing, Place, Room, RoomShape, WorldPlan

__all__ = ["Cell", "Standing", "Thing", "cell_of", "covered_cells", "inside_cells", "standing_faults"]

Cell = tuple[int, int]

_AHEAD = {Facing.NORTH: (0, -1), Facing.EAST: (1, 0), Facing.SOUTH: (0, 1), Facing.WEST: (-1, 0)}


def cell_of(plan: WorldPlan, place: Place) -> Cell:
    """The cell in which a place lies."""
    x, z = place.x + plan.land.width * CELL // 2, place.z + plan.land.depth * CELL // 2
    return x // CELL, z // CELL


def covered_cells(area: Cells) -> list[Cell]:
    """All cells of a rectangle."""
    return [(x, z) for x in range(area.x, area.x + area.width) for z in range(area.z, area.z + area.depth)]


def inside_cells(room: Room) -> set[Cell]:
    """The cells of a room between its walls; a wall takes a cell's width, of a dome's circle too."""
    area = room.cells
    if room.shape is RoomShape.OPEN:
        return set(covered_cells(area))
    if room.shape is RoomShape.BOX:
        return set(covered_cells(Cells(area.x + 1, area.z + 1, area.width - 2, area.depth - 2)))
    radius = area.width / 2 - 1
    middle_x, middle_z = area.x + area.width / 2, area.z + area.depth / 2
    return {
        (x, z)
        for x, z in covered_cells(area)
        if (x + 0.5 - middle_x) ** 2 + (z + 0.5 - middle_z) ** 2 <= radius**2
    }


class Thing(Struct, frozen=True):
    """What stands somewhere: its name, its room or "", its place, the cells under it and the cell from which it is used."""

    name: str
    room: str
    place: Place
    cells: tuple[Cell, ...]
    used_from: Cell


class Standing:
    """Everything of a plan that stands on a floor, the spawn left out."""

    def __init__(self, plan: WorldPlan) -> None:
        self.plan = plan
        self.things = [*self._boards(), *self._stations(), *self._guide()]
        self.taken = {cell for thing in self.things for cell in thing.cells}

    def _boards(self) -> Iterator[Thing]:
        for board in self.plan.boards:
            middle = cell_of(self.plan, board.place)
            x, z = _AHEAD[board.place.facing]
            reach = board.width // CELL // 2
            cells = tuple((middle[0] + at * z, middle[1] + at * x) for at in range(-reach, reach + 1))
            name = f"board {board.section}"
            yield Thing(name, board.room, board.place, cells, (middle[0] + x, middle[1] + z))

    def _stations(self) -> Iterator[Thing]:
        for station in self.plan.stations:
            cell, stand = cell_of(self.plan, station.place), cell_of(self.plan, station.stand)
            yield Thing(f"station {station.question}", station.room, station.place, (cell,), stand)

    def _guide(self) -> Iterator[Thing]:
        guide = self.plan.guide
        if guide is not None:
            x, z = cell_of(self.plan, guide)
            east, south = _AHEAD[guide.facing]
            yield Thing("the guide", self.plan.rooms[0].id, guide, ((x, z),), (x + east, z + south))


def standing_faults(plan: WorldPlan, standing: Standing) -> Iterator[str]:
    """Things outside of their rooms, in walls, in doorways, on one another; and what is there twice."""
    inside = {room.id: inside_cells(room) for room in plan.rooms}
    rooms = {room.id: room for room in plan.rooms}
    floors = {room.id: room.floor for room in plan.rooms}
    doorways = _doorways(plan)
    spawn = cell_of(plan, plan.spawn)
    if spawn not in inside["r1"] or plan.spawn.y != floors["r1"]:
        yield "the spawn is not on the floor of r1"
    if spawn in doorways:
        yield "the spawn is in a doorway"
    here: dict[Cell, str] = {spawn: "the spawn"}
    for thing in standing.things:
        if thing.place.y != floors[thing.room]:
            yield f"{thing.name} stands {thing.place.y} studs high, the floor of {thing.room} {floors[thing.room]}"
        if any(cell not in inside[thing.room] for cell in thing.cells):
            yield f"{thing.name} stands in a wall, or outside of {thing.room}"
        if not _is_before_the_round(thing, rooms[thing.room]):
            yield f"{thing.name} has an end in the round wall of {thing.room}"
        if thing.used_from not in inside[thing.room]:
            yield f"whoever is to use {thing.name} has no place in {thing.room}"
        for cell in thing.cells:
            if cell in doorways:
                yield f"{thing.name} stands in the doorway of {doorways[cell]}"
            if cell in here:
                yield f"{thing.name} and {here[cell]} stand on the same cell"
            here[cell] = thing.name
    for thing in standing.things:
        if thing.used_from in standing.taken:
            yield f"{here[thing.used_from]} stands where {thing.name} is used from"
    yield from _pairing_faults(plan)


def _is_before_the_round(thing: Thing, room: Room) -> bool:
    """Whether both ends of what stands in a dome are inside; elsewhere the cells say it."""
    if room.shape is not RoomShape.DOME:
        return True
    area = room.cells
    x, z = _AHEAD[thing.place.facing]
    for cell in (thing.cells[0], thing.cells[-1]):
        away = (
            CELL * (cell[0] + 0.5 - area.x - area.width / 2) + BEFORE_THE_ROUND * x,
            CELL * (cell[1] + 0.5 - area.z - area.depth / 2) + BEFORE_THE_ROUND * z,
        )
        if hypot(abs(away[0]) + CELL / 2 * abs(z), abs(away[1]) + CELL / 2 * abs(x)) > CELL * (
            area.width / 2 - 1
        ):
            return False
    return True


def _doorways(plan: WorldPlan) -> dict[Cell, str]:
    """The cells of doors and those right before and behind them, each with its room."""
    found: dict[Cell, str] = {}
    for door in plan.doors:
        x, z = _AHEAD[door.side]
        for cell in covered_cells(door.cells):
            for at in (-1, 0, 1):
                found[cell[0] + at * x, cell[1] + at * z] = door.room
    return found


def _pairing_faults(plan: WorldPlan) -> Iterator[str]:
    for station in plan.stations:
        cell, stand = cell_of(plan, station.place), cell_of(plan, station.stand)
        x, z = _AHEAD[station.place.facing]
        if stand != (cell[0] + x, cell[1] + z) or _AHEAD[station.stand.facing] != (-x, -z):
            yield f"who answers at station {station.question} does not stand right before it, looking at it"
        if station.stand.y != station.place.y:
            yield f"who answers at station {station.question} stands higher or lower than it"
    for board in plan.boards:
        if board.width % (2 * CELL) != CELL or board.height < 1:
            yield f"board {board.section} is {board.width} studs wide: not an odd number of cells"
    names = [f"board {board.section}" for board in plan.boards]
    names += [f"station {station.question}" for station in plan.stations]
    for name in dict.fromkeys(each for each in names if names.count(each) > 1):
        yield f"{name} is there more than once"
