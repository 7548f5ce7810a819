"""Stations, gate, guide and spawn."""

import pytest

from toolboxai.platform.roblox.files.figures import gate_model, guide_model, spawn_part, station_model
from toolboxai.platform.roblox.model.instances import Instance
from toolboxai.platform.roblox.model.plan import Facing
from toolboxai.platform.roblox.model.spec import Theme
from toolboxai.platform.roblox.themes import THEMES
from world_plans import handmade, place
from world_solids import Solids, every

LOOK = THEMES[Theme.CLASSROOM]
PLAN = handmade()


def prompt_of(instance: Instance) -> Instance:
    [found] = [each for _, each in every(instance) if each.class_name == "ProximityPrompt"]
    return found


@pytest.mark.parametrize(
    ("language", "action", "about"),
    [
        ("en", "Answer", "Question 2"),
        ("es-MX", "Responder", "Pregunta 2"),
        ("de", "Antworten", "Frage 2"),
        ("fr", "Answer", "Question 2"),
    ],
)
def test_a_station_is_named_in_the_lessons_language(language: str, action: str, about: str) -> None:
    station = station_model(2, PLAN.stations[1], LOOK, language)
    prompt = prompt_of(station).properties
    assert (prompt["ActionText"], prompt["ObjectText"]) == (action, about)
    assert station.attributes == {"Number": 2, "QuestionId": "q2"}


def test_its_prompt_waits_for_a_script_and_can_be_used_from_where_one_stands() -> None:
    for number, planned in enumerate(PLAN.stations, 1):
        solids = Solids(station_model(number, planned, LOOK, "en"))
        screen = next(solid for solid in solids.all if solid.path.endswith("/Screen"))
        away = abs(screen.frame.x - planned.stand.x) + abs(screen.frame.z - planned.stand.z)
        prompt = prompt_of(screen.instance).properties
        assert prompt["Enabled"] is False
        reach = prompt["MaxActivationDistance"]
        assert isinstance(reach, int | float)
        assert away + 3 < reach
        # The screen looks to whoever stands there, who is about five studs high.
        seen = screen.inside(planned.stand.x, screen.frame.y, planned.stand.z)
        assert seen[2] < 0
        assert 3 < screen.frame.y - planned.place.y < 5
        for solid in solids.all:
            assert abs(solid.frame.x - planned.place.x) + solid.size.x / 2 <= 2
            assert abs(solid.frame.z - planned.place.z) + solid.size.z / 2 <= 2


def test_what_is_asked_and_answered_stands_nowhere_in_it() -> None:
    station = station_model(1, PLAN.stations[0], LOOK, "en")
    said = [
        value for _, each in every(station) for value in each.properties.values() if isinstance(value, str)
    ]
    assert sorted(said) == ["1", "Answer", "Question 1"]


def test_the_gate_fills_the_door_it_shuts() -> None:
    assert PLAN.gate is not None
    solids = Solids(gate_model(PLAN.land, PLAN.gate, LOOK))
    [barrier] = solids.all
    assert (barrier.size.x, barrier.size.y, barrier.size.z) == (1, 8, 8)
    assert barrier.blocks
    # Cells 44 by 34 and 35 of a land of 84.
    assert (barrier.frame.x, barrier.frame.y, barrier.frame.z) == (44 * 4 + 2 - 168, 21 + 4, 35 * 4 - 168)


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize(("language", "number"), [("en", 0), ("de", 1)])
def test_the_guide_has_its_themes_name_over_its_head(theme: Theme, language: str, number: int) -> None:
    look = THEMES[theme]
    guide = guide_model(place(17, 32, 17, Facing.WEST), look, language)
    assert guide.attributes == {"Title": look.guide.names[language]}
    [name] = [each for path, each in every(guide) if path.endswith("Head/Name/Title")]
    assert name.properties["Text"] == look.guide.names[language]
    assert prompt_of(guide).properties["ActionText"] == ("Talk", "Ansprechen")[number]


def test_the_guide_stands_on_its_cell_on_its_feet() -> None:
    at = place(17, 32, 17, Facing.WEST)
    solids = Solids(guide_model(at, LOOK, "en"))
    assert min(solid.frame.y - solid.size.y / 2 for solid in solids.all) == 17
    assert all(abs(solid.frame.z - at.z) <= 2 and abs(solid.frame.x - at.x) <= 2 for solid in solids.all)
    left = next(solid for solid in solids.all if solid.path.endswith("/Left Arm"))
    # Who looks west has the left hand in the south.
    assert left.frame.z > at.z


def test_the_spawn_looks_where_it_was_planned_and_stands_on_the_floor() -> None:
    spawn = spawn_part(PLAN.spawn, LOOK)
    [solid] = Solids(spawn).all
    assert (solid.frame.x, solid.frame.z) == (PLAN.spawn.x, PLAN.spawn.z)
    assert solid.frame.y - solid.size.y / 2 == PLAN.spawn.y
    assert solid.inside(solid.frame.x + 1, solid.frame.y, solid.frame.z) == (0, 0, -1)
    assert spawn.properties["Neutral"] is True
