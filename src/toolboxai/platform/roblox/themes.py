"""The eight themes, as tables of numbers and of Roblox's own names."""

from types import MappingProxyType
from typing import Final

from toolboxai.platform.roblox.looks import Arrangement, Finish, Ground, Guide, Look
from toolboxai.platform.roblox.model.instances import color_of
from toolboxai.platform.roblox.model.spec import Theme
from toolboxai.platform.roblox.room_names import GUIDE_NAMES, ROOM_NAMES

__all__ = ["THEMES"]


def _finish(material: str, color: str, transparency: float = 0.0) -> Finish:
    return Finish(material, color_of(color), transparency)


def _guide(theme: Theme, head: str, material: str, body: str, legs: str) -> Guide:
    return Guide(
        names=GUIDE_NAMES[theme], head=color_of(head), body=_finish(material, body), legs=color_of(legs)
    )


_CLASSROOM = Look(
    names=ROOM_NAMES[Theme.CLASSROOM],
    arrangement=Arrangement.HALL,
    domes=0,
    room_sides=(10, 14),
    heights=(14, 16),
    levels=1,
    covered=75,
    bends=20,
    floor=_finish("WoodPlanks", "#b98b5e"),
    wall=_finish("Brick", "#c9a488"),
    roof=_finish("RoofShingles", "#7a4b3a"),
    window=_finish("Glass", "#cfe6f2", 0.5),
    path=_finish("Pavement", "#a5a39b"),
    trim=_finish("Wood", "#6d4c33"),
    board=_finish("Slate", "#1f4a37"),
    station=_finish("Wood", "#d8b27c"),
    gate=_finish("Metal", "#9c2f2f"),
    ground=Ground(
        main="Grass",
        patch="LeafyGrass",
        high="Ground",
        shore="Sand",
        paved="Pavement",
        relief=6,
        wave=14,
        rim=8,
    ),
    guide=_guide(Theme.CLASSROOM, "#e0b48c", "Fabric", "#2f5d8a", "#3a3a44"),
    clock_time=10.0,
    ambient=color_of("#8a8a86"),
)

_LABORATORY = Look(
    names=ROOM_NAMES[Theme.LABORATORY],
    arrangement=Arrangement.ROWS,
    domes=0,
    room_sides=(9, 13),
    heights=(14, 15),
    levels=2,
    covered=100,
    bends=50,
    floor=_finish("CeramicTiles", "#dfe5e8"),
    wall=_finish("Plaster", "#f0f3f4"),
    roof=_finish("Concrete", "#9aa4aa"),
    window=_finish("Glass", "#a8d8e8", 0.4),
    path=_finish("Concrete", "#8d9498"),
    trim=_finish("Metal", "#5f6e78"),
    board=_finish("SmoothPlastic", "#173f5f"),
    station=_finish("Metal", "#b9c6cc"),
    gate=_finish("DiamondPlate", "#c98a1b"),
    ground=Ground(
        main="Grass",
        patch="Concrete",
        high="Rock",
        shore="Ground",
        paved="Concrete",
        relief=4,
        wave=16,
        rim=12,
    ),
    guide=_guide(Theme.LABORATORY, "#d9a77e", "Fabric", "#f4f6f7", "#2c3e50"),
    clock_time=13.0,
    ambient=color_of("#90989c"),
)

_OUTDOOR = Look(
    names=ROOM_NAMES[Theme.OUTDOOR],
    arrangement=Arrangement.PATHS,
    domes=0,
    room_sides=(8, 11),
    heights=(14, 18),
    levels=3,
    covered=0,
    bends=75,
    floor=_finish("WoodPlanks", "#8a6440"),
    wall=_finish("Wood", "#6f4e2f"),
    roof=_finish("RoofShingles", "#4f5d3a"),
    window=_finish("Glass", "#dff0ea", 0.6),
    path=_finish("Pebble", "#b5a68a"),
    trim=_finish("Wood", "#4c3420"),
    board=_finish("WoodPlanks", "#4a3626"),
    station=_finish("Rock", "#8c8c84"),
    gate=_finish("WoodPlanks", "#7b3f1d"),
    ground=Ground(
        main="LeafyGrass",
        patch="Grass",
        high="Rock",
        shore="Mud",
        paved="Ground",
        relief=14,
        wave=16,
        rim=14,
        water=-4,
    ),
    guide=_guide(Theme.OUTDOOR, "#c68f65", "Fabric", "#4b6b3a", "#5a4a33"),
    clock_time=9.0,
    ambient=color_of("#7f8c78"),
)

_HISTORICAL = Look(
    names=ROOM_NAMES[Theme.HISTORICAL],
    arrangement=Arrangement.COURT,
    domes=15,
    room_sides=(10, 14),
    heights=(16, 22),
    levels=2,
    covered=20,
    bends=0,
    floor=_finish("Marble", "#e3d9c6"),
    wall=_finish("Limestone", "#d8c7a3"),
    roof=_finish("ClayRoofTiles", "#b0573a"),
    window=_finish("Glass", "#e9dfc4", 0.6),
    path=_finish("Cobblestone", "#a89a80"),
    trim=_finish("Sandstone", "#c2a878"),
    board=_finish("Slate", "#4a3b2a"),
    station=_finish("Marble", "#f1ebdd"),
    gate=_finish("CorrodedMetal", "#6e5a3a"),
    ground=Ground(
        main="Sand",
        patch="Sandstone",
        high="Limestone",
        shore="Ground",
        paved="Cobblestone",
        relief=8,
        wave=20,
        rim=12,
    ),
    guide=_guide(Theme.HISTORICAL, "#d2a679", "Fabric", "#efe6cf", "#8c3b2e"),
    clock_time=16.5,
    ambient=color_of("#a08c6c"),
)

