"""The floor plan: seen from above, north up, one unit a stud."""

from itertools import groupby
from typing import Final

from toolboxai.platform.roblox.drawing.svg import Number, document, element, text
from toolboxai.platform.roblox.drawing.words import describe
from toolboxai.platform.roblox.model.plan import (
    CELL,
    Cells,
    Door,
    Facing,
    Gate,
    Place,
    Ramp,
    Room,
    RoomShape,
    WorldPlan,
)

__all__ = ["draw_floor_plan"]

_MARGIN: Final = 8  # cells of land around what is built
_FOOT: Final = 26  # studs for scale and legend
_BANDS: Final = ("#dfe6d3", "#d3dcc3", "#c6d1b3", "#b9c5a3", "#acb994", "#9fad85")  # the higher the darker
_WATERS: Final = ("#d0e5f1", "#bcd9ea", "#a8cde3")  # the deeper the darker
_BAND: Final = 4  # studs of height
_TURN: Final = {Facing.NORTH: 0, Facing.EAST: 90, Facing.SOUTH: 180, Facing.WEST: 270}
_SCALE: Final = 40  # studs of the bar


def draw_floor_plan(plan: WorldPlan, name: str) -> str:
    """The plan of a world called ``name`` as an SVG document.

    Stations have round marks with their number in the plan, boards bars with the number of their section, the spawn is a
    star and the gate a hatched bar: nothing is told by colour alone.
    """
    origin_x, origin_z = -plan.land.width * CELL // 2, -plan.land.depth * CELL // 2
    area = _area(plan)
    left, top = origin_x + area.x * CELL, origin_z + area.z * CELL
    width, depth = area.width * CELL, area.depth * CELL
    box = (left, top, width, depth + _FOOT)
    inner = element(
        "g",
        *_ways(plan),
        *(_room(room) for room in plan.rooms),
        *(_door(door) for door in plan.doors),
        *([_gate(plan.gate)] if plan.gate else []),
        transform=f"translate({origin_x} {origin_z})",
    )
    return document(
        "plan",
        f"Floor plan of {name}",
        describe(plan),
        box,
        element("g", *_land(plan, area), class_="land", transform=f"translate({origin_x} {origin_z})"),
        inner,
        *_furniture(plan),
        _star(plan.spawn),
        *([_guide(plan.guide)] if plan.guide else []),
        *_labels(plan, origin_x, origin_z),
        _foot(left, top + depth, width),
    )


def _area(plan: WorldPlan) -> Cells:
    """What is drawn: all that is built and some land."""
    built = [room.cells for room in plan.rooms] + [cells for each in plan.corridors for cells in each.cells]
    west = max(0, min(each.x for each in built) - _MARGIN)
    north = max(0, min(each.z for each in built) - _MARGIN)
    east = min(plan.land.width, max(each.x + each.width for each in built) + _MARGIN)
    south = min(plan.land.depth, max(each.z + each.depth for each in built) + _MARGIN)
    return Cells(west, north, east - west, south - north)


def _land(plan: WorldPlan, area: Cells) -> list[str]:
    """One path for each band of heights, runs of cells in rows; water where it stands over the ground."""
    land = plan.land
    lowest = min(land.heights) // _BAND
    paths: dict[str, list[str]] = {}
    for z in range(area.z, area.z + area.depth):
        begin = z * land.width
        row = land.heights[begin + area.x : begin + area.x + area.width]
        x = area.x
        for color, run in groupby(row, lambda height: _tint(height, lowest, land.water)):
            length = len(list(run))
            paths.setdefault(color, []).append(
                f"M{x * CELL} {z * CELL}h{length * CELL}v{CELL}h-{length * CELL}z"
            )
            x += length
    return [element("path", d="".join(runs), fill=color) for color, runs in sorted(paths.items())]


