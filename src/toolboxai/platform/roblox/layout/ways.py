"""Doors, corridors and ramps between rooms that are joined."""

from random import Random
from typing import Final

from msgspec import Struct

from toolboxai.platform.roblox.layout.rooms import Site
from toolboxai.platform.roblox.layout.slots import Slot
from toolboxai.platform.roblox.looks import Look
from toolboxai.platform.roblox.model.plan import Cells, Corridor, Door, Facing, Ramp, Room, RoomShape

__all__ = ["Ways", "join"]

_WIDTH: Final = 2  # cells of a door and of a corridor
_WINDOW: Final = range(
    -4, 3
)  # where a door may begin, from the middle of a slot: on this strip both rooms have a wall


class Ways(Struct, frozen=True, kw_only=True):
    """How one comes from room to room."""

    doors: tuple[Door, ...]
    corridors: tuple[Corridor, ...]
    ramps: tuple[Ramp, ...]


class _Line(Struct, frozen=True):
    """The line from one room to another: ``along`` it, and ``across`` it. It runs south, or east."""

    south: bool

    def cells(self, across: int, along: int, width: int, length: int) -> Cells:
        return Cells(across, along, width, length) if self.south else Cells(along, across, length, width)

    def across(self, room: Room) -> tuple[int, int]:
        cells = room.cells
        return (cells.x, cells.width) if self.south else (cells.z, cells.depth)

    def along(self, room: Room) -> tuple[int, int]:
        cells = room.cells
        return (cells.z, cells.depth) if self.south else (cells.x, cells.width)

    @property
    def onward(self) -> Facing:
        return Facing.SOUTH if self.south else Facing.EAST

    @property
    def back(self) -> Facing:
        return Facing.NORTH if self.south else Facing.WEST


def join(site: Site, rooms: tuple[Room, ...], look: Look, dice: Random) -> Ways:
    """A corridor for each way, with a door at both ends, and a ramp up to the higher room."""
    doors: list[Door] = []
    corridors: list[Corridor] = []
    ramps: list[Ramp] = []
    for first, second in site.slots.ways:
        line = _Line(_is_south(site.slots.slots[first], site.slots.slots[second]))
        near, far = sorted((first, second), key=lambda index: line.along(rooms[index])[0])
        begins = _begins(line, site, (near, far), rooms)
        bent = rooms[near].floor == rooms[far].floor and dice.randrange(100) < look.bends
        begin = _choose(begins, dice, bent=bent)
        doors += _doors(line, rooms[near], rooms[far], begin)
        ends = _ends(line, rooms[near], rooms[far])
        ramp = _ramp(line, rooms[near], rooms[far], begin[0], ends)
        if ramp is not None:
            ramps.append(ramp)
            length = ramp.high - ramp.low
            ends = (ends[0] + length, ends[1]) if ramp.facing is line.back else (ends[0], ends[1] - length)
        corridors.append(
            Corridor(
                id=f"c{len(corridors) + 1}",
                rooms=(rooms[first].id, rooms[second].id),
                cells=_way(line, begin, ends, _bend_at(line, site, near)),
                floor=min(rooms[near].floor, rooms[far].floor),
                covered=dice.randrange(100) < look.covered,
            )
        )
    return Ways(doors=tuple(doors), corridors=tuple(corridors), ramps=tuple(ramps))


def _is_south(one: Slot, other: Slot) -> bool:
    return one.row != other.row


def _begins(line: _Line, site: Site, pair: tuple[int, int], rooms: tuple[Room, ...]) -> list[list[int]]:
    """For both rooms the cells across the line at which a door may begin, corners left out."""
    # A hall reaches over several slots; the way lies at the one whose neighbour it joins.
    slot = min((site.slots.slots[index] for index in pair), key=lambda slot: slot.columns)
    middle = site.middle(slot)[0 if line.south else 1]
    found = []
    for index in pair:
        begin, side = line.across(rooms[index])
        if rooms[index].shape is RoomShape.DOME:
            found.append([begin + side // 2 - 1])
        else:
            fits = range(begin + 2, begin + side - _WIDTH - 1)
            found.append([middle + at for at in _WINDOW if middle + at in fits])
    return found


def _choose(begins: list[list[int]], dice: Random, *, bent: bool) -> tuple[int, int]:
    near, far = begins
    if bent:
        return dice.choice(near), dice.choice(far)
    straight = dice.choice([at for at in near if at in far])
    return straight, straight


def _doors(line: _Line, near: Room, far: Room, begin: tuple[int, int]) -> list[Door]:
    start, length = line.along(near)
    there, _ = line.along(far)
    return [
        Door(room=near.id, side=line.onward, cells=line.cells(begin[0], start + length - 1, _WIDTH, 1)),
        Door(room=far.id, side=line.back, cells=line.cells(begin[1], there, _WIDTH, 1)),
    ]


def _ends(line: _Line, near: Room, far: Room) -> tuple[int, int]:
    """The first cell between two rooms, and the first of the far one."""
    start, length = line.along(near)
    return start + length, line.along(far)[0]


def _ramp(line: _Line, near: Room, far: Room, begin: int, ends: tuple[int, int]) -> Ramp | None:
    """Before the door of the higher room, one stud up for each cell."""
    low, high = sorted((near.floor, far.floor))
    if low == high:
        return None
    length = high - low
    upper_is_near = near.floor == high
    start = ends[0] if upper_is_near else ends[1] - length
    return Ramp(
        cells=line.cells(begin, start, _WIDTH, length),
        low=low,
        high=high,
        facing=line.back if upper_is_near else line.onward,
    )


def _bend_at(line: _Line, site: Site, near: int) -> int:
    """The first of two cells in the middle between the slots, where no other way comes."""
    corner = site.corner(site.slots.slots[near])
    slot = site.slots.slots[near]
    if line.south:
        end = corner[1] + site.budget.room_cells
    else:
        end = corner[0] + slot.columns * site.budget.pitch - site.budget.gap_cells
    return end + site.budget.gap_cells // 2 - 1


def _way(line: _Line, begin: tuple[int, int], ends: tuple[int, int], bend: int) -> tuple[Cells, ...]:
    near, far = begin
    if near == far:
        return (line.cells(near, ends[0], _WIDTH, ends[1] - ends[0]),)
    after = bend + _WIDTH
    return (
        line.cells(near, ends[0], _WIDTH, bend - ends[0]),
        line.cells(min(near, far), bend, abs(near - far) + _WIDTH, _WIDTH),
        line.cells(far, after, _WIDTH, ends[1] - after),
    )
