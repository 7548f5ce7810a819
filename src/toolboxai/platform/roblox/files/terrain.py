"""The land as data: what a script of one's own can build terrain from."""

import msgspec
from msgspec.structs import astuple

from toolboxai.platform.roblox.model.plan import CELL, Land

__all__ = ["height_map"]


def height_map(land: Land) -> bytes:
    """JSON, one row of the land a line: heights in studs at the top of the ground, materials as digits of the palette.

    What is ``dry`` has the first column and row, how many of each, and the heights from and to which water is kept out.
    Row 0 is the northernmost; the first cell begins at ``origin``. ``bottom`` is the height from which the ground is
    filled.
    """
    rows = [list(land.heights[z * land.width : (z + 1) * land.width]) for z in range(land.depth)]
    materials = [land.materials[z * land.width : (z + 1) * land.width] for z in range(land.depth)]
    head = {
        "format": "toolboxai.height-map",
        "version": 1,
        "cell_studs": CELL,
        "columns": land.width,
        "rows": land.depth,
        "origin": [-land.width * CELL // 2, 0, -land.depth * CELL // 2],
        "bottom": 0,
        "water": land.water,
        "palette": land.palette,
        "dry": [[*astuple(each.cells), each.bottom, each.top] for each in land.dry],
    }
    lines = [
        *(f"  {_json(name)}: {_json(value)}," for name, value in head.items()),
        '  "heights": [',
        ",\n".join(f"    {_json(row)}" for row in rows),
        "  ],",
        '  "materials": [',
        ",\n".join(f"    {_json(row)}" for row in materials),
        "  ]",
    ]
    return ("{\n" + "\n".join(lines) + "\n}\n").encode()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