_FUTURISTIC = Look(
    names=ROOM_NAMES[Theme.FUTURISTIC],
    arrangement=Arrangement.SPIRAL,
    domes=35,
    room_sides=(10, 14),
    heights=(16, 22),
    levels=3,
    covered=60,
    bends=35,
    floor=_finish("SmoothPlastic", "#2a3140"),
    wall=_finish("SmoothPlastic", "#e8eef6"),
    roof=_finish("Foil", "#b8c7da"),
    window=_finish("Glass", "#6fe3ff", 0.4),
    path=_finish("Neon", "#2f7fb8"),
    trim=_finish("Neon", "#37e0d0"),
    board=_finish("Glass", "#0b1a2e", 0.1),
    station=_finish("Metal", "#48d6ff"),
    gate=_finish("ForceField", "#ff4fa3", 0.2),
    ground=Ground(
        main="Slate", patch="Asphalt", high="Basalt", shore="Salt", paved="Asphalt", relief=8, wave=12, rim=20
    ),
    guide=_guide(Theme.FUTURISTIC, "#c7d3e0", "Metal", "#8fa6bd", "#4f6070"),
    clock_time=19.0,
    ambient=color_of("#5a6a8c"),
)

_UNDERWATER = Look(
    names=ROOM_NAMES[Theme.UNDERWATER],
    arrangement=Arrangement.CHAIN,
    domes=80,
    room_sides=(10, 14),
    heights=(16, 24),
    levels=2,
    covered=100,
    bends=40,
    floor=_finish("Metal", "#3f5f6b"),
    wall=_finish("Metal", "#5b7f8c"),
    roof=_finish("Glass", "#7fc4d6", 0.5),
    window=_finish("Glass", "#7fd0e0", 0.5),
    path=_finish("DiamondPlate", "#4a6a74"),
    trim=_finish("CorrodedMetal", "#8a6a4a"),
    board=_finish("SmoothPlastic", "#0d3b4f"),
    station=_finish("Foil", "#e0b04a"),
    gate=_finish("DiamondPlate", "#d0622b"),
    ground=Ground(
        main="Sand",
        patch="Mud",
        high="Rock",
        shore="Salt",
        paved="Pavement",
        relief=10,
        wave=10,
        rim=24,
        water=44,
    ),
    guide=_guide(Theme.UNDERWATER, "#d9a77e", "Rubber", "#1f2d3a", "#f2b632"),
    clock_time=12.0,
    ambient=color_of("#3f6f82"),
)

_SPACE_STATION = Look(
    names=ROOM_NAMES[Theme.SPACE_STATION],
    arrangement=Arrangement.ARMS,
    domes=30,
    room_sides=(10, 12),
    heights=(14, 18),
    levels=1,
    covered=100,
    bends=0,
    floor=_finish("DiamondPlate", "#5a6068"),
    wall=_finish("Metal", "#c9ced6"),
    roof=_finish("Metal", "#8b929c"),
    window=_finish("Glass", "#1d2b4a", 0.3),
    path=_finish("Metal", "#70767f"),
    trim=_finish("Neon", "#ffb347"),
    board=_finish("SmoothPlastic", "#11151f"),
    station=_finish("SmoothPlastic", "#3d7bd9"),
    gate=_finish("DiamondPlate", "#d43a2f"),
    ground=Ground(
        main="Slate",
        patch="Basalt",
        high="Rock",
        shore="Asphalt",
        paved="Concrete",
        relief=6,
        wave=18,
        rim=16,
        craters=5,
    ),
    guide=_guide(Theme.SPACE_STATION, "#d8dde3", "Fabric", "#f4f4f0", "#d8dde3"),
    clock_time=0.0,
    ambient=color_of("#3a3f52"),
)

_FANTASY = Look(
    names=ROOM_NAMES[Theme.FANTASY],
    arrangement=Arrangement.BRANCHES,
    domes=45,
    room_sides=(8, 14),
    heights=(16, 26),
    levels=3,
    covered=40,
    bends=60,
    floor=_finish("Cobblestone", "#7d7488"),
    wall=_finish("Granite", "#8f86a3"),
    roof=_finish("ClayRoofTiles", "#5b3a8c"),
    window=_finish("Glass", "#d59be8", 0.4),
    path=_finish("Brick", "#8a7a5c"),
    trim=_finish("Neon", "#9d6bff"),
    board=_finish("Leather", "#3b2440"),
    station=_finish("Ice", "#b79bff"),
    gate=_finish("CrackedLava", "#7a2c66"),
    ground=Ground(
        main="LeafyGrass",
        patch="Mud",
        high="Snow",
        shore="Glacier",
        paved="Cobblestone",
        relief=16,
        wave=12,
        rim=22,
        water=-5,
    ),
    guide=_guide(Theme.FANTASY, "#e8c39e", "Fabric", "#4b2a7b", "#2b1b4a"),
    clock_time=18.0,
    ambient=color_of("#6f5f8c"),
)

THEMES: Final = MappingProxyType(
    {
        Theme.CLASSROOM: _CLASSROOM,
        Theme.LABORATORY: _LABORATORY,
        Theme.OUTDOOR: _OUTDOOR,
        Theme.HISTORICAL: _HISTORICAL,
        Theme.FUTURISTIC: _FUTURISTIC,
        Theme.UNDERWATER: _UNDERWATER,
        Theme.SPACE_STATION: _SPACE_STATION,
        Theme.FANTASY: _FANTASY,
    }
)
"""How each theme looks. Part materials are those of ``Enum.Material``, the ground's those that terrain can have."""
