"""The whole plan of a world."""

from random import Random
from typing import Final

from msgspec import Struct

from toolboxai.platform.roblox.budgets import BUDGETS, DOOR_HEIGHT, BoardSize, board_size
from toolboxai.platform.roblox.land import Built, make_land
from toolboxai.platform.roblox.layout.arrangements import arrange
from toolboxai.platform.roblox.layout.floor import RoomFloor
from toolboxai.platform.roblox.layout.furnishing import Furniture, furnish, stand_spawn
from toolboxai.platform.roblox.layout.open_floor import open_floor
from toolboxai.platform.roblox.layout.rooms import Site, make_rooms
from toolboxai.platform.roblox.layout.ways import Ways, join
from toolboxai.platform.roblox.model.plan import CELL, Door, Gate, Land, Place, Room, Station, WorldPlan
from toolboxai.platform.roblox.model.spec import WorldSpec
from toolboxai.platform.roblox.themes import THEMES

__all__ = ["plan_world"]

_CELLS_OF_A_ROOM: Final = 30
"""Cells along the walls of a room of usual size that boards and stations can have: where the search for a number begins."""

_ANSWERED: Final = 3, 4
"""Of four questions before the gate three have to be answered: one that is too hard keeps nobody out."""


def plan_world(spec: WorldSpec) -> WorldPlan:
    """Where everything stands. The same spec has the same plan, to the byte.

    There are as many rooms as is usual for the size, and larger ones and more where the lesson needs them, up to the budget. What finds
    no place even then is told in ``left_out``, one sentence each.
    """
    boards, questions = _wanted(spec)
    if not spec.features.buildings:
        return _without_buildings(spec, boards, questions)
    attempt = _enough_rooms(spec, boards, questions)
    ways, furniture = attempt.ways, attempt.furniture
    return WorldPlan(
        land=_land(spec, Built(rooms=attempt.rooms, corridors=ways.corridors, ramps=ways.ramps)),
        rooms=attempt.rooms,
        doors=ways.doors,
        corridors=ways.corridors,
        ramps=ways.ramps,
        spawn=attempt.spawn,
        boards=furniture.boards,
        stations=furniture.stations,
        gate=_gate(attempt.rooms[-1], ways.doors, furniture.stations),
        guide=attempt.guide,
        left_out=_left_out(spec, furniture) + _guide_left_out(spec, attempt.guide),
    )


class _Attempt(Struct, frozen=True, kw_only=True):
    """Rooms and what stands in them, before the land."""

    rooms: tuple[Room, ...]
    ways: Ways
    spawn: Place
    guide: Place | None
    furniture: Furniture


def _enough_rooms(spec: WorldSpec, boards: list[BoardSize], questions: list[str]) -> _Attempt:
    """As many rooms as usual; where they are too few, larger ones, then more, until all has its place."""
    budget = BUDGETS[spec.size]
    usual = _dice(spec, "rooms").randint(*budget.usual_rooms)
    needed = sum(size.width // CELL + 1 for size in boards) + 2 * len(questions)
    count = min(budget.rooms, max(usual, needed // _CELLS_OF_A_ROOM))
    best: _Attempt | None = None
    for more in range(count, budget.rooms + 1):
        for roomy in (False, True):
            attempt = _build(spec, boards, questions, more, roomy=roomy)
            if best is None or attempt.furniture.shortage < best.furniture.shortage:
                best = attempt
            if best.furniture.shortage == (0, 0):
                return best
    assert best is not None
    return best


def _dice(spec: WorldSpec, part: str) -> Random:
    """Dice of its own for each part, so that one part's throws do not change another's."""
    return Random(f"world {part} {spec.seed}")  # noqa: S311 - chance that repeats is what is wanted


def _wanted(spec: WorldSpec) -> tuple[list[BoardSize], list[str]]:
    """The boards' sizes and the questions' ids, no more than the size has."""
    if spec.lesson is None:
        return [], []
    budget = BUDGETS[spec.size]
    boards = [board_size(board) for board in spec.lesson.boards[: budget.boards]]
    questions = [each.id for each in spec.lesson.questions[: budget.stations]]
    return boards, questions if spec.features.quiz_stations else []


def _language(spec: WorldSpec) -> str:
    return spec.lesson.language if spec.lesson else "en"


def _without_buildings(spec: WorldSpec, boards: list[BoardSize], questions: list[str]) -> WorldPlan:
    floor = open_floor(boards, questions, BUDGETS[spec.size], _language(spec), guide=spec.features.npcs)
    return WorldPlan(
        land=_land(spec, Built(rooms=(floor.room,))),
        rooms=(floor.room,),
        doors=(),
        corridors=(),
        ramps=(),
        spawn=floor.spawn,
        boards=floor.furniture.boards,
        stations=floor.furniture.stations,
        guide=floor.guide,
        left_out=_left_out(spec, floor.furniture),
    )


def _build(
    spec: WorldSpec, boards: list[BoardSize], questions: list[str], count: int, *, roomy: bool
) -> _Attempt:
    look, budget = THEMES[spec.theme], BUDGETS[spec.size]
    site = Site(arrange(look.arrangement, count, budget.slots, _dice(spec, "slots")), budget)
    levels = look.levels if spec.features.terrain else 1  # a base plate is level
    rooms = make_rooms(site, look, _language(spec), _dice(spec, "sides"), levels=levels, roomy=roomy)
    ways = join(site, rooms, look, _dice(spec, "ways"))
    doors = {room.id: [door for door in ways.doors if door.room == room.id] for room in rooms}
    floors = [RoomFloor(room, doors[room.id]) for room in rooms]
    spawn, guide = stand_spawn(floors[0], doors[rooms[0].id], budget.cells, guide=spec.features.npcs)
    furniture = furnish(floors, boards, questions, budget.cells, _dice(spec, "furniture"))
    return _Attempt(rooms=rooms, ways=ways, spawn=spawn, guide=guide, furniture=furniture)


def _land(spec: WorldSpec, built: Built) -> Land:
    ground = THEMES[spec.theme].ground
    return make_land(ground, BUDGETS[spec.size], built, _dice(spec, "land"), shaped=spec.features.terrain)


def _gate(last: Room, doors: tuple[Door, ...], stations: tuple[Station, ...]) -> Gate | None:
    before = sum(station.room != last.id for station in stations)
    if not before:
        return None
    part, whole = _ANSWERED
    needed = -(-before * part // whole)
    door = next(door for door in doors if door.room == last.id)
    return Gate(room=last.id, cells=door.cells, floor=last.floor, height=DOOR_HEIGHT, needed=needed)


def _left_out(spec: WorldSpec, furniture: Furniture) -> tuple[str, ...]:
    lesson, budget = spec.lesson, BUDGETS[spec.size]
    if lesson is None:
        return ()
    sections = [*furniture.boards_left, *range(budget.boards, len(lesson.boards))]
    told = [
        f"The board of section {section + 1}, “{lesson.boards[section].title}”, has no place in a {spec.size} world."
        for section in sections
    ]
    if spec.features.quiz_stations:
        left = {*furniture.questions_left, *(each.id for each in lesson.questions[budget.stations :])}
        told += [
            f"The question “{each.question}” has no station: there is no place for it in a {spec.size} world."
            for each in lesson.questions
            if each.id in left
        ]
    return tuple(told)


def _guide_left_out(spec: WorldSpec, guide: Place | None) -> tuple[str, ...]:
    return ("The guide has no place beside the spawn.",) if spec.features.npcs and guide is None else ()
