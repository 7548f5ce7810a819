"""Items of Roblox's enums by name, as far as worlds use them, with the numbers that files have."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from toolboxai.platform.roblox.model.instances import Enumerated

__all__ = ["ENUMS", "item"]

ENUMS: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        "Material": {
            "Plastic": 256,
            "SmoothPlastic": 272,
            "Neon": 288,
            "Wood": 512,
            "WoodPlanks": 528,
            "Marble": 784,
            "Basalt": 788,
            "Slate": 800,
            "CrackedLava": 804,
            "Concrete": 816,
            "Limestone": 820,
            "Granite": 832,
            "Pavement": 836,
            "Brick": 848,
            "Pebble": 864,
            "Cobblestone": 880,
            "Rock": 896,
            "Sandstone": 912,
            "CorrodedMetal": 1040,
            "DiamondPlate": 1056,
            "Foil": 1072,
            "Metal": 1088,
            "Grass": 1280,
            "LeafyGrass": 1284,
            "Sand": 1296,
            "Fabric": 1312,
            "Snow": 1328,
            "Mud": 1344,
            "Ground": 1360,
            "Asphalt": 1376,
            "Salt": 1392,
            "Ice": 1536,
            "Glacier": 1552,
            "Glass": 1568,
            "ForceField": 1584,
            "Cardboard": 2304,
            "Carpet": 2305,
            "CeramicTiles": 2306,
            "ClayRoofTiles": 2307,
            "RoofShingles": 2308,
            "Leather": 2309,
            "Plaster": 2310,
            "Rubber": 2311,
        },
        "NormalId": {"Right": 0, "Top": 1, "Back": 2, "Left": 3, "Bottom": 4, "Front": 5},
        "PartType": {"Ball": 0, "Block": 1, "Cylinder": 2},
        "ScrollingDirection": {"X": 1, "Y": 2, "XY": 4},
        "SurfaceGuiSizingMode": {"FixedSize": 0, "PixelsPerStud": 1},
        "SurfaceType": {"Smooth": 0},
        "TextDirection": {"Auto": 0, "LeftToRight": 1, "RightToLeft": 2},
        "TextXAlignment": {"Left": 0, "Right": 1, "Center": 2},
        "TextYAlignment": {"Top": 0, "Center": 1, "Bottom": 2},
    }
)


def item(enum: str, name: str) -> Enumerated:
    """An item of an enum.

    Raises:
        KeyError: it is not known here.
    """
    return Enumerated(enum, name, ENUMS[enum][name])
