"""A script in words: names, texts, numbers and marks with their lines, comments left out.

It never fails: what is no Luau, the compiler says. Each character is looked at a few times at most.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

__all__ = ["Token", "TokenKind", "string_bytes", "tokens"]


class TokenKind(StrEnum):
    """What a word is."""

    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    MARK = "mark"


class Token(Struct, frozen=True):
    """A word as it is written; of an interpolated text, each piece between its expressions."""

    kind: TokenKind
    text: str
    line: int


_WORD: Final = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<comment>--(?!\[=*\[)[^\n]*)
    | (?P<long>(?:--)?\[(?P<level>=*)\[)
    | (?P<string>"(?:[^"\\\n]|\\(?:\r\n|.))*+"? | '(?:[^'\\\n]|\\(?:\r\n|.))*+'?)
    | (?P<number>0[xX][0-9a-fA-F_]+ | 0[bB][01_]+ | \.?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<mark>\.\.\.|\.\.=|//=|\.\.|//|::|->|==|~=|<=|>=|[-+*/%^]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_PIECE: Final = re.compile(r"(?:[^`\\{]|\\(?:\r\n|.))*+", re.DOTALL)  # of an interpolated text
_ESCAPE: Final = re.compile(
    rb"\\(?:([0-9]{1,3})|x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|z\s*|(\r\n|.))", re.DOTALL
)
_LETTERS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def tokens(source: str) -> Iterator[Token]:
    """The words of a script in their order."""
    at, line = 0, 1
    braces: list[
        int
    ] = []  # of each interpolated text that is open, how many braces are open in its expression
    while at < len(source):
        match = _WORD.match(source, at)
        assert match is not None  # a mark is any character
        text, kind = match.group(), match.lastgroup or "mark"
        if text == "`" or (text == "}" and braces and braces[-1] == 0):
            if text == "}":
                braces.pop()
            piece = _PIECE.match(source, at + 1)
            assert piece is not None
            yield Token(TokenKind.STRING, piece.group(), line)
            text += piece.group()
            if source[at + len(text) : at + len(text) + 1] == "{":
                braces.append(0)
            text += source[at + len(text) : at + len(text) + 1]
        elif match.group("long"):
            end = source.find(f"]{match.group('level')}]", match.end())
            stop = len(source) if end < 0 else end + len(match.group("level")) + 2
            text = source[at:stop]
            if not text.startswith("--"):
                yield Token(TokenKind.STRING, text, line)
        elif kind in _KINDS:
            if braces and text in ("{", "}"):
                braces[-1] += 1 if text == "{" else -1
            yield Token(_KINDS[kind], text, line)
        line += text.count("\n")
        at += len(text)


_KINDS: Final = {kind.value: kind for kind in TokenKind}


def string_bytes(text: str) -> bytes:
    """What a text in quotation marks or long brackets, or a piece of an interpolated one, stands for."""
    if text[:1] in ('"', "'"):
        text = text[1:-1] if len(text) > 1 and text[-1] == text[0] else text[1:]
    elif text.startswith("["):
        return re.sub(r"\A\[=*\[|\]=*\]\Z", "", text).encode("utf-8", "replace")
    return _ESCAPE.sub(_escaped, text.encode("utf-8", "replace"))


def _escaped(match: re.Match[bytes]) -> bytes:
    decimal, pair, point, letter = match.groups()
    if decimal is not None:
        return bytes([min(int(decimal), 255)])
    if pair is not None:
        return bytes([int(pair, 16)])
    if point is not None:
        return chr(min(int(point, 16), 0x10FFFF)).encode("utf-8", "replace")
    return b"" if letter is None else _LETTERS.get(letter, letter)
