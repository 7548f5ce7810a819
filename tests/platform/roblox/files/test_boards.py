"""Info boards: the lesson's text as it is, on a panel that can be read from before it."""

import pytest
from msgspec.structs import replace

from toolboxai.platform.roblox.files.boards import board_model
from toolboxai.platform.roblox.model.instances import CFrame, Color, Instance, UDim2, Vector
from toolboxai.platform.roblox.model.plan import Board, Facing, Place
from toolboxai.platform.roblox.model.spec import LessonBoard, Theme
from toolboxai.platform.roblox.themes import THEMES
from world_solids import Solids, every

LOOK = THEMES[Theme.CLASSROOM]
BOARD = Board(room="r1", section=2, place=Place(10, 17, 30, Facing.SOUTH))
HOSTILE = (
    "\"quotes\" and 'quotes', [[brackets]] ]]> and ]]",
    "-- no comment --[[ none ]] \\n \\ \\\\",
    "<b>not bold</b> &amp; {braces}",
    "\U0001f41d\U0001f469\u200d\U0001f52c \u0646\u062d\u0644 \u05d3\u05d1\u05d5\u05e8\u05d4 \u202eabc\u202c",
    "a\x00b",
)


def texts(board: Instance) -> dict[str, Instance]:
    return {instance.name: instance for _, instance in every(board) if instance.class_name == "TextLabel"}


def page_texts(board: Instance) -> list[str]:
    return [str(label.properties["Text"]) for name, label in texts(board).items() if name.startswith("Page")]


def test_a_board_shows_title_and_lines_as_they_are() -> None:
    text = LessonBoard('The "bee"', HOSTILE)
    shown = board_model("Board1", replace(BOARD, width=28, height=10), text, LOOK, "en")
    assert texts(shown)["Title"].properties["Text"] == 'The "bee"'
    assert "".join(page_texts(shown)) == "\n".join(HOSTILE)
    assert shown.attributes == {"Section": 2, "Pages": 1}


def test_nothing_in_a_text_is_markup_or_translated() -> None:
    shown = board_model("Board1", BOARD, LessonBoard("T", HOSTILE), LOOK, "en")
    for label in texts(shown).values():
        assert label.properties["RichText"] is False
        assert label.properties["AutoLocalize"] is False
        assert label.properties["TextWrapped"] is True


def test_what_does_not_fit_stands_on_further_pages_below() -> None:
    lines = tuple(f"Line {number} of a long text about bees and their dances." for number in range(40))
    shown = board_model("Board1", BOARD, LessonBoard("Bees", lines), LOOK, "en")
    pages = page_texts(shown)
    assert len(pages) > 2
    assert shown.attributes["Pages"] == len(pages)
    assert "".join(pages) == "\n".join(lines)
    body = next(instance for _, instance in every(shown) if instance.class_name == "ScrollingFrame")
    size, canvas = body.properties["Size"], body.properties["CanvasSize"]
    assert isinstance(size, UDim2)
    assert isinstance(canvas, UDim2)
    assert canvas.y_offset == len(pages) * size.y_offset
    for number, page in enumerate(body.children):
        assert page.properties["Position"] == UDim2(0, 0, 0, number * size.y_offset)
        place = page.properties["Size"]
        assert isinstance(place, UDim2)
        assert place.y_offset == size.y_offset


def test_the_body_ends_on_the_panel() -> None:
    for width, height in ((12, 8), (20, 10), (28, 10)):
        for title in ("Bees", "A title as long as a sentence, which needs more than one row " * 3):
            board = replace(BOARD, width=width, height=height)
            shown = board_model("Board1", board, LessonBoard(title, ("x",)), LOOK, "en")
            body = next(instance for _, instance in every(shown) if instance.class_name == "ScrollingFrame")
            head = texts(shown)["Title"].properties
            top, size, title_size, title_top = (
                body.properties["Position"],
                body.properties["Size"],
                head["Size"],
                head["Position"],
            )
            assert isinstance(top, UDim2)
            assert isinstance(size, UDim2)
            assert isinstance(title_size, UDim2)
            assert isinstance(title_top, UDim2)
            assert title_top.y_offset + title_size.y_offset <= top.y_offset
            assert size.y_offset > 0
            assert top.y_offset + size.y_offset <= 50 * height


