"""The section shows floors, heights and the ground."""

from xml.etree import ElementTree

from msgspec.structs import replace

from toolboxai.platform.roblox.drawing.section import draw_section
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.model.plan import Facing, WorldPlan
from toolboxai.platform.roblox.model.spec import Features, Theme
from world_plans import handmade, place, wish

SVG = "{http://www.w3.org/2000/svg}"


def named(plan: WorldPlan, name: str) -> list[ElementTree.Element]:
    return [
        each
        for each in ElementTree.fromstring(draw_section(plan, "Bees")).iter()
        if each.get("class") == name
    ]


def test_rooms_in_the_line_of_the_spawn_are_cut_at_their_floors() -> None:
    hall, lab, dome = named(handmade(), "room cut")
    assert (hall.get("x"), hall.get("y"), hall.get("width"), hall.get("height")) == (
        "-128",
        "-31",
        "40",
        "14",
    )
    assert (lab.get("y"), lab.get("height")) == ("-35", "14")
    assert dome.get("d", "").startswith("M8.")
    assert " -21a" in dome.get("d", "")


def test_a_dome_is_lower_away_from_its_middle() -> None:
    def height(row: int) -> float:
        dome = named(replace(handmade(), spawn=place(15, row, 17, Facing.EAST)), "room cut")[-1]
        return float(dome.get("d", "").split("a")[1].split()[1])

    assert 15 < height(35) <= 16
    assert height(31) < 12


def test_rooms_to_the_north_are_behind() -> None:
    plan = handmade()
    north = replace(plan.rooms[1], cells=replace(plan.rooms[1].cells, z=10))
    moved = replace(plan, rooms=(plan.rooms[0], north, plan.rooms[2]))
    assert len(named(moved, "room beyond")) == 1
    assert len(named(moved, "room cut")) == 2


def test_ways_ramps_land_and_scale_are_there() -> None:
    plan = handmade()
    assert len(named(plan, "way")) == 2
    (ramp,) = named(plan, "ramp")
    assert ramp.get("points") == "-72,-17 -56,-17 -56,-21"
    assert len(named(plan, "land")) == len(named(plan, "heights")) == len(named(plan, "scale")) == 1
    assert named(plan, "water") == []


def test_the_water_is_as_high_as_it_is() -> None:
    plan = plan_world(wish(Theme.UNDERWATER))
    (water,) = named(plan, "water")
    assert water.get("y") == f"-{plan.land.water}"


def test_it_is_told_in_words() -> None:
    root = ElementTree.fromstring(draw_section(handmade(), "Bees"))
    assert root.findtext(f"{SVG}title") == "Section of Bees"
    assert root.findtext(f"{SVG}desc") == (
        "Cut from west to east through the spawn, looking north. Hall: floor at 17 studs, 14 high. "
        "Lab: floor at 21 studs, 14 high. Dome: floor at 21 studs, 16 high. The land is 16 to 20 studs high."
    )


def test_an_open_floor_is_a_line() -> None:
    plan = plan_world(wish(features=Features(buildings=False)))
    (floor,) = named(plan, "room cut")
    assert floor.get("d", "").endswith("h64")
