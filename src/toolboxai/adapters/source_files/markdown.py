"""The Markdown that all kinds of files become."""

import re
from typing import Final

from toolboxai.platform.content.model.request import MAX_SOURCE_CHARS
from toolboxai.platform.content.sources.files import Fault, SourceUnreadable

__all__ = ["MarkdownText", "too_long"]

_LEVELS: Final = 6
_DEPTH: Final = 8
_NO_TEXT: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f]"
)  # no line of print has them, and no database keeps zero
# A cell with more than this is a piece of text that a table only puts into its place.
_CELL_CHARS: Final = 120


def too_long() -> SourceUnreadable:
    """The fault of a file with more text than a lesson may have."""
    return SourceUnreadable(
        Fault.TOO_LONG, f"has more than {MAX_SOURCE_CHARS:,} characters of text; send one chapter at a time"
    )


class MarkdownText:
    """Takes headings, paragraphs and list items in their order.

    Raises:
        SourceUnreadable: from any method, when it becomes longer than a source may be.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._chars = 0
        self._in_list = False

    def heading(self, level: int, text: str) -> None:
        """A heading; `level` 1 is the highest, 7 and more count as 6."""
        if line := " ".join(text.split()):
            self._put(f"{'#' * min(max(level, 1), _LEVELS)} {line}", item=False)

    def paragraph(self, text: str) -> None:
        """A paragraph, on one line."""
        if line := " ".join(text.split()):
            self._put(line, item=False)

    def item(self, mark: str, text: str, *, depth: int = 0) -> None:
        """An item of a list; `mark` is ``-`` or a number with its point, `depth` 0 the outermost list."""
        if line := " ".join(text.split()):
            self._put(f"{'  ' * min(depth, _DEPTH)}{mark} {line}", item=True)

    def table(self, rows: list[list[list[str]]]) -> None:
        """A table: rows of cells of paragraphs. A row of short cells becomes an item, other cells paragraphs."""
        for row in rows:
            cells = [cell for cell in row if cell]
            if len(cells) > 1 and all(len(cell) == 1 and len(cell[0]) <= _CELL_CHARS for cell in cells):
                self.item("-", "; ".join(cell[0] for cell in cells))
            else:
                for cell in cells:
                    for text in cell:
                        self.paragraph(text)

    def text(self) -> str:
        """All of it."""
        return "".join(self._parts).strip()

    def _put(self, line: str, *, item: bool) -> None:
        line = _NO_TEXT.sub("", line)
        if (
            not line.isascii()
        ):  # a PDF may map its glyphs to halves of pairs: those that fit become whole again
            line = line.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        self._parts.append(("\n" if item and self._in_list else "\n\n") + line)
        self._in_list = item
        self._chars += len(line) + 2
        if self._chars > MAX_SOURCE_CHARS:
            raise too_long()
