"""Single parts: boxes, wedges, turned blocks. Studs; y is up, north is -z."""

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from msgspec import Struct

from toolboxai.platform.roblox.files.enums import item
from toolboxai.platform.roblox.looks import Finish
from toolboxai.platform.roblox.model.instances import CFrame, Enumerated, Instance, Value, Vector
from toolboxai.platform.roblox.model.plan import CELL, Cells, Facing, Land

__all__ = [
    "AHEAD",
    "OPPOSITE",
    "Area",
    "Rotation",
    "area_of",
    "box",
    "ground_under",
    "looking",
    "model",
    "part",
    "turned",
    "wedge",
]

Rotation = tuple[float, float, float, float, float, float, float, float, float]
"""Three rows; the columns are where the part's own x, y and z point."""

AHEAD: Final = {Facing.NORTH: (0, -1), Facing.EAST: (1, 0), Facing.SOUTH: (0, 1), Facing.WEST: (-1, 0)}
OPPOSITE: Final = {
    Facing.NORTH: Facing.SOUTH,
    Facing.EAST: Facing.WEST,
    Facing.SOUTH: Facing.NORTH,
    Facing.WEST: Facing.EAST,
}

_UPRIGHT: Final[Rotation] = (1, 0, 0, 0, 1, 0, 0, 0, 1)
_SMOOTH: Final = item("SurfaceType", "Smooth")
# Enough for a thousandth of a stud across a whole world, and few enough digits to be the same on every machine.
_DIGITS: Final = 5


class Area(Struct, frozen=True):
    """A rectangle on the ground, in studs."""

    west: float
    east: float
    north: float
    south: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its x and z."""
        return (self.west + self.east) / 2, (self.north + self.south) / 2


def area_of(land: Land, cells: Cells) -> Area:
    """Where a rectangle of cells lies: the world's middle is the origin."""
    west, north = cells.x * CELL - land.width * CELL / 2, cells.z * CELL - land.depth * CELL / 2
    return Area(west, west + cells.width * CELL, north, north + cells.depth * CELL)


def ground_under(land: Land, cells: Cells) -> int:
    """The lowest height of the ground under a rectangle of cells."""
    return min(
        land.heights[z * land.width + x]
        for z in range(cells.z, cells.z + cells.depth)
        for x in range(cells.x, cells.x + cells.width)
    )


def looking(facing: Facing) -> Rotation:
    """The rotation of a part whose front, its own -z, looks to a side."""
    x, z = AHEAD[facing]
    return (-z, 0, -x, 0, 1, 0, x, 0, -z)


def turned(yaw: float, pitch: float = 0) -> Rotation:
    """Turned around the upright axis, then leaned back; radians.

    With yaw 0 the part's own z points south, with a quarter turn east; a leaning part's top goes to where its own -z
    points.
    """
    sin, cos = math.sin(yaw), math.cos(yaw)
    up, level = math.cos(pitch), math.sin(pitch)
    return (cos, -sin * level, sin * up, 0, up, level, -sin, -cos * level, cos * up)


@lru_cache(maxsize=256)
def _material(name: str) -> Enumerated:
    return item("Material", name)


def _number(value: float) -> float:
    """Rounded, whole where it is, and never a negative zero."""
    rounded = round(value, _DIGITS)
    return int(rounded) if rounded == int(rounded) else rounded


def part(
    name: str,
    finish: Finish,
    middle: tuple[float, float, float],
    size: tuple[float, float, float],
    rotation: Rotation | None = None,
    *,
    class_name: str = "Part",
    children: Iterable[Instance] = (),
    solid: bool = True,
    **more: Value,
) -> Instance:
    """A part that stays where it is. What is not solid can be walked through; ``more`` are further properties."""
    x, y, z = middle
    properties: dict[str, Value] = {
        "Anchored": True,
        "CFrame": CFrame(
            _number(x), _number(y), _number(z), _UPRIGHT if rotation is None else _whole(rotation)
        ),
        "Size": Vector(*(_number(each) for each in size)),
        "Color": finish.color,
        "Material": _material(finish.material),
        "TopSurface": _SMOOTH,
        "BottomSurface": _SMOOTH,
    }
    if finish.transparency:
        properties |= {"Transparency": finish.transparency, "CastShadow": False}
    if not solid:
        properties["CanCollide"] = False
    return Instance(class_name=class_name, name=name, properties=properties | more, children=tuple(children))


def _whole(rotation: Rotation) -> Rotation:
    one, two, three, four, five, six, seven, eight, nine = (_number(each) for each in rotation)
    return one, two, three, four, five, six, seven, eight, nine


def box(
    name: str,
    finish: Finish,
    area: Area,
    low: float,
    high: float,
    *,
    children: Iterable[Instance] = (),
    solid: bool = True,
) -> Instance:
    """An upright block over an area, from one height to another; what is not solid can be walked through."""
    x, z = area.middle
    size = (area.east - area.west, high - low, area.south - area.north)
    return part(name, finish, (x, (low + high) / 2, z), size, children=children, solid=solid)


def wedge(name: str, finish: Finish, area: Area, low: float, high: float, up: Facing) -> Instance:
    """A slope over an area, whose upper edge is on one side."""
    x, z = area.middle
    across, along = area.east - area.west, area.south - area.north
    if up in (Facing.EAST, Facing.WEST):
        across, along = along, across
    # A wedge is highest at its back, its own +z: the front looks down the slope.
    return part(
        name,
        finish,
        (x, (low + high) / 2, z),
        (across, high - low, along),
        looking(OPPOSITE[up]),
        class_name="WedgePart",
    )


def model(name: str, children: Iterable[Instance], **attributes: bool | float | str) -> Instance:
    """What belongs together."""
    return Instance(class_name="Model", name=name, attributes=attributes, children=tuple(children))
