"""Where somebody can walk, on the plan made by hand."""

from msgspec.structs import replace

from toolboxai.platform.roblox.model.plan import WorldPlan
from toolboxai.platform.roblox.standing import Standing
from toolboxai.platform.roblox.walking import Walk
from world_plans import handmade


def walk(plan: WorldPlan) -> Walk:
    return Walk(plan, Standing(plan))


def reached(plan: WorldPlan, *, gate_open: bool = True, falls: bool = False) -> set[tuple[int, int]]:
    walked = walk(plan)
    return walked.reached([walked.start], gate_open=gate_open, falls=falls)


def test_one_begins_at_the_spawn() -> None:
    assert walk(handmade()).start == (15, 35)


def test_a_way_leads_through_doors_and_up_the_ramp() -> None:
    cells = reached(handmade())
    way = [(19, 34), (20, 34), (24, 35), (27, 35), (28, 35), (37, 34), (40, 34), (44, 34), (48, 34)]
    assert [cell for cell in way if cell not in cells] == []


def test_the_gate_holds_back_while_it_is_shut() -> None:
    shut = reached(handmade(), gate_open=False)
    assert (43, 34) in shut
    assert {(44, 34), (45, 34), (48, 34)}.isdisjoint(shut)


def test_nobody_goes_through_walls_boards_stations_or_the_guide() -> None:
    cells = reached(handmade())
    assert {(10, 35), (19, 33), (28, 32), (14, 31), (13, 31), (33, 38), (17, 32)}.isdisjoint(cells)
    assert {(44, 30), (45, 31)}.isdisjoint(cells)  # in and outside of the dome's round wall


def test_an_open_way_is_left_to_the_land_and_a_covered_one_is_not() -> None:
    cells = reached(handmade())
    assert {(20, 33), (20, 36), (0, 0)} <= cells
    plan = handmade()
    covered = replace(plan, corridors=(replace(plan.corridors[0], covered=True), plan.corridors[1]))
    assert {(20, 33), (20, 36), (0, 0), (25, 33)}.isdisjoint(reached(covered))


def test_a_ramp_is_stepped_on_from_the_side_only_where_it_is_low() -> None:
    """The land beside it is at 16; the first cell of the ramp has its middle at 17.5, the last at 20.5."""
    plan = replace(
        handmade(), corridors=(replace(handmade().corridors[0], floor=30), handmade().corridors[1])
    )
    away = walk(plan)
    from_the_land = away.reached([(0, 0)], gate_open=True)
    assert not any(cell in from_the_land for cell in [(24, 34), (25, 34), (27, 34)])
    assert (24, 33) in from_the_land


def test_falling_goes_down_any_height_and_never_up() -> None:
    plan = handmade()
    walked = walk(plan)
    top = [(26, 34)]
    assert (26, 33) in walked.reached(top, gate_open=True, falls=True)
    land = [height + 30 * (at == 0) for at, height in enumerate(plan.land.heights)]
    tower = walk(replace(plan, land=replace(plan.land, heights=tuple(land))))
    assert (0, 0) not in tower.reached([(1, 0)], gate_open=True, falls=True)
    assert (1, 0) in tower.reached([(0, 0)], gate_open=True, falls=True)
