"""The ground that a world's script has built, beside its plan: what stands where one walks."""

from collections.abc import Iterator

from fake_roblox import FakeRoblox
from toolboxai.platform.roblox.model.plan import CELL, Cells, Facing, Ramp, RoomShape, WorldPlan
from toolboxai.platform.roblox.standing import Cell, covered_cells, inside_cells

__all__ = ["in_the_way", "not_water"]

HEAD = 6
"""Studs of somebody with a hat."""


def in_the_way(world: FakeRoblox, plan: WorldPlan) -> list[str]:
    """Water and ground where feet and heads are, in every cell of rooms, doors, corridors and ramps."""
    asked = [
        (what, cell, floor, level)
        for what, cell, floor in _walked(plan)
        for level in range(floor // CELL, -(-(floor + HEAD) // CELL))
    ]
    held = world.held([_voxel(plan, cell, level) for _, cell, _, level in asked])
    found = []
    for (what, cell, floor, level), voxel in zip(asked, held, strict=True):
        material, occupancy = voxel.split()
        if material == "Water" or (material != "Air" and level * CELL + CELL * float(occupancy) > floor):
            found.append(f"{what} {cell} at {level * CELL}: {voxel}")
    return found


def not_water(world: FakeRoblox, plan: WorldPlan) -> list[str]:
    """Air below the surface of the water, where nothing with walls and a roof is built."""
    land = plan.land
    areas = [room.cells for room in plan.rooms if room.shape is not RoomShape.OPEN]
    areas += [cells for corridor in plan.corridors if corridor.covered for cells in corridor.cells]
    areas += [ramp.cells for ramp in plan.ramps]
    built = {cell for area in areas for cell in covered_cells(area)}
    asked = [
        (cell, level)
        for cell in covered_cells(Cells(0, 0, land.width, land.depth))
        if cell not in built
        for level in range((land.water or 0) // CELL)
    ]
    held = world.held([_voxel(plan, cell, level) for cell, level in asked])
    return [
        f"{cell} at {level * CELL}"
        for (cell, level), voxel in zip(asked, held, strict=True)
        if voxel[:3] == "Air"
    ]


def _voxel(plan: WorldPlan, cell: Cell, level: int) -> tuple[int, int, int]:
    return cell[0] - plan.land.width // 2, level, cell[1] - plan.land.depth // 2


def _walked(plan: WorldPlan) -> Iterator[tuple[str, Cell, int]]:
    """Each cell on which one walks, with its floor; of a ramp the lower edge."""
    floors = {room.id: room.floor for room in plan.rooms}
    for room in plan.rooms:
        yield from ((room.id, cell, room.floor) for cell in sorted(inside_cells(room)))
    for door in plan.doors:
        yield from ((f"a door of {door.room}", cell, floors[door.room]) for cell in covered_cells(door.cells))
    for corridor in plan.corridors:
        for cells in corridor.cells:
            yield from ((corridor.id, cell, corridor.floor) for cell in covered_cells(cells))
    for ramp in plan.ramps:
        yield from (("a ramp", cell, ramp.low + _rise(ramp, cell)) for cell in covered_cells(ramp.cells))


def _rise(ramp: Ramp, cell: Cell) -> int:
    area = ramp.cells
    at, length = {
        Facing.NORTH: (area.z + area.depth - 1 - cell[1], area.depth),
        Facing.SOUTH: (cell[1] - area.z, area.depth),
        Facing.WEST: (area.x + area.width - 1 - cell[0], area.width),
        Facing.EAST: (cell[0] - area.x, area.width),
    }[ramp.facing]
    return (ramp.high - ramp.low) * at // length
