"""Doors, corridors and ramps."""

from random import Random

from toolboxai.platform.roblox.budgets import BUDGETS
from toolboxai.platform.roblox.layout.arrangements import arrange
from toolboxai.platform.roblox.layout.rooms import Site, make_rooms
from toolboxai.platform.roblox.layout.ways import Ways, join
from toolboxai.platform.roblox.model.plan import Facing, Room
from toolboxai.platform.roblox.model.spec import Size, Theme
from toolboxai.platform.roblox.themes import THEMES

OPPOSITE = {Facing.EAST: Facing.WEST, Facing.SOUTH: Facing.NORTH}


def joined(theme: Theme, seed: int) -> tuple[Site, tuple[Room, ...], Ways]:
    look, budget = THEMES[theme], BUDGETS[Size.MEDIUM]
    site = Site(arrange(look.arrangement, 9, budget.slots, Random(seed)), budget)
    rooms = make_rooms(site, look, "en", Random(seed), levels=look.levels, roomy=False)
    return site, rooms, join(site, rooms, look, Random(seed))


def test_each_way_has_one_corridor_and_two_doors_that_face_one_another() -> None:
    site, rooms, ways = joined(Theme.LABORATORY, 2)
    assert len(ways.corridors) == len(site.slots.ways)
    assert [corridor.id for corridor in ways.corridors[:2]] == ["c1", "c2"]
    for (first, second), corridor in zip(site.slots.ways, ways.corridors, strict=True):
        assert corridor.rooms == (rooms[first].id, rooms[second].id)
    pairs = list(zip(ways.doors[::2], ways.doors[1::2], strict=True))
    assert [OPPOSITE[near.side] for near, _ in pairs] == [far.side for _, far in pairs]


def test_a_ramp_goes_up_one_stud_a_cell_to_the_higher_room() -> None:
    _, rooms, ways = joined(Theme.OUTDOOR, 2)
    assert len(ways.ramps) >= 2
    for ramp in ways.ramps:
        assert max(ramp.cells.width, ramp.cells.depth) == ramp.high - ramp.low == 4
    uneven = [
        corridor
        for corridor in ways.corridors
        if len({room.floor for room in rooms if room.id in corridor.rooms}) == 2
    ]
    assert len(uneven) == len(ways.ramps)
    for corridor in uneven:
        assert corridor.floor == min(room.floor for room in rooms if room.id in corridor.rooms)


def test_bends_come_with_level_ways_only() -> None:
    bent = 0
    for seed in range(5):
        _, rooms, ways = joined(Theme.OUTDOOR, seed)
        floors = {room.id: room.floor for room in rooms}
        for corridor in ways.corridors:
            if len(corridor.cells) > 1:
                bent += 1
                assert len(corridor.cells) == 3
                assert floors[corridor.rooms[0]] == floors[corridor.rooms[1]]
    assert bent > 3


def test_the_theme_says_which_ways_are_covered() -> None:
    def covered(theme: Theme) -> set[bool]:
        return {corridor.covered for seed in range(5) for corridor in joined(theme, seed)[2].corridors}

    assert covered(Theme.UNDERWATER) == covered(Theme.SPACE_STATION) == {True}
    assert covered(Theme.OUTDOOR) == {False}
    assert covered(Theme.FANTASY) == {True, False}
