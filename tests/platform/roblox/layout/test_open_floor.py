"""Everything on one floor under the sky."""

from toolboxai.platform.roblox.budgets import BOARD_SIZES, BUDGETS
from toolboxai.platform.roblox.layout.open_floor import OpenFloor, open_floor
from toolboxai.platform.roblox.model.plan import Facing, RoomShape
from toolboxai.platform.roblox.model.spec import Size

SMALL = BUDGETS[Size.SMALL]


def floor(boards: int, questions: int, language: str = "en") -> OpenFloor:
    sizes = [BOARD_SIZES[number % 3] for number in range(boards)]
    return open_floor(sizes, [f"q{number}" for number in range(questions)], SMALL, language, guide=True)


def test_it_is_as_large_as_what_stands_on_it_needs() -> None:
    nothing, much = floor(0, 0).room, floor(20, 50).room
    assert nothing.shape is much.shape is RoomShape.OPEN
    assert (nothing.cells.width, nothing.cells.depth) == (16, 16)
    assert much.cells.width * much.cells.depth > 4 * 256


def test_boards_are_nearest_to_the_spawn_and_look_to_it() -> None:
    made = floor(6, 6)
    rows = [board.place.z for board in made.furniture.boards]
    rows += [station.place.z for station in made.furniture.stations]
    assert rows == sorted(rows, reverse=True)
    assert made.spawn.z > rows[0]
    assert made.spawn.facing is Facing.NORTH
    assert {board.place.facing for board in made.furniture.boards} == {Facing.SOUTH}


def test_it_is_in_the_middle_of_the_land() -> None:
    cells = floor(9, 20).room.cells
    assert 2 * cells.x + cells.width == 2 * cells.z + cells.depth == SMALL.cells


def test_what_is_too_much_for_the_land_is_named() -> None:
    made = floor(0, 2000).furniture
    assert len(made.stations) > 200
    assert made.questions_left == tuple(f"q{number}" for number in range(len(made.stations), 2000))
    assert floor(400, 3).furniture.questions_left == ("q0", "q1", "q2")


def test_it_is_called_in_the_language_of_the_lesson() -> None:
    assert [floor(0, 0, tag).room.title for tag in ("en", "es-MX", "de")] == [
        "Open floor",
        "Plaza abierta",
        "Freifläche",
    ]
