"""The bundle: what a plugin builds of it is the world."""

import json
from hashlib import sha256
from typing import Any

import jsonschema_rs
import pytest

from doc_snippets import ROOT
from toolboxai.platform.roblox.files.bundle import write_bundle
from toolboxai.platform.roblox.files.parts import part_count
from toolboxai.platform.roblox.files.tree import place_tree
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.model.instances import (
    CFrame,
    Color,
    Enumerated,
    Instance,
    InstanceRef,
    Script,
    ScriptKind,
    UDim2,
    Vector,
)
from toolboxai.platform.roblox.model.spec import Theme
from world_plans import handmade, lesson, wish

VALID = jsonschema_rs.validator_for(
    json.loads((ROOT / "docs/world-bundle.schema.json").read_text(encoding="utf-8"))
)
SCRIPT = Script(
    id="quiz_server",
    kind=ScriptKind.SERVER,
    name="QuizServer",
    parent="ServerScriptService",
    source='print("\U0001f41d]]>\x00")\n',
)
SPEC = wish(of=lesson(2, 2))


def bundle(scripts: tuple[Script, ...] = (SCRIPT,)) -> tuple[Instance, dict[str, Any]]:
    place = place_tree(SPEC, handmade(), scripts)
    document = json.loads(write_bundle(SPEC, place, scripts, "toolboxai test"))
    return place.children[0].children[0], document


def built(node: dict[str, Any]) -> Instance:
    """What a plugin makes of a node, told in our own types."""
    return Instance(
        class_name=node["class"],
        name=node["name"],
        properties={name: _value(value) for name, value in node.get("properties", {}).items()},
        attributes=node.get("attributes", {}),
        children=tuple(built(child) for child in node.get("children", ())),
    )


def _value(value: Any) -> Any:
    match value:
        case ["Vector3", x, y, z]:
            return Vector(x, y, z)
        case ["CFrame", x, y, z, *rotation]:
            return CFrame(x, y, z, tuple(rotation))
        case ["Color3", red, green, blue]:
            return Color(red, green, blue)
        case ["UDim2", a, b, c, d]:
            return UDim2(a, b, c, d)
        case ["Enum", enum, name]:
            return (enum, name)
        case ["Ref", path]:
            return InstanceRef(f"Workspace/{path}")
        case _:
            return value


def known(instance: Instance) -> Instance:
    """A tree whose enum items are told by their names, which is all that a bundle has of them."""
    return Instance(
        class_name=instance.class_name,
        name=instance.name,
        properties={
            name: (value.enum, value.name) if isinstance(value, Enumerated) else value  # type: ignore[misc]
            for name, value in instance.properties.items()
        },
        attributes=instance.attributes,
        children=tuple(known(child) for child in instance.children),
    )


def test_the_world_is_built_of_it_as_it_was() -> None:
    world, document = bundle()
    assert built(document["folder"]) == known(world)


def test_counts_are_those_of_what_is_built() -> None:
    world, document = bundle()

    def count(node: dict[str, Any]) -> int:
        return 1 + sum(count(child) for child in node.get("children", ()))

    assert document["counts"] == {
        "instances": count(document["folder"]),
        "parts": part_count(world),
        "scripts": 1,
    }


def test_scripts_come_with_the_sum_of_their_text() -> None:
    _, document = bundle()
    [script] = document["scripts"]
    assert script == {
        "id": "quiz_server",
        "kind": "server",
        "name": "QuizServer",
        "parent": "ServerScriptService",
        "source": SCRIPT.source,
        "sha256": sha256(SCRIPT.source.encode()).hexdigest(),
    }


def test_it_says_what_it_is_for() -> None:
    _, document = bundle()
    assert (document["format"], document["version"]) == ("toolboxai.world-bundle", 1)
    assert (document["environment_id"], document["seed"], document["name"]) == ("env_1", 1, "A world")
    assert document["services"]["Lighting"]["TimeOfDay"] == "10:00:00"


def test_it_sets_nothing_that_no_script_can_set() -> None:
    # Workspace.StreamingEnabled raises in a plugin, as the number of players does.
    assert list(bundle()[1]["services"]) == ["Lighting"]


@pytest.mark.parametrize("theme", Theme)
def test_every_themes_bundle_holds_to_the_schema(theme: Theme) -> None:
    spec = wish(theme, of=lesson(4, 6))
    VALID.validate(
        json.loads(write_bundle(spec, place_tree(spec, plan_world(spec), (SCRIPT,)), (SCRIPT,), "x"))
    )


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"folder": {"class": "Script", "name": "S"}},
        {"folder": {"class": "Part", "name": "P", "properties": {"Size": ["Vector3", 1, 2]}}},
        {"services": {"ServerStorage": {}}},
        {"services": {"Workspace": {"StreamingEnabled": False}}},
        {"scripts": [{"id": "x"}]},
    ],
)
def test_another_form_does_not(change: dict[str, Any]) -> None:
    _, document = bundle()
    assert VALID.is_valid(document)
    assert not VALID.is_valid({**document, **change})
