"""The ground as the script that builds it has it: two texts for each row of cells, and what water is kept out of."""

from typing import Final

from toolboxai.platform.roblox.luau.literals import Data
from toolboxai.platform.roblox.model.plan import CELL, Dry, Land

__all__ = ["land_data"]

_FIRST: Final = 32
_BASE: Final = 95
"""Heights are digits from space to ``~``, all printable ASCII: one of them tells 95 heights apart."""


def land_data(land: Land) -> Data:
    """Heights over the lowest one, one or two digits to a cell, and materials, one digit to a cell.

    Raises:
        ValueError: the land, or what is dry in it, does not lie on Roblox's grid of voxels; it has too few or too many
            cells, or is too high.
    """
    cells = land.width * land.depth
    if land.width % 2 or land.depth % 2:
        raise ValueError(
            f"a land of {land.width} by {land.depth} cells, centred, lies between voxels of {CELL} studs; make both even"
        )
    if len(land.heights) != cells or len(land.materials) != cells:
        raise ValueError(
            f"{land.width} by {land.depth} cells need {cells} heights and materials, "
            f"not {len(land.heights)} and {len(land.materials)}"
        )
    if len(land.palette) > 10 or not all(
        each.isdigit() and int(each) < len(land.palette) for each in land.materials
    ):
        raise ValueError(
            f"materials are digits below {min(10, len(land.palette))}, one for each name of the palette"
        )
    lowest = min(land.heights)
    span = max(land.heights) - lowest
    if span >= _BASE**2 or lowest < 0:
        raise ValueError(
            f"heights go from 0 to {_BASE**2 - 1} over the lowest, not {lowest} to {lowest + span}"
        )
    for each in land.dry:
        if each.bottom % CELL or each.top % CELL:
            raise ValueError(
                f"what is dry begins and ends between voxels of {CELL} studs, not {each.bottom} to {each.top} studs high"
            )
    digits = 1 if span < _BASE else 2
    rows = range(0, cells, land.width)
    return {
        "width": land.width,
        "depth": land.depth,
        "lowest": lowest,
        "digits": digits,
        "heights": [
            "".join(_digits(height - lowest, digits) for height in land.heights[at : at + land.width])
            for at in rows
        ],
        "materials": [land.materials[at : at + land.width] for at in rows],
        "palette": land.palette,
        "water": False if land.water is None else land.water,
        "dry": [_dry(each) for each in land.dry],
    }


def _dry(dry: Dry) -> Data:
    """First column and row, how many of them, and the heights."""
    cells = dry.cells
    return [cells.x, cells.z, cells.width, cells.depth, dry.bottom, dry.top]


def _digits(number: int, count: int) -> str:
    low = chr(_FIRST + number % _BASE)
    return low if count == 1 else chr(_FIRST + number // _BASE) + low
