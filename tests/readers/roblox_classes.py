"""What Roblox's own files hold for each class: property, element. Copied by hand from files that Studio wrote.

It knows more than our worlds use, and nothing of how they are made.
"""

from collections.abc import Mapping
from typing import Final

__all__ = ["CLASSES", "ENUM_VALUES", "REQUIRED"]


def _of(**types: str) -> dict[str, str]:
    return {name: kind for kind, names in types.items() for name in names.split()}


_INSTANCE = _of(
    string="Name", BinaryString="AttributesSerialize Tags", int64="SourceAssetId", UniqueId="UniqueId"
)
_BASE_PART = _INSTANCE | _of(
    bool="Anchored CanCollide CanQuery CanTouch CastShadow EnableFluidForces Locked Massless",
    token="BackSurface BottomSurface FrontSurface LeftSurface RightSurface TopSurface Material",
    float="Reflectance Transparency",
    int="RootPriority",
    string="CollisionGroup",
    CoordinateFrame="CFrame PivotOffset",
    Color3uint8="Color3uint8",
    Vector3="size Velocity RotVelocity",
)
_FORM_PART = _BASE_PART | _of(token="formFactorRaw")
_GUI_OBJECT = _INSTANCE | _of(
    bool="Active AutoLocalize ClipsDescendants Draggable Interactable Selectable SelectionGroup Visible",
    Vector2="AnchorPoint",
    token="AutomaticSize BorderMode SizeConstraint",
    Color3="BackgroundColor3 BorderColor3",
    float="BackgroundTransparency Rotation",
    int="BorderSizePixel LayoutOrder SelectionOrder ZIndex",
    UDim2="Position Size",
)
_LAYER = _INSTANCE | _of(bool="AutoLocalize Enabled ResetOnSpawn", token="ZIndexBehavior")
_SCRIPT = _INSTANCE | _of(bool="Disabled", token="RunContext", ProtectedString="Source", string="ScriptGuid")

CLASSES: Final[Mapping[str, Mapping[str, str]]] = {
    "Workspace": _INSTANCE
    | _of(
        bool="StreamingEnabled",
        float="FallenPartsDestroyHeight Gravity",
        token="StreamOutBehavior",
        Ref="CurrentCamera",
    ),
    "Players": _INSTANCE
    | _of(bool="CharacterAutoLoads", int="MaxPlayersInternal PreferredPlayersInternal", float="RespawnTime"),
    "Lighting": _INSTANCE
    | _of(
        bool="GlobalShadows Outlines",
        float="Brightness EnvironmentDiffuseScale EnvironmentSpecularScale ExposureCompensation FogEnd FogStart "
        "GeographicLatitude ShadowSoftness",
        Color3="Ambient ColorShift_Bottom ColorShift_Top FogColor OutdoorAmbient",
        token="Technology",
        string="TimeOfDay",
    ),
    "ReplicatedStorage": _INSTANCE,
    "ServerScriptService": _INSTANCE | _of(bool="LoadStringEnabled"),
    "ServerStorage": _INSTANCE,
    "StarterPlayer": _INSTANCE
    | _of(bool="LoadCharacterAppearance", float="CharacterWalkSpeed CharacterJumpHeight"),
    "StarterPlayerScripts": _INSTANCE,
    "Folder": _INSTANCE,
    "Model": _INSTANCE
    | _of(token="LevelOfDetail ModelStreamingMode", Ref="PrimaryPart", float="ScaleFactor"),
    "Part": _FORM_PART | _of(token="shape"),
    "WedgePart": _FORM_PART,
    "SpawnLocation": _FORM_PART
    | _of(bool="AllowTeamChangeOnTouch Enabled Neutral", int="Duration TeamColor", token="shape"),
    "PointLight": _INSTANCE | _of(bool="Enabled Shadows", float="Brightness Range", Color3="Color"),
    "SurfaceGui": _LAYER
    | _of(
        bool="Active AlwaysOnTop ClipsDescendants",
        float="Brightness LightInfluence MaxDistance PixelsPerStud ToolPunchThroughDistance ZOffset",
        token="Face SizingMode",
        Vector2="CanvasSize",
        Ref="Adornee",
    ),
    "BillboardGui": _LAYER
    | _of(
        bool="Active AlwaysOnTop ClipsDescendants",
        float="Brightness LightInfluence MaxDistance",
        UDim2="Size",
        Vector3="StudsOffset StudsOffsetWorldSpace",
        Ref="Adornee",
    ),
    "ScrollingFrame": _GUI_OBJECT
    | _of(
        bool="ScrollingEnabled",
        int="ScrollBarThickness",
        token="AutomaticCanvasSize ElasticBehavior ScrollingDirection",
        UDim2="CanvasSize",
        Vector2="CanvasPosition",
    ),
    "TextLabel": _GUI_OBJECT
    | _of(
        bool="RichText TextScaled TextWrapped",
        float="LineHeight TextSize TextStrokeTransparency TextTransparency",
        int="MaxVisibleGraphemes",
        string="Text OpenTypeFeatures",
        token="TextDirection TextTruncate TextXAlignment TextYAlignment",
        Color3="TextColor3 TextStrokeColor3",
    ),
    "ProximityPrompt": _INSTANCE
    | _of(
        bool="AutoLocalize ClickablePrompt Enabled RequiresLineOfSight",
        token="Exclusivity GamepadKeyCode KeyboardKeyCode Style",
        float="HoldDuration MaxActivationDistance",
        string="ActionText ObjectText",
        Vector2="UIOffset",
    ),
    "Script": _SCRIPT,
    "LocalScript": _SCRIPT,
    "ModuleScript": _INSTANCE | _of(ProtectedString="Source", string="ScriptGuid"),
    "StringValue": _INSTANCE | _of(string="Value"),
    "BoolValue": _INSTANCE | _of(bool="Value"),
    "IntValue": _INSTANCE | _of(int64="Value"),
    "NumberValue": _INSTANCE | _of(double="Value"),
}

