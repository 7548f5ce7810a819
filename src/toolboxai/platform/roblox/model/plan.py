"""A world as numbers: where everything stands. All lengths are studs, whole numbers; y is up, north is -z.

The walked plane is a grid of cells of ``CELL`` studs. A world is centred on the origin: cell (0, 0) begins at
``(-width / 2, -depth / 2)`` of the land's width and depth.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct

__all__ = [
    "CELL",
    "Board",
    "Cells",
    "Corridor",
    "Door",
    "Dry",
    "Facing",
    "Gate",
    "Land",
    "Place",
    "Ramp",
    "Room",
    "RoomShape",
    "Station",
    "WorldPlan",
]

CELL: Final = 4
"""Studs of a cell's side: a Roblox character is 2 wide, 5 high, and jumps 7; doors are two cells wide."""


class Facing(StrEnum):
    """The side to which something looks."""

    NORTH = "north"
    EAST = "east"
    SOUTH = "south"
    WEST = "west"


class Place(Struct, frozen=True):
    """A point, and which way what stands there looks. ``y`` is the floor under it."""

    x: int
    y: int
    z: int
    facing: Facing


class Cells(Struct, frozen=True):
    """A rectangle of whole cells: columns ``x`` to ``x + width``, rows ``z`` to ``z + depth``, ends left out."""

    x: int
    z: int
    width: int
    depth: int


class RoomShape(StrEnum):
    """The form of a room; a dome stands on the largest circle inside its cells.

    ``OPEN`` is a floor alone, without walls, roof and doors: what a world without buildings has.
    """

    BOX = "box"
    DOME = "dome"
    OPEN = "open"


class Room(Struct, frozen=True, kw_only=True):
    """A room with a floor, walls and a roof.

    Args:
        id: ``r1``, ``r2``, …; ``r1`` has the spawn.
        title: for the map and the sign over its door.
        shape: of its outside.
        cells: inside and walls together; a wall is the outer cell. An open floor has no walls: all is inside.
        floor: height of the floor; the ground under it ends one stud lower.
        height: of the walls, or of the dome's top, over the floor; 0 of an open floor.
    """

    id: str
    title: str
    shape: RoomShape
    cells: Cells
    floor: int
    height: int


class Door(Struct, frozen=True, kw_only=True):
    """A gap in a room's wall, two cells wide; ``cells`` are the wall's cells that it takes away."""

    room: str
    side: Facing
    cells: Cells


class Corridor(Struct, frozen=True, kw_only=True):
    """A level way between two doors; ``cells`` are rectangles that touch one another, walls left out.

    Args:
        id: ``c1``, ``c2``, …
        rooms: the ids of the rooms that it joins.
        floor: its height, that of the lower room.
        covered: with walls and a roof, else open to the sky.
    """

    id: str
    rooms: tuple[str, str]
    cells: tuple[Cells, ...]
    floor: int
    covered: bool


class Ramp(Struct, frozen=True, kw_only=True):
    """A slope between two heights, along ``facing`` upwards, no steeper than 45 degrees.

    It lies between a corridor's end and a door of the upper room, beside the corridor's ``cells``, not in them. What
    covers the corridor covers it.
    """

    cells: Cells
    low: int
    high: int
    facing: Facing


class Board(Struct, frozen=True, kw_only=True):
    """An info board on a wall or on posts.

    Args:
        room: where.
        section: index of the lesson's board.
        place: the middle of its foot; whoever reads stands one cell before it.
        width: studs, an odd number of whole cells across ``place``, which nothing else stands on.
        height: studs of the panel.
    """

    room: str
    section: int
    place: Place
    width: int = 12
    height: int = 8


class Station(Struct, frozen=True, kw_only=True):
    """Where a question is answered; whoever stands at ``stand`` can reach it."""

    room: str
    question: str
    place: Place
    stand: Place


class Gate(Struct, frozen=True, kw_only=True):
    """A progress door: it opens for a pupil who has answered ``needed`` questions.

    Its ``cells`` are those of the only door of ``room``.
    """

    room: str
    cells: Cells
    floor: int
    height: int
    needed: int


class Dry(Struct, frozen=True):
    """What water is kept out of: some cells, from one height to another, both on the edges of voxels."""

    cells: Cells
    bottom: int
    top: int


class Land(Struct, frozen=True, kw_only=True):
    """The ground: a height for each cell, row by row.

    Args:
        width: in cells.
        depth: in cells.
        heights: ``width * depth`` heights in studs, at the top of the ground; flat under and around what is built.
        materials: one digit per cell, an index of ``palette``.
        palette: names of Roblox terrain materials.
        water: height of the water's surface, or None where there is none.
        dry: the insides of what stands in the water; no cell is in two of them.
    """

    width: int
    depth: int
    heights: tuple[int, ...]
    materials: str
    palette: tuple[str, ...]
    water: int | None
    dry: tuple[Dry, ...] = ()


class WorldPlan(Struct, frozen=True, kw_only=True):
    """Everything in its place.

    Args:
        land: the ground.
        rooms: no two share a cell.
        doors: at least one for each room with walls; each leads to a corridor, or to a ramp's upper end.
        corridors: no cell of one is in a room.
        ramps: where floors differ in height.
        spawn: on the floor of the first room.
        boards: one for each of the lesson's boards, as far as there is a place; what has none is in ``left_out``.
        stations: one for each question that can be asked.
        gate: before the last room, where there are stations.
        guide: where the guide stands, if one is wanted.
        left_out: what found no place, one sentence each.
    """

    land: Land
    rooms: tuple[Room, ...]
    doors: tuple[Door, ...]
    corridors: tuple[Corridor, ...]
    ramps: tuple[Ramp, ...]
    spawn: Place
    boards: tuple[Board, ...] = ()
    stations: tuple[Station, ...] = ()
    gate: Gate | None = None
    guide: Place | None = None
    left_out: tuple[str, ...] = ()
