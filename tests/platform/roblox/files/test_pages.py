"""A lesson's text in pages: what a board holds, and not a letter lost."""

import textwrap

from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.roblox.files.pages import columns_of, pages, rows_of

WORDS = st.text("ab \u00e4\u4e2d\u0645\U0001f600\u0301.", max_size=60)


def test_a_short_text_is_one_page() -> None:
    assert pages(["Bees fly.", "They dance."], 40, 10) == ("Bees fly.\nThey dance.",)


def test_no_text_is_one_empty_page() -> None:
    assert pages([], 40, 10) == ("",)


def test_a_page_ends_after_a_word() -> None:
    assert pages(["one two three four five"], 9, 2) == ("one two three ", "four five")


def test_a_page_ends_with_the_line_where_the_row_ends_there() -> None:
    assert pages(["one", "two", "three"], 9, 2) == ("one\ntwo\n", "three")


def test_a_word_longer_than_a_row_is_broken_and_a_mark_stays_with_its_letter() -> None:
    assert pages(["abcdefgh"], 3, 1) == ("abc", "def", "gh")
    assert pages(["abe\u0301cd"], 3, 1) == ("abe\u0301", "cd")


def test_wide_letters_take_two_columns_and_marks_none() -> None:
    assert columns_of("ab") == 2
    assert columns_of("\u4e2d\u6587") == 4
    assert columns_of("e\u0301") == 1


@given(st.lists(WORDS, max_size=6), st.integers(3, 30), st.integers(1, 6))
def test_pages_put_together_are_the_lines(lines: list[str], columns: int, rows: int) -> None:
    assert "".join(pages(lines, columns, rows)) == "\n".join(lines)


@given(st.lists(WORDS, max_size=6), st.integers(3, 30), st.integers(1, 6))
def test_no_page_has_more_rows_than_fit(lines: list[str], columns: int, rows: int) -> None:
    for page in pages(lines, columns, rows):
        # What ends a page ends its last row, and begins none.
        shown = page.removesuffix("\n")
        assert sum(rows_of(line, columns) for line in shown.split("\n")) <= rows


@given(st.lists(st.text("ab", min_size=1, max_size=9), max_size=20), st.integers(9, 30))
def test_rows_are_wrapped_as_others_wrap_them(words: list[str], columns: int) -> None:
    text = " ".join(words)
    assert rows_of(text, columns) == max(1, len(textwrap.wrap(text, columns)))
