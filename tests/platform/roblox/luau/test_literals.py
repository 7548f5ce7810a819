"""Whatever a text holds, a Luau machine has it unchanged, and nothing of it is code."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luau import machine
from toolboxai.platform.roblox.luau.literals import literal

LUA = machine()

NASTY = [
    "",
    "]]",
    "]==] --[[ ]]",
    "-- a comment\n--[[ another",
    "\"quoted\" and 'quoted' and `{quoted}`",
    "\\",
    "\\n\\0\\u{41}\\x41\\z  ",
    "a\0b",
    "1\0002",
    "\r\n\t\v\f\x1b\x7f\x85\u2028\u2029",
    "\U0001f469\u200d\U0001f3eb \U0001f1e9\U0001f1ea \U0001f3f3\ufe0f\u200d\U0001f308",
    "\u202e\u05e9\u05dc\u05d5\u05dd \u0639\u0627\u0644\u0645\u202c",
    '"; game:GetService("HttpService") --',
    "\ufeffÄ\u03a9\u6f22\u5b57\ufffe\uffff\U0010ffff",
    "%d %s $(x) ${x}",
]
TEXTS = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(alphabet="\"\\'`]-[=\n\r\0 0123456789{}n", max_size=30),
)
NUMBERS = st.one_of(
    st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.booleans()
)
VALUES = st.recursive(
    st.one_of(TEXTS, NUMBERS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(TEXTS.filter(bool), inner, max_size=4)
    ),
    max_leaves=12,
)


def read(source: str) -> Any:
    """What the machine has, with texts as they are."""
    (value,) = LUA.load_chunk(f"return {source}", name="=literal").call()
    return held(value)


def held(value: Any) -> Any:
    kind = type(value).__name__
    if kind == "String":
        return bytes(value.as_bytes()).decode()
    if kind == "Table":
        pairs = {held(key): held(each) for key, each in value}
        return list(pairs.values()) if list(pairs) == list(range(1, len(pairs) + 1)) else pairs
    return value


def emptied(value: Any) -> Any:
    """An empty mapping is, in Luau, what an empty list is."""
    if isinstance(value, dict):
        return {key: emptied(each) for key, each in value.items()} or []
    return [emptied(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("text", NASTY)
def test_a_text_comes_out_as_it_went_in(text: str) -> None:
    assert read(literal(text)) == text


@given(VALUES)
def test_any_value_comes_out_as_it_went_in(value: Any) -> None:
    assert read(literal(value)) == emptied(value)


@given(TEXTS)
def test_a_text_is_one_line_of_printable_ascii_and_ends_where_it_ends(text: str) -> None:
    source = literal(text)
    assert source.isascii()
    assert source.isprintable()
    assert read(f'({source}) .. "."') == text + "."


@given(st.text())
def test_half_a_character_is_written_as_one_that_cannot_be_read(text: str) -> None:
    whole = "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in text)
    assert read(literal(text)) == whole


def test_a_digit_behind_an_escape_does_not_belong_to_it() -> None:
    assert literal("\0001\u00e92") == '"\\0001\\195\\1692"'


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_exact_to_the_bit(number: float) -> None:
    came = float(read(literal(number)))
    assert (came, math.copysign(1, came)) == (number, math.copysign(1, number))


def test_equal_mappings_are_written_alike_whatever_their_order() -> None:
    assert literal({"b": 1, "a": [True, "x"]}) == literal({"a": [True, "x"], "b": 1})
    assert literal({"b": 1, "end": 2, "a b": 3}) == '{["a b"] = 3, b = 1, ["end"] = 2}'


def test_a_long_table_has_a_line_for_each_item() -> None:
    lines = literal({"rows": ["x" * 60, "y" * 60]}).splitlines()
    assert [line.strip() for line in lines] == [
        "{",
        "rows = {",
        f'"{"x" * 60}",',
        f'"{"y" * 60}",',
        "},",
        "}",
    ]


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, math.inf, -math.inf, math.nan])
def test_a_number_that_luau_does_not_hold_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="Luau"):
        literal(value)


@pytest.mark.parametrize("value", [None, b"bytes", object(), [None], {"a": None}, {1, 2}])
def test_what_has_no_literal_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be written"):
        literal(value)


def test_names_that_become_one_are_refused() -> None:
    with pytest.raises(ValueError, match="two names"):
        literal(dict.fromkeys(("\ud800", "\ud801"), 1))


def test_tables_in_tables_have_an_end() -> None:
    value: Any = 1
    for _ in range(40):
        value = [value]
    with pytest.raises(ValueError, match="deep"):
        literal(value)
