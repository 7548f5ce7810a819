"""A whole place as a tree."""

import pytest

from toolboxai.platform.roblox.files.tree import place_tree, script_instance
from toolboxai.platform.roblox.model.instances import Script, ScriptKind
from toolboxai.platform.roblox.model.spec import Theme
from toolboxai.platform.roblox.themes import THEMES
from world_plans import handmade, lesson, wish

SPEC, PLAN = wish(of=lesson(2, 2)), handmade()


def script(
    name: str = "QuizServer", kind: ScriptKind = ScriptKind.SERVER, parent: str = "ServerScriptService"
) -> Script:
    return Script(id=name.lower(), kind=kind, name=name, parent=parent, source="return 1\n")


def test_services_stand_at_the_top_and_nowhere_else() -> None:
    place = place_tree(SPEC, PLAN, [])
    assert place.class_name == "DataModel"
    assert [(service.class_name, service.name) for service in place.children] == [
        (name, name)
        for name in (
            "Workspace",
            "Players",
            "Lighting",
            "ReplicatedStorage",
            "ServerScriptService",
            "ServerStorage",
            "StarterPlayer",
        )
    ]


@pytest.mark.parametrize(
    ("parent", "path"),
    [
        ("ServerScriptService", [4]),
        ("ServerStorage", [5]),
        ("ReplicatedStorage", [3]),
        ("StarterPlayer/StarterPlayerScripts", [6, 0]),
    ],
)
def test_scripts_stand_where_they_say_in_their_order(parent: str, path: list[int]) -> None:
    scripts = [script("Zebra", parent=parent), script("Ant", parent=parent)]
    at = place_tree(SPEC, PLAN, scripts)
    for number in path:
        at = at.children[number]
    assert [child.name for child in at.children] == ["Zebra", "Ant"]


@pytest.mark.parametrize(
    ("kind", "class_name"),
    [(ScriptKind.SERVER, "Script"), (ScriptKind.CLIENT, "LocalScript"), (ScriptKind.MODULE, "ModuleScript")],
)
def test_each_kind_has_its_class_and_only_what_runs_can_be_off(kind: ScriptKind, class_name: str) -> None:
    made = script_instance(script(kind=kind))
    assert (made.class_name, made.properties) == (class_name, {"Source": "return 1\n"})
    off = script_instance(script(kind=kind), disabled=True)
    assert ("Disabled" in off.properties) == (kind is not ScriptKind.MODULE)


@pytest.mark.parametrize(
    ("scripts", "said"),
    [
        ([script(parent="Workspace")], "script quizserver stands in Workspace, where none can"),
        ([script("../x")], "letters and digits alone"),
        ([script("\u00c4pfel")], "letters and digits alone"),
        ([script("A"), script("a")], "two scripts in ServerScriptService are called a"),
    ],
)
def test_a_script_that_no_file_could_hold_is_refused(scripts: list[Script], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        place_tree(SPEC, PLAN, scripts)


@pytest.mark.parametrize("theme", Theme)
def test_light_and_hour_are_the_themes(theme: Theme) -> None:
    lighting = place_tree(wish(theme, of=lesson(2, 2)), PLAN, []).children[2].properties
    hour, minute, second = str(lighting["TimeOfDay"]).split(":")
    assert int(hour) + int(minute) / 60 == THEMES[theme].clock_time
    assert second == "00"
    assert lighting["OutdoorAmbient"] == THEMES[theme].ambient


def test_as_many_may_play_as_was_wished() -> None:
    assert place_tree(SPEC, PLAN, []).children[1].properties["MaxPlayersInternal"] == 30
