"""What a theme says about a world: shapes, heights, materials, land."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from toolboxai.platform.roblox.model.instances import Color

__all__ = ["Arrangement", "Finish", "Ground", "Guide", "Look", "RoomNames"]


class Arrangement(StrEnum):
    """How rooms lie to one another."""

    HALL = "hall"
    """A long hall with rooms on both sides."""
    ROWS = "rows"
    """Rows of rooms, walked there and back, some with a second door."""
    ARMS = "arms"
    """Arms that go out from one hub."""
    CHAIN = "chain"
    """One room after the other on a winding way."""
    COURT = "court"
    """A ring of rooms around a court, in which the last one stands."""
    SPIRAL = "spiral"
    """From the middle outwards, round and round."""
    PATHS = "paths"
    """A tree of paths, some of which meet again."""
    BRANCHES = "branches"
    """A tree that grows as chance will have it."""


class Finish(Struct, frozen=True):
    """How a part's surface looks: an item of Roblox's ``Material`` by its name, and a colour."""

    material: str
    color: Color
    transparency: float = 0.0


class RoomNames(Struct, frozen=True, kw_only=True):
    """What the rooms of a theme are called, in one language.

    Args:
        first: the one with the spawn.
        others: in turn; from the second turn on with a number.
        last: the one behind the gate.
    """

    first: str
    others: tuple[str, ...]
    last: str


class Guide(Struct, frozen=True, kw_only=True):
    """The figure that greets at the spawn.

    Args:
        names: what it is, by language.
        head: colour of head and hands.
        body: of arms and trunk.
        legs: of the legs.
    """

    names: Mapping[str, str]
    head: Color
    body: Finish
    legs: Color


class Ground(Struct, frozen=True, kw_only=True):
    """The land of a theme; materials are those that Roblox terrain can have.

    Args:
        main: most of it.
        patch: in spots.
        high: on heights.
        shore: near the water, and in hollows where there is none.
        paved: under what is built and around it.
        relief: studs that hills rise over the ground, or hollows fall below it, at most.
        wave: cells from one hill to the next, about.
        rim: studs by which the land rises towards its edge.
        craters: round hollows in a small world; larger ones have more.
        water: height of the water's surface over the ground (below where negative), or None. Where it is over the
            floors, every way is covered.
    """

    main: str
    patch: str
    high: str
    shore: str
    paved: str
    relief: int
    wave: int
    rim: int
    craters: int = 0
    water: int | None = None


class Look(Struct, frozen=True, kw_only=True):
    """A theme as numbers.

    Args:
        names: of rooms, by language; English is always there.
        arrangement: how rooms lie to one another.
        domes: of a hundred rooms, how many are domes.
        room_sides: the shortest and the longest side of a room in cells, as far as the size allows.
        heights: the lowest and the highest room, in studs.
        levels: how many floors, one over the other by ``layout.rooms.RISE``; 1 is a level world.
        covered: of a hundred corridors, how many have walls and a roof.
        bends: of a hundred level corridors, how many have a bend.
        floor: of rooms and covered ways.
        wall: of rooms and covered ways.
        roof: of rooms and covered ways.
        window: of panes, where walls have some, and of domes' shells.
        path: of open ways and ramps.
        trim: of frames, lintels and edges.
        board: of an info board's panel.
        station: of a question's station.
        gate: of the progress door while it is shut.
        ground: the land.
        guide: who greets.
        clock_time: the hour of ``Lighting.ClockTime``.
        ambient: ``Lighting.OutdoorAmbient``.
    """

    names: Mapping[str, RoomNames]
    arrangement: Arrangement
    domes: int
    room_sides: tuple[int, int]
    heights: tuple[int, int]
    levels: int
    covered: int
    bends: int
    floor: Finish
    wall: Finish
    roof: Finish
    window: Finish
    path: Finish
    trim: Finish
    board: Finish
    station: Finish
    gate: Finish
    ground: Ground
    guide: Guide
    clock_time: float
    ambient: Color
