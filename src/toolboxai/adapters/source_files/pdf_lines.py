"""Lines of print, as a PDF has them, made into headings, paragraphs and list items again."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from toolboxai.adapters.source_files.markdown import MarkdownText

__all__ = ["Line", "lines_to_markdown"]

# Letters of a heading are so much larger than those of the text; less is a rounding, or a quotation.
_LARGER: Final = 1.12
_HEADING_CHARS: Final = 160
_HEADING_LEVELS: Final = 4
# A gap above a line so much wider than usual parts two paragraphs.
_GAP: Final = 1.35
_BULLET: Final = re.compile(
    r"[\u2022\u2023\u25e6\u25aa\u25a0\u25cf\u25cb\u25fe\u2043\u2219\u00b7\u2013\u2014*-]\s+(?=\S)"
)
_NUMBER: Final = re.compile(r"(\(?[0-9]{1,2}[.)]|\(?[a-zA-Z]\))\s+(?=\S)")
_DASHES: Final = frozenset("\u2013\u2014*-\u00b7")
_ENDS: Final = re.compile(r"[.!?:;\u2026][\"'\u201d\u2019\u00bb)\]]*$")
_PAGE_NUMBER: Final = re.compile(
    r"[-\u2013\u2014\[(]?\s*(?:(?:page|p\.|seite|s\.|p\u00e1gina|p\u00e1g\.)\s*)?(?:[0-9]{1,4}|[ivxl]{1,6})"
    r"(?:\s*(?:/|of|von|de)\s*[0-9]{1,4})?\s*[-\u2013\u2014\])]?",
    re.IGNORECASE,
)
_DIGITS: Final = re.compile(r"[0-9]+")
_BROKEN: Final = re.compile(r"([^\W\d_]+)[-\u2010\u00ad]$")
_WORD: Final = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
_WORD_CHARS: Final = 80  # a paragraph may be as long as the text: only its end is looked at
_EDGE: Final = 2  # running heads and page numbers stand within so many lines of a page's edge
_LIGATURES: Final = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
)


@dataclass(slots=True)
class Line:
    """One line of a page: its words, the size of most of its letters, and how high it stands, in points."""

    text: str
    size: float
    y: float


def lines_to_markdown(pages: Sequence[Sequence[Line]], made: MarkdownText) -> None:
    """Write the text of all pages; what runs over the end of a page is joined.

    Args:
        pages: their lines from top to bottom.
        made: gets it.
    """
    kept = _without_edges([[_clean(line) for line in page if line.text.strip()] for page in pages])
    lines = [line for page in kept for line in page]
    if lines:
        _Pages(_body_size(lines), _step(kept), _known_words(lines), _levels(lines), made).write(kept)


def _clean(line: Line) -> Line:
    text = " ".join(line.text.translate(_LIGATURES).split())
    # Print shows no soft hyphen but at a line's end: one in between is a hyphen drawn with the same glyph.
    text = text[:-1].replace("\u00ad", "-") + text[-1:]
    return Line(text, round(line.size, 1), line.y)


def _without_edges(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """Pages without the lines that come back on them, and without page numbers."""
    if len(pages) < 2:
        return list(pages)
    # Titles of chapters come back too, but in larger letters: "Chapter 1", "Chapter 2".
    large = _LARGER * _body_size([line for page in pages for line in page] or [Line("", 1, 0)])
    seen = Counter(
        form for page in pages for form in {_form(page[place].text) for place in _edges(page)} if form.strip()
    )
    often = max(2, len(pages) // 3)

    def kept(page: list[Line]) -> list[Line]:
        edges = [
            place
            for place in _edges(page)
            if page[place].size <= large
            and (seen[_form(page[place].text)] >= often or _PAGE_NUMBER.fullmatch(page[place].text))
        ]
        return [line for place, line in enumerate(page) if place not in edges]

    return [kept(page) for page in pages]


def _edges(page: Sequence[Line]) -> set[int]:
    count = len(page)
    # A page of few lines is no running head.
    width = min(_EDGE, count // 3) or min(1, count - 1)
    return set(range(width)) | set(range(count - width, count))


def _form(text: str) -> str:
    return _DIGITS.sub("#", text).casefold()


def _body_size(lines: Iterable[Line]) -> float:
    chars: Counter[float] = Counter()
    for line in lines:
        chars[line.size] += len(line.text)
    return chars.most_common(1)[0][0]


def _levels(lines: Sequence[Line]) -> dict[float, int]:
    """The level of a heading by its size: the largest letters are the highest."""
    body = _body_size(lines)
    sizes = sorted({line.size for line in lines if line.size > body * _LARGER}, reverse=True)
    return {size: min(level, _HEADING_LEVELS) for level, size in enumerate(sizes, 1)}


def _step(pages: Sequence[Sequence[Line]]) -> float:
    """From line to line within a paragraph."""
    steps = [
        above.y - below.y
        for page in pages
        for above, below in pairwise(page)
        if above.size == below.size and above.y > below.y
    ]
    return median(steps) if steps else 0.0


def _known_words(lines: Iterable[Line]) -> frozenset[str]:
    """All words that stand whole in a line."""
    known: set[str] = set()
    for line in lines:
        words = _WORD.findall(line.text)
        if words and _BROKEN.search(line.text):
            words = words[:-1]
        known.update(word.casefold().replace("\u2010", "-") for word in words)
    return frozenset(known)


class _Pages:
    def __init__(
        self,
        body: float,
        step: float,
        known: frozenset[str],
        levels: dict[float, int],
        made: MarkdownText,
    ) -> None:
        self._body = body
        self._step = step
        self._known = known
        self._levels = levels
        self._made = made
        self._text = ""
        self._mark = ""
        self._size = 0.0

    def write(self, pages: Sequence[Sequence[Line]]) -> None:
        for page in pages:
            above: Line | None = None
            for line in page:
                self._line(line, above)
                above = line
        self._end()

    def _line(self, line: Line, above: Line | None) -> None:
        wide = (
            above is not None and self._step > 0 and abs(above.y - line.y) > self._step * _GAP
        ) or self._heading(line) != self._heading_in_work()
        marked = _BULLET.match(line.text) or _NUMBER.match(line.text)
        if marked and not self._heading(line) and self._begins_item(line, wide=wide, marked=marked):
            self._end()
            self._start(line, line.text[marked.end() :], marked[1] if marked.re is _NUMBER else "-")
            return
        over_the_page = above is None and self._text and not _ENDS.search(self._text[-_WORD_CHARS:])
        ended = above is None and not over_the_page
        if self._text and not wide and not ended and self._size_fits(line):
            self._text = self._joined(line.text)
            return
        self._end()
        self._start(line, line.text, "")

    def _begins_item(self, line: Line, *, wide: bool, marked: re.Match[str]) -> bool:
        """A bullet always does; a dash or a number may stand at the beginning of a line by chance."""
        if wide or not self._text or self._mark:
            return True
        if marked.re is _NUMBER:
            return bool(_ENDS.search(self._text[-_WORD_CHARS:]))
        return line.text[0] not in _DASHES or self._text.endswith(":")

    def _heading(self, line: Line) -> int:
        return self._levels.get(line.size, 0) if len(line.text) <= _HEADING_CHARS else 0

    def _heading_in_work(self) -> int:
        return self._levels.get(self._size, 0) if len(self._text) <= _HEADING_CHARS else 0

    def _size_fits(self, line: Line) -> bool:
        return self._heading_in_work() == self._heading(line)

    def _start(self, line: Line, text: str, mark: str) -> None:
        self._text, self._mark, self._size = text, mark, line.size

    def _joined(self, text: str) -> str:
        broken = _BROKEN.search(self._text[-_WORD_CHARS:])
        if broken is None or not text[:1].islower():
            return f"{self._text} {text}"
        rest = _WORD.match(text)
        tail = rest[0] if rest else ""
        whole, kept = f"{broken[1]}{tail}".casefold(), f"{broken[1]}-{tail}".casefold()
        hyphen = "-" if kept in self._known and whole not in self._known else ""
        return f"{self._text[:-1]}{hyphen}{text}"

    def _end(self) -> None:
        text, self._text = self._text.replace("\u00ad", ""), ""
        mark, self._mark = self._mark, ""
        if not text:
            return
        if mark:
            self._made.item(mark, text)
        elif (level := self._levels.get(self._size, 0)) and len(text) <= _HEADING_CHARS:
            self._made.heading(level, text)
        else:
            self._made.paragraph(text)
        self._size = self._body