@pytest.mark.parametrize(
    ("facing", "ahead"),
    [(Facing.NORTH, (0, -1)), (Facing.EAST, (1, 0)), (Facing.SOUTH, (0, 1)), (Facing.WEST, (-1, 0))],
)
def test_its_front_looks_to_whoever_reads(facing: Facing, ahead: tuple[int, int]) -> None:
    board = replace(BOARD, place=Place(10, 17, 30, facing))
    solids = Solids(board_model("Board1", board, LessonBoard("T", ("x",)), LOOK, "en"))
    panel = next(solid for solid in solids.all if solid.path.endswith("/Panel"))
    # The front of a part is its own -z; the rim is behind the panel, and nothing before it.
    assert panel.inside(panel.frame.x + ahead[0], panel.frame.y, panel.frame.z + ahead[1]) == (0, 0, -1)
    assert isinstance(panel.instance.children[0], Instance)
    assert solids.at(panel.frame.x + 0.4 * ahead[0], panel.frame.y, panel.frame.z + 0.4 * ahead[1]) == []
    assert [
        each.path
        for each in solids.at(panel.frame.x - 0.4 * ahead[0], panel.frame.y, panel.frame.z - 0.4 * ahead[1])
    ] == ["Board1/Rim"]
    # All of it stands on its own row of cells, two studs to each side of the place.
    for solid in solids.all:
        away = (solid.frame.x - 10) * ahead[0] + (solid.frame.z - 30) * ahead[1]
        assert -2 <= away - solid.size.z / 2 <= away + solid.size.z / 2 <= 2


def test_it_stands_on_the_floor_as_large_as_was_planned() -> None:
    solids = Solids(
        board_model("Board1", replace(BOARD, width=20, height=10), LessonBoard("T", ("x",)), LOOK, "en")
    )
    panel = next(solid for solid in solids.all if solid.path.endswith("/Panel"))
    assert (panel.size.x, panel.size.y) == (20, 10)
    assert min(solid.frame.y - solid.size.y / 2 for solid in solids.all) == 17


@pytest.mark.parametrize(
    ("language", "right"), [("ar", True), ("he-IL", True), ("fa", True), ("en", False), ("de", False)]
)
def test_a_language_that_is_written_from_the_right_is_shown_so(language: str, right: bool) -> None:
    shown = board_model(
        "Board1", BOARD, LessonBoard("\u0646\u062d\u0644", ("\u0646\u062d\u0644",)), LOOK, language
    )
    for label in texts(shown).values():
        assert ("TextDirection" in label.properties) == right


@pytest.mark.parametrize("theme", Theme)
def test_letters_stand_out_from_every_themes_boards(theme: Theme) -> None:
    look = THEMES[theme]
    ink = texts(board_model("Board1", BOARD, LessonBoard("T", ("x",)), look, "en"))["Page1"].properties[
        "TextColor3"
    ]
    assert isinstance(ink, Color)
    one, other = sorted((_light(ink), _light(look.board.color)))
    assert (other + 0.05) / (one + 0.05) >= 4.5


def _light(color: Color) -> float:
    """Relative luminance, as WCAG has it."""
    parts = [each / 255 for each in (color.red, color.green, color.blue)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_values_are_of_the_kinds_that_files_can_hold() -> None:
    shown = board_model("Board1", BOARD, LessonBoard("T", ("x",)), LOOK, "en")
    for _, instance in every(shown):
        for name, value in instance.properties.items():
            if name == "Size":
                assert isinstance(
                    value, UDim2 if instance.class_name in ("TextLabel", "ScrollingFrame") else Vector
                )
            if name == "CFrame":
                assert isinstance(value, CFrame)
