"""How large a world of each size may be, and what each thing in it takes."""

from types import MappingProxyType
from typing import Final

from msgspec import Struct

from toolboxai.platform.roblox.model.plan import CELL, RoomShape, WorldPlan
from toolboxai.platform.roblox.model.spec import LessonBoard, Size

__all__ = [
    "BEFORE_THE_ROUND",
    "BOARD_SIZES",
    "BUDGETS",
    "DOOR_HEIGHT",
    "HEADROOM",
    "MAX_HEIGHT",
    "MIN_HEIGHT",
    "BoardSize",
    "Budget",
    "board_size",
    "budget_of",
    "dome_shoulder",
    "parts_needed",
]

DOOR_HEIGHT: Final = 8
"""Studs: with two cells' width a square opening, and a character with a hat is about 6 high."""

BEFORE_THE_ROUND: Final = 1
"""Studs before the middle of its cells that a board stands in a dome, whose wall would take its ends; elsewhere it is behind."""

HEADROOM: Final = 10
"""Studs from floor to roof of a covered way: a door and its lintel."""


def dome_shoulder(height: int) -> int:
    """Studs from the floor of a dome to the end of its upright wall; from there on it is an ellipse up to ``height``."""
    return max(DOOR_HEIGHT, min(DOOR_HEIGHT + 2, height - 4))


MIN_HEIGHT: Final = 4
"""Studs of the lowest ground over the bottom of the world: one voxel of Roblox terrain stays under every foot."""

MAX_HEIGHT: Final = 96
"""Studs of the highest hill or water over the bottom of the world: what a build script fills column by column."""


class Budget(Struct, frozen=True, kw_only=True):
    """What a world of one size may have.

    Args:
        cells: side of the square of land.
        slots: rooms that find place side by side; there are ``slots`` rows of as many.
        room_cells: the longest side of a room of one slot, walls with it.
        gap_cells: between two slots at least; a ramp with a landing fits into it.
        usual_rooms: the least and the most rooms of a world that no lesson makes larger.
        rooms: the most rooms.
        boards: the most info boards; a lesson of 20 sections finds its place in every size.
        stations: the most stations; a quiz of 50 questions finds its place in every size.
        parts: the most parts that are not terrain.
    """

    cells: int
    slots: int
    room_cells: int
    gap_cells: int
    usual_rooms: tuple[int, int]
    rooms: int
    boards: int
    stations: int
    parts: int

    @property
    def studs(self) -> int:
        """Side of the land in studs."""
        return self.cells * CELL

    @property
    def pitch(self) -> int:
        """Cells from one slot to the next."""
        return self.room_cells + self.gap_cells


BUDGETS: Final = MappingProxyType(
    {
        Size.SMALL: Budget(
            cells=84,
            slots=4,
            room_cells=12,
            gap_cells=6,
            usual_rooms=(4, 5),
            rooms=12,
            boards=24,
            stations=60,
            parts=2_500,
        ),
        Size.MEDIUM: Budget(
            cells=116,
            slots=5,
            room_cells=14,
            gap_cells=6,
            usual_rooms=(6, 8),
            rooms=16,
            boards=32,
            stations=80,
            parts=3_500,
        ),
        Size.LARGE: Budget(
            cells=160,
            slots=7,
            room_cells=14,
            gap_cells=6,
            usual_rooms=(10, 14),
            rooms=24,
            boards=40,
            stations=120,
            parts=5_000,
        ),
        Size.XLARGE: Budget(
            cells=224,
            slots=9,
            room_cells=16,
            gap_cells=6,
            usual_rooms=(16, 22),
            rooms=36,
            boards=60,
            stations=160,
            parts=7_500,
        ),
    }
)
"""The land has a margin of at least eight cells around the slots, in which hills may rise."""


def budget_of(cells: int) -> Budget | None:
    """The budget whose land has a side of ``cells``; no two sizes share one. None where no size has such land."""
    return next((budget for budget in BUDGETS.values() if budget.cells == cells), None)


class BoardSize(Struct, frozen=True):
    """An info board's panel: studs, and the lines of letters half a stud high that fit on it."""

    width: int
    height: int
    columns: int
    lines: int


BOARD_SIZES: Final = (BoardSize(12, 8, 42, 11), BoardSize(20, 10, 72, 14), BoardSize(28, 10, 102, 14))
"""From the smallest to the largest. A letter is about 0.27 studs wide and a line 0.62 high; a stud is left for the frame."""


def board_size(board: LessonBoard) -> BoardSize:
    """The smallest panel that has room for the title and all lines; the largest for what is longer, which then scrolls."""
    for size in BOARD_SIZES:
        # The title is set half as large again, and has a line's distance under it.
        title = 2 * -(-3 * len(board.title) // (2 * size.columns))
        if title + sum(-(-len(line) // size.columns) for line in board.lines) <= size.lines:
            return size
    return BOARD_SIZES[-1]


def parts_needed(plan: WorldPlan) -> int:
    """The most parts that what is planned takes; a box is cheap, a dome is a ring of wall pieces under a shell."""
    doors = {room.id: 0 for room in plan.rooms}
    for door in plan.doors:
        doors[door.room] = doors.get(door.room, 0) + 1
    total = 1  # the spawn
    for room in plan.rooms:
        total += {RoomShape.BOX: 24, RoomShape.DOME: 80, RoomShape.OPEN: 4}[room.shape] + 4 * doors[room.id]
    for corridor in plan.corridors:
        total += len(corridor.cells) * (12 if corridor.covered else 6)
    total += 8 * len(plan.ramps) + 6 * len(plan.boards) + 8 * len(plan.stations)
    return total + (4 if plan.gate else 0) + (16 if plan.guide else 0)
