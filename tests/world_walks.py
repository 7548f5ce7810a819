"""A plan walked through its parts: whether ways are free, floors carry, walls and roofs are whole."""

from collections.abc import Iterator

from toolboxai.platform.roblox.model.plan import CELL, RoomShape, WorldPlan
from toolboxai.platform.roblox.standing import Standing, covered_cells, inside_cells
from world_solids import Solids

__all__ = ["bare", "holes", "middle", "standing_in_the_way", "ways"]


def middle(plan: WorldPlan, cell: tuple[int, int]) -> tuple[float, float]:
    half = CELL / 2
    return (
        cell[0] * CELL + half - plan.land.width * CELL / 2,
        cell[1] * CELL + half - plan.land.depth * CELL / 2,
    )


def level_cells(plan: WorldPlan) -> dict[tuple[int, int], int]:
    """The cells of rooms and corridors in which one can walk, each with its floor."""
    found = {cell: room.floor for room in plan.rooms for cell in inside_cells(room)}
    floors = {room.id: room.floor for room in plan.rooms}
    found |= {cell: floors[door.room] for door in plan.doors for cell in covered_cells(door.cells)}
    found |= {
        cell: corridor.floor
        for corridor in plan.corridors
        for cells in corridor.cells
        for cell in covered_cells(cells)
    }
    return found


def ways(plan: WorldPlan) -> Iterator[tuple[float, float, float]]:
    """The middles of the level cells on which nothing stands, and the points between two of them, each with its floor."""
    taken = Standing(plan).taken
    floors = {cell: floor for cell, floor in level_cells(plan).items() if cell not in taken}
    rooms = {cell: room.id for room in plan.rooms for cell in covered_cells(room.cells)}
    for cell, floor in floors.items():
        x, z = middle(plan, cell)
        yield x, floor, z
        for there in ((cell[0] + 1, cell[1]), (cell[0], cell[1] + 1)):
            if floors.get(there) == floor and rooms.get(there) == rooms.get(cell) and cell in rooms:
                beside = middle(plan, there)
                yield (x + beside[0]) / 2, floor, (z + beside[1]) / 2


def standing_in_the_way(plan: WorldPlan, solids: Solids) -> list[tuple[str, float, float, float]]:
    met = []
    for x, floor, z in ways(plan):
        for height in (0.5, 2.5, 5):
            met += [
                (path, x, floor, z)
                for path in solids.blocking(x, floor + height, z)
                if not path.startswith("World/Gate/")
            ]
    return met


def bare(plan: WorldPlan, solids: Solids) -> list[tuple[float, float, float]]:
    """Where one walks, and nothing carries."""
    return [(x, floor, z) for x, floor, z in ways(plan) if not solids.blocking(x, floor - 0.5, z)]


def holes(plan: WorldPlan, solids: Solids) -> Iterator[tuple[str, float, float]]:
    """Where one could step out of a room that has walls, or look up from it into the sky."""
    doors = {cell for door in plan.doors for cell in covered_cells(door.cells)}
    for room in plan.rooms:
        if room.shape is RoomShape.OPEN:
            continue
        inside = inside_cells(room)
        for cell in sorted(inside):
            x, z = middle(plan, cell)
            for step_x, step_z in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                there = cell[0] + step_x, cell[1] + step_z
                if there in inside or there in doors:
                    continue
                # Outwards from the last cell a wall is met: at once, or, where a round one runs aslant, a few cells on.
                steps = [step / 4 for step in range(1, 4 * 3 * CELL)]
                if not any(
                    solids.blocking(x + step * step_x, room.floor + 2, z + step * step_z) for step in steps
                ):
                    yield f"{room.id} beside {cell}", x, z
            if not any(
                solids.blocking(x, room.floor + up / 4, z) for up in range(4 * 6, 4 * room.height + 8)
            ):
                yield f"{room.id} over {cell}", x, z
    for corridor in plan.corridors:
        if corridor.covered:
            for cells in corridor.cells:
                for cell in covered_cells(cells):
                    x, z = middle(plan, cell)
                    if not solids.blocking(x, corridor.floor + 10.5, z):
                        yield f"{corridor.id} over {cell}", x, z
