"""A plan as parts: everything that stands in ``Workspace``."""

from collections.abc import Iterable
from typing import Final

from toolboxai.platform.roblox.files.boards import board_model
from toolboxai.platform.roblox.files.figures import gate_model, guide_model, spawn_part, station_model
from toolboxai.platform.roblox.files.rooms import room_model
from toolboxai.platform.roblox.files.shapes import Area, box
from toolboxai.platform.roblox.files.ways import corridor_model, ramp_model
from toolboxai.platform.roblox.looks import Finish, Look
from toolboxai.platform.roblox.model.instances import Instance
from toolboxai.platform.roblox.model.names import (
    BOARDS,
    CORRIDORS,
    GROUND,
    RAMPS,
    ROOMS,
    STATIONS,
    WORLD,
    board_name,
    ramp_name,
)
from toolboxai.platform.roblox.model.plan import CELL, Land, WorldPlan
from toolboxai.platform.roblox.model.spec import WorldSpec
from toolboxai.platform.roblox.themes import THEMES

__all__ = ["PART_CLASSES", "part_count", "parts"]

PART_CLASSES: Final = frozenset({"Part", "WedgePart", "SpawnLocation"})
"""What counts as a part against the budget of a size."""

_PLATE: Final = 4
"""Studs that a base plate is thick."""


def parts(spec: WorldSpec, plan: WorldPlan) -> Instance:
    """The model ``World``: all that is built, each thing a model of its own, none of it loose.

    Raises:
        IndexError: a board of the plan shows a section that the lesson does not have.
    """
    look = THEMES[spec.theme]
    language = spec.lesson.language if spec.lesson else "en"
    sections = spec.lesson.boards if spec.lesson else ()
    shapes = {room.id: room.shape for room in plan.rooms}
    children = [spawn_part(plan.spawn, look)]
    if not spec.features.terrain:
        children.append(_plate(plan.land, look))
    children += [
        _folder(ROOMS, (room_model(plan, room, look) for room in plan.rooms)),
        _folder(CORRIDORS, (corridor_model(plan, corridor, look) for corridor in plan.corridors)),
        _folder(RAMPS, (ramp_model(plan, ramp, ramp_name(n), look) for n, ramp in enumerate(plan.ramps, 1))),
        _folder(
            BOARDS,
            (
                board_model(
                    board_name(n), board, sections[board.section], look, language, room=shapes[board.room]
                )
                for n, board in enumerate(plan.boards, 1)
            ),
        ),
        _folder(
            STATIONS,
            (station_model(n, station, look, language) for n, station in enumerate(plan.stations, 1)),
        ),
    ]
    if plan.gate is not None:
        children.append(gate_model(plan.land, plan.gate, look))
    if plan.guide is not None:
        children.append(guide_model(plan.guide, look, language))
    return Instance(class_name="Model", name=WORLD, children=tuple(children))


def part_count(instance: Instance) -> int:
    """The parts at and under an instance."""
    return (instance.class_name in PART_CLASSES) + sum(part_count(child) for child in instance.children)


def _folder(name: str, children: Iterable[Instance]) -> Instance:
    return Instance(class_name="Folder", name=name, children=tuple(children))


def _plate(land: Land, look: Look) -> Instance:
    """The ground of a world without terrain: as high as the lowest of the land, which is level then."""
    half_width, half_depth = land.width * CELL / 2, land.depth * CELL / 2
    top = min(land.heights)
    return box(
        GROUND,
        Finish(look.ground.paved, look.path.color),
        Area(-half_width, half_width, -half_depth, half_depth),
        top - _PLATE,
        top,
    )
