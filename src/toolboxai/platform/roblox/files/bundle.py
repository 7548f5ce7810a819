"""The bundle: one JSON document from which a Studio plugin builds the world itself.

``docs/world-bundle.md`` says what stands in it, ``docs/world-bundle.schema.json`` says it for programs.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec

from toolboxai.platform.roblox.files.parts import part_count
from toolboxai.platform.roblox.model.instances import (
    CFrame,
    Color,
    Enumerated,
    Instance,
    InstanceRef,
    Script,
    UDim2,
    Value,
    Vector,
)
from toolboxai.platform.roblox.model.names import WORLD
from toolboxai.platform.roblox.model.spec import WorldSpec

__all__ = ["BUNDLE_FORMAT", "BUNDLE_VERSION", "write_bundle"]

BUNDLE_FORMAT: Final = "toolboxai.world-bundle"
BUNDLE_VERSION: Final = 1
"""Goes up when a reader of the version before could not build what is in it."""

# Of these only a place file can set what a world sets: to a script it is no property.
_NOT_SET: Final = frozenset({"Players", "Workspace"})


def write_bundle(spec: WorldSpec, place: Instance, scripts: Sequence[Script], generator: str) -> bytes:
    """The world of a place, its scripts and what it sets in services; references are paths from the world on."""
    world = next(child for service in place.children for child in service.children if child.name == WORLD)
    document = {
        "format": BUNDLE_FORMAT,
        "version": BUNDLE_VERSION,
        "generator": generator,
        "environment_id": spec.environment_id,
        "name": spec.name,
        "seed": spec.seed,
        "counts": {"instances": _count(world), "parts": part_count(world), "scripts": len(scripts)},
        "services": {
            service.name: _properties(service)
            for service in place.children
            if service.properties and service.name not in _NOT_SET
        },
        "folder": _instance(world),
        "scripts": [
            {
                "id": script.id,
                "kind": script.kind.value,
                "name": script.name,
                "parent": script.parent,
                "source": script.source,
                "sha256": sha256(script.source.encode()).hexdigest(),
            }
            for script in scripts
        ],
    }
    return msgspec.json.encode(document) + b"\n"


def _count(instance: Instance) -> int:
    return 1 + sum(_count(child) for child in instance.children)


def _instance(instance: Instance) -> dict[str, object]:
    """What is empty is left out."""
    made: dict[str, object] = {"class": instance.class_name, "name": instance.name}
    if instance.properties:
        made["properties"] = _properties(instance)
    if instance.attributes:
        made["attributes"] = dict(sorted(instance.attributes.items()))
    if instance.children:
        made["children"] = [_instance(child) for child in instance.children]
    return made


def _properties(instance: Instance) -> dict[str, object]:
    return {name: _value(value) for name, value in sorted(instance.properties.items())}


def _value(value: Value) -> object:
    """JSON's own types as they are; all else as its type's name and then its numbers or names."""
    match value:
        case Vector():
            return ["Vector3", value.x, value.y, value.z]
        case CFrame():
            return ["CFrame", value.x, value.y, value.z, *value.rotation]
        case Color():
            return ["Color3", value.red, value.green, value.blue]
        case UDim2():
            return ["UDim2", value.x_scale, value.x_offset, value.y_scale, value.y_offset]
        case Enumerated():
            return ["Enum", value.enum, value.name]
        case InstanceRef():
            return ["Ref", value.path[value.path.index(WORLD) :]]
        case _:
            return value
