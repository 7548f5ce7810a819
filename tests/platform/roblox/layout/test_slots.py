"""Places on a grid, taken and joined."""

from random import Random

from toolboxai.platform.roblox.layout.slots import Slot, Slots


def test_a_wide_room_takes_its_columns_and_has_neighbours_all_along() -> None:
    slots = Slots(4)
    hall = slots.put(1, 2, beside=None, columns=2)
    assert (slots.slots[hall], slots.at(2, 2), slots.at(3, 2)) == (Slot(1, 2, 2), hall, None)
    assert not slots.is_free(2, 2)
    assert slots.neighbours(hall) == [(1, 1), (2, 1), (1, 3), (2, 3), (3, 2), (0, 2)]


def test_what_lies_beyond_the_grid_is_nobodys_and_not_free() -> None:
    slots = Slots(2)
    corner = slots.put(0, 0, beside=None)
    assert slots.free_neighbours(corner) == [(0, 1), (1, 0)]
    assert not slots.is_free(-1, 0)


def test_growing_fills_the_grid_and_joins_each_to_one_that_was_there() -> None:
    slots = Slots(3)
    slots.put(1, 1, beside=None)
    slots.grow(9, Random(1))
    assert len(slots) == 9
    assert [second for _, second in slots.ways] == list(range(1, 9))
    assert all(first < second for first, second in slots.ways)


def test_closing_joins_what_lies_side_by_side_but_never_the_last() -> None:
    slots = Slots(2)
    for number, (column, row) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1)]):
        slots.put(column, row, beside=number - 1 if number else None)
    slots.close(100, Random(1))
    assert slots.ways == [(0, 1), (1, 2), (2, 3)]  # the fourth is beside the first, and the last
    more = Slots(3)
    for number, (column, row) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1), (0, 2)]):
        more.put(column, row, beside=number - 1 if number else None)
    more.close(100, Random(1))
    assert more.ways[4:] == [(0, 3)]
