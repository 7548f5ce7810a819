"""What Rojo makes of a project: a tree of names, classes and values, by the rules of its documentation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from readers.roblox_xml import ReadInstance, read_roblox_xml

__all__ = ["Synced", "read_project"]

_ENDINGS = (
    (".server.luau", "Script"),
    (".client.luau", "LocalScript"),
    (".luau", "ModuleScript"),
)


@dataclass
class Synced:
    """An instance as Rojo would make it."""

    class_name: str
    properties: dict[str, Any] = field(default_factory=dict)
    children: dict[str, "Synced"] = field(default_factory=dict)


def read_project(files: Mapping[str, bytes]) -> tuple[str, Synced]:
    """The project's name and its tree; every file that Rojo could use is used."""
    project = json.loads(files["default.project.json"])
    assert set(project) <= {"name", "tree", "servePort", "globIgnorePaths", "emitLegacyScripts"}
    assert 1024 <= project["servePort"] < 65536
    used = {"default.project.json"}
    tree = _node(project["tree"], files, used)
    left = {name for name in files if name.endswith((".luau", ".rbxmx"))} - used
    assert not left, f"no path of the project leads to {left}"
    return project["name"], tree


def _node(node: Mapping[str, Any], files: Mapping[str, bytes], used: set[str]) -> Synced:
    made = Synced("")
    if "$path" in node:
        made = _path(node["$path"], files, used)
        assert "$className" not in node or made.class_name == "Folder", "both are allowed for a folder alone"
    if "$className" in node:
        made.class_name = node["$className"]
    assert made.class_name, "neither $className nor $path"
    for name, value in node.get("$properties", {}).items():
        assert isinstance(value, bool | int | float | str) or all(
            isinstance(each, int | float) for each in value
        )
        made.properties[name] = value
    for name, child in node.items():
        if not name.startswith("$"):
            assert name not in made.children, f"{name} is there twice"
            made.children[name] = _node(child, files, used)
        else:
            assert name in {"$className", "$path", "$properties", "$ignoreUnknownInstances"}
    return made


def _path(path: str, files: Mapping[str, bytes], used: set[str]) -> Synced:
    if path in files:
        used.add(path)
        assert path.endswith(".rbxmx")
        [root] = read_roblox_xml(files[path])
        return _from_model(root)
    folder = Synced("Folder")
    for name in files:
        if name.startswith(f"{path}/"):
            used.add(name)
            file = name.removeprefix(f"{path}/")
            ending, class_name = next(pair for pair in _ENDINGS if file.endswith(pair[0]))
            instance = file.removesuffix(ending)
            assert instance not in folder.children
            folder.children[instance] = Synced(class_name, {"Source": files[name].decode()})
    assert folder.children, f"there is nothing at {path}"
    return folder


def _from_model(instance: ReadInstance) -> Synced:
    made = Synced(instance.class_name, dict(instance.properties))
    for number, child in enumerate(instance.children):
        made.children[f"{number} {child.name}"] = _from_model(child)
    return made
