"""What is built can be walked as it was planned: ways are free, walls are whole, floors carry."""

import itertools
from functools import cache

import pytest

from forms import FULL
from toolboxai.platform.roblox.budgets import BUDGETS, DOOR_HEIGHT, parts_needed
from toolboxai.platform.roblox.files.parts import part_count, parts
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.model.instances import CFrame, Instance, Vector
from toolboxai.platform.roblox.model.plan import CELL, WorldPlan
from toolboxai.platform.roblox.model.spec import Features, Size, Theme, WorldSpec
from toolboxai.platform.roblox.standing import covered_cells
from world_plans import handmade, lesson, wish
from world_solids import Solids, every, hidden
from world_walks import bare, holes, middle, standing_in_the_way, ways

SEEDS = range(12 if FULL else 1)
WORLDS = [
    pytest.param(wish(theme, size, seed, of=lesson(6, 8)), id=f"{theme}-{size}-{seed}")
    for theme, size, seed in itertools.product(
        Theme if FULL else [Theme.OUTDOOR, Theme.UNDERWATER], Size if FULL else [Size.SMALL], SEEDS
    )
]


def handmade_world() -> tuple[WorldSpec, WorldPlan]:
    return wish(of=lesson(2, 2)), handmade()


@cache
def world_of(spec: WorldSpec) -> tuple[WorldPlan, Solids]:
    plan = plan_world(spec)
    return plan, Solids(parts(spec, plan))


@pytest.mark.parametrize("spec", WORLDS)
def test_nothing_stands_where_one_walks(spec: WorldSpec) -> None:
    plan, solids = world_of(spec)
    assert standing_in_the_way(plan, solids) == []


@pytest.mark.parametrize("spec", WORLDS)
def test_nothing_hides_what_is_read_and_nothing_is_over_the_spawn(spec: WorldSpec) -> None:
    assert hidden(world_of(spec)[1]) == []


@pytest.mark.parametrize("spec", WORLDS)
def test_there_is_a_floor_under_every_step(spec: WorldSpec) -> None:
    plan, solids = world_of(spec)
    assert bare(plan, solids) == []


@pytest.mark.parametrize("spec", WORLDS)
def test_rooms_and_covered_ways_are_closed_all_around_and_above(spec: WorldSpec) -> None:
    plan, solids = world_of(spec)
    assert list(holes(plan, solids)) == []


@pytest.mark.parametrize("spec", WORLDS)
def test_one_leaves_a_covered_way_by_its_ends_alone(spec: WorldSpec) -> None:
    plan, solids = world_of(spec)
    doors = {cell for door in plan.doors for cell in covered_cells(door.cells)}
    ramps = {cell for ramp in plan.ramps for cell in covered_cells(ramp.cells)}
    for corridor in plan.corridors:
        own = {cell for cells in corridor.cells for cell in covered_cells(cells)}
        for cell in own if corridor.covered else ():
            x, z = middle(plan, cell)
            for step_x, step_z in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                there = cell[0] + step_x, cell[1] + step_z
                blocked = solids.blocking(x + 1.75 * step_x, corridor.floor + 2, z + 1.75 * step_z)
                if there in own:
                    assert not blocked, (corridor.id, cell, there)
                elif there not in doors and there not in ramps:
                    assert blocked, (corridor.id, cell, there)


@pytest.mark.parametrize("spec", WORLDS)
def test_a_slope_leads_from_one_floor_to_the_other(spec: WorldSpec) -> None:
    plan, solids = world_of(spec)
    slopes = [solid for solid in solids.all if solid.instance.class_name == "WedgePart"]
    assert len(slopes) == len(plan.ramps)
    ahead = {"north": (0, -1), "east": (1, 0), "south": (0, 1), "west": (-1, 0)}
    for ramp, slope in zip(plan.ramps, slopes, strict=True):
        step_x, step_z = ahead[ramp.facing]
        length = slope.size.z
        assert slope.size.y == ramp.high - ramp.low
        for share in (0.1, 0.5, 0.9):
            x = slope.frame.x + (share - 0.5) * length * step_x
            z = slope.frame.z + (share - 0.5) * length * step_z
            height = ramp.low + share * (ramp.high - ramp.low)
            assert solids.blocking(x, height - 0.2, z)
            assert not solids.blocking(x, height + 0.2, z)
            assert not solids.blocking(x, height + 5, z)


@pytest.mark.parametrize("spec", WORLDS)
def test_the_parts_are_no_more_than_were_counted_with(spec: WorldSpec) -> None:
    plan = plan_world(spec)
    counted = part_count(parts(spec, plan))
    assert counted <= parts_needed(plan) <= BUDGETS[spec.size].parts


def test_the_world_made_by_hand_is_walked_and_closed() -> None:
    spec, plan = handmade_world()
    solids = Solids(parts(spec, plan))
    assert standing_in_the_way(plan, solids) == []
    assert list(holes(plan, solids)) == []


