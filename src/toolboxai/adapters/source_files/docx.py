"""The text of a DOCX: headings by outline level, lists by numbering, tables row by row."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from toolboxai.adapters.source_files.docx_styles import WML, Styles
from toolboxai.adapters.source_files.markdown import MarkdownText
from toolboxai.adapters.source_files.zipped import Zipped
from toolboxai.platform.content.sources.files import MAX_SOURCE_PAGES, Fault, SourceUnreadable

__all__ = ["Document", "docx_markdown"]

_TYPES: Final = "[Content_Types].xml"
_DOCUMENT: Final = "word/document.xml"
_STYLES: Final = "word/styles.xml"
_NUMBERING: Final = "word/numbering.xml"
_MACROS: Final = frozenset({"word/vbaProject.bin", "word/vbaData.xml"})
_OTHERS: Final = (
    ("xl/workbook.xml", "a workbook (.xlsx); copy what matters into a document and send that"),
    ("ppt/presentation.xml", "a presentation (.pptx); save its text as a document and send that"),
    ("content.xml", "an OpenDocument file; save it as docx and send that"),
    ("META-INF/container.xml", "an e-book (.epub); send a chapter as docx, html or txt"),
)
_ALTERNATIVE: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Words that were struck out, that nobody sees, or that stand in the document a second time.
_PASSED_OVER: Final = frozenset({f"{WML}del", f"{WML}moveFrom", f"{WML}instrText", _ALTERNATIVE})
_OUTLINE_BODY: Final = 9


class Document(NamedTuple):
    """Its text as Markdown, and how many pages it had when it was last laid out."""

    text: str
    pages: int


def docx_markdown(content: bytes) -> Document:
    """Read a document.

    Raises:
        SourceUnreadable: it is something else, holds macros, is damaged or hostile, or has no text.
    """
    parts = Zipped(content)
    _check_kind(parts)
    body = parts.xml(_DOCUMENT).find(f"{WML}body")
    if body is None:
        raise SourceUnreadable(Fault.DAMAGED, "is damaged: it has no body; save it anew and send it again")
    pages = 1 + max(
        sum(1 for _ in body.iter(f"{WML}lastRenderedPageBreak")),
        sum(each.get(f"{WML}type") == "page" for each in body.iter(f"{WML}br")),
    )
    if pages > MAX_SOURCE_PAGES:
        raise SourceUnreadable(
            Fault.TOO_MANY_PAGES,
            f"has {pages} pages; at most {MAX_SOURCE_PAGES} are taken: send the chapter that the lesson is about",
        )
    made = MarkdownText()
    writer = _Writer(Styles(_part(parts, _STYLES), _part(parts, _NUMBERING)), made)
    writer.write(body)
    if not made.text():
        pictures = any(name.startswith("word/media/") for name in parts.names)
        raise SourceUnreadable(
            Fault.SCANNED if pictures else Fault.NO_TEXT,
            "has no text, only pictures; send the text itself" if pictures else "has no text in it",
        )
    return Document(made.text(), pages)


def _check_kind(parts: Zipped) -> None:
    if not parts.names:
        raise SourceUnreadable(Fault.DAMAGED, "is damaged: nothing is in it; save it anew and send it again")
    if parts.names & _MACROS:
        raise _macros()
    if _DOCUMENT in parts.names and _TYPES in parts.names:
        if any("macroEnabled" in (each.get("ContentType") or "") for each in parts.xml(_TYPES)):
            raise _macros()
        return
    for name, what in _OTHERS:
        if name in parts.names:
            raise SourceUnreadable(Fault.OTHER_KIND, f"is {what}")
    raise SourceUnreadable(
        Fault.OTHER_KIND, "is an archive; take the files out of it and send them one by one"
    )


def _macros() -> SourceUnreadable:
    return SourceUnreadable(Fault.MACROS, "holds macros; save it as docx, which has none, and send that")


def _part(parts: Zipped, name: str) -> Any:
    return parts.xml(name) if name in parts.names else None


class _Writer:
    def __init__(self, styles: Styles, made: MarkdownText) -> None:
        self._styles = styles
        self._made = made

    def write(self, body: Any) -> None:
        for block in _blocks(body):
            if block.tag == f"{WML}tbl":
                self._made.table(
                    [[list(_cell(cell)) for cell in _own(row, "tc")] for row in _own(block, "tr")]
                )
            else:
                self._paragraph(block)

    def _paragraph(self, paragraph: Any) -> None:
        text = _words(paragraph)
        if not text.strip():
            return
        look = self._styles.of(paragraph)
        if look.contents:
            return
        if look.outline is not None and look.outline < _OUTLINE_BODY:
            self._made.heading(look.outline + 1, text)
        elif mark := self._styles.mark(look):
            self._made.item(mark[0], text, depth=mark[1])
        else:
            self._made.paragraph(text)


def _blocks(body: Any) -> Iterator[Any]:
    """Paragraphs, each followed by those in the text boxes that hang on it, and tables as a whole."""
    waiting = list(reversed(body))
    while waiting:
        node = waiting.pop()
        if node.tag in _PASSED_OVER:
            continue
        if node.tag in (f"{WML}p", f"{WML}tbl"):
            yield node
            if node.tag == f"{WML}tbl":
                continue
            waiting.extend(reversed([box for box in node.iter(f"{WML}txbxContent") if not _second(box)]))
        else:
            waiting.extend(reversed(node))


def _second(box: Any) -> bool:
    """Whether it stands in a box, which comes by itself, or is the second form of one for old programs."""
    return any(each.tag in (_ALTERNATIVE, f"{WML}txbxContent") for each in box.iterancestors())


def _own(node: Any, name: str) -> Iterator[Any]:
    """The nearest parts of a name below a node: what is in a table within a cell is that cell's."""
    waiting = list(reversed(node))
    while waiting:
        each = waiting.pop()
        if each.tag == f"{WML}{name}":
            yield each
        elif each.tag not in _PASSED_OVER:
            waiting.extend(reversed(each))


def _cell(cell: Any) -> Iterator[str]:
    for paragraph in cell.iter(f"{WML}p"):
        if any(each.tag == _ALTERNATIVE for each in paragraph.iterancestors()):
            continue
        if text := " ".join(_words(paragraph).split()):
            yield text


def _words(paragraph: Any) -> str:
    """The words of a paragraph as they are seen."""
    words: list[str] = []
    waiting = list(reversed(paragraph))
    while waiting:
        node = waiting.pop()
        if node.tag in _PASSED_OVER or node.tag == f"{WML}txbxContent":
            continue
        if node.tag == f"{WML}r" and _vanished(node):
            continue
        if node.tag == f"{WML}t":
            words.append(node.text or "")
        elif node.tag in (f"{WML}tab", f"{WML}br", f"{WML}cr"):
            words.append(" ")
        elif node.tag == f"{WML}noBreakHyphen":
            words.append("-")
        elif node.tag != f"{WML}pPr":
            waiting.extend(reversed(node))
    return "".join(words)


def _vanished(run: Any) -> bool:
    mark = run.find(f"{WML}rPr/{WML}vanish")
    return mark is not None and mark.get(f"{WML}val") not in ("0", "false")
