"""A world is built under one folder, whole or not at all, and one step of undo takes it away."""

import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest

from plugin_studio import PluginStudio
from studio_parts import SCRIPTS, Server, a_bundle, command, connected

PERMISSION = (
    "PERMISSION_DENIED: Studio does not let this plugin write scripts. Plugins, Manage Plugins, the pencil beside the"
    " plugin: allow Script Injection, then send the command again"
)


def applied(server: Server, *worlds: str) -> PluginStudio:
    studio, network = connected(server)
    for seq, world in enumerate(worlds, 1):
        network.stream.says(command(seq, "apply_bundle", {"environment_id": world}))
        studio.passes(2)
    return studio


def nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in node.get("children", ()):
        yield from nodes(child)


def check(wanted: Any, found: Any) -> None:
    """Everything that a node of the bundle says, the instance has."""
    assert (found["class"], found["name"]) == (wanted["class"], wanted["name"])
    for name, value in wanted.get("properties", {}).items():
        assert found["properties"][name] == (pytest.approx(value) if _numbers(value) else value), name
    for name, value in wanted.get("attributes", {}).items():
        assert found["attributes"][name] == value
    for one, other in zip(wanted.get("children", ()), found["children"], strict=False):
        check(one, other)


def _numbers(value: Any) -> bool:
    return isinstance(value, float)


def worlds(studio: PluginStudio) -> dict[str, Any]:
    """The folders of the plugin by the world they are of."""
    root = studio.tree()
    return {} if root is None else {each["attributes"]["EnvironmentId"]: each for each in root["children"]}


def test_the_world_stands_under_one_folder_as_the_bundle_has_it() -> None:
    document = a_bundle()
    server = Server(env_1=document)
    studio = applied(server, "env_1")
    (result,) = server.results()
    assert result["status"] == "ok", result
    assert result["result"] == {
        **document["counts"],
        "environment_id": "env_1",
        "folder": f"Workspace/toolboxai/{document['name']}",
    }
    world = worlds(studio)["env_1"]["children"][0]
    check(document["folder"], world)
    scripts = world["children"].pop()
    assert len(list(nodes(world))) == document["counts"]["instances"]
    places = {each["name"]: each for each in nodes(scripts)}
    assert set(places) == {
        "Scripts",
        "ServerScriptService",
        "ServerStorage",
        "StarterPlayer",
        "StarterPlayerScripts",
        *(script.name for script in SCRIPTS),
    }
    for script in SCRIPTS:
        assert places[script.name]["properties"]["Source"] == script.source
    assert places["QuizServer"]["properties"]["Disabled"] is True
    assert places["BoardPages"]["properties"]["Disabled"] is True
    names = {each["name"] for each in studio.do("return fake.tree(workspace)")["children"]}
    assert names == {"Terrain", "toolboxai"}


def test_again_it_takes_the_place_of_the_former_and_undo_brings_that_back() -> None:
    server = Server(env_1=a_bundle(name="First"), env_2=a_bundle("env_2", name="Other"))
    studio, network = connected(server)
    for seq, world in enumerate(("env_1", "env_2"), 1):
        network.stream.says(command(seq, "apply_bundle", {"environment_id": world}))
        studio.passes(2)
    before = worlds(studio)
    server.bundles["env_1"] = a_bundle(name="Second")
    network.stream.says(command(3, "apply_bundle", {"environment_id": "env_1"}))
    studio.passes(2)
    after = worlds(studio)
    assert after["env_1"]["name"] == "Second"
    assert after["env_2"] == before["env_2"]
    assert studio.steps == 3
    assert worlds(studio.undo()) == before
    studio.undo().undo()
    assert studio.tree() is None


def test_what_the_bundle_sets_in_lighting_is_undone_with_it() -> None:
    document = a_bundle()
    studio = applied(Server(env_1=document), "env_1")

    def lighting() -> Any:
        return studio.do('return fake.tree(game:GetService("Lighting"))')["properties"]

    for name, value in document["services"]["Lighting"].items():
        assert lighting()[name] == value
    studio.undo()
    assert not set(document["services"]["Lighting"]) & set(lighting())


def test_the_same_command_twice_is_one_step() -> None:
    server = Server(env_1=a_bundle())
    studio, network = connected(server)
    order = command(1, "apply_bundle", {"environment_id": "env_1"})
    network.stream.says(order)
    network.stream.says({**order, "seq": 2})
    studio.passes(3)
    assert studio.steps == 1
    assert len([each for each in network.asked if "/bundles/" in each["Url"]]) == 1


