"""A lesson's text cut into pages of an info board: nothing is added, nothing is left out."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

__all__ = ["columns_of", "pages", "rows_of"]

_PIECES: Final = re.compile(r"\S+\s*|\s+")
_WIDE: Final = frozenset({"W", "F"})
_NO_WIDTH: Final = frozenset({"Mn", "Me", "Cf", "Cc"})


def columns_of(text: str) -> int:
    """How many letters' widths a text takes: two for what is written wide, none for marks over letters."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(char) in _NO_WIDTH
        else 2
        if unicodedata.east_asian_width(char) in _WIDE
        else 1
        for char in text
    )


def rows_of(text: str, columns: int) -> int:
    """How many rows a paragraph takes when its words are wrapped."""
    return 1 + sum(1 for _ in _breaks(text, columns))


def pages(lines: Sequence[str], columns: int, rows: int) -> tuple[str, ...]:
    """The lines as pages of so many rows; put together again, they are the lines with line feeds between.

    A page ends after a word, and within one only where that is longer than a row. There is at least one page.
    """
    text = "\n".join(lines)
    made: list[str] = []
    start, row = 0, 0
    for at in _rows(text, columns):
        if row == rows:
            made.append(text[start:at])
            start, row = at, 0
        row += 1
    made.append(text[start:])
    return tuple(made)


def _rows(text: str, columns: int) -> Iterator[int]:
    """Where each row begins."""
    at = 0
    for line in text.split("\n"):
        yield at
        yield from (at + place for place in _breaks(line, columns))
        at += len(line) + 1


def _breaks(line: str, columns: int) -> Iterator[int]:
    """Where a line is wrapped: the places at which its second row begins and each after it."""
    room, at = columns, 0
    for piece in _PIECES.findall(line):
        needed = columns_of(piece.rstrip())
        if needed > room and room < columns:
            yield at
            room = columns
        if needed > columns:
            # A word that no row can hold is broken where the row is full, but not before a mark that sits on a letter.
            for place, char in enumerate(piece.rstrip()):
                width = columns_of(char)
                if width > room and place:
                    yield at + place
                    room = columns
                room -= width
        else:
            room -= needed
        # The space after a word begins no row; what of it has no room is not seen.
        room -= min(room, len(piece) - len(piece.rstrip()))
        at += len(piece)
