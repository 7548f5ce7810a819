"""The Rojo project, as Rojo reads it."""

import json

import pytest

from readers.rojo import Synced, read_project
from toolboxai.platform.roblox.files.rojo import script_path, write_rojo
from toolboxai.platform.roblox.files.tree import place_tree
from toolboxai.platform.roblox.model.instances import Instance, Script, ScriptKind, UDim2
from world_plans import ASKING, handmade, lesson, wish

SCRIPTS = [
    ASKING,
    Script(
        id="quiz_answers",
        kind=ScriptKind.MODULE,
        name="QuizAnswers",
        parent="ServerStorage",
        source="return {}\n",
    ),
    Script(
        id="quiz_questions",
        kind=ScriptKind.MODULE,
        name="QuizQuestions",
        parent="ReplicatedStorage",
        source="return 1\n",
    ),
    Script(
        id="quiz_client",
        kind=ScriptKind.CLIENT,
        name="QuizClient",
        parent="StarterPlayer/StarterPlayerScripts",
        source="print(2)\n",
    ),
]
PLACE = place_tree(wish(of=lesson(2, 2)), handmade(), SCRIPTS)


def count(instance: Instance) -> int:
    return 1 + sum(count(child) for child in instance.children)


def counted(synced: Synced) -> int:
    return 1 + sum(counted(child) for child in synced.children.values())


def test_rojo_makes_the_place_of_it() -> None:
    name, tree = read_project(dict(write_rojo("bees", PLACE, SCRIPTS)))
    assert name == "bees"
    assert tree.class_name == "DataModel"
    services = {service.name: service for service in PLACE.children if service.name != "Players"}
    assert {name: child.class_name for name, child in tree.children.items()} == {
        name: name for name in services
    }
    for script in SCRIPTS:
        at = tree
        for step in script.parent.split("/"):
            at = at.children[step]
        assert at.children[script.name].properties["Source"] == script.source
        assert (
            at.children[script.name].class_name
            == {
                ScriptKind.SERVER: "Script",
                ScriptKind.CLIENT: "LocalScript",
                ScriptKind.MODULE: "ModuleScript",
            }[script.kind]
        )


def test_the_world_is_a_model_of_all_that_is_built() -> None:
    _, tree = read_project(dict(write_rojo("bees", PLACE, SCRIPTS)))
    world = tree.children["Workspace"].children["World"]
    assert world.class_name == "Model"
    assert counted(world) == count(PLACE.children[0].children[0])


def test_values_are_written_the_short_way() -> None:
    project = json.loads(dict(write_rojo("bees", PLACE, []))["default.project.json"])
    assert project["tree"]["Workspace"]["$properties"] == {"StreamingEnabled": False}
    lighting = project["tree"]["Lighting"]["$properties"]
    assert lighting["TimeOfDay"] == "10:00:00"
    assert lighting["Ambient"] == pytest.approx([0x8A / 255, 0x8A / 255, 0x86 / 255], abs=1e-6)


def test_without_scripts_no_path_leads_nowhere() -> None:
    files = dict(write_rojo("bees", place_tree(wish(of=lesson(2, 2)), handmade(), []), []))
    assert set(files) == {"default.project.json", "models/World.rbxmx"}
    read_project(files)


@pytest.mark.parametrize(
    ("script", "path"),
    list(
        zip(
            SCRIPTS,
            [
                "src/server/QuizServer.server.luau",
                "src/storage/QuizAnswers.luau",
                "src/shared/QuizQuestions.luau",
                "src/client/QuizClient.client.luau",
            ],
            strict=True,
        )
    ),
)
def test_where_a_script_stands_says_what_it_is(script: Script, path: str) -> None:
    assert script_path(script) == path


def test_a_value_that_has_no_short_form_is_refused() -> None:
    lighting = Instance(class_name="Lighting", name="Lighting", properties={"Size": UDim2(0, 0, 0, 0)})
    place = Instance(class_name="DataModel", name="Game", children=(lighting,))
    with pytest.raises(ValueError, match=r"Lighting\.Size has no short form"):
        write_rojo("bees", place, [])
