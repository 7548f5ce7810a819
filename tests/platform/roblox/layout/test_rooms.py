"""Rooms on their slots."""

from random import Random

import pytest

from toolboxai.platform.roblox.budgets import BUDGETS
from toolboxai.platform.roblox.layout.arrangements import arrange
from toolboxai.platform.roblox.layout.rooms import BASE_FLOOR, RISE, Site, make_rooms, room_titles
from toolboxai.platform.roblox.looks import RoomNames
from toolboxai.platform.roblox.model.plan import Room, RoomShape
from toolboxai.platform.roblox.model.spec import Size, Theme
from toolboxai.platform.roblox.themes import THEMES

MEDIUM = BUDGETS[Size.MEDIUM]


def built(theme: Theme, seed: int, *, count: int = 9, roomy: bool = False) -> tuple[Site, tuple[Room, ...]]:
    look = THEMES[theme]
    site = Site(arrange(look.arrangement, count, MEDIUM.slots, Random(seed)), MEDIUM)
    return site, make_rooms(site, look, "en", Random(seed), levels=look.levels, roomy=roomy)


@pytest.mark.parametrize("theme", Theme)
def test_a_room_stays_in_its_slot_and_covers_its_middle(theme: Theme) -> None:
    for seed in range(10):
        site, rooms = built(theme, seed)
        for slot, room in zip(site.slots.slots, rooms, strict=True):
            x, z = site.corner(slot)
            middle_x, middle_z = site.middle(slot)
            assert x <= room.cells.x <= middle_x - 4
            assert middle_x + 4 <= room.cells.x + room.cells.width
            assert z <= room.cells.z <= middle_z - 4
            assert middle_z + 4 <= room.cells.z + room.cells.depth <= z + MEDIUM.room_cells


@pytest.mark.parametrize("theme", Theme)
def test_rooms_side_by_side_are_one_level_apart_at_most_and_the_first_is_lowest(theme: Theme) -> None:
    seen = set()
    for seed in range(10):
        site, rooms = built(theme, seed)
        assert rooms[0].floor == BASE_FLOOR
        for index in range(len(rooms)):
            for cell in site.slots.neighbours(index):
                other = site.slots.at(*cell)
                if other is not None:
                    assert abs(rooms[index].floor - rooms[other].floor) <= RISE
        seen |= {(room.floor - BASE_FLOOR) // RISE for room in rooms}
    assert seen == set(range(THEMES[theme].levels))


def test_domes_are_even_squares_in_the_middle_of_their_slots_no_higher_than_half_their_width() -> None:
    site, rooms = built(Theme.UNDERWATER, 3)
    domes = [(site.middle(slot), room) for slot, room in zip(site.slots.slots, rooms, strict=True)]
    domes = [(middle, room) for middle, room in domes if room.shape is RoomShape.DOME]
    assert len(domes) > 3
    for (x, z), room in domes:
        half = room.cells.width // 2
        assert (room.cells.x, room.cells.z, room.cells.depth) == (x - half, z - half, 2 * half)
        assert room.height <= 4 * half


def test_the_hub_of_arms_is_a_dome_and_the_hall_is_long() -> None:
    assert built(Theme.SPACE_STATION, 1)[1][0].shape is RoomShape.DOME
    hall = built(Theme.CLASSROOM, 1)[1][0]
    assert hall.cells.width > 3 * hall.cells.depth


def test_roomy_rooms_are_as_large_as_their_slots() -> None:
    _, rooms = built(Theme.OUTDOOR, 1, roomy=True)
    assert {(room.cells.width, room.cells.depth) for room in rooms} == {(14, 14)}


def test_what_is_built_lies_in_the_middle_of_the_land() -> None:
    site, _ = built(Theme.LABORATORY, 1)  # three columns and three rows
    assert site.corner(site.slots.slots[0]) == ((116 - 54) // 2, (116 - 54) // 2)


def test_names_of_rooms_come_in_turns_and_none_twice() -> None:
    names = RoomNames(first="Hall", others=("Lab", "Store"), last="Tower")
    assert room_titles(names, 1) == ["Hall"]
    assert room_titles(names, 2) == ["Hall", "Tower"]
    assert room_titles(names, 6) == ["Hall", "Lab", "Store", "Lab 2", "Store 2", "Tower"]
