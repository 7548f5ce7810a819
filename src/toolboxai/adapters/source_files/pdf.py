"""The text of a PDF, page by page, with the size and place of its lines."""

import io
from collections import Counter
from math import sqrt
from typing import Any, Final, NamedTuple

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError, PyPdfError

from toolboxai.adapters.source_files.markdown import MarkdownText, too_long
from toolboxai.adapters.source_files.pdf_lines import Line, lines_to_markdown
from toolboxai.platform.content.model.request import MAX_SOURCE_CHARS
from toolboxai.platform.content.sources.files import MAX_SOURCE_PAGES, Fault, SourceUnreadable

__all__ = ["Pdf", "pdf_markdown"]

# A page with less than this has at most its number on it.
_PAGE_CHARS: Final = 8
_NAMED_PAGES: Final = 10


class Pdf(NamedTuple):
    """Its text as Markdown, how many pages it has, and notes about those that could not be read."""

    text: str
    pages: int
    notes: tuple[str, ...]


def pdf_markdown(content: bytes) -> Pdf:
    """Read a PDF; one that opens without a password is read, whatever its owner has locked in it.

    Raises:
        SourceUnreadable: it is encrypted, damaged, too long, or has no text.
    """
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise _encrypted()
        count = len(reader.pages)
    except (FileNotDecryptedError, DependencyError, NotImplementedError) as fault:
        raise _encrypted() from fault
    except LimitReachedError as fault:
        raise _swollen() from fault
    if count == 0:
        raise SourceUnreadable(Fault.NO_TEXT, "has no pages; save it anew and send it again")
    if count > MAX_SOURCE_PAGES:
        raise SourceUnreadable(
            Fault.TOO_MANY_PAGES,
            f"has {count} pages; at most {MAX_SOURCE_PAGES} are taken: send the chapter that the lesson is about",
        )
    pages, blank, broken, chars = [], [], [], 0
    for number, page in enumerate(reader.pages, 1):
        try:
            lines = _lines(page)
        except LimitReachedError as fault:
            raise _swollen() from fault
        except (PyPdfError, LookupError, ValueError, TypeError, AttributeError, RecursionError):
            broken.append(number)
            continue
        size = sum(len(line.text) for line in lines)
        chars += size
        if chars > MAX_SOURCE_CHARS:
            raise too_long()
        if size < _PAGE_CHARS:
            blank.append(number)
        pages.append(lines)
    if not pages and broken:
        raise SourceUnreadable(
            Fault.DAMAGED, "is damaged: none of its pages can be read; save it anew and send it again"
        )
    made = MarkdownText()
    if len(blank) < len(pages):
        lines_to_markdown(pages, made)
    if not made.text():
        raise SourceUnreadable(
            Fault.SCANNED,
            f"has no text on its {count} page{'s' if count > 1 else ''}: they are pictures, as a scanner makes them; "
            "have the text recognised (OCR) and send that, or the text itself",
        )
    return Pdf(made.text(), count, _notes(blank, broken))


def _encrypted() -> SourceUnreadable:
    return SourceUnreadable(
        Fault.ENCRYPTED, "is protected by a password; save a copy without one and send that"
    )


def _swollen() -> SourceUnreadable:
    return SourceUnreadable(
        Fault.HOSTILE,
        "swells to many times its size when it is unpacked; save it anew in another program and send that",
    )


def _notes(blank: list[int], broken: list[int]) -> tuple[str, ...]:
    notes = []
    if blank:
        notes.append(f"Without text, perhaps a picture, and passed over: {_named(blank)}.")
    if broken:
        notes.append(f"Damaged, and passed over: {_named(broken)}.")
    return tuple(notes)


def _named(pages: list[int]) -> str:
    named = ", ".join(map(str, pages[:_NAMED_PAGES]))
    more = f" and {len(pages) - _NAMED_PAGES} more" if len(pages) > _NAMED_PAGES else ""
    return f"page{'s' if len(pages) > 1 else ''} {named}{more}"


def _lines(page: PageObject) -> list[Line]:
    """The lines of a page in the order in which it writes them."""
    gathered: list[tuple[list[str], Counter[float], list[float]]] = [([], Counter(), [])]

    def visit(text: str, cm: list[float], tm: list[float], _font: Any, size: float) -> None:
        if not text:
            return
        scale = sqrt(abs(_determinant(cm) * _determinant(tm)))
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        first, *more = text.split("\n")
        for place, part in enumerate((first, *more)):
            if place:
                gathered.append(([], Counter(), []))
            if part:
                words, sizes, heights = gathered[-1]
                words.append(part)
                if part.strip():
                    sizes[size * scale] += len(part.strip())
                    heights.append(y)

    page.extract_text(visitor_text=visit)
    return [
        Line("".join(words), sizes.most_common(1)[0][0], heights[0])
        for words, sizes, heights in gathered
        if sizes
    ]


def _determinant(matrix: list[float]) -> float:
    return float(matrix[0] * matrix[3] - matrix[1] * matrix[2])
