"""The floor plan shows all that is planned, for eyes and for ears."""

from collections import Counter
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from forms import FULL
from toolboxai.platform.roblox.drawing.floor_plan import draw_floor_plan
from toolboxai.platform.roblox.drawing.section import draw_section
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.model.spec import Features, Size, Theme
from world_plans import handmade, lesson, wish

SVG = "{http://www.w3.org/2000/svg}"

# What has no script, no style and no address in it.
ELEMENTS = {"svg", "title", "desc", "g", "rect", "circle", "path", "polygon", "text"}


def drawn(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def classes(svg: str) -> Counter[str]:
    return Counter(each.get("class", "") for each in drawn(svg).iter() if each.get("class"))


def numbers(root: ElementTree.Element) -> list[float]:
    """Left, top, width and height of what is seen."""
    return [float(each) for each in root.attrib["viewBox"].split()]


@pytest.mark.parametrize("draw", [draw_floor_plan, draw_section])
@pytest.mark.parametrize("theme", Theme if FULL else [Theme.OUTDOOR, Theme.UNDERWATER])
def test_a_strict_policy_refuses_nothing(theme: Theme, draw: object) -> None:
    assert callable(draw)
    for features in (Features(npcs=True), Features(buildings=False)):
        svg = draw(plan_world(wish(theme, of=lesson(), features=features)), "A <world> & 'more'")
        for each in drawn(svg).iter():
            assert each.tag.removeprefix(SVG) in ELEMENTS
            names = {name.lower() for name in each.attrib}
            assert not [name for name in names if name == "style" or name.startswith("on") or "href" in name]
        assert "url(" not in svg
        assert "A &lt;world&gt; &amp; 'more'" in svg


def test_everything_of_the_plan_is_drawn() -> None:
    found = classes(draw_floor_plan(handmade(), "Bees"))
    assert found == {
        "land": 1,
        "open way": 1,
        "covered way": 1,
        "ramp": 1,
        "room box": 2,
        "room dome": 1,
        "door": 4,
        "gate": 1,
        "board": 2,
        "station": 2,
        "spawn": 1,
        "guide": 1,
        "room-name": 3,
        "scale": 1,
    }


def test_rooms_are_where_they_are_and_a_dome_is_round() -> None:
    root = drawn(draw_floor_plan(handmade(), "Bees"))
    (dome,) = [each for each in root.iter(f"{SVG}circle") if each.get("class") == "room dome"]
    assert (dome.get("cx"), dome.get("cy"), dome.get("r")) == ("196", "140", "19")
    (spawn,) = [each for each in root.iter() if each.get("class") == "spawn"]
    assert spawn.get("transform") == f"translate({handmade().spawn.x} {handmade().spawn.z})"


def test_it_is_told_in_words() -> None:
    root = drawn(draw_floor_plan(handmade(), "Bees"))
    assert root.findtext(f"{SVG}title") == "Floor plan of Bees"
    assert root.findtext(f"{SVG}desc") == (
        "3 rooms, 2 corridors, 1 ramp. "
        "Hall: a room, floor at 17 studs, boards 1. "
        "Lab: a room, floor at 21 studs, boards 2, stations 1. "
        "Dome: a dome, floor at 21 studs, stations 2. "
        "An open way joins Hall and Lab. A covered way joins Lab and Dome. "
        "The spawn is in Hall. A gate before Dome opens after 1 question answered."
    )


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    svg = draw_floor_plan(handmade(), "Bees")
    assert "h40v-2v4" in svg
    assert ">40 studs</text>" in svg


def test_all_of_it_lies_in_the_picture() -> None:
    plan = plan_world(wish(Theme.FANTASY, Size.MEDIUM, of=lesson(20, 50)))
    left, top, width, height = numbers(drawn(draw_floor_plan(plan, "Bees")))
    for place in (
        plan.spawn,
        *(board.place for board in plan.boards),
        *(each.place for each in plan.stations),
    ):
        assert left < place.x < left + width
        assert top < place.z < top + height


def test_water_is_seen_and_the_same_plan_is_the_same_picture() -> None:
    outdoors = plan_world(wish(Theme.OUTDOOR, Size.MEDIUM, seed=5))
    assert "#d0e5f1" in draw_floor_plan(outdoors, "Lake")
    assert "#d0e5f1" not in draw_floor_plan(
        replace(outdoors, land=replace(outdoors.land, water=None)), "Lake"
    )
    assert draw_floor_plan(outdoors, "Lake") == draw_floor_plan(outdoors, "Lake")


def test_a_large_plan_is_no_large_file() -> None:
    plan = plan_world(wish(Theme.FANTASY, Size.XLARGE, of=lesson(20, 50)))
    assert len(draw_floor_plan(plan, "Bees").encode()) < 150_000
