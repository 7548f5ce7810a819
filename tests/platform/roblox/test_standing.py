"""Which cells things of a plan take."""

from toolboxai.platform.roblox.layout.floor import RoomFloor
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.model.plan import Cells, Room, RoomShape
from toolboxai.platform.roblox.model.spec import Theme
from toolboxai.platform.roblox.standing import Standing, cell_of, inside_cells
from world_plans import handmade, lesson, place, wish


def room(shape: RoomShape, side: int) -> Room:
    return Room(id="r1", title="R", shape=shape, cells=Cells(5, 5, side, side), floor=17, height=16)


def test_a_place_lies_in_its_cell_to_the_edge() -> None:
    plan = handmade()
    assert cell_of(plan, place(14, 31, 17, plan.spawn.facing)) == (14, 31)
    assert cell_of(plan, plan.spawn) == (15, 35)


def test_a_board_takes_the_cells_across_and_is_read_from_the_one_before() -> None:
    board, wide = Standing(handmade()).things[:2]
    assert (board.cells, board.used_from) == (((13, 31), (14, 31), (15, 31)), (14, 32))
    assert wide.cells == tuple((column, 31) for column in range(31, 36))


def test_stations_and_guide_take_one_cell() -> None:
    named = {thing.name: thing for thing in Standing(handmade()).things}
    assert named["station q1"].cells == ((33, 38),)
    assert (named["the guide"].cells, named["the guide"].used_from) == (((17, 32),), (17, 33))


def test_the_inside_of_rooms() -> None:
    assert len(inside_cells(room(RoomShape.BOX, 10))) == 64
    assert len(inside_cells(room(RoomShape.OPEN, 10))) == 100
    assert len(inside_cells(room(RoomShape.DOME, 10))) == 52


def test_check_and_layout_came_to_the_same_inside_each_for_itself() -> None:
    for side in range(6, 21, 2):
        for shape in (RoomShape.BOX, RoomShape.DOME):
            assert inside_cells(room(shape, side)) == set(RoomFloor(room(shape, side), []).inside)


def test_nothing_of_a_world_takes_the_cell_of_another() -> None:
    plan = plan_world(wish(Theme.SPACE_STATION, of=lesson(20, 50)))
    things = Standing(plan).things
    assert len(things) == 71
    cells = [cell for thing in things for cell in thing.cells]
    assert len(cells) == len(set(cells))
