"""What each size has room for."""

import pytest
from msgspec.structs import replace

from toolboxai.platform.roblox.budgets import BOARD_SIZES, BUDGETS, board_size, budget_of, parts_needed
from toolboxai.platform.roblox.model.plan import CELL
from toolboxai.platform.roblox.model.spec import LessonBoard, Size
from world_plans import handmade


def board(title: str, *lines: str) -> int:
    return board_size(LessonBoard(title, lines)).width


@pytest.mark.parametrize("size", Size)
def test_slots_with_their_gaps_fit_on_the_land_with_a_margin(size: Size) -> None:
    budget = BUDGETS[size]
    used = budget.slots * budget.pitch - budget.gap_cells
    assert budget.cells - used >= 16
    assert budget.cells % 2 == budget.room_cells % 2 == 0
    assert 2 <= budget.usual_rooms[0] <= budget.usual_rooms[1] <= budget.rooms <= budget.slots**2


def test_each_size_is_larger_than_the_one_before_in_all() -> None:
    for small, large in zip(list(Size), list(Size)[1:], strict=False):
        less, more = BUDGETS[small], BUDGETS[large]
        assert less.studs < more.studs
        assert (less.rooms, less.boards, less.stations, less.parts) < (
            more.rooms,
            more.boards,
            more.stations,
            more.parts,
        )


def test_the_land_tells_the_size() -> None:
    assert {budget_of(BUDGETS[size].cells) == BUDGETS[size] for size in Size} == {True}
    assert budget_of(1) is None


def test_the_panel_grows_with_its_text() -> None:
    assert board("Bees", "short") == 12
    assert board("Bees", "x" * 42 * 9) == 12
    assert board("Bees", "x" * 42 * 9 + "x") == 20
    assert board("Bees", "x" * 900) == 28
    assert board("Bees", "x" * 100_000) == 28


def test_a_long_title_takes_lines_from_the_text() -> None:
    text = "x" * 42 * 9
    assert board("Bees and their hives in spring and summer", text) == 20


def test_panels_are_an_odd_number_of_cells_wide() -> None:
    assert [size.width % (2 * CELL) for size in BOARD_SIZES] == [CELL] * 3


def test_every_thing_that_is_planned_takes_parts() -> None:
    plan = handmade()
    whole = parts_needed(plan)
    for less in (
        replace(plan, boards=()),
        replace(plan, stations=()),
        replace(plan, gate=None),
        replace(plan, guide=None),
        replace(plan, ramps=()),
        replace(plan, corridors=()),
        replace(plan, doors=plan.doors[1:]),
        replace(plan, rooms=plan.rooms[:2]),
    ):
        assert parts_needed(less) < whole