@pytest.mark.parametrize(
    "features", [Features(buildings=False, npcs=True), Features(terrain=False), Features(quiz_stations=False)]
)
def test_what_is_not_wanted_is_not_built(features: Features) -> None:
    spec = wish(of=lesson(4, 4), features=features)
    plan = plan_world(spec)
    world = parts(spec, plan)
    names = {path.split("/")[1] for path, _ in every(world) if "/" in path}
    assert ("Ground" in names) == (not features.terrain)
    assert ("Guide" in names) == features.npcs
    stations = next(child for child in world.children if child.name == "Stations")
    assert bool(stations.children) == features.quiz_stations
    walls = [path for path, instance in every(world) if instance.name == "Wall"]
    assert bool(walls) == features.buildings


def test_a_base_plate_is_under_everything_and_through_no_floor() -> None:
    spec = wish(of=lesson(4, 4), features=Features(terrain=False))
    plan = plan_world(spec)
    solids = Solids(parts(spec, plan))
    for x, floor, z in ways(plan):
        assert "World/Ground" not in solids.blocking(x, floor + 0.1, z)
    assert solids.blocking(
        -plan.land.width * 2 + 1, min(plan.land.heights) - 0.5, plan.land.depth * 2 - 1
    ) == ["World/Ground"]


def test_each_part_stays_where_it_is_and_has_a_size_that_roblox_allows() -> None:
    spec = wish(Theme.UNDERWATER, Size.XLARGE, 3, of=lesson(12, 20))
    for path, instance in every(parts(spec, plan_world(spec))):
        size = instance.properties.get("Size")
        if isinstance(size, Vector):
            assert instance.properties["Anchored"] is True
            if instance.class_name != "BillboardGui":
                assert all(0.05 <= each <= 2048 for each in (size.x, size.y, size.z)), path


@pytest.mark.parametrize("theme", Theme)
def test_frames_do_not_stretch_or_mirror(theme: Theme) -> None:
    spec = wish(theme, of=lesson(4, 4))
    for path, instance in every(parts(spec, plan_world(spec))):
        frame = instance.properties.get("CFrame")
        if isinstance(frame, CFrame):
            a, b, c, d, e, f, g, h, i = frame.rotation
            assert a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) == pytest.approx(
                1, abs=1e-4
            ), path
            for row in ((a, b, c), (d, e, f), (g, h, i)):
                assert sum(each**2 for each in row) == pytest.approx(1, abs=1e-4), path


def test_a_door_is_as_high_as_was_said_and_has_its_rooms_title_over_it_outside() -> None:
    spec, plan = handmade_world()
    world = parts(spec, plan)
    solids = Solids(world)
    signs = [solid for solid in solids.all if solid.path.endswith("/Sign")]
    assert len(signs) == len(plan.doors)
    titles = {room.id: room.title for room in plan.rooms}
    for door, sign in zip(plan.doors, sorted(signs, key=lambda sign: sign.path.split("/")[2]), strict=True):
        text = sign.instance.children[0].children[0].properties["Text"]
        assert text == titles[door.room]
        floor = next(room.floor for room in plan.rooms if room.id == door.room)
        assert sign.frame.y - sign.size.y / 2 == floor + DOOR_HEIGHT
        inside = middle(plan, (door.cells.x, door.cells.z))
        assert max(abs(sign.frame.x - inside[0]), abs(sign.frame.z - inside[1])) < 2 * CELL
        assert not solids.blocking(sign.frame.x, sign.frame.y, sign.frame.z)


def test_a_board_of_a_section_that_is_not_there_is_a_fault_of_ours() -> None:
    with pytest.raises(IndexError):
        parts(wish(of=lesson(1, 2)), handmade())


def world_instance(instance: Instance, path: str) -> Instance:
    for name in path.split("/"):
        [instance] = [child for child in instance.children if child.name == name]
    return instance


def test_names_are_those_that_scripts_look_for() -> None:
    spec, plan = handmade_world()
    world = parts(spec, plan)
    assert world.name == "World"
    for path, class_name in {
        "Spawn": "SpawnLocation",
        "Rooms/r3": "Model",
        "Corridors/c1": "Model",
        "Ramps/Ramp1": "Model",
        "Boards/Board2/Panel/Text/Title": "TextLabel",
        "Boards/Board2/Panel/Text/Body/Page1": "TextLabel",
        "Stations/Station1/Screen/Prompt": "ProximityPrompt",
        "Gate/ProgressDoor": "Part",
        "Guide/HumanoidRootPart/Prompt": "ProximityPrompt",
    }.items():
        assert world_instance(world, path).class_name == class_name
    assert world_instance(world, "Rooms/r3").attributes == {"Title": "Dome"}
    assert world_instance(world, "Boards/Board2").attributes == {"Section": 1, "Pages": 1}
    assert world_instance(world, "Stations/Station2").attributes == {"Number": 2, "QuestionId": "q2"}
    assert world_instance(world, "Gate").attributes == {"Needed": 1}
