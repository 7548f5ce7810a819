"""The floor of a room: what may stand on it."""

from toolboxai.platform.roblox.layout.floor import RoomFloor
from toolboxai.platform.roblox.layout.grid import Cell
from toolboxai.platform.roblox.model.plan import Cells, Door, Facing, Room, RoomShape


def floor(shape: RoomShape = RoomShape.BOX, side: int = 10, *doors: Door) -> RoomFloor:
    return RoomFloor(
        Room(id="r1", title="Room", shape=shape, cells=Cells(0, 0, side, side), floor=17, height=14), doors
    )


EAST = Door(room="r1", side=Facing.EAST, cells=Cells(9, 4, 1, 2))


def test_the_inside_leaves_out_the_walls() -> None:
    assert len(floor().inside) == 64


def test_the_inside_of_a_dome_is_round() -> None:
    inside = floor(RoomShape.DOME).inside
    rows = [sum(z == row for _, z in inside) for row in range(10)]
    assert rows == [0, 4, 6, 8, 8, 8, 8, 6, 4, 0]


def test_nothing_stands_in_a_wall_or_on_another_thing_or_right_beside_it() -> None:
    room = floor()
    assert not room.put([(0, 4)], [(1, 4)])
    assert room.put([(1, 4)], [(2, 4)])
    assert not room.put([(1, 4)], [(2, 4)])
    assert not room.put([(1, 5)], [(2, 5)])
    assert not room.put([(2, 4)], [(3, 4)])
    assert room.put([(1, 6)], [(2, 6)])


def test_the_lane_before_a_door_stays_free() -> None:
    room = floor(RoomShape.BOX, 10, EAST)
    assert not room.put([(8, 4)], [(8, 3)])
    assert not room.put([(7, 5)], [(7, 6)])
    assert room.put([(8, 6)], [(7, 6)])


def test_what_is_kept_stays_free_and_what_is_beyond_the_floor_is_passed_over() -> None:
    room = floor()
    room.keep([(5, 5), (50, 50)])
    assert not room.put([(5, 5)], [(5, 6)])
    assert room.put([(5, 6)], [(5, 5)])


def test_nothing_cuts_off_what_has_to_be_reached() -> None:
    room = floor(RoomShape.BOX, 10, EAST)
    room.keep([(1, 1)])
    wall: list[Cell] = [(3, z) for z in range(1, 9)]
    assert not room.put(wall, [(4, 2)])
    assert room.put(wall[:-1], [(4, 2)])


def test_in_the_open_a_thing_has_free_cells_all_around() -> None:
    room = floor()
    assert not room.put([(1, 4)], [(1, 5)], free_around=True)
    assert room.put([(4, 4)], [(4, 5)], free_around=True)
    assert not room.put([(5, 5)], [(5, 6)], free_around=True)
    assert room.put([(5, 5)], [(5, 6)])  # by a wall the corners do not matter


def test_places_by_a_wall_begin_in_its_middle_and_look_into_the_room() -> None:
    foot, before = floor().places(Facing.SOUTH, 3, by_walls=True)[0]
    assert (foot, before) == ([(3, 1), (4, 1), (5, 1)], [(3, 2), (4, 2), (5, 2)])
    foot, before = floor().places(Facing.WEST, 1, by_walls=True)[0]
    assert (foot, before) == ([(8, 4)], [(7, 4)])


def test_places_in_a_dome_follow_the_curve() -> None:
    rows = {
        foot[0][0]: foot[0][1] for foot, _ in floor(RoomShape.DOME).places(Facing.SOUTH, 1, by_walls=True)
    }
    assert rows == {1: 3, 2: 2, 3: 1, 4: 1, 5: 1, 6: 1, 7: 2, 8: 3}


def test_places_in_the_open_go_from_the_north_west() -> None:
    places = floor().places(Facing.SOUTH, 3, by_walls=False)
    assert places[0] == ([(0, 1), (1, 1), (2, 1)], [(0, 2), (1, 2), (2, 2)])
    assert len(places) == 64
