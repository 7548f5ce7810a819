"""Changes of a plan for tests: one thing of it is another, all else stays."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from toolboxai.platform.roblox.model.plan import (
    Cells,
    Dry,
    WorldPlan,
)
from world_plans import SIDE

T = TypeVar("T", bound=Struct)

__all__ = [
    "board",
    "bridge_away",
    "corridors",
    "doors",
    "gate",
    "ground",
    "land",
    "pit",
    "ramp",
    "rooms",
    "sea",
    "station",
]


def _one(items: Sequence[T], number: int, changes: Mapping[str, object]) -> tuple[T, ...]:
    changed = list(items)
    changed[number - 1] = replace(changed[number - 1], **changes)
    return tuple(changed)


def rooms(plan: WorldPlan, number: int, **changes: object) -> WorldPlan:
    return replace(plan, rooms=_one(plan.rooms, number, changes))


def doors(plan: WorldPlan, number: int, **changes: object) -> WorldPlan:
    return replace(plan, doors=_one(plan.doors, number, changes))


def corridors(plan: WorldPlan, number: int, **changes: object) -> WorldPlan:
    return replace(plan, corridors=_one(plan.corridors, number, changes))


def ramp(plan: WorldPlan, **changes: object) -> WorldPlan:
    return replace(plan, ramps=_one(plan.ramps, 1, changes))


def board(plan: WorldPlan, **changes: object) -> WorldPlan:
    return replace(plan, boards=_one(plan.boards, 1, changes))


def station(plan: WorldPlan, number: int = 1, **changes: object) -> WorldPlan:
    return replace(plan, stations=_one(plan.stations, number, changes))


def gate(plan: WorldPlan, **changes: object) -> WorldPlan:
    assert plan.gate is not None
    return replace(plan, gate=replace(plan.gate, **changes))


def land(plan: WorldPlan, **changes: object) -> WorldPlan:
    return replace(plan, land=replace(plan.land, **changes))


def sea(plan: WorldPlan, *dry: Dry) -> WorldPlan:
    return land(plan, water=40, dry=dry)


def ground(plan: WorldPlan, heights: dict[tuple[int, int], int]) -> WorldPlan:
    changed = list(plan.land.heights)
    for (column, row), height in heights.items():
        changed[row * SIDE + column] = height
    return land(plan, heights=tuple(changed))


def pit() -> dict[tuple[int, int], int]:
    return {(column, row): 12 for column in range(21, 23) for row in range(40, 42)}


def bridge_away(plan: WorldPlan) -> WorldPlan:
    """The way to the second room ends in nothing: a stretch of it is missing, four studs over the land."""
    high = rooms(plan, 1, floor=21)
    return corridors(high, 1, floor=21, cells=(Cells(20, 34, 2, 2), Cells(22, 34, 2, 2)))
