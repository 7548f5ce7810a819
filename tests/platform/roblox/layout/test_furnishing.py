"""Boards and stations shared out over rooms."""

from random import Random

from toolboxai.platform.roblox.budgets import BOARD_SIZES
from toolboxai.platform.roblox.layout.floor import RoomFloor
from toolboxai.platform.roblox.layout.furnishing import Furniture, furnish, stand_spawn
from toolboxai.platform.roblox.model.plan import Cells, Door, Facing, Room, RoomShape

SMALL, MIDDLE, LARGE = BOARD_SIZES


def floors(count: int, side: int = 12) -> list[RoomFloor]:
    """Rooms of which each has a door in the west."""
    made = []
    for number in range(1, count + 1):
        room = Room(
            id=f"r{number}",
            title="Room",
            shape=RoomShape.BOX,
            cells=Cells(20 * number, 0, side, side),
            floor=17,
            height=14,
        )
        door = Door(room=room.id, side=Facing.WEST, cells=Cells(20 * number, side // 2 - 1, 1, 2))
        made.append(RoomFloor(room, [door]))
    return made


def furnished(rooms: list[RoomFloor], boards: int, questions: int) -> Furniture:
    return furnish(rooms, [SMALL] * boards, [f"q{number}" for number in range(questions)], 84, Random(1))


def test_boards_go_to_all_rooms_but_the_last_and_stations_to_all() -> None:
    made = furnished(floors(3), 4, 6)
    assert [board.room for board in made.boards] == ["r1", "r1", "r2", "r2"]
    assert [station.room for station in made.stations] == ["r1", "r1", "r2", "r2", "r3", "r3"]
    assert made.shortage == (0, 0)


def test_few_questions_go_to_the_first_rooms() -> None:
    assert [station.room for station in furnished(floors(4), 0, 2).stations] == ["r1", "r2"]


def test_what_does_not_fit_in_one_room_goes_to_the_next() -> None:
    small, large = floors(1, side=6)[0], floors(2, side=14)[1]
    made = furnished([small, large], 0, 20)
    rooms = [station.room for station in made.stations]
    assert rooms == sorted(rooms)
    assert rooms.count("r2") > rooms.count("r1") > 0
    assert made.questions_left == ()


def test_what_fits_nowhere_is_named() -> None:
    made = furnished(floors(1, side=6), 3, 30)
    assert made.boards_left == tuple(range(len(made.boards), 3)) != ()
    assert made.questions_left == tuple(f"q{number}" for number in range(len(made.stations), 30)) != ()
    assert made.shortage == (len(made.boards_left) + len(made.questions_left), 0)


def test_a_board_that_is_too_wide_for_every_room_is_smaller_and_counted() -> None:
    made = furnish(floors(2, side=8), [LARGE], [], 84, Random(1))
    assert [(board.width, board.height) for board in made.boards] == [(MIDDLE.width, MIDDLE.height)]
    assert made.shortage == (0, 1)


def test_a_board_hangs_on_a_wall_without_a_door_and_looks_into_the_room() -> None:
    (board,) = furnished(floors(2), 1, 0).boards
    assert board.place.facing is not Facing.EAST  # it would hang in the west, where the door is


def test_who_answers_stands_before_the_station_and_looks_at_it() -> None:
    opposite = {
        Facing.NORTH: Facing.SOUTH,
        Facing.SOUTH: Facing.NORTH,
        Facing.EAST: Facing.WEST,
        Facing.WEST: Facing.EAST,
    }
    for station in furnished(floors(2), 0, 12).stations:
        place, stand = station.place, station.stand
        assert stand.facing is opposite[place.facing]
        assert abs(place.x - stand.x) + abs(place.z - stand.z) == 4


def test_the_spawn_is_in_the_middle_and_the_guide_two_cells_away_looks_at_it() -> None:
    (floor,) = floors(1)
    door = Door(room="r1", side=Facing.WEST, cells=Cells(20, 5, 1, 2))
    spawn, guide = stand_spawn(floor, [door], 84, guide=True)
    assert (spawn.x, spawn.y, spawn.z, spawn.facing) == (26 * 4 + 2 - 168, 17, 6 * 4 + 2 - 168, Facing.WEST)
    assert guide is not None
    assert (guide.x - spawn.x, guide.facing) == (8, Facing.WEST)
    assert stand_spawn(floors(1)[0], [door], 84, guide=False)[1] is None
