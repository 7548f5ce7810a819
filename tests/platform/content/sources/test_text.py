"""Cleaning a text and parting it into headings, items and paragraphs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.content.sources.text import BlockKind, blocks, normalise

HEADING, ITEM, PROSE = BlockKind.HEADING, BlockKind.ITEM, BlockKind.PROSE


def parted(text: str) -> list[tuple[BlockKind, str]]:
    return [(block.kind, block.text) for block in blocks(normalise(text))]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\u00a0b\tc  d", "a b c d"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("left\u202eright\u200b\ufeff\x00\x07end", "leftrightend"),
        ("\ud800lone", "lone"),
        ("**Evaporation** is a *slow* process", "Evaporation is a slow process"),
        ("see [the table](https://example.org/x) here", "see the table here"),
        ("as was shown.[12][3] Then", "as was shown. Then"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("items[3] = 5", "items = 5"),
    ],
)
def test_a_text_is_cleaned_of_what_a_work_sheet_cannot_show(raw: str, clean: str) -> None:
    assert normalise(raw) == clean


def test_lines_of_a_paragraph_are_joined_and_headings_and_items_are_kept() -> None:
    assert parted(
        "# The Sun #\n\nThe Sun is\na star.\n\n- It is hot\n- It shines\n  all day\nNot an item."
    ) == [
        (HEADING, "The Sun"),
        (PROSE, "The Sun is a star."),
        (ITEM, "It is hot"),
        (ITEM, "It shines all day"),
        (PROSE, "Not an item."),
    ]


@pytest.mark.parametrize("mark", ["*", "-", "+", "\u2022", "1.", "12)", "(3)", "a)"])
def test_every_common_bullet_and_number_starts_an_item(mark: str) -> None:
    assert parted(f"{mark} water rises") == [(ITEM, "water rises")]


def test_an_underlined_line_is_a_heading() -> None:
    assert parted("How water rises\n---------------\nIt boils.") == [
        (HEADING, "How water rises"),
        (PROSE, "It boils."),
    ]


def test_a_short_line_of_its_own_without_a_full_stop_is_a_heading() -> None:
    body = "Water that falls on the land flows into streams, which join and grow into rivers."
    assert parted(f"Runoff and rivers\n\n{body}") == [(HEADING, "Runoff and rivers"), (PROSE, body)]
    assert parted(f"Runoff and rivers\n{body}") == [(HEADING, "Runoff and rivers"), (PROSE, body)]
    assert parted("It ends here.\n\nshort but small")[1] == (PROSE, "short but small")


@given(st.text(alphabet=st.characters(exclude_characters=")"), max_size=400))
def test_any_text_is_parted_without_losing_a_letter(text: str) -> None:
    clean = normalise(text)
    assert letters("".join(block.text for block in blocks(clean))) == letters(clean)


def letters(text: str) -> list[str]:
    return [character for character in text if character.isalpha()]
