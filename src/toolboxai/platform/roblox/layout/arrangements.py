"""The arrangements of the themes: each takes slots in its own way."""

from collections.abc import Callable
from math import isqrt
from random import Random
from typing import Final

from toolboxai.platform.roblox.layout.grid import Cell
from toolboxai.platform.roblox.layout.slots import Slots
from toolboxai.platform.roblox.looks import Arrangement

__all__ = ["arrange"]

_TRIES: Final = 30
"""A way that must not cross itself may wall itself in; then another one is tried."""

_AROUND: Final[tuple[Cell, ...]] = ((0, -1), (1, 0), (0, 1), (-1, 0))
_HALL_COLUMNS: Final = 4  # a longer hall is a minute's walk


def _hall(slots: Slots, count: int, dice: Random) -> None:
    columns = min(slots.side, _HALL_COLUMNS, max(2, (count - 1) // 2))
    row = slots.side // 2
    first = (slots.side - columns) // 2
    slots.put(first, row, beside=None, columns=columns)
    order = [(first + at, side) for at in range(columns) for side in (-1, 1)]
    for distance in range(1, slots.side):
        for column, side in order:
            here, behind = row + side * distance, row + side * (distance - 1)
            if len(slots) < count and slots.is_free(column, here):
                slots.put(column, here, beside=slots.at(column, behind))
    slots.grow(count, dice)


def _rows(slots: Slots, count: int, dice: Random) -> None:
    columns = isqrt(count - 1) + 1
    for index in range(count):
        row, column = divmod(index, columns)
        slots.put(column if row % 2 == 0 else columns - 1 - column, row, beside=index - 1 if index else None)
    slots.close(50, dice)


def _arms(slots: Slots, count: int, dice: Random) -> None:
    middle = slots.side // 2
    hub = slots.put(middle, middle, beside=None)
    turn = dice.randrange(4)
    sides = _AROUND[turn:] + _AROUND[:turn]
    ends = [hub] * 4
    for distance in range(1, slots.side):
        for arm, (x, z) in enumerate(sides):
            cell = (middle + x * distance, middle + z * distance)
            if len(slots) < count and slots.is_free(*cell):
                ends[arm] = slots.put(*cell, beside=ends[arm])
    slots.grow(count, dice)


def _chain(slots: Slots, count: int, dice: Random) -> None:
    best: list[Cell] = []
    for _ in range(_TRIES):
        way = _winding(slots.side, count, dice)
        if len(way) > len(best):
            best = way
        if len(best) == count:
            break
    for index, cell in enumerate(best):
        slots.put(*cell, beside=index - 1 if index else None)
    slots.grow(count, dice)


def _winding(side: int, count: int, dice: Random) -> list[Cell]:
    """A way over ``count`` slots that does not cross itself, or as far as it comes; it likes to turn."""
    here, came = (dice.randrange(side), dice.randrange(side)), (0, 0)
    way = [here]
    while len(way) < count:
        ahead = [
            step
            for step in _AROUND
            if (cell := (here[0] + step[0], here[1] + step[1])) not in way
            and 0 <= min(cell) <= max(cell) < side
        ]
        if not ahead:
            break
        turns = [step for step in ahead if step != came]
        came = dice.choice(turns if turns and dice.random() < 0.6 else ahead)
        here = (here[0] + came[0], here[1] + came[1])
        way.append(here)
    return way


def _court(slots: Slots, count: int, dice: Random) -> None:
    width, depth = next(
        (
            (width, depth)
            for depth in range(3, slots.side + 1)
            for width in (depth, depth + 1)
            if width <= slots.side and 2 * (width + depth) - 4 >= count - 1
        ),
        (slots.side, slots.side),
    )
    middle = width // 2
    ring = [(column, depth - 1) for column in range(middle, -1, -1)]
    ring += [(0, row) for row in range(depth - 2, -1, -1)]
    ring += [(column, 0) for column in range(1, width)]
    ring += [(width - 1, row) for row in range(1, depth)]
    ring += [(column, depth - 1) for column in range(width - 2, middle, -1)]
    if dice.random() < 0.5:
        ring = [(width - 1 - column, row) for column, row in ring]
    for index, cell in enumerate(ring[: count - 1]):
        slots.put(*cell, beside=index - 1 if index else None)
    inside = [(column, row) for row in range(1, depth - 1) for column in range(1, width - 1)]
    slots.grow(count - 1, dice)
    _last_in_court(slots, inside, dice)
    slots.close(100, dice)


def _last_in_court(slots: Slots, inside: list[Cell], dice: Random) -> None:
    """The last room stands in the court, its door to the room of the ring that is furthest along the way."""
    for index in range(len(slots) - 1, -1, -1):
        places = [cell for cell in slots.free_neighbours(index) if cell in inside]
        if places:
            slots.put(*dice.choice(places), beside=index)
            return
    slots.grow(len(slots) + 1, dice)


def _spiral(slots: Slots, count: int, dice: Random) -> None:
    column, row = (slots.side - 1) // 2, (slots.side - 1) // 2
    mirrored = dice.random() < 0.5
    way: list[Cell] = [(column, row)]
    length, turn = 1, 1
    while len(way) < slots.side**2:
        for _ in range(2):
            x, z = _AROUND[turn % 4]
            for _ in range(length):
                column, row = column + x, row + z
                way.append((column, row))
            turn += 1
        length += 1
    for index, (column, row) in enumerate(way[:count]):
        slots.put(
            row if mirrored else column, column if mirrored else row, beside=index - 1 if index else None
        )


def _paths(slots: Slots, count: int, dice: Random) -> None:
    slots.put(slots.side // 2, slots.side - 1, beside=None)
    while len(slots) < count:
        # Nine times of ten on from where the way has come to: long paths, few forks.
        ends = [index for index in range(len(slots)) if slots.free_neighbours(index)]
        index = ends[-1] if dice.random() < 0.9 else dice.choice(ends)
        slots.put(*dice.choice(slots.free_neighbours(index)), beside=index)
    slots.close(35, dice)


def _branches(slots: Slots, count: int, dice: Random) -> None:
    slots.put(slots.side // 2, slots.side // 2, beside=None)
    slots.grow(count, dice)


_ARRANGEMENTS: Final[dict[Arrangement, Callable[[Slots, int, Random], None]]] = {
    Arrangement.HALL: _hall,
    Arrangement.ROWS: _rows,
    Arrangement.ARMS: _arms,
    Arrangement.CHAIN: _chain,
    Arrangement.COURT: _court,
    Arrangement.SPIRAL: _spiral,
    Arrangement.PATHS: _paths,
    Arrangement.BRANCHES: _branches,
}


def arrange(arrangement: Arrangement, count: int, side: int, dice: Random) -> Slots:
    """``count`` rooms, at least two, on a grid of ``side`` times ``side`` slots; the last one has one way only."""
    slots = Slots(side)
    _ARRANGEMENTS[arrangement](slots, count, dice)
    return slots
