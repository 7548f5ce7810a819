"""A teacher's text, made clean and parted into headings, list items and paragraphs."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["Block", "BlockKind", "blocks", "normalise", "one_line"]

# What Unicode calls control (Cc), surrogate (Cs), private (Co) and format (Cf) characters has no place on a work
# sheet: some cannot be written in XML, others turn the direction of the text. The two joiners stay: Persian, Hindi
# and others need them between letters.
_DROPPED: Final = frozenset({"Cc", "Cs", "Co", "Cf", "Cn"})
_JOINERS: Final = frozenset("\u200c\u200d")
_NEWLINE: Final = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SPACES: Final = re.compile(r"[^\S\n]+")

_HASH_HEADING: Final = re.compile(r"#{1,6} +(.*?)(?: +#+)?")
_UNDERLINE: Final = re.compile(r"(?:=+|-{3,}|_{3,}|(?:\* ?){3,})")
_ITEM: Final = re.compile(
    r"(?:[-*+\u2022\u2023\u25e6\u2043\u2013\u2014]|\(?(?P<number>[0-9]{1,2})[.)]|\(?[a-zA-Z]\)) +(?=\S)"
)
_EMPHASIS: Final = re.compile(r"(\*\*|__|(?<!\w)\*(?!\s)|(?<!\w)_(?!\s))([^*_\n]{1,200})(?<!\s)\1(?!\w)")
_LINK: Final = re.compile(r"\[([^\[\]\n]{1,200})\]\((?:https?://|/|#|mailto:)[^()\s]{0,500}\)")
_CITATION: Final = re.compile(r"(?<=[\w.,;:!?)\"\u201d])(?:\[[0-9]{1,3}\])+")
_ENDS_SENTENCE: Final = re.compile("[.!?\u2026\u3002\uff01\uff1f][\"'\u201d\u2019\u00bb)\\]]*$")

_HEADING_WORDS: Final = 10
_HEADING_CHARS: Final = 80
# A heading without an empty line below it is believed only above a line too long to be one itself.
_BODY_CHARS: Final = 60


class BlockKind(StrEnum):
    """What a piece of the text is."""

    HEADING = "heading"
    ITEM = "item"
    PROSE = "prose"


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a list item or a paragraph, on one line; ``number`` is the one before an item of a numbered list."""

    kind: BlockKind
    text: str
    number: int | None = None


def normalise(text: str) -> str:
    """The same text in Unicode's composed form, with plain line ends and spaces and without invisible characters.

    Marks of Markdown around words (emphasis, links) and citation numbers such as ``[12]`` are taken off.
    """
    text = _NEWLINE.sub("\n", text.replace("\t", " "))
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    text = "".join(c for c in text if c in "\n " or c in _JOINERS or unicodedata.category(c) not in _DROPPED)
    text = _SPACES.sub(" ", text)
    text = _LINK.sub(r"\1", text)
    text = _CITATION.sub("", text)
    return _EMPHASIS.sub(r"\2", text)


def one_line(text: str) -> str:
    """A title or a name: clean, on one line, without spaces around."""
    return " ".join(normalise(text).split())


def blocks(text: str) -> Iterator[Block]:
    """Part a normalised text.

    A heading is a line marked as one in Markdown, or a short line of its own without a full stop. Lines of a
    paragraph are joined; indented lines belong to the list item above them.
    """
    lines = text.split("\n")
    paragraph: list[str] = []
    item: list[str] = []
    number_of_item: int | None = None

    def finished() -> Iterator[Block]:
        for kind, held in ((BlockKind.PROSE, paragraph), (BlockKind.ITEM, item)):
            if held:
                yield Block(kind, " ".join(held), number_of_item if held is item else None)
                held.clear()

    for number, raw in enumerate(lines):
        line = raw.strip()
        below = lines[number + 1].strip() if number + 1 < len(lines) else ""
        if not line:
            yield from finished()
        elif _UNDERLINE.fullmatch(line):
            if len(paragraph) == 1 and _short(paragraph[0]):
                yield Block(BlockKind.HEADING, paragraph.pop())
            yield from finished()
        elif (marked := _HASH_HEADING.fullmatch(line)) and marked[1]:
            yield from finished()
            yield Block(BlockKind.HEADING, marked[1])
        elif mark := _ITEM.match(line):
            yield from finished()
            item.append(line[mark.end() :])
            number_of_item = int(mark["number"]) if mark["number"] else None
        elif item and raw.startswith(" "):
            item.append(line)
        elif _is_heading(line, paragraph, below):
            yield from finished()
            yield Block(BlockKind.HEADING, line)
        else:
            if item:
                yield from finished()
            paragraph.append(line)
    yield from finished()


def _short(line: str) -> bool:
    return len(line) <= _HEADING_CHARS and line.count(" ") < _HEADING_WORDS


def _is_heading(line: str, paragraph: list[str], below: str) -> bool:
    if (
        not _short(line)
        or line[-1] in '.!?:;,\u2026\u3002\uff01\uff1f"\u201d)'
        or not any(map(str.isalpha, line))
    ):
        return False
    if line[0].islower() or (paragraph and not _ENDS_SENTENCE.search(paragraph[-1])):
        return False
    if not below:
        return not paragraph
    return len(below) > _BODY_CHARS and not below[0].islower() and not _UNDERLINE.fullmatch(below)
