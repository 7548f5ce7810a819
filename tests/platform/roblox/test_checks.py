"""A plan made by hand is whole; each way to break it is found, and told."""

import ast
from pathlib import Path

import pytest
from msgspec.structs import replace

import toolboxai.platform.roblox.checks
from forms import FULL
from toolboxai.platform.roblox.checks import faults
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.model.plan import (
    Cells,
    Corridor,
    Facing,
    Land,
    Room,
    RoomShape,
    WorldPlan,
)
from toolboxai.platform.roblox.model.spec import Theme
from world_breaks import BREAKS
from world_changes import (
    corridors,
    ground,
    land,
    pit,
    rooms,
)
from world_plans import SIDE, handmade, lesson, place, wish

ROBLOX = Path(toolboxai.platform.roblox.checks.__file__).parent


def test_the_plan_made_by_hand_is_whole() -> None:
    assert faults(handmade()) == []


@pytest.mark.parametrize("name", BREAKS)
def test_each_break_is_found_and_told(name: str) -> None:
    broken, told = BREAKS[name]
    assert [fault for fault in faults(broken(handmade())) if told in fault] != []


def test_a_board_across_the_room_cuts_it_off() -> None:
    """Two boards from wall to wall: what is behind them cannot be walked to, though each stands well for itself."""
    plan = handmade()
    walls = tuple(
        replace(plan.boards[1], section=section, place=place(column, 35, 21, Facing.SOUTH), width=width)
        for section, column, width in ((2, 30, 12), (3, 32, 4), (4, 35, 12), (5, 33, 4))
    )
    told = faults(replace(plan, boards=(*plan.boards, *walls)))
    assert [fault for fault in told if "station q1 in r2 cannot be walked to" in fault] != []


def test_a_step_of_one_stud_is_walked_and_a_step_of_two_is_not() -> None:
    def from_the_land(height: int) -> WorldPlan:
        """The ramp is gone; beside the open way the land rises to the door of the second room."""
        plan = rooms(handmade(), 2, floor=17 + height)
        low = ground(plan, {(at % SIDE, at // SIDE): 16 for at in range(SIDE**2)})
        way = (Corridor(id="c1", rooms=("r1", "r2"), cells=(Cells(20, 34, 8, 2),), floor=17, covered=False),)
        return replace(low, ramps=(), corridors=way, gate=None, doors=low.doors[:2], rooms=low.rooms[:2])

    def unreached(height: int) -> list[str]:
        plan = from_the_land(height)
        kept = replace(plan, stations=(), boards=plan.boards[:1])
        return [fault for fault in faults(kept) if "cannot be walked to" in fault]

    assert unreached(1) == []
    assert unreached(2) == ["the middle in r2 cannot be walked to from the spawn"]


def test_who_falls_from_an_open_way_comes_back_and_a_covered_way_lets_nobody_fall() -> None:
    broken = ground(handmade(), pit())
    assert [fault for fault in faults(broken) if "no way back" in fault] == [
        "from 4 cells, as (21, 40), there is no way back to the spawn"
    ]
    assert [fault for fault in faults(corridors(broken, 1, covered=True)) if "no way back" in fault] == []


def test_the_budgets_of_the_size_are_kept() -> None:
    plan = handmade()
    many = tuple(replace(plan.rooms[0], id=f"r{number}") for number in range(1, 14))
    told = faults(replace(plan, rooms=many))
    assert "13 rooms are more than the 12 of the size" in told
    stations = tuple(replace(plan.stations[0], question=f"q{number}") for number in range(300))
    assert [
        fault for fault in faults(replace(plan, stations=stations)) if "parts are more than" in fault
    ] != []


@pytest.mark.parametrize("module", ["checks", "standing", "walking", "flooding"])
def test_the_check_knows_nothing_of_how_plans_are_made(module: str) -> None:
    tree = ast.parse((ROBLOX / f"{module}.py").read_text(encoding="utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert [name for name in names if "layout" in name or "land" in name or "dry" in name] == []


def test_an_open_floor_alone_is_a_world() -> None:
    plan = handmade()
    floor = Room(
        id="r1", title="Floor", shape=RoomShape.OPEN, cells=Cells(10, 30, 20, 20), floor=17, height=0
    )
    level = Land(
        width=SIDE,
        depth=SIDE,
        heights=(16,) * SIDE**2,
        materials="0" * SIDE**2,
        palette=("Grass",),
        water=12,
    )
    alone = WorldPlan(
        land=level,
        rooms=(floor,),
        doors=(),
        corridors=(),
        ramps=(),
        spawn=plan.spawn,
        boards=(replace(plan.boards[0], place=place(11, 30, 17, Facing.SOUTH)),),
    )
    assert faults(alone) == []
    assert faults(land(alone, water=17)) == ["r1 is open, and under water"]


@pytest.mark.parametrize("theme", [Theme.LABORATORY, Theme.FANTASY] if FULL else [Theme.FANTASY])
def test_whatever_is_taken_from_a_world_is_missed(theme: Theme) -> None:
    plan = plan_world(wish(theme, of=lesson(6, 10)))
    assert plan.ramps
    for name in ("rooms", "doors", "corridors", "ramps"):
        whole = getattr(plan, name)
        for at in range(len(whole)):
            less = replace(plan, **{name: whole[:at] + whole[at + 1 :]})
            assert faults(less) != [], f"{name} without number {at}"


@pytest.mark.parametrize("theme", [Theme.CLASSROOM, Theme.UNDERWATER] if FULL else [Theme.UNDERWATER])
def test_whatever_is_moved_far_in_a_world_is_found(theme: Theme) -> None:
    """By more than the longest room's width to the east: out of its room, into a wall or beyond."""
    plan = plan_world(wish(theme, of=lesson(6, 10)))
    for name in ("boards", "stations"):
        whole = getattr(plan, name)
        for at, thing in enumerate(whole):
            moved = replace(thing, place=replace(thing.place, x=thing.place.x + 4 * 31))
            assert faults(replace(plan, **{name: (*whole[:at], moved, *whole[at + 1 :])})) != [], (
                f"{name} {at}"
            )