def broken(change: Callable[[Any], object]) -> Any:
    document = a_bundle()
    change(document)
    return document


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda it: it.update(format="zip"), "what came is no bundle of a world"),
        (lambda it: it.update(version=2), "the bundle has version 2; take a newer plugin from the server"),
        (lambda it: it.update(environment_id="env_2"), "the bundle is of env_2"),
        (lambda it: it["counts"].update(parts=1), "the bundle says 1"),
        (
            lambda it: it["scripts"][0].update(source="x"),
            "the script QuizServer is not what its checksum says",
        ),
        (lambda it: it["scripts"][0].update(kind="shader"), "shader is no kind of a script"),
        (lambda it: it["folder"]["children"][0].update({"class": "Teapot"}), "this Studio makes no Teapot"),
        (
            lambda it: it["folder"].update(properties={"Colour": 1}),
            "World: .*Colour is not a valid member of Model",
        ),
        (
            lambda it: it["folder"].update(properties={"PrimaryPart": ["Ref", "World/Nothing"]}),
            "there is no World/Nothing",
        ),
        (
            lambda it: it["folder"].update(properties={"PrimaryPart": ["Moon", 1]}),
            "Moon is no type of a value",
        ),
        (
            lambda it: it["folder"].update(properties={"PrimaryPart": ["Enum", "Material", "Jam"]}),
            "Jam is not a valid",
        ),
    ],
)
def test_of_a_bundle_that_is_not_right_nothing_is_built(change: Callable[[Any], object], why: str) -> None:
    server = Server(env_1=broken(change))
    studio = applied(server, "env_1")
    (result,) = server.results()
    assert result["status"] == "error"
    assert re.search(f"^BUNDLE_INVALID: .*{why}", result["error"]), result["error"]
    assert studio.tree() is None
    assert studio.steps == 0


def test_a_bundle_that_was_changed_on_its_way_is_not_built() -> None:
    server = Server(env_1=a_bundle())
    studio, network = connected(server)
    network.answer = lambda asked: (
        {**(server(asked) or {}), "Headers": {"etag": f'"{"0" * 64}"'}}
        if asked["Method"] == "GET"
        else server(asked)
    )
    network.stream.says(command(1, "apply_bundle", {"environment_id": "env_1"}))
    studio.settle()
    assert server.results()[0]["error"].startswith("BUNDLE_INVALID: the bundle is not what its checksum says")
    assert studio.tree() is None


def test_a_checksum_that_studio_writes_out_is_the_same_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    def written_out(studio: PluginStudio, words: Any) -> Any:
        return studio.value(sha256(bytes(words[0].as_bytes())).hexdigest().upper())

    monkeypatch.setattr(PluginStudio, "_sha256", written_out)
    server = Server(env_1=a_bundle())
    assert applied(server, "env_1").steps == 1
    assert server.results()[0]["status"] == "ok"


def test_a_plugin_that_may_not_write_scripts_says_what_to_allow() -> None:
    server = Server(env_1=a_bundle())
    studio, network = connected(server)
    studio.do("fake.noScripts = true")
    network.stream.says(command(1, "apply_bundle", {"environment_id": "env_1"}))
    studio.settle()
    (result,) = server.results()
    assert result["error"].startswith(PERMISSION)
    assert studio.tree() is None
    assert studio.steps == 0


def test_a_place_that_runs_as_a_test_is_left_alone() -> None:
    server = Server(env_1=a_bundle())
    studio, network = connected(server)
    studio.do("fake.testing = true")
    network.stream.says(command(1, "apply_bundle", {"environment_id": "env_1"}))
    studio.passes(2)
    assert server.results()[0]["error"].startswith("STUDIO_IS_TESTING: ")
    assert studio.tree() is None


def test_somebody_elses_recording_is_waited_for_and_not_for_ever() -> None:
    server = Server(env_1=a_bundle())
    studio, network = connected(server)
    studio.do("fake.busy = true")
    network.stream.says(command(1, "apply_bundle", {"environment_id": "env_1"}))
    studio.passes(4)
    assert server.results() == []
    studio.do("fake.busy = false")
    studio.passes(2)
    assert server.results()[0]["status"] == "ok"
    studio.do("fake.busy = true")
    network.stream.says(command(2, "apply_bundle", {"environment_id": "env_1"}))
    studio.passes(12)
    assert server.results()[1]["error"].startswith("STUDIO_IS_BUSY: ")
    assert studio.steps == 1


def test_a_change_that_fails_half_way_leaves_the_former_world() -> None:
    server = Server(env_1=a_bundle(name="First"))
    studio, network = connected(server)
    network.stream.says(command(1, "apply_bundle", {"environment_id": "env_1"}))
    studio.passes(2)
    before = worlds(studio)
    server.bundles["env_1"] = a_bundle(services={"Lighting": {"Brightness": "bright"}})
    network.stream.says(command(2, "apply_bundle", {"environment_id": "env_1"}))
    studio.passes(2)
    assert server.results()[1]["error"].startswith("FAILED: ")
    assert worlds(studio) == before
    assert studio.steps == 1
