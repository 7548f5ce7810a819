"""Which room lies beside which: slots of a square grid, in the order in which a pupil comes to them."""

from random import Random

from msgspec import Struct

from toolboxai.platform.roblox.layout.grid import Cell

__all__ = ["Slot", "Slots"]


class Slot(Struct, frozen=True):
    """One room's place: a column and a row, and how many columns it takes to the east."""

    column: int
    row: int
    columns: int = 1


class Slots:
    """Slots taken so far, and which are joined. Each but the first is joined to one that was there before it.

    Args:
        side: rows, and columns of a row.
    """

    def __init__(self, side: int) -> None:
        self.side = side
        self.slots: list[Slot] = []
        self.ways: list[tuple[int, int]] = []
        self._taken: dict[Cell, int] = {}

    def __len__(self) -> int:
        return len(self.slots)

    def is_free(self, column: int, row: int) -> bool:
        """Whether it is on the grid, and nobody's."""
        return 0 <= column < self.side and 0 <= row < self.side and (column, row) not in self._taken

    def at(self, column: int, row: int) -> int | None:
        """The index of the room there."""
        return self._taken.get((column, row))

    def put(self, column: int, row: int, beside: int | None, columns: int = 1) -> int:
        """Take a place and join it to the room ``beside``; the new room's index."""
        index = len(self.slots)
        self.slots.append(Slot(column, row, columns))
        for each in range(columns):
            self._taken[column + each, row] = index
        if beside is not None:
            self.ways.append((beside, index))
        return index

    def neighbours(self, index: int) -> list[Cell]:
        """The slots around a room: north and south from west to east, then east, then west."""
        slot = self.slots[index]
        columns = range(slot.column, slot.column + slot.columns)
        around = [(column, slot.row - 1) for column in columns]
        around += [(column, slot.row + 1) for column in columns]
        return [*around, (slot.column + slot.columns, slot.row), (slot.column - 1, slot.row)]

    def free_neighbours(self, index: int) -> list[Cell]:
        """Those around a room that are nobody's."""
        return [cell for cell in self.neighbours(index) if self.is_free(*cell)]

    def grow(self, count: int, dice: Random) -> None:
        """Add rooms beside rooms, as chance will have it, until there are ``count``."""
        while len(self) < count:
            open_ones = [index for index in range(len(self)) if self.free_neighbours(index)]
            index = dice.choice(open_ones)
            self.put(*dice.choice(self.free_neighbours(index)), beside=index)

    def close(self, percent: int, dice: Random) -> None:
        """Join some rooms that lie side by side and are not joined yet; never the last one, which has one door."""
        last = len(self) - 1
        for index in range(last):
            for cell in self.neighbours(index):
                other = self._taken.get(cell, last)
                if index < other < last and (index, other) not in self.ways and dice.randrange(100) < percent:
                    self.ways.append((index, other))