def _tint(height: int, lowest: int, water: int | None) -> str:
    if water is not None and height < water:
        return _WATERS[min(len(_WATERS) - 1, (water - height) // 12)]
    return _BANDS[min(len(_BANDS) - 1, height // _BAND - lowest)]


def _rectangle(cells: Cells, **attributes: str | Number) -> str:
    x, z, width, depth = (CELL * each for each in (cells.x, cells.z, cells.width, cells.depth))
    return element("rect", x=x, y=z, width=width, height=depth, **attributes)


def _ways(plan: WorldPlan) -> list[str]:
    drawn = []
    for corridor in plan.corridors:
        fill = "#e7e2ee" if corridor.covered else "#f6f1e2"
        kind = "covered way" if corridor.covered else "open way"
        edge: dict[str, str | Number] = {"stroke": "#55505f", "stroke_width": 0.8}
        if not corridor.covered:
            edge["stroke_dasharray"] = "3 2"
        drawn += [_rectangle(cells, class_=kind, fill=fill, **edge) for cells in corridor.cells]
        # Once more without edges: the parts are one floor.
        drawn += [_rectangle(cells, fill=fill) for cells in corridor.cells]
    return drawn + [_ramp(ramp) for ramp in plan.ramps]


def _ramp(ramp: Ramp) -> str:
    """With an arrow upwards."""
    cells = ramp.cells
    x, z = CELL * (cells.x + cells.width / 2), CELL * (cells.z + cells.depth / 2)
    arrow = element(
        "path",
        d="M0 5V-5M-2.5 -2L0 -5L2.5 -2",
        fill="none",
        stroke="#111111",
        stroke_width=0.8,
        transform=f"translate({x:g} {z:g}) rotate({_TURN[ramp.facing]})",
    )
    return _rectangle(cells, class_="ramp", fill="#f2d9b0", stroke="#55505f", stroke_width=0.8) + arrow


def _room(room: Room) -> str:
    cells = room.cells
    look: dict[str, str | Number] = {"fill": "#ffffff", "stroke": "#222222", "stroke_width": 1.6}
    if room.shape is RoomShape.DOME:
        x, z = CELL * (cells.x + cells.width / 2), CELL * (cells.z + cells.depth / 2)
        return element("circle", class_="room dome", cx=x, cy=z, r=CELL * cells.width / 2 - 1, **look)
    if room.shape is RoomShape.OPEN:
        look["stroke_dasharray"] = "4 3"
    return _rectangle(cells, class_=f"room {room.shape.value}", **look)


def _door(door: Door) -> str:
    """A gap in the line of the wall."""
    cells = door.cells
    x, z, width, depth = (CELL * each for each in (cells.x, cells.z, cells.width, cells.depth))
    match door.side:
        case Facing.NORTH:
            z, depth = z - 1, 3
        case Facing.SOUTH:
            z, depth = z + depth - 2, 3
        case Facing.WEST:
            x, width = x - 1, 3
        case Facing.EAST:
            x, width = x + width - 2, 3
    return element("rect", class_="door", x=x, y=z, width=width, height=depth, fill="#f6f1e2")


def _gate(gate: Gate) -> str:
    cells = gate.cells
    bars = []
    for at in range(1, 4):
        if cells.width > cells.depth:
            x = CELL * cells.x + CELL * cells.width * at / 4
            bars.append(f"M{x:g} {CELL * cells.z}v{CELL}")
        else:
            z = CELL * cells.z + CELL * cells.depth * at / 4
            bars.append(f"M{CELL * cells.x} {z:g}h{CELL}")
    return _rectangle(cells, class_="gate", fill="#f4b8ad", stroke="#8c1c13", stroke_width=0.8) + element(
        "path", d="".join(bars), stroke="#8c1c13", stroke_width=0.8
    )


def _labels(plan: WorldPlan, origin_x: int, origin_z: int) -> list[str]:
    """Names of rooms over their north-western corners, as small as has to be."""
    drawn = []
    for room in plan.rooms:
        x, z = origin_x + CELL * room.cells.x, origin_z + CELL * room.cells.z - 2
        size = min(5.0, 1.7 * CELL * room.cells.width / len(room.title))
        halo: dict[str, str | Number] = {"stroke": "#ffffff", "stroke_width": 1.2, "paint_order": "stroke"}
        drawn.append(text(room.title, x, z, size, class_="room-name", text_anchor="start", **halo))
    return drawn


def _furniture(plan: WorldPlan) -> list[str]:
    drawn = []
    for board in plan.boards:
        x, z = board.place.x, board.place.z
        wide = board.place.facing in (Facing.NORTH, Facing.SOUTH)
        width, depth = (board.width, CELL) if wide else (CELL, board.width)
        drawn.append(
            element(
                "rect",
                class_="board",
                x=x - width / 2,
                y=z - depth / 2,
                width=width,
                height=depth,
                fill="#1f4e79",
            )
        )
        drawn.append(text(str(board.section + 1), x, z + 1.2, 3.4, fill="#ffffff"))
    for number, station in enumerate(plan.stations, 1):
        x, z = station.place.x, station.place.z
        look: dict[str, str | Number] = {"fill": "#ffe08a", "stroke": "#5c4300", "stroke_width": 0.6}
        drawn.append(element("circle", class_="station", cx=x, cy=z, r=2.2, **look))
        drawn.append(text(str(number), x, z + 1, 2.8))
    return drawn


def _star(place: Place) -> str:
    points = "0,-5 1.3,-1.6 4.8,-1.5 2,0.7 3,4 0,2 -3,4 -2,0.7 -4.8,-1.5 -1.3,-1.6"
    look: dict[str, str | Number] = {"fill": "#1b7f3b", "stroke": "#ffffff", "stroke_width": 0.5}
    return element(
        "polygon", class_="spawn", points=points, transform=f"translate({place.x} {place.z})", **look
    )


def _guide(place: Place) -> str:
    look: dict[str, str | Number] = {"fill": "#7a3b9a", "stroke": "#ffffff", "stroke_width": 0.5}
    shape = element("polygon", class_="guide", points="0,-2.6 2.4,2 -2.4,2", **look)
    return element("g", shape, transform=f"translate({place.x} {place.z})")


def _foot(left: int, top: int, width: int) -> str:
    """Scale bar, north, and what the marks mean."""
    y = top + 8
    bar = element(
        "path", d=f"M{left + 6} {y - 2}v4M{left + 6} {y}h{_SCALE}v-2v4", fill="none", stroke="#111111"
    )
    north = element(
        "path", d=f"M{left + width - 10} {y + 4}v-9m-2.5 3l2.5 -3l2.5 3", fill="none", stroke="#111111"
    )
    legend = "★ spawn   ▲ guide   ■ board (section)   ● station (question)   ▥ gate   ↑ ramp, upwards"
    return element(
        "g",
        bar,
        text(f"{_SCALE} studs", left + 6 + _SCALE / 2, y + 7, 4),
        north,
        text("N", left + width - 10, y + 9, 4),
        text(legend, left + width / 2, top + 22, min(4.5, width / 52)),
        class_="scale",
    )
