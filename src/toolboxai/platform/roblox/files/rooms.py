"""Rooms as parts: floor, walls with gaps for doors, windows, roof or dome, sign and lamp."""

from collections.abc import Iterator, Sequence
from typing import Final

from toolboxai.platform.roblox.budgets import DOOR_HEIGHT
from toolboxai.platform.roblox.files.domes import dome
from toolboxai.platform.roblox.files.shapes import Area, area_of, box, ground_under, looking, model, part
from toolboxai.platform.roblox.files.signs import lamp, sign_text
from toolboxai.platform.roblox.looks import Finish, Look
from toolboxai.platform.roblox.model.instances import Instance
from toolboxai.platform.roblox.model.names import TITLE
from toolboxai.platform.roblox.model.plan import CELL, Door, Facing, Land, Room, RoomShape, WorldPlan

__all__ = ["floor_part", "room_model"]

_SILL: Final = 4
_PANE: Final = 5
_SIGN_HEIGHT: Final = 1.5
_SIGN_DEPTH: Final = 0.4


def room_model(plan: WorldPlan, room: Room, look: Look) -> Instance:
    """A room: at most 24 parts and four for each door, 80 and as many where it is a dome."""
    area = area_of(plan.land, room.cells)
    doors = [door for door in plan.doors if door.room == room.id]
    parts = [floor_part(plan.land, room, look.floor)]
    if room.shape is RoomShape.BOX:
        for side in Facing:
            parts += _side(area, room, side, [door for door in doors if door.side is side], plan.land, look)
        parts.append(box("Roof", look.roof, area, room.floor + room.height, room.floor + room.height + 1))
        parts.append(lamp(area.middle, room.floor + room.height, look.trim, reach=max(_sides(area))))
    elif room.shape is RoomShape.DOME:
        parts += dome(area, room, [(door.side, area_of(plan.land, door.cells)) for door in doors], look)
    for door in doors:
        parts.append(_sign(area_of(plan.land, door.cells), room, door.side, look))
    return model(room.id, parts, **{TITLE: room.title})


def floor_part(land: Land, room: Room, finish: Finish) -> Instance:
    """The floor, down into the ground where that lies lower."""
    low = min(room.floor - 1, ground_under(land, room.cells))
    return box("Floor", finish, area_of(land, room.cells), low, room.floor)


def _sides(area: Area) -> tuple[float, float]:
    return area.east - area.west, area.south - area.north


def _side(
    area: Area, room: Room, side: Facing, doors: Sequence[Door], land: Land, look: Look
) -> Iterator[Instance]:
    """One wall, a cell thick: with a window where it has no door. North and south walls have the corners."""
    wall = _wall_area(area, side)
    low, high = room.floor, room.floor + room.height
    if not doors:
        yield from _window_wall(wall, side, low, high, look)
        return
    gaps = sorted(_span(area_of(land, door.cells), side) for door in doors)
    start, end = _span(wall, side)
    for gap in gaps:
        if gap[0] > start:
            yield box("Wall", look.wall, _part_of(wall, side, start, gap[0]), low, high)
        if room.height > DOOR_HEIGHT:
            yield box("Lintel", look.trim, _part_of(wall, side, *gap), low + DOOR_HEIGHT, high)
        start = gap[1]
    if end > start:
        yield box("Wall", look.wall, _part_of(wall, side, start, end), low, high)


def _window_wall(wall: Area, side: Facing, low: float, high: float, look: Look) -> Iterator[Instance]:
    start, end = _span(wall, side)
    margin = 2 * CELL if end - start > 6 * CELL else CELL
    left, right = start + margin, end - margin
    if right - left < CELL or high - low < _SILL + _PANE + 1:
        yield box("Wall", look.wall, wall, low, high)
        return
    sill, top = low + _SILL, low + _SILL + _PANE
    yield box("Wall", look.wall, _part_of(wall, side, start, left), low, high)
    yield box("Wall", look.wall, _part_of(wall, side, right, end), low, high)
    yield box("Wall", look.wall, _part_of(wall, side, left, right), low, sill)
    yield box("Wall", look.wall, _part_of(wall, side, left, right), top, high)
    pane = _thinner(_part_of(wall, side, left, right), side, 1)
    yield box("Window", look.window, pane, sill, top)


def _wall_area(area: Area, side: Facing) -> Area:
    match side:
        case Facing.NORTH:
            return Area(area.west, area.east, area.north, area.north + CELL)
        case Facing.SOUTH:
            return Area(area.west, area.east, area.south - CELL, area.south)
        case Facing.WEST:
            return Area(area.west, area.west + CELL, area.north + CELL, area.south - CELL)
        case Facing.EAST:
            return Area(area.east - CELL, area.east, area.north + CELL, area.south - CELL)


def _lies_across(side: Facing) -> bool:
    """Whether a wall on this side runs from west to east."""
    return side in (Facing.NORTH, Facing.SOUTH)


def _span(area: Area, side: Facing) -> tuple[float, float]:
    return (area.west, area.east) if _lies_across(side) else (area.north, area.south)


def _part_of(wall: Area, side: Facing, start: float, end: float) -> Area:
    if _lies_across(side):
        return Area(start, end, wall.north, wall.south)
    return Area(wall.west, wall.east, start, end)


def _thinner(wall: Area, side: Facing, studs: float) -> Area:
    if _lies_across(side):
        return Area(wall.west, wall.east, wall.north + studs, wall.south - studs)
    return Area(wall.west + studs, wall.east - studs, wall.north, wall.south)


def _sign(door: Area, room: Room, side: Facing, look: Look) -> Instance:
    """The room's title, outside, over its door."""
    x, z = door.middle
    out = CELL / 2 + _SIGN_DEPTH / 2
    match side:
        case Facing.NORTH:
            z -= out
        case Facing.SOUTH:
            z += out
        case Facing.WEST:
            x -= out
        case Facing.EAST:
            x += out
    width = 2 * CELL - 1
    return part(
        "Sign",
        look.board,
        (x, room.floor + DOOR_HEIGHT + _SIGN_HEIGHT / 2, z),
        (width, _SIGN_HEIGHT, _SIGN_DEPTH),
        looking(side),
        children=[sign_text(room.title, look.board)],
        solid=False,
    )
