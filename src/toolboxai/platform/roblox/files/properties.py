"""Of each class that a world has: its properties, and how Roblox's XML form calls and types them.

Facts are those of Roblox's API reference and of the files that Studio itself writes: some properties are called
otherwise in a file than in Luau, as ``Size``, which is ``size`` there.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

__all__ = ["PROPERTIES", "Property", "property_of"]


class Property(Struct, frozen=True):
    """What a property is called in XML, and the name of its type's element."""

    xml_name: str
    xml_type: str


def _typed(xml_type: str, names: str) -> dict[str, Property]:
    return {name: Property(name, xml_type) for name in names.split()}


_PART: Final = {
    **_typed("bool", "Anchored CanCollide CanTouch CanQuery CastShadow"),
    **_typed("float", "Transparency Reflectance"),
    **_typed("token", "Material TopSurface BottomSurface"),
    "CFrame": Property("CFrame", "CoordinateFrame"),
    "Color": Property("Color3uint8", "Color3uint8"),
    "Size": Property("size", "Vector3"),
}
_MODEL: Final = _typed("Ref", "PrimaryPart")
_GUI_OBJECT: Final = {
    **_typed("bool", "AutoLocalize Visible ClipsDescendants Active"),
    **_typed("int", "BorderSizePixel LayoutOrder ZIndex"),
    **_typed("float", "BackgroundTransparency"),
    **_typed("Color3", "BackgroundColor3"),
    **_typed("UDim2", "Position Size"),
}
_SCRIPT: Final = {"Source": Property("Source", "ProtectedString")}

PROPERTIES: Final[Mapping[str, Mapping[str, Property]]] = MappingProxyType(
    {
        "Workspace": {
            **_typed("bool", "StreamingEnabled"),
            **_typed("float", "Gravity FallenPartsDestroyHeight"),
        },
        "Lighting": {
            **_typed("bool", "GlobalShadows"),
            **_typed("float", "Brightness FogStart FogEnd"),
            **_typed("string", "TimeOfDay"),
            **_typed("Color3", "Ambient OutdoorAmbient FogColor"),
        },
        "Players": _typed("int", "MaxPlayersInternal PreferredPlayersInternal"),
        "ReplicatedStorage": {},
        "ServerScriptService": {},
        "ServerStorage": {},
        "StarterPlayer": {},
        "StarterPlayerScripts": {},
        "Folder": {},
        "Model": _MODEL,
        "Part": {**_PART, "Shape": Property("shape", "token")},
        "WedgePart": _PART,
        "SpawnLocation": {
            **_PART,
            **_typed("bool", "Enabled Neutral AllowTeamChangeOnTouch"),
            **_typed("int", "Duration"),
        },
        "PointLight": {
            **_typed("bool", "Enabled Shadows"),
            **_typed("float", "Brightness Range"),
            **_typed("Color3", "Color"),
        },
        "SurfaceGui": {
            **_typed("bool", "Active AutoLocalize ClipsDescendants Enabled"),
            **_typed("float", "LightInfluence PixelsPerStud"),
            **_typed("token", "Face SizingMode ZIndexBehavior"),
        },
        "BillboardGui": {
            **_typed("bool", "Active AlwaysOnTop AutoLocalize Enabled"),
            **_typed("float", "LightInfluence MaxDistance"),
            **_typed("UDim2", "Size"),
            **_typed("Vector3", "StudsOffset"),
        },
        "ScrollingFrame": {
            **_GUI_OBJECT,
            **_typed("bool", "ScrollingEnabled"),
            **_typed("int", "ScrollBarThickness"),
            **_typed("token", "ScrollingDirection"),
            **_typed("UDim2", "CanvasSize"),
        },
        "TextLabel": {
            **_GUI_OBJECT,
            **_typed("bool", "RichText TextScaled TextWrapped"),
            **_typed("float", "TextSize"),
            **_typed("string", "Text"),
            **_typed("token", "TextDirection TextXAlignment TextYAlignment"),
            **_typed("Color3", "TextColor3"),
        },
        "ProximityPrompt": {
            **_typed("bool", "AutoLocalize Enabled RequiresLineOfSight"),
            **_typed("float", "HoldDuration MaxActivationDistance"),
            **_typed("string", "ActionText ObjectText"),
        },
        "Script": {**_SCRIPT, **_typed("bool", "Disabled")},
        "LocalScript": {**_SCRIPT, **_typed("bool", "Disabled")},
        "ModuleScript": _SCRIPT,
        "StringValue": _typed("string", "Value"),
        "BoolValue": _typed("bool", "Value"),
        "IntValue": _typed("int64", "Value"),
        "NumberValue": _typed("double", "Value"),
    }
)
"""By class, then by the property's name in Luau. ``Name`` and attributes, which all have, are not listed."""


def property_of(class_name: str, name: str) -> Property:
    """How a property is written.

    Raises:
        ValueError: no such class or property is known here.
    """
    known = PROPERTIES.get(class_name)
    if known is None:
        raise ValueError(f"no class {class_name} is known")
    found = known.get(name)
    if found is None:
        raise ValueError(f"{class_name} has no property {name} that is known")
    return found
