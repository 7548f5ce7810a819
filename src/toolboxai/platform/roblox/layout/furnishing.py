"""What stands in the rooms: spawn and guide in the first, boards and stations shared out in order."""

from collections import deque
from collections.abc import Sequence
from random import Random
from typing import Final

from msgspec import Struct

from toolboxai.platform.roblox.budgets import BOARD_SIZES, BoardSize
from toolboxai.platform.roblox.layout.floor import RoomFloor
from toolboxai.platform.roblox.layout.grid import OPPOSITE, STEP, Cell, place_at
from toolboxai.platform.roblox.model.plan import CELL, Board, Door, Facing, Place, Station

__all__ = ["Furniture", "furnish", "stand_spawn"]

_SIDES: Final = tuple(Facing)


class Furniture(Struct, kw_only=True):
    """What found a place, and what did not: the indexes of boards, the ids of questions.

    ``shrunk`` is how many boards are smaller than their texts want, which then scroll.
    """

    boards: tuple[Board, ...]
    stations: tuple[Station, ...]
    boards_left: tuple[int, ...]
    questions_left: tuple[str, ...]
    shrunk: int = 0

    @property
    def shortage(self) -> tuple[int, int]:
        """What found no place, and what found less than it wants; the less the better, nothing is best."""
        return len(self.boards_left) + len(self.questions_left), self.shrunk


def stand_spawn(
    floor: RoomFloor, doors: Sequence[Door], land_cells: int, *, guide: bool
) -> tuple[Place, Place | None]:
    """The spawn in the middle of the first room, looking to its first door, and the guide beside it, looking at it."""
    cells = floor.room.cells
    x, z = cells.x + cells.width // 2, cells.z + cells.depth // 2
    facing = doors[0].side if doors else Facing.NORTH
    # Roblox's own spawn is a plate of three cells by three.
    floor.keep((x + east, z + south) for south in (-1, 0, 1) for east in (-1, 0, 1))
    spawn = place_at((x, z), floor.room.floor, facing, land_cells)
    if guide:
        for east, south in ((2, -1), (-2, -1), (2, 1), (-2, 1), (2, 0), (-2, 0)):
            towards = Facing.WEST if east > 0 else Facing.EAST
            step = STEP[towards][0]
            if floor.put([(x + east, z + south)], [(x + east + step, z + south)]):
                return spawn, place_at((x + east, z + south), floor.room.floor, towards, land_cells)
    return spawn, None


class _Furnisher:
    """Stands boards and stations in one room after the other."""

    def __init__(self, land_cells: int, dice: Random) -> None:
        self._land_cells = land_cells
        self._dice = dice
        self._turned: dict[str, tuple[Facing, ...]] = {}
        self.boards: list[Board] = []
        self.stations: list[Station] = []
        self.shrunk = 0

    def board(self, floor: RoomFloor, section: int, size: BoardSize) -> bool:
        found = self._find(floor, size.width // CELL, doorless_first=True)
        if found is None:
            return False
        foot, facing = found
        place = self._at(floor, foot[len(foot) // 2], facing)
        self.boards.append(
            Board(room=floor.room.id, section=section, place=place, width=size.width, height=size.height)
        )
        return True

    def board_anywhere(self, floors: Sequence[RoomFloor], section: int, size: BoardSize) -> bool:
        """In any room, as large as wanted; where no room has the place, smaller: then the text scrolls."""
        for each in reversed([each for each in BOARD_SIZES if each.width <= size.width]):
            if any(self.board(floor, section, each) for floor in floors):
                self.shrunk += each != size
                return True
        return False

    def station(self, floor: RoomFloor, question: str) -> bool:
        found = self._find(floor, 1, doorless_first=False)
        if found is None:
            return False
        ((x, z),), facing = found
        east, south = STEP[facing]
        self.stations.append(
            Station(
                room=floor.room.id,
                question=question,
                place=self._at(floor, (x, z), facing),
                stand=self._at(floor, (x + east, z + south), OPPOSITE[facing]),
            )
        )
        return True

    def _at(self, floor: RoomFloor, cell: Cell, facing: Facing) -> Place:
        return place_at(cell, floor.room.floor, facing, self._land_cells)

    def _find(
        self, floor: RoomFloor, width: int, *, doorless_first: bool
    ) -> tuple[list[Cell], Facing] | None:
        for facing in self._facings(floor, doorless_first=doorless_first):
            for foot, before in floor.places(facing, width, by_walls=True):
                if floor.put(foot, before):
                    return foot, facing
        for foot, before in floor.places(Facing.SOUTH, width, by_walls=False):
            if floor.put(foot, before, free_around=True):
                return foot, Facing.SOUTH
        return None

    def _facings(self, floor: RoomFloor, *, doorless_first: bool) -> list[Facing]:
        """In an order of the room's own; for boards those come first whose wall has no door."""
        sides = self._turned.get(floor.room.id)
        if sides is None:
            turn = self._dice.randrange(len(_SIDES))
            sides = self._turned[floor.room.id] = _SIDES[turn:] + _SIDES[:turn]
        return sorted(sides, key=lambda side: doorless_first and OPPOSITE[side] in floor.door_sides)


def furnish(
    floors: Sequence[RoomFloor],
    boards: Sequence[BoardSize],
    questions: Sequence[str],
    land_cells: int,
    dice: Random,
) -> Furniture:
    """Share boards and questions out over the rooms, in order and evenly.

    What does not fit goes to the next room, at last to any that has a place. The last of several rooms, behind the gate,
    has no boards, and no station before every other room has one.
    """
    furnisher = _Furnisher(land_cells, dice)
    sections = deque(enumerate(boards))
    waiting = deque(questions)
    for index, floor in enumerate(floors):
        rooms = len(floors) - index
        if rooms > 1 or len(floors) == 1:
            for _ in range(-(-len(sections) // max(1, rooms - 1))):
                if not furnisher.board(floor, *sections[0]):
                    break
                sections.popleft()
        for _ in range(-(-len(waiting) // rooms)):
            if not furnisher.station(floor, waiting[0]):
                break
            waiting.popleft()
    sections_left = [
        section
        for section, size in sections
        if not furnisher.board_anywhere(floors[:-1] or floors, section, size)
    ]
    questions_left = [
        question for question in waiting if not any(furnisher.station(floor, question) for floor in floors)
    ]
    order = {question: at for at, question in enumerate(questions)}
    return Furniture(
        boards=tuple(sorted(furnisher.boards, key=lambda board: board.section)),
        stations=tuple(sorted(furnisher.stations, key=lambda station: order[station.question])),
        boards_left=tuple(sections_left),
        questions_left=tuple(questions_left),
        shrunk=furnisher.shrunk,
    )
