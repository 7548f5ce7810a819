"""A script in words, whatever it holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luau import machine
from toolboxai.platform.roblox.luau.lexer import TokenKind, string_bytes, tokens
from toolboxai.platform.roblox.luau.literals import literal

LUA = machine()


def words(source: str) -> list[str]:
    return [each.text for each in tokens(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("local x = 1 -- a comment", ["local", "x", "=", "1"]),
        ("--[[ a\nlong ]] x --[==[ ]] ]==] y", ["x", "y"]),
        ("--[ not long\nx", ["x"]),
        ("a.b:c('d')", ["a", ".", "b", ":", "c", "(", "'d'", ")"]),
        (r'"say \"x\" -- no" x', [r'"say \"x\" -- no"', "x"]),
        ("[[a ]=] b]] x", ["[[a ]=] b]]", "x"]),
        ("`a {f(`{b}`)} c` d", ["a ", "f", "(", "", "b", "", ")", " c", "d"]),
        ("`{ {1} }` x", ["", "{", "1", "}", "", "x"]),
        ("0xFF 1e-3 .5 3..x", ["0xFF", "1e-3", ".5", "3.", ".", "x"]),
        ("x += 1 // 2 ~= y", ["x", "+=", "1", "//", "2", "~=", "y"]),
        ('"not closed\nx', ['"not closed', "x"]),
        ("[[not closed", ["[[not closed"]),
        ("--[[not closed", []),
    ],
)
def test_words_of_a_script(source: str, expected: list[str]) -> None:
    assert words(source) == expected


def test_each_word_has_its_line() -> None:
    source = "a\n--[[\n\n]] b [[\n]] c\n'x\\\ny' d `\n{e}\n` f"
    assert [(each.text, each.line) for each in tokens(source) if each.kind is TokenKind.NAME] == [
        ("a", 1),
        ("b", 4),
        ("c", 5),
        ("d", 7),
        ("e", 8),
        ("f", 9),
    ]


@given(st.text("ab \n'\"`{}[]=-\\1.,()~:\u00e9\0", max_size=60))
def test_it_reads_anything(source: str) -> None:
    lines = [each.line for each in tokens(source)]
    assert lines == sorted(lines)
    assert all(1 <= line <= 1 + source.count("\n") for line in lines)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_text_is_read_as_the_compiler_reads_it(text: str) -> None:
    (word,) = tokens(literal(text))
    assert (word.kind, string_bytes(word.text)) == (TokenKind.STRING, text.encode())


@pytest.mark.parametrize("written", [r'"\72\x74\u{74}p\z   s\n\"\\"', "'\\'\\\n'", "[[\\n]]", '"\\u{20AC}"'])
def test_escapes_are_those_of_luau(written: str) -> None:
    (value,) = LUA.load_chunk(f"return {written}").call()
    assert string_bytes(written) == bytes(value.as_bytes())
