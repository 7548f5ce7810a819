"""The free floor of one room: what stands on it, and what has to stay free so that all of it can be walked to."""

from collections.abc import Iterable
from typing import Final

from toolboxai.platform.roblox.budgets import BEFORE_THE_ROUND
from toolboxai.platform.roblox.layout.grid import OPPOSITE, STEP, Cell, cells_of
from toolboxai.platform.roblox.model.plan import CELL, Door, Facing, Room, RoomShape

__all__ = ["RoomFloor"]

_LANE: Final = 2  # cells before a door, inside, that stay free


_Spot = tuple[list[Cell], list[Cell]]


class RoomFloor:
    """The inside of a room with walls. What is put down stays; every kept cell can be walked to from every other.

    Args:
        room: whose floor.
        doors: of the room; the lanes before them are kept.
    """

    def __init__(self, room: Room, doors: Iterable[Door]) -> None:
        self.room = room
        self.inside = [cell for cell in cells_of(room.cells) if _is_inside(room, cell)]
        self._inside = set(self.inside)
        self._free = set(self.inside)
        self._taken: set[Cell] = set()
        self._kept: list[Cell] = []
        self._places: dict[tuple[Facing, int, bool], list[_Spot]] = {}
        self.door_sides: list[Facing] = []
        for door in doors:
            x, z = STEP[OPPOSITE[door.side]]
            self.door_sides.append(door.side)
            for cell in cells_of(door.cells):
                self.keep((cell[0] + x * far, cell[1] + z * far) for far in range(1, _LANE + 1))

    def keep(self, cells: Iterable[Cell]) -> None:
        """Nothing will stand on these; those that are not on the floor are passed over."""
        self._kept += [cell for cell in cells if cell in self._inside]

    def put(self, foot: list[Cell], before: list[Cell], *, free_around: bool = False) -> bool:
        """Stand something on ``foot`` that is used from ``before``; False where it does not fit.

        Args:
            foot: what it stands on, side by side: on the floor, not kept, with no other thing right beside it; in a
                dome with its ends before the wall.
            before: stays free, and can be walked to.
            free_around: nothing stands at its corners, and no wall is near either.
        """
        if not (self._free.issuperset(foot) and self._free.issuperset(before)):
            return False
        if any(cell in self._kept for cell in foot) or not self._is_before_the_round(foot, before):
            return False
        around = _around(foot, corners=free_around)
        if not self._taken.isdisjoint(around):
            return False
        if free_around and not self._inside.issuperset(around):
            return False
        kept = [*self._kept, *before]
        if not self._are_joined(kept, foot):
            return False
        self._taken.update(foot)
        self._free.difference_update(foot)
        self._kept = kept
        return True

    def _is_before_the_round(self, foot: list[Cell], before: list[Cell]) -> bool:
        """Whether the ends of what stands there are inside of a dome's wall, whose cells it takes no part of."""
        if self.room.shape is not RoomShape.DOME:
            return True
        cells = self.room.cells
        radius = cells.width / 2 - 1
        east, south = before[0][0] - foot[0][0], before[0][1] - foot[0][1]
        ahead = BEFORE_THE_ROUND / CELL
        for x, z in (foot[0], foot[-1]):
            across = x + 0.5 + ahead * east - cells.x - cells.width / 2
            along = z + 0.5 + ahead * south - cells.z - cells.depth / 2
            if (abs(across) + abs(south) / 2) ** 2 + (abs(along) + abs(east) / 2) ** 2 > radius**2:
                return False
        return True

    def _are_joined(self, cells: list[Cell], foot: list[Cell]) -> bool:
        """Whether all of the cells can be walked to from the first, with something on ``foot``."""
        free = self._free.difference(foot)
        ahead = [cells[0]] if cells else []
        free.difference_update(ahead)
        while ahead:
            x, z = ahead.pop()
            for cell in ((x, z - 1), (x + 1, z), (x, z + 1), (x - 1, z)):
                if cell in free:
                    free.remove(cell)
                    ahead.append(cell)
        return free.isdisjoint(cells)

    def places(self, facing: Facing, width: int, *, by_walls: bool) -> list[_Spot]:
        """Where something that looks to ``facing`` could stand, were the room empty: its foot, ``width`` cells, and the cells before.

        Along the wall behind it, those in the middle first, in a dome along the curve; or anywhere, from the north-west on.
        """
        known = self._places.get((facing, width, by_walls))
        if known is None:
            known = self._by_walls(facing, width) if by_walls else self._in_the_open(facing, width)
            self._places[facing, width, by_walls] = known
        return known

    def _by_walls(self, facing: Facing, width: int) -> list[_Spot]:
        x, z = STEP[facing]
        lengthwise = x == 0
        cells = self.room.cells
        begin, side = (cells.x, cells.width) if lengthwise else (cells.z, cells.depth)
        back, depth = (cells.z, cells.depth) if lengthwise else (cells.x, cells.width)
        backwards = (x or z) < 0
        rows = range(back + depth - 1, back - 1, -1) if backwards else range(back, back + depth)
        middles = sorted(range(begin, begin + side), key=lambda at: (abs(2 * (at - begin) + 1 - side), at))
        places = []
        for middle in middles:
            for row in rows[: depth // 3 + 1]:
                across = range(middle - width // 2, middle - width // 2 + width)
                foot = [(at, row) if lengthwise else (row, at) for at in across]
                if all(cell in self._inside for cell in foot):
                    places.append((foot, [(cx + x, cz + z) for cx, cz in foot]))
                    break
        return places

    def _in_the_open(self, facing: Facing, width: int) -> list[_Spot]:
        x, z = STEP[facing]
        reach = range(-(width // 2), width - width // 2)
        places = []
        for cx, cz in self.inside:
            foot = [(cx + at, cz) if x == 0 else (cx, cz + at) for at in reach]
            places.append((foot, [(fx + x, fz + z) for fx, fz in foot]))
        return places


def _is_inside(room: Room, cell: Cell) -> bool:
    cells = room.cells
    across, along = cell[0] - cells.x, cell[1] - cells.z
    if room.shape is RoomShape.BOX:
        return 0 < across < cells.width - 1 and 0 < along < cells.depth - 1
    # In half cells from the middle to the middle of the cell; the wall takes the outer cell of the circle.
    side = cells.width
    return (2 * across + 1 - side) ** 2 + (2 * along + 1 - side) ** 2 <= (side - 2) ** 2


def _around(foot: list[Cell], *, corners: bool) -> list[Cell]:
    reach = (-1, 0, 1)
    return [
        (x + east, z + south)
        for x, z in foot
        for east in reach
        for south in reach
        if (corners or not (east and south)) and (x + east, z + south) not in foot
    ]
