"""A Rojo project: scripts as files to edit, what is built as a model, services in the project file.

Rojo wants ``$className`` or ``$path`` of each instance; with both, the path has to be a folder, whose children become the
instance's. Values of ``$properties`` are written the short way, which Rojo reads by the property's type: enums by name,
colours as three numbers from 0 to 1.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from toolboxai.platform.roblox.files.rbxml import write_model
from toolboxai.platform.roblox.model.instances import (
    Color,
    Enumerated,
    Instance,
    Script,
    ScriptKind,
    Value,
    Vector,
)
from toolboxai.platform.roblox.model.names import WORLD

__all__ = ["PROJECT_FILE", "script_path", "write_rojo"]

PROJECT_FILE: Final = "default.project.json"
_PORT: Final = 34872
_FOLDERS: Final = {
    "ReplicatedStorage": "src/shared",
    "ServerScriptService": "src/server",
    "ServerStorage": "src/storage",
    "StarterPlayer/StarterPlayerScripts": "src/client",
}
_ENDINGS: Final = {
    ScriptKind.SERVER: ".server.luau",
    ScriptKind.CLIENT: ".client.luau",
    ScriptKind.MODULE: ".luau",
}
# Studio keeps the number of players outside of the place where one is published: Rojo cannot set it.
_NOT_SET: Final = frozenset({"Players"})

Node = dict[str, object]


def script_path(script: Script) -> str:
    """Where a script's file stands in the project."""
    return f"{_FOLDERS[script.parent]}/{script.name}{_ENDINGS[script.kind]}"


def write_rojo(name: str, place: Instance, scripts: Sequence[Script]) -> list[tuple[str, bytes]]:
    """The project's files by path, the project file first.

    Raises:
        ValueError: a property cannot be written in a project file, or in a model.
    """
    models: list[tuple[str, bytes]] = []
    tree: Node = {"$className": "DataModel"}
    taken = {script.parent for script in scripts}
    for service in place.children:
        if service.class_name not in _NOT_SET:
            tree[service.name] = _node(service, service.name, taken, models)
    project = {"name": name, "servePort": _PORT, "tree": tree}
    return [
        (PROJECT_FILE, msgspec.json.format(msgspec.json.encode(project), indent=2) + b"\n"),
        *((script_path(script), script.source.encode()) for script in scripts),
        *models,
    ]


def _node(instance: Instance, path: str, taken: set[str], models: list[tuple[str, bytes]]) -> Node:
    node: Node = {"$className": instance.class_name}
    if path in taken:
        node["$path"] = _FOLDERS[path]
    if instance.properties:
        node["$properties"] = {
            name: _short(instance, name, value) for name, value in sorted(instance.properties.items())
        }
    for child in instance.children:
        if child.class_name.endswith("Script"):
            continue  # it comes with the folder
        if child.name == WORLD:
            models.append((f"models/{child.name}.rbxmx", write_model([child], parent=path)))
            node[child.name] = {"$path": f"models/{child.name}.rbxmx"}
        else:
            node[child.name] = _node(child, f"{path}/{child.name}", taken, models)
    return node


def _short(instance: Instance, name: str, value: Value) -> object:
    match value:
        case bool() | int() | float() | str():
            return value
        case Color():
            return [round(each / 255, 6) for each in (value.red, value.green, value.blue)]
        case Vector():
            return [value.x, value.y, value.z]
        case Enumerated():
            return value.name
        case _:
            raise ValueError(f"{instance.class_name}.{name} has no short form in a project file")
