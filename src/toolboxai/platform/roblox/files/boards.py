"""Info boards: a panel on posts, with the lesson's text on it, page under page."""

from typing import Final

from toolboxai.platform.roblox.budgets import BEFORE_THE_ROUND
from toolboxai.platform.roblox.files.enums import item
from toolboxai.platform.roblox.files.pages import pages, rows_of
from toolboxai.platform.roblox.files.shapes import AHEAD, looking, model, part
from toolboxai.platform.roblox.files.signs import PIXELS_PER_STUD, ink_on, label, surface
from toolboxai.platform.roblox.looks import Look
from toolboxai.platform.roblox.model.instances import Instance, UDim2
from toolboxai.platform.roblox.model.names import (
    BOARD_BODY,
    BOARD_GUI,
    BOARD_PANEL,
    BOARD_TITLE,
    PAGES,
    SECTION,
    page_name,
)
from toolboxai.platform.roblox.model.plan import Board, RoomShape
from toolboxai.platform.roblox.model.spec import LessonBoard

__all__ = ["board_model"]

_LETTER: Final = 25
"""Pixels of a letter: half a stud. A row of letters is a quarter higher."""
_ROW: Final = 31
_TITLE_LETTER: Final = 38
_TITLE_ROW: Final = 46
_FRAME: Final = 25
_FOOT: Final = 2
"""Studs from the floor to the panel."""
_BACK: Final = 1.25
"""Studs that a board stands behind the middle of its cell, so that there is room before it."""


def board_model(
    name: str,
    board: Board,
    text: LessonBoard,
    look: Look,
    language: str,
    *,
    room: RoomShape = RoomShape.BOX,
) -> Instance:
    """A board: four parts, its title, and as many pages as its text needs.

    Pages stand one under the other in a frame that shows one of them: it can be scrolled by hand, and a script can turn
    the pages. Each page holds a piece of the text as it is; together they are its lines with line feeds between.
    """
    columns, rows = (board.width - 1) * 42 // 11, (board.height - 1) * 11 // 7
    title_rows = min(rows_of(text.title, columns * 2 // 3), max(1, rows // 4))
    shown = pages(text.lines, columns, max(1, rows - 2 * title_rows))
    gui = surface(BOARD_GUI, *_texts(board, text.title, title_rows, shown, look, language))
    x, z = AHEAD[board.place.facing]
    across, turn = (-z, x), looking(board.place.facing)
    ahead = BEFORE_THE_ROUND if room is RoomShape.DOME else -_BACK
    middle_x, middle_z = board.place.x + ahead * x, board.place.z + ahead * z
    bottom = board.place.y + _FOOT
    panel = part(
        BOARD_PANEL,
        look.board,
        (middle_x, bottom + board.height / 2, middle_z),
        (board.width, board.height, 0.4),
        turn,
        children=[gui],
    )
    rim = part(
        "Rim",
        look.trim,
        (middle_x - 0.35 * x, bottom + board.height / 2, middle_z - 0.35 * z),
        (board.width + 0.6, board.height + 0.6, 0.3),
        turn,
    )
    aside = board.width / 2 - 1
    posts = [
        part(
            "Post",
            look.trim,
            (
                middle_x + sign * aside * across[0],
                board.place.y + _FOOT / 2,
                middle_z + sign * aside * across[1],
            ),
            (0.5, _FOOT, 0.5),
            turn,
        )
        for sign in (-1, 1)
    ]
    return model(name, [panel, rim, *posts], **{SECTION: board.section, PAGES: len(shown)})


def _texts(
    board: Board, title: str, title_rows: int, shown: tuple[str, ...], look: Look, language: str
) -> tuple[Instance, Instance]:
    ink = ink_on(look.board)
    title_height = title_rows * _TITLE_ROW
    top = _FRAME + title_height + _ROW - _TITLE_ROW // 2
    height = board.height * PIXELS_PER_STUD - top - _FRAME // 2
    heading = label(
        BOARD_TITLE,
        title,
        ink,
        _TITLE_LETTER,
        language=language,
        Position=UDim2(0, _FRAME, 0, _FRAME // 2),
        Size=UDim2(1, -2 * _FRAME, 0, title_height),
        TextScaled=rows_of(title, (board.width - 1) * 28 // 11) > title_rows,
    )
    body = Instance(
        class_name="ScrollingFrame",
        name=BOARD_BODY,
        properties={
            "Active": True,
            "BackgroundTransparency": 1,
            "BorderSizePixel": 0,
            "CanvasSize": UDim2(0, 0, 0, height * len(shown)),
            "Position": UDim2(0, _FRAME, 0, top),
            "ScrollBarThickness": 10 if len(shown) > 1 else 0,
            "ScrollingDirection": item("ScrollingDirection", "Y"),
            "Size": UDim2(1, -2 * _FRAME, 0, height),
        },
        children=tuple(
            label(
                page_name(number),
                page,
                ink,
                _LETTER,
                language=language,
                LayoutOrder=number,
                Position=UDim2(0, 0, 0, height * (number - 1)),
                Size=UDim2(1, -10, 0, height),
            )
            for number, page in enumerate(shown, 1)
        ),
    )
    return heading, body
