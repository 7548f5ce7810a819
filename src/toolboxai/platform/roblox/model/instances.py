"""A tree of Roblox instances with typed properties: what place file, model file, Rojo project and bundle are made of."""

from enum import StrEnum

from msgspec import Struct, field

__all__ = [
    "CFrame",
    "Color",
    "Enumerated",
    "Instance",
    "InstanceRef",
    "Script",
    "ScriptKind",
    "UDim2",
    "Value",
    "Vector",
    "color_of",
]


class Vector(Struct, frozen=True, tag="Vector3"):
    """Three numbers, in studs where they are lengths."""

    x: float
    y: float
    z: float


class CFrame(Struct, frozen=True, tag="CFrame"):
    """A position and nine numbers of a rotation, row by row."""

    x: float
    y: float
    z: float
    rotation: tuple[float, float, float, float, float, float, float, float, float] = (
        1,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        1,
    )


class Color(Struct, frozen=True, tag="Color3"):
    """Red, green, blue, 0 to 255."""

    red: int
    green: int
    blue: int


def color_of(text: str) -> Color:
    """``#rrggbb``, as it is written on the web."""
    return Color(*bytes.fromhex(text.removeprefix("#")))


class UDim2(Struct, frozen=True, tag="UDim2"):
    """A place or size on a surface: a share of the parent and pixels beside it, across and down."""

    x_scale: float
    x_offset: int
    y_scale: float
    y_offset: int


class Enumerated(Struct, frozen=True, tag="Enum"):
    """An item of a Roblox enum, such as ``Material`` ``Brick`` 848."""

    enum: str
    name: str
    value: int


class InstanceRef(Struct, frozen=True, tag="Ref"):
    """Another instance of the same tree, by its path of names below the root, as ``Workspace/World/Spawn``."""

    path: str


Value = bool | int | float | str | Vector | CFrame | Color | UDim2 | Enumerated | InstanceRef
"""A property's value. Whether an int is a float in Roblox is said by the property's name, in ``files.properties``."""


class Instance(Struct, frozen=True, kw_only=True):
    """One instance; siblings may share a name, but none that is referred to."""

    class_name: str
    name: str
    properties: dict[str, Value] = field(default_factory=dict)
    attributes: dict[str, bool | float | str] = field(default_factory=dict)
    children: tuple["Instance", ...] = ()


class ScriptKind(StrEnum):
    """Where a script runs; the words of ``script_update``."""

    SERVER = "server"
    CLIENT = "client"
    MODULE = "module"


class Script(Struct, frozen=True, kw_only=True):
    """One Luau script.

    Args:
        id: ``quiz_server``, …: small letters, digits, ``_``; stays when the world is built anew.
        kind: where it runs.
        name: of its instance, in PascalCase.
        parent: where it stands: ``ServerScriptService``, ``ServerStorage``, ``ReplicatedStorage`` or
            ``StarterPlayer/StarterPlayerScripts``.
        source: Luau, of the Lua 5.1 common subset, lines end with a line feed.
    """

    id: str
    kind: ScriptKind
    name: str
    parent: str
    source: str
