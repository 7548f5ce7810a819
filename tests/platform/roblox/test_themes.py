"""Every theme is whole, speaks three languages, and looks like no other."""

import pytest

from toolboxai.platform.roblox.looks import Finish, Look
from toolboxai.platform.roblox.model.spec import Theme
from toolboxai.platform.roblox.room_names import GUIDE_NAMES, OPEN_FLOOR_NAMES, ROOM_NAMES, in_language
from toolboxai.platform.roblox.themes import THEMES

# https://create.roblox.com/docs/reference/engine/enums/Material: what terrain can have, and what only parts have.
TERRAIN = {
    "WoodPlanks",
    "Basalt",
    "Slate",
    "CrackedLava",
    "Concrete",
    "Limestone",
    "Pavement",
    "Brick",
    "Cobblestone",
    "Rock",
    "Sandstone",
    "Grass",
    "LeafyGrass",
    "Sand",
    "Snow",
    "Mud",
    "Ground",
    "Asphalt",
    "Salt",
    "Ice",
    "Glacier",
}
PARTS = TERRAIN | {
    "Plastic",
    "SmoothPlastic",
    "Neon",
    "Wood",
    "Marble",
    "Granite",
    "Pebble",
    "CorrodedMetal",
    "DiamondPlate",
    "Foil",
    "Metal",
    "Fabric",
    "Glass",
    "ForceField",
    "Cardboard",
    "Carpet",
    "CeramicTiles",
    "ClayRoofTiles",
    "RoofShingles",
    "Leather",
    "Plaster",
    "Rubber",
}
FINISHES = ("floor", "wall", "roof", "window", "path", "trim", "board", "station", "gate")


def finishes(look: Look) -> list[Finish]:
    return [getattr(look, name) for name in FINISHES] + [look.guide.body]


def test_there_is_a_look_for_every_theme() -> None:
    assert list(THEMES) == list(Theme)


@pytest.mark.parametrize("theme", Theme)
def test_materials_are_called_as_roblox_calls_them(theme: Theme) -> None:
    look = THEMES[theme]
    ground = look.ground
    assert {finish.material for finish in finishes(look)} <= PARTS
    assert {ground.main, ground.patch, ground.high, ground.shore, ground.paved} <= TERRAIN


@pytest.mark.parametrize("theme", Theme)
def test_colours_and_shares_are_in_their_ranges(theme: Theme) -> None:
    look = THEMES[theme]
    for color in (*(each.color for each in finishes(look)), look.guide.head, look.guide.legs, look.ambient):
        assert all(0 <= part <= 255 for part in (color.red, color.green, color.blue))
    assert all(0 <= finish.transparency < 1 for finish in finishes(look))
    assert all(0 <= share <= 100 for share in (look.domes, look.covered, look.bends))
    assert 8 <= look.room_sides[0] <= look.room_sides[1]
    # A board of ten studs hangs three over the floor.
    assert 14 <= look.heights[0] <= look.heights[1]
    assert 0 <= look.clock_time < 24


def test_no_two_themes_look_or_lie_alike() -> None:
    looks = list(THEMES.values())
    assert len({look.arrangement for look in looks}) == len(looks)
    for part in ("floor", "wall", "roof", "path", "board", "station", "gate"):
        assert len({getattr(look, part).color for look in looks}) == len(looks)
    assert len({look.ground for look in looks}) == len(looks)


def test_where_water_is_over_the_floors_every_way_is_covered() -> None:
    deep = [theme for theme, look in THEMES.items() if (look.ground.water or 0) > 0]
    assert deep == [Theme.UNDERWATER]
    assert THEMES[Theme.UNDERWATER].covered == 100


@pytest.mark.parametrize("theme", Theme)
def test_rooms_and_guides_have_names_in_three_languages_none_twice(theme: Theme) -> None:
    assert list(ROOM_NAMES[theme]) == list(GUIDE_NAMES[theme]) == ["en", "es", "de"] == list(OPEN_FLOOR_NAMES)
    for names in ROOM_NAMES[theme].values():
        every = [names.first, *names.others, names.last]
        assert len(set(every)) == 8
        assert all(name == name.strip() for name in every)
    assert THEMES[theme].guide.names == GUIDE_NAMES[theme]


def test_a_language_is_known_by_its_first_part_and_another_is_english() -> None:
    words = {"en": "hall", "de": "Halle"}
    assert [in_language(words, tag) for tag in ("de", "de-CH", "DE", "en-GB", "ar", "")] == [
        "Halle",
        "Halle",
        "Halle",
        "hall",
        "hall",
        "hall",
    ]
