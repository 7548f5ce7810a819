"""Rooms on their slots: sides, shape, height, floor and name."""

from itertools import count as counting
from random import Random
from typing import Final

from toolboxai.platform.roblox.budgets import Budget
from toolboxai.platform.roblox.layout.grid import Cell
from toolboxai.platform.roblox.layout.slots import Slot, Slots
from toolboxai.platform.roblox.looks import Arrangement, Look, RoomNames
from toolboxai.platform.roblox.model.plan import CELL, Cells, Room, RoomShape
from toolboxai.platform.roblox.room_names import in_language

__all__ = ["BASE_FLOOR", "RISE", "Site", "make_rooms", "room_titles"]

BASE_FLOOR: Final = 17
"""The lowest floor: one stud over the ground, whose 16 studs are four voxels of Roblox terrain, so that it is even."""

RISE: Final = 4
"""From one level to the next: one voxel of terrain, and a ramp of four cells at one stud per cell."""

_FIRST_ROOM_SIDE: Final = 10  # the spawn, the guide and whoever just arrived have room in the middle
_HALL_DEPTH: Final = 10
_DOME_HEIGHT: Final = 16
"""Studs of the lowest dome: a flatter one would take the upper corners of the boards by its wall."""


class Site:
    """Where the slots lie on the land: the slots in use, in its middle.

    Args:
        slots: what is built.
        budget: of the size.
    """

    def __init__(self, slots: Slots, budget: Budget) -> None:
        self.slots = slots
        self.budget = budget
        west = min(slot.column for slot in slots.slots)
        east = max(slot.column + slot.columns for slot in slots.slots)
        north = min(slot.row for slot in slots.slots)
        south = max(slot.row for slot in slots.slots) + 1
        self._x = self._before(west, east)
        self._z = self._before(north, south)

    def _before(self, first: int, end: int) -> int:
        used = (end - first) * self.budget.pitch - self.budget.gap_cells
        return (self.budget.cells - used) // 2 - first * self.budget.pitch

    def corner(self, slot: Slot) -> Cell:
        """The north-western cell of a slot."""
        return self._x + slot.column * self.budget.pitch, self._z + slot.row * self.budget.pitch

    def middle(self, slot: Slot) -> Cell:
        """The first cell past the middle of a slot's first column, which every room on it covers."""
        x, z = self.corner(slot)
        return x + self.budget.room_cells // 2, z + self.budget.room_cells // 2


def make_rooms(
    site: Site, look: Look, language: str, dice: Random, *, levels: int, roomy: bool
) -> tuple[Room, ...]:
    """One room for each slot, ``r1`` first.

    Args:
        site: where the slots lie.
        look: of the theme.
        language: of the names.
        dice: for sides, shapes and heights.
        levels: 1 for a level world, else how many floors there are at most.
        roomy: every room as large as its slot: for a lesson that needs the space.
    """
    slots = site.slots.slots
    titles = room_titles(in_language(look.names, language), len(slots))
    floors = _levels(site.slots, levels, dice)
    rooms = []
    for index, slot in enumerate(slots):
        height = dice.randint(*look.heights)
        if slot.columns > 1:
            shape, cells = RoomShape.BOX, _hall_cells(site, slot)
        elif dice.randrange(100) < look.domes or (index == 0 and look.arrangement is Arrangement.ARMS):
            shape, cells = RoomShape.DOME, _dome_cells(site, slot, look, dice, roomy=roomy)
            height = max(_DOME_HEIGHT, min(height, cells.width * CELL // 2))
        else:
            least = _FIRST_ROOM_SIDE if index == 0 else 0
            shape, cells = RoomShape.BOX, _box_cells(site, slot, look, dice, least=least, roomy=roomy)
        rooms.append(
            Room(
                id=f"r{index + 1}",
                title=titles[index],
                shape=shape,
                cells=cells,
                floor=BASE_FLOOR + RISE * floors[index],
                height=height,
            )
        )
    return tuple(rooms)


def room_titles(names: RoomNames, count: int) -> list[str]:
    """A name for each of ``count`` rooms, none twice: ``Classroom``, …, ``Classroom 2``."""
    others = []
    for turn in counting(1):
        others += [name if turn == 1 else f"{name} {turn}" for name in names.others]
        if len(others) >= count:
            break
    return [names.first, *others[: count - 2], names.last] if count > 1 else [names.first]


def _levels(slots: Slots, levels: int, dice: Random) -> list[int]:
    """A level for each room; rooms side by side, joined or not, are at most one apart. The first is lowest."""
    chosen = [0, *(dice.randrange(levels) for _ in range(len(slots) - 2)), levels - 1]
    beside = [
        [other for cell in slots.neighbours(index) if (other := slots.at(*cell)) is not None]
        for index in range(len(slots))
    ]
    for _ in range(levels):  # each round takes what is too high down to one over its lowest neighbour
        for index, others in enumerate(beside):
            chosen[index] = min(chosen[index], *(chosen[other] + 1 for other in others))
    return chosen


def _sides(site: Site, look: Look, dice: Random, *, roomy: bool) -> int:
    most = site.budget.room_cells
    low, high = look.room_sides
    return most if roomy else dice.randint(min(low, most), min(high, most))


def _hall_cells(site: Site, slot: Slot) -> Cells:
    x, _ = site.corner(slot)
    _, middle = site.middle(slot)
    width = slot.columns * site.budget.pitch - site.budget.gap_cells
    return Cells(x, middle - _HALL_DEPTH // 2, width, _HALL_DEPTH)


def _dome_cells(site: Site, slot: Slot, look: Look, dice: Random, *, roomy: bool) -> Cells:
    """Domes are even and stand in the middle of their slots, so that their doors face those of others."""
    side = max(_FIRST_ROOM_SIDE, _sides(site, look, dice, roomy=roomy)) // 2 * 2
    x, z = site.middle(slot)
    return Cells(x - side // 2, z - side // 2, side, side)


def _box_cells(site: Site, slot: Slot, look: Look, dice: Random, *, least: int, roomy: bool) -> Cells:
    width, depth = (max(least, _sides(site, look, dice, roomy=roomy)) for _ in range(2))
    x, z = (
        _beginning(corner, middle, side, site.budget.room_cells, dice)
        for corner, middle, side in zip(site.corner(slot), site.middle(slot), (width, depth), strict=True)
    )
    return Cells(x, z, width, depth)


def _beginning(corner: int, middle: int, side: int, room_cells: int, dice: Random) -> int:
    """Where a side begins: anywhere in the slot, as long as four cells lie on both sides of the middle."""
    return dice.randint(max(corner, middle + 4 - side), min(middle - 4, corner + room_cells - side))