_PART_NEEDS = frozenset({"Anchored", "CFrame", "size", "Color3uint8", "Material"})
REQUIRED: Final[Mapping[str, frozenset[str]]] = {
    "Part": _PART_NEEDS,
    "WedgePart": _PART_NEEDS,
    "SpawnLocation": _PART_NEEDS | {"Neutral", "Enabled"},
    "SurfaceGui": frozenset({"Face"}),
    "TextLabel": frozenset({"Text", "Size", "RichText"}),
    "ScrollingFrame": frozenset({"Size", "CanvasSize"}),
    "ProximityPrompt": frozenset({"ActionText"}),
    "Script": frozenset({"Source"}),
    "LocalScript": frozenset({"Source"}),
    "ModuleScript": frozenset({"Source"}),
}

ENUM_VALUES: Final[Mapping[str, frozenset[int]]] = {
    "Material": frozenset(
        int(number)
        for number in [
            "256",
            "272",
            "288",
            "512",
            "528",
            "784",
            "788",
            "800",
            "804",
            "816",
            "820",
            "832",
            "836",
            "848",
            "864",
            "880",
            "896",
            "912",
            "1040",
            "1056",
            "1072",
            "1088",
            "1280",
            "1284",
            "1296",
            "1312",
            "1328",
            "1344",
            "1360",
            "1376",
            "1392",
            "1536",
            "1552",
            "1568",
            "1584",
            "2304",
            "2305",
            "2306",
            "2307",
            "2308",
            "2309",
            "2310",
            "2311",
        ]
    ),
    "Face": frozenset(range(6)),
    "shape": frozenset(range(5)),
    "TextXAlignment": frozenset(range(3)),
    "TextYAlignment": frozenset(range(3)),
    "TextDirection": frozenset(range(3)),
    "SizingMode": frozenset(range(2)),
    "ScrollingDirection": frozenset({1, 2, 4}),
    "TopSurface": frozenset(range(11)),
    "BottomSurface": frozenset(range(11)),
}
