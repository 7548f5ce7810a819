"""The section: cut from west to east through the spawn, looking north; one unit a stud, up is up."""

from math import sqrt
from typing import Final

from toolboxai.platform.roblox.budgets import HEADROOM
from toolboxai.platform.roblox.drawing.svg import Number, document, element, text
from toolboxai.platform.roblox.model.plan import (
    CELL,
    Cells,
    Corridor,
    Facing,
    Ramp,
    Room,
    RoomShape,
    WorldPlan,
)

__all__ = ["draw_section"]

_MARGIN: Final = 10  # cells of land on both sides of what is built
_SKY: Final = 12  # studs over the highest
_FOOT: Final = 16  # studs for the scale
_SCALE: Final = 40
_TICK: Final = 20

_BEYOND: Final[dict[str, str | Number]] = {"fill": "#f3f3f5", "stroke": "#9a9aa5", "stroke_width": 0.8}
_CUT: Final[dict[str, str | Number]] = {"fill": "#ffffff", "stroke": "#222222", "stroke_width": 1.8}


def draw_section(plan: WorldPlan, name: str) -> str:
    """The section of a world called ``name`` as an SVG document; what lies behind the cut is grey."""
    row = (plan.spawn.z + plan.land.depth * CELL // 2) // CELL
    half = plan.land.width * CELL // 2
    built = [room.cells for room in plan.rooms] + [cells for each in plan.corridors for cells in each.cells]
    west = max(0, min(each.x for each in built) - _MARGIN)
    east = min(plan.land.width, max(each.x + each.width for each in built) + _MARGIN)
    cut = [room for room in plan.rooms if _is_cut(room.cells, row)]
    beyond = [room for room in plan.rooms if room.cells.z + room.cells.depth <= row]
    high = max(
        *(room.floor + room.height for room in plan.rooms),
        plan.land.water or 0,
        *_profile(plan, row, west, east),
    )
    top, left, width = -(high + _SKY), west * CELL - half, (east - west) * CELL
    inner = [
        *_water(plan, left, width),
        *(
            _room(room, half, None, _BEYOND, "room beyond")
            for room in sorted(beyond, key=lambda room: room.cells.z)
        ),
        _ground(plan, row, west, east, half),
        *(_corridor(corridor, row, half) for corridor in plan.corridors),
        *(_ramp(ramp, half) for ramp in plan.ramps if _is_cut(ramp.cells, row)),
        *(_room(room, half, row, _CUT, "room cut") for room in cut),
        *(_name(room, half) for room in cut),
        element("circle", class_="spawn", cx=plan.spawn.x, cy=-plan.spawn.y - 2.5, r=2.5, fill="#1b7f3b"),
        _heights(left, high),
        _scale(left),
    ]
    return document(
        "section",
        f"Section of {name}",
        _describe(plan, cut, beyond),
        (left, top, width, -top + _FOOT),
        *inner,
    )


def _is_cut(cells: Cells, row: int) -> bool:
    return cells.z <= row < cells.z + cells.depth


def _profile(plan: WorldPlan, row: int, west: int, east: int) -> tuple[int, ...]:
    begin = row * plan.land.width
    return plan.land.heights[begin + west : begin + east]


def _ground(plan: WorldPlan, row: int, west: int, east: int, half: int) -> str:
    x = west * CELL - half
    path = [f"M{x} 0"] + [f"V{-height}h{CELL}" for height in _profile(plan, row, west, east)]
    return element(
        "path", class_="land", d="".join(path) + "V0z", fill="#b9c5a3", stroke="#5d6a45", stroke_width=0.8
    )


def _water(plan: WorldPlan, left: int, width: int) -> list[str]:
    if plan.land.water is None:
        return []
    height = plan.land.water
    return [element("rect", class_="water", x=left, y=-height, width=width, height=height, fill="#bcd9ea")]


def _beyond(room: Room, half: int) -> str:
    """A room behind the cut, on its own ground."""
    x, width = room.cells.x * CELL - half, room.cells.width * CELL
    ground = element("rect", x=x, y=1 - room.floor, width=width, height=room.floor - 1, fill="#d9e0cb")
    return ground + _room(room, half, None, _BEYOND, "room beyond")


def _room(room: Room, half: int, row: int | None, look: dict[str, str | Number], kind: str) -> str:
    """As it is cut by a row of cells, or whole where it is behind."""
    left, width = room.cells.x * CELL - half, room.cells.width * CELL
    if room.shape is RoomShape.OPEN:
        return element("path", class_=kind, d=f"M{left} {-room.floor}h{width}", **look)
    if room.shape is RoomShape.BOX:
        return element(
            "rect", class_=kind, x=left, y=-room.floor - room.height, width=width, height=room.height, **look
        )
    share = 1.0
    if row is not None:
        away = (row + 0.5 - room.cells.z - room.cells.depth / 2) / (room.cells.depth / 2)
        share = sqrt(max(0.0, 1 - away**2))
    reach, height = width / 2 * share, room.height * share
    begin = left + width / 2 - reach
    return element(
        "path",
        class_=kind,
        d=f"M{begin:.1f} {-room.floor}a{reach:.1f} {height:.1f} 0 0 1 {2 * reach:.1f} 0z",
        **look,
    )


def _corridor(corridor: Corridor, row: int, half: int) -> str:
    drawn = []
    for cells in corridor.cells:
        if _is_cut(cells, row):
            x, width = cells.x * CELL - half, cells.width * CELL
            top = HEADROOM if corridor.covered else 1
            look = {**_CUT, "fill": "#e7e2ee"} if corridor.covered else {**_CUT, "fill": "#222222"}
            y = -corridor.floor - top if corridor.covered else -corridor.floor
            drawn.append(element("rect", class_="way", x=x, y=y, width=width, height=top, **look))
    return "".join(drawn)


def _ramp(ramp: Ramp, half: int) -> str:
    left, right = ramp.cells.x * CELL - half, (ramp.cells.x + ramp.cells.width) * CELL - half
    look: dict[str, str | Number] = {**_CUT, "fill": "#f2d9b0"}
    match ramp.facing:
        case Facing.EAST:
            points = f"{left},{-ramp.low} {right},{-ramp.low} {right},{-ramp.high}"
        case Facing.WEST:
            points = f"{right},{-ramp.low} {left},{-ramp.low} {left},{-ramp.high}"
        case _:
            points = f"{left},{-ramp.low} {right},{-ramp.low} {right},{-ramp.high} {left},{-ramp.high}"
    return element("polygon", class_="ramp", points=points, **look)


def _name(room: Room, half: int) -> str:
    x = (room.cells.x + room.cells.width / 2) * CELL - half
    size = min(5.0, 1.6 * room.cells.width * CELL / len(room.title))
    return text(room.title, x, -room.floor - max(room.height, 8) - 3, size, class_="room-name")


def _heights(left: int, high: int) -> str:
    """A tick for every twenty studs of height."""
    ticks = range(0, high + 1, _TICK)
    lines = "".join(f"M{left} {-height}h4" for height in ticks)
    return element(
        "g",
        element("path", d=lines, stroke="#111111", stroke_width=0.8),
        *(text(str(height), left + 5, -height + 1.4, 4, text_anchor="start") for height in ticks),
        class_="heights",
    )


def _scale(left: int) -> str:
    bar = element("path", d=f"M{left + 6} 4v4m0 -2h{_SCALE}m0 -2v4", fill="none", stroke="#111111")
    return element("g", bar, text(f"{_SCALE} studs", left + 6 + _SCALE / 2, 13, 4), class_="scale")


def _describe(plan: WorldPlan, cut: list[Room], beyond: list[Room]) -> str:
    said = ["Cut from west to east through the spawn, looking north."]
    said += [f"{room.title}: floor at {room.floor} studs, {room.height} high." for room in cut]
    if beyond:
        said.append(f"Behind it: {', '.join(room.title for room in beyond)}.")
    if plan.land.water is not None:
        said.append(f"The water stands {plan.land.water} studs high.")
    said.append(f"The land is {min(plan.land.heights)} to {max(plan.land.heights)} studs high.")
    return " ".join(said)
