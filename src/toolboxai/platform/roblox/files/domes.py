"""Domes: a ring of upright blocks with gaps for doors, under a shell of leaning ones."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from toolboxai.platform.roblox.budgets import DOOR_HEIGHT, dome_shoulder
from toolboxai.platform.roblox.files.enums import item
from toolboxai.platform.roblox.files.shapes import Area, box, part, turned
from toolboxai.platform.roblox.files.signs import lamp
from toolboxai.platform.roblox.looks import Look
from toolboxai.platform.roblox.model.instances import Instance
from toolboxai.platform.roblox.model.plan import CELL, Facing, Room

__all__ = ["dome"]

_STEP: Final = math.radians(18)
_AROUND: Final = 16
_BANDS: Final = (0.0, math.radians(24), math.radians(46), math.radians(66))
_LYING: Final = (0, -1, 0, 1, 0, 0, 0, 0, 1)
"""A cylinder's own x is its axis: this turns it upright, so that the disc lies."""


def dome(area: Area, room: Room, doors: Sequence[tuple[Facing, Area]], look: Look) -> Iterator[Instance]:
    """All of a dome but its floor and signs: at most 75 parts, and three for each door."""
    x, z = area.middle
    radius = min(area.east - area.west, area.south - area.north) / 2
    shoulder = room.floor + dome_shoulder(room.height)
    top = room.floor + room.height
    for start, end in _arcs([_gap(door, side, x, z, radius) for side, door in doors]):
        pieces = max(1, math.ceil((end - start) / _STEP - 1e-9))
        half = (end - start) / pieces / 2
        for number in range(pieces):
            at = start + (2 * number + 1) * half
            yield part(
                "Wall",
                look.wall,
                (
                    x + (radius - CELL / 2) * math.sin(at),
                    (room.floor + shoulder) / 2,
                    z + (radius - CELL / 2) * math.cos(at),
                ),
                (2 * radius * math.tan(half), shoulder - room.floor, CELL),
                turned(at),
            )
    for side, door in doors:
        yield from _doorway(door, side, room.floor, shoulder, look)
    yield from _shell(x, z, radius - 1, shoulder, top, look)
    yield lamp((x, z), shoulder + (top - shoulder) * math.sin(_BANDS[-1]), look.trim, reach=2 * radius)


def _gap(door: Area, side: Facing, x: float, z: float, radius: float) -> tuple[float, float]:
    """The azimuths between which the ring leaves room for a door, measured where the gap is widest: inside."""
    deep = radius - CELL
    west, east, north, south = door.west - x - 1, door.east - x + 1, door.north - z - 1, door.south - z + 1
    ends = {
        Facing.SOUTH: ((west, deep), (east, deep)),
        Facing.EAST: ((deep, south), (deep, north)),
        Facing.NORTH: ((east, -deep), (west, -deep)),
        Facing.WEST: ((-deep, north), (-deep, south)),
    }[side]
    start, end = (math.atan2(*point) % math.tau for point in ends)
    return start, end if end > start else end + math.tau


def _arcs(gaps: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """What is left of the circle, from azimuth to azimuth."""
    if not gaps:
        yield 0.0, math.tau
        return
    ordered = sorted(gaps)
    for here, following in zip(ordered, [*ordered[1:], (ordered[0][0] + math.tau, 0.0)], strict=True):
        if following[0] > here[1]:
            yield here[1], following[0]


def _doorway(door: Area, side: Facing, floor: float, shoulder: float, look: Look) -> Iterator[Instance]:
    """Two jambs beside the gap and a lintel over it; they meet the ring, which is round."""
    if side in (Facing.NORTH, Facing.SOUTH):
        jambs = (
            Area(door.west - 2, door.west, door.north, door.south),
            Area(door.east, door.east + 2, door.north, door.south),
        )
    else:
        jambs = (
            Area(door.west, door.east, door.north - 2, door.north),
            Area(door.west, door.east, door.south, door.south + 2),
        )
    for jamb in jambs:
        yield box("Jamb", look.trim, jamb, floor, shoulder)
    if shoulder > floor + DOOR_HEIGHT:
        yield box("Lintel", look.trim, door, floor + DOOR_HEIGHT, shoulder)


def _shell(x: float, z: float, radius: float, shoulder: float, top: float, look: Look) -> Iterator[Instance]:
    """Bands of an ellipse from the shoulder up, each leaning more, and a disc that closes them."""
    for low, high in pairwise(_BANDS):
        wide, narrow = radius * math.cos(low), radius * math.cos(high)
        below, above = (shoulder + (top - shoulder) * math.sin(angle) for angle in (low, high))
        lean = math.atan2(wide - narrow, above - below)
        for number in range(_AROUND):
            at = math.tau * number / _AROUND
            out = (wide + narrow) / 2
            yield part(
                "Shell",
                look.window,
                (x + out * math.sin(at), (below + above) / 2, z + out * math.cos(at)),
                (2 * wide * math.tan(math.pi / _AROUND), math.hypot(wide - narrow, above - below), 1),
                turned(at, lean),
            )
    cap = radius * math.cos(_BANDS[-1])
    yield part(
        "Shell",
        look.window,
        (x, shoulder + (top - shoulder) * math.sin(_BANDS[-1]), z),
        (1, 2 * cap, 2 * cap),
        _LYING,
        Shape=item("PartType", "Cylinder"),
    )
