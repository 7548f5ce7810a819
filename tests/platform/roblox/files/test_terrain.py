"""The land as data."""

import json

from toolboxai.platform.roblox.files.terrain import height_map
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.model.plan import Cells, Dry, Land
from toolboxai.platform.roblox.model.spec import Theme
from world_plans import lesson, wish


def test_rows_are_lines_from_north_to_south() -> None:
    land = Land(
        width=4,
        depth=2,
        heights=(16, 17, 18, 19, 20, 21, 22, 23),
        materials="00110101",
        palette=("Grass", "Rock"),
        water=12,
        dry=(Dry(Cells(1, 0, 2, 1), 8, 16),),
    )
    text = height_map(land).decode()
    assert "\n    [16,17,18,19],\n    [20,21,22,23]\n" in text
    assert json.loads(text) == {
        "format": "toolboxai.height-map",
        "version": 1,
        "cell_studs": 4,
        "columns": 4,
        "rows": 2,
        "origin": [-8, 0, -4],
        "bottom": 0,
        "water": 12,
        "palette": ["Grass", "Rock"],
        "dry": [[1, 0, 2, 1, 8, 16]],
        "heights": [[16, 17, 18, 19], [20, 21, 22, 23]],
        "materials": ["0011", "0101"],
    }


def test_a_whole_land_is_in_it() -> None:
    land = plan_world(wish(Theme.UNDERWATER, of=lesson())).land
    read = json.loads(height_map(land))
    assert tuple(height for row in read["heights"] for height in row) == land.heights
    assert "".join(read["materials"]) == land.materials
