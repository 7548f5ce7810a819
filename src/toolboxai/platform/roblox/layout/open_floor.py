"""A world without buildings: one floor under the sky, boards and stations on posts in rows."""

from collections.abc import Sequence
from math import isqrt
from typing import Final

from msgspec import Struct

from toolboxai.platform.roblox.budgets import BoardSize, Budget
from toolboxai.platform.roblox.layout.furnishing import Furniture
from toolboxai.platform.roblox.layout.grid import place_at
from toolboxai.platform.roblox.layout.rooms import BASE_FLOOR
from toolboxai.platform.roblox.model.plan import CELL, Board, Cells, Facing, Place, Room, RoomShape, Station
from toolboxai.platform.roblox.room_names import OPEN_FLOOR_NAMES, in_language

__all__ = ["OpenFloor", "open_floor"]

_ROW: Final = 4  # cells from one row to the next: what stands there, who reads it, and two to walk past
_SPAWN: Final = 8  # rows of cells in the south for the spawn
_LEAST: Final = 16  # cells of the shortest side
_MARGIN: Final = 12  # cells of land around the floor, at least


class OpenFloor(Struct, frozen=True, kw_only=True):
    """The floor as a room without walls, and what stands on it."""

    room: Room
    spawn: Place
    guide: Place | None
    furniture: Furniture


def open_floor(
    boards: Sequence[BoardSize], questions: Sequence[str], budget: Budget, language: str, *, guide: bool
) -> OpenFloor:
    """Boards from the spawn on, then stations, row behind row; the floor is as large as they need."""
    widths = [size.width // CELL for size in boards] + [1] * len(questions)
    most = budget.cells - 2 * _MARGIN
    wanted = isqrt(_ROW * sum(width + 1 for width in widths)) + 2
    width = min(most, max(_LEAST, wanted // 2 * 2))
    rows = _rows(widths, width - 2)[: (most - _SPAWN) // _ROW]
    depth = max(_LEAST, len(rows) * _ROW + _SPAWN)
    depth += depth % 2
    cells = Cells((budget.cells - width) // 2, (budget.cells - depth) // 2, width, depth)
    title = in_language(OPEN_FLOOR_NAMES, language)
    room = Room(id="r1", title=title, shape=RoomShape.OPEN, cells=cells, floor=BASE_FLOOR, height=0)
    spawn_cell = (cells.x + width // 2, cells.z + depth - 4)
    furniture = _stand(room, rows, boards, questions, budget.cells)
    beside = (spawn_cell[0] + 3, spawn_cell[1] - 1)
    return OpenFloor(
        room=room,
        spawn=place_at(spawn_cell, room.floor, Facing.NORTH, budget.cells),
        guide=place_at(beside, room.floor, Facing.WEST, budget.cells) if guide else None,
        furniture=furniture,
    )


def _rows(widths: Sequence[int], space: int) -> list[list[int]]:
    """The widths in rows of ``space`` cells, one cell between two."""
    rows: list[list[int]] = []
    used = space
    for width in widths:
        if used + width > space:
            rows.append([])
            used = 0
        rows[-1].append(width)
        used += width + 1
    return rows


def _stand(
    room: Room,
    rows: Sequence[Sequence[int]],
    boards: Sequence[BoardSize],
    questions: Sequence[str],
    land_cells: int,
) -> Furniture:
    stood_boards: list[Board] = []
    stations: list[Station] = []
    number = 0
    for index, row in enumerate(rows):
        z = room.cells.z + room.cells.depth - _SPAWN - _ROW * index - 2
        x = room.cells.x + (room.cells.width - sum(row) - len(row) + 1) // 2
        for width in row:
            cell = (x + width // 2, z)
            place = place_at(cell, room.floor, Facing.SOUTH, land_cells)
            if number < len(boards):
                size = boards[number]
                stood_boards.append(
                    Board(room=room.id, section=number, place=place, width=size.width, height=size.height)
                )
            else:
                stand = place_at((cell[0], z + 1), room.floor, Facing.NORTH, land_cells)
                question = questions[number - len(boards)]
                stations.append(Station(room=room.id, question=question, place=place, stand=stand))
            number += 1
            x += width + 1
    return Furniture(
        boards=tuple(stood_boards),
        stations=tuple(stations),
        boards_left=tuple(range(len(stood_boards), len(boards))),
        questions_left=tuple(questions[len(stations) :]),
    )
