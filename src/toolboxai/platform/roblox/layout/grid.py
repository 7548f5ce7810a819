"""Words for rows of cells and sides, which all of the layout shares."""

from collections.abc import Iterator
from typing import Final

from toolboxai.platform.roblox.model.plan import CELL, Cells, Facing, Place

__all__ = ["OPPOSITE", "STEP", "Cell", "cells_of", "place_at"]

Cell = tuple[int, int]
"""Column and row of one cell."""

STEP: Final[dict[Facing, Cell]] = {
    Facing.NORTH: (0, -1),
    Facing.EAST: (1, 0),
    Facing.SOUTH: (0, 1),
    Facing.WEST: (-1, 0),
}
"""To the next cell on each side."""

OPPOSITE: Final = {
    Facing.NORTH: Facing.SOUTH,
    Facing.EAST: Facing.WEST,
    Facing.SOUTH: Facing.NORTH,
    Facing.WEST: Facing.EAST,
}


def cells_of(rectangle: Cells) -> Iterator[Cell]:
    """Its cells, row by row."""
    for z in range(rectangle.z, rectangle.z + rectangle.depth):
        for x in range(rectangle.x, rectangle.x + rectangle.width):
            yield x, z


def place_at(cell: Cell, floor: int, facing: Facing, land_cells: int) -> Place:
    """The middle of a cell, in studs of a world whose land is a square of ``land_cells`` cells around the origin."""
    x, z = (at * CELL + CELL // 2 - land_cells * CELL // 2 for at in cell)
    return Place(x, floor, z, facing)
