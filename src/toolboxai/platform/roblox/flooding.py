"""Whether whoever walks through a world stays dry: no water over a floor, and no hole in the sea where nothing is built."""

from collections.abc import Iterator

from msgspec import Struct

from toolboxai.platform.roblox.budgets import DOOR_HEIGHT
from toolboxai.platform.roblox.model.plan import CELL, Cells, Dry, Ramp, RoomShape, WorldPlan
from toolboxai.platform.roblox.standing import Cell, covered_cells, inside_cells

__all__ = ["flooding_faults"]


class _Walked(Struct, frozen=True):
    """Where one walks: its name, its cells, the lowest and the highest floor, and whether it has walls and a roof."""

    name: str
    cells: tuple[Cell, ...]
    low: int
    high: int
    covered: bool


def flooding_faults(plan: WorldPlan) -> Iterator[str]:
    """Open floors under water; cells that one walks on and that water is not kept out of; dry places open to the sea."""
    water = plan.land.water
    if water is None:
        if plan.land.dry:
            yield "water is kept out, and there is none"
        return
    dry: dict[Cell, Dry] = {}
    for each in plan.land.dry:
        if each.bottom % CELL or each.top % CELL or each.bottom >= each.top:
            yield f"what is dry at {_at(each.cells)} lies from {each.bottom} to {each.top} studs: not on whole voxels"
        for cell in covered_cells(each.cells):
            if cell in dry:
                yield f"water is kept out of cell {cell} twice"
            dry[cell] = each
    for walked in _walked(plan):
        if water < walked.low:
            continue
        if not walked.covered:
            yield f"{walked.name} is open, and under water"
            continue
        wet = [cell for cell in walked.cells if not _is_dry(dry.get(cell), walked, water)]
        if wet:
            yield f"{walked.name} is under water: nothing keeps it out of {len(wet)} cells, as {wet[0]}"
    sealed = _sealed(plan)
    holes = [cell for cell in dry if cell not in sealed]
    if holes:
        yield f"water is kept out of {len(holes)} cells, as {holes[0]}, which have no walls and no roof"


def _is_dry(dry: Dry | None, walked: _Walked, water: int) -> bool:
    """From the floor to over every head, or to the surface."""
    return dry is not None and dry.bottom <= walked.low and dry.top >= min(water, walked.high + DOOR_HEIGHT)


def _walked(plan: WorldPlan) -> Iterator[_Walked]:
    for room in plan.rooms:
        doors = [cell for door in plan.doors if door.room == room.id for cell in covered_cells(door.cells)]
        cells = (*sorted(inside_cells(room)), *doors)
        yield _Walked(room.id, cells, room.floor, room.floor, room.shape is not RoomShape.OPEN)
    for corridor in plan.corridors:
        cells = tuple(cell for part in corridor.cells for cell in covered_cells(part))
        yield _Walked(corridor.id, cells, corridor.floor, corridor.floor, corridor.covered)
    for number, ramp in enumerate(plan.ramps, 1):
        cells = tuple(covered_cells(ramp.cells))
        yield _Walked(f"ramp {number}", cells, ramp.low, ramp.high, _is_covered(plan, ramp))


def _is_covered(plan: WorldPlan, ramp: Ramp) -> bool:
    """By what covers a corridor beside it."""
    area = ramp.cells
    beside = {
        *covered_cells(Cells(area.x - 1, area.z, area.width + 2, area.depth)),
        *covered_cells(Cells(area.x, area.z - 1, area.width, area.depth + 2)),
    }
    return any(
        corridor.covered and not beside.isdisjoint(covered_cells(part))
        for corridor in plan.corridors
        for part in corridor.cells
    )


def _sealed(plan: WorldPlan) -> set[Cell]:
    """The cells of what has walls and a roof, these with it."""
    areas = [room.cells for room in plan.rooms if room.shape is not RoomShape.OPEN]
    areas += [part for corridor in plan.corridors if corridor.covered for part in corridor.cells]
    areas += [ramp.cells for ramp in plan.ramps if _is_covered(plan, ramp)]
    return {cell for area in areas for cell in covered_cells(area)}


def _at(cells: Cells) -> str:
    return f"cell ({cells.x}, {cells.z})"
