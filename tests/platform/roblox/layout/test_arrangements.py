"""How rooms lie to one another, and that each theme's way is its own."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.roblox.budgets import BUDGETS
from toolboxai.platform.roblox.layout.arrangements import arrange
from toolboxai.platform.roblox.layout.slots import Slots
from toolboxai.platform.roblox.looks import Arrangement
from toolboxai.platform.roblox.model.spec import Size


def degrees(slots: Slots) -> list[int]:
    """How many ways each room has."""
    return [sum(index in way for way in slots.ways) for index in range(len(slots))]


def arranged(arrangement: Arrangement, count: int, side: int = 5, seed: int = 1) -> Slots:
    return arrange(arrangement, count, side, Random(seed))


@given(
    st.sampled_from(Arrangement),
    st.sampled_from(Size).flatmap(
        lambda size: st.tuples(st.just(BUDGETS[size].slots), st.integers(2, BUDGETS[size].rooms))
    ),
    st.integers(0, 2**53 - 1),
)
def test_every_arrangement_has_so_many_rooms_all_joined_and_a_last_one_with_one_way(
    arrangement: Arrangement, of: tuple[int, int], seed: int
) -> None:
    side, count = of
    slots = arrange(arrangement, count, side, Random(seed))
    taken = [(slot.column + at, slot.row) for slot in slots.slots for at in range(slot.columns)]
    assert len(slots) == count
    assert len(set(taken)) == len(taken)
    assert all(0 <= column < side and 0 <= row < side for column, row in taken)
    joined = {0}
    for first, second in slots.ways[: count - 1]:
        assert first in joined
        joined.add(second)
    assert joined == set(range(count))
    assert degrees(slots)[-1] == 1
    assert len(set(slots.ways)) == len(slots.ways)
    for first, second in slots.ways:
        around = slots.neighbours(first)
        assert (slots.slots[second].column, slots.slots[second].row) in around


def test_a_hall_has_rooms_on_both_sides() -> None:
    slots = arranged(Arrangement.HALL, 7)
    hall = slots.slots[0]
    assert hall.columns == 3
    assert degrees(slots) == [6, 1, 1, 1, 1, 1, 1]
    assert {slot.row - hall.row for slot in slots.slots[1:]} == {-1, 1}


def test_rows_are_walked_there_and_back_and_have_second_doors() -> None:
    slots = arranged(Arrangement.ROWS, 9)
    assert [slot.column for slot in slots.slots] == [0, 1, 2, 2, 1, 0, 0, 1, 2]
    assert max(len(arranged(Arrangement.ROWS, 9, seed=seed).ways) for seed in range(5)) > 8


def test_arms_go_out_from_one_hub() -> None:
    slots = arranged(Arrangement.ARMS, 9)
    assert degrees(slots) == [4, 2, 2, 2, 2, 1, 1, 1, 1]


def test_a_chain_has_two_ends() -> None:
    assert sorted(degrees(arranged(Arrangement.CHAIN, 8))) == [1, 1, *[2] * 6]


def test_a_court_is_a_ring_with_the_last_room_in_it() -> None:
    slots = arranged(Arrangement.COURT, 9)
    assert (slots.slots[-1].column, slots.slots[-1].row) == (1, 1)
    assert sorted(degrees(slots)) == [1, *[2] * 7, 3]


def test_a_spiral_winds_around_its_beginning() -> None:
    slots = arranged(Arrangement.SPIRAL, 9)
    first = slots.slots[0]
    around = {(slot.column - first.column, slot.row - first.row) for slot in slots.slots[1:]}
    assert around == {(x, z) for x in (-1, 0, 1) for z in (-1, 0, 1)} - {(0, 0)}
    assert sorted(degrees(slots)) == [1, 1, *[2] * 7]


def test_paths_begin_in_the_south_and_meet_again_at_times() -> None:
    assert arranged(Arrangement.PATHS, 12).slots[0].row == 4
    ways = [len(arranged(Arrangement.PATHS, 12, seed=seed).ways) for seed in range(20)]
    assert max(ways) > 11


@pytest.mark.parametrize("arrangement", [Arrangement.CHAIN, Arrangement.PATHS, Arrangement.BRANCHES])
def test_chance_makes_another_way_of_another_seed(arrangement: Arrangement) -> None:
    made = {tuple(arranged(arrangement, 8, seed=seed).slots) for seed in range(10)}
    assert len(made) > 5
