"""The text of a page, with its headings and lists. Nothing that the page names is fetched."""

from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from toolboxai.adapters.source_files.markdown import MarkdownText, too_long
from toolboxai.platform.content.sources.files import Fault, SourceUnreadable

__all__ = ["html_markdown"]

_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
# What no reader of the page reads as its text: code, forms, pictures, and what leads elsewhere.
_PASSED_OVER: Final = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "nav",
        "footer",
        "aside",
        "form",
        "button",
        "select",
        "textarea",
        "input",
        "iframe",
        "object",
        "embed",
        "svg",
        "canvas",
        "video",
        "audio",
        "map",
        "rp",
        "rt",
        "dialog",
    ]
)
_BLOCKS: Final = frozenset(
    [
        "html",
        "body",
        "main",
        "article",
        "section",
        "div",
        "p",
        "blockquote",
        "pre",
        "address",
        "figure",
        "figcaption",
        "header",
        "hgroup",
        "details",
        "summary",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "center",
        "fieldset",
        "hr",
    ]
) | frozenset(_HEADINGS)
_LISTS: Final = frozenset({"ul", "ol", "menu"})
_ENDS: Final = object()
_LIMIT: Final = etree.ErrorTypes.ERR_RESOURCE_LIMIT  # of what libxml2 takes; the rest of the page is not read


def html_markdown(text: str) -> str:
    """The page as Markdown.

    Raises:
        SourceUnreadable: there is no text in it, or too much.
    """
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        raise SourceUnreadable(Fault.NO_TEXT, "has no text in it; send the page with its text")
    if any(fault.type == _LIMIT and "Buffer" in fault.message for fault in parser.error_log):
        raise too_long()  # ten million characters in one piece
    made = MarkdownText()
    page = _Page(made)
    page.walk(_main(root))
    if not made.text() and any(fault.type == _LIMIT for fault in parser.error_log):
        raise SourceUnreadable(
            Fault.HOSTILE, "has parts nested in each other almost without end; copy its text and send that"
        )
    if not made.text():
        raise SourceUnreadable(
            Fault.NO_TEXT,
            "has no text of its own: a page that a script fills is empty when it is saved; copy the text instead",
        )
    return made.text()


def _main(root: Any) -> Any:
    """The part that the page itself calls its main one."""
    for tag in ("main", "article"):
        found = root.findall(f".//{tag}")
        if len(found) == 1 and "".join(found[0].itertext()).strip():
            return found[0]
    return root


class _Page:
    """Walks through a page without recursion: nesting is the stranger's to choose."""

    def __init__(self, made: MarkdownText) -> None:
        self._made = made
        self._words: list[str] = []
        self._lists: list[tuple[str, int]] = []  # kind, and the number of the item in work
        self._kind = "p"

    def walk(self, root: Any) -> None:
        waiting: list[tuple[Any, Any]] = [(root, None)]
        while waiting:
            node, mark = waiting.pop()
            if mark is _ENDS:
                self._leave(node)
                if node is not root:
                    self._words.append(node.tail or "")
                continue
            tag = node.tag if isinstance(node.tag, str) else ""
            if not tag or tag in _PASSED_OVER or _hidden(node):
                self._words.append(" " if node is root else f" {node.tail or ''}")
                continue
            if tag == "table" and not node.findall(".//table"):
                self._flush()
                for caption in node.findall("caption"):
                    for text in _paragraphs(caption):
                        self._made.paragraph(text)
                self._made.table(_rows(node))
                self._words.append("" if node is root else node.tail or "")
                continue
            waiting.append((node, _ENDS))
            self._enter(node, tag)
            waiting.extend((child, None) for child in reversed(node))
        self._flush()

    def _enter(self, node: Any, tag: str) -> None:
        if tag in _BLOCKS or tag in _LISTS:
            self._flush()
        if tag in _LISTS:
            start = node.get("start", "1")
            self._lists.append((tag, int(start) - 1 if start.isdecimal() and len(start) < 5 else 0))
        elif tag == "li":
            kind, number = self._lists[-1] if self._lists else ("ul", 0)
            if self._lists:
                self._lists[-1] = (kind, number + 1)
            self._kind = "li"
        elif tag in _HEADINGS:
            self._kind = tag
        elif tag in ("br", "td", "th"):
            self._words.append(" ")
        self._words.append(node.text or "")

    def _leave(self, node: Any) -> None:
        tag = node.tag
        if tag in _BLOCKS or tag in _LISTS or tag == "tr":
            self._flush()
        if tag == "li" or tag in _HEADINGS:
            self._kind = "p"  # also where nothing stood in it
        if tag in _LISTS and self._lists:
            self._lists.pop()

    def _flush(self) -> None:
        """What was gathered, as what it stood in; a second paragraph of an item is a paragraph."""
        text = "".join(self._words)
        self._words.clear()
        if not text.strip():
            return
        kind, self._kind = self._kind, "p"
        if kind in _HEADINGS:
            self._made.heading(_HEADINGS[kind], text)
        elif kind == "li":
            depth = max(len(self._lists) - 1, 0)
            ordered, number = self._lists[-1] if self._lists else ("ul", 0)
            self._made.item(f"{number}." if ordered == "ol" else "-", text, depth=depth)
        else:
            self._made.paragraph(text)


def _hidden(node: Any) -> bool:
    style = "".join(node.get("style", "").lower().split())
    return (
        node.get("hidden") is not None
        or node.get("aria-hidden", "").lower() == "true"
        or "display:none" in style
        or "visibility:hidden" in style
    )


def _rows(table: Any) -> list[list[list[str]]]:
    return [
        [list(_paragraphs(cell)) for cell in row if cell.tag in ("td", "th")]
        for row in table.iter("tr")
        if not (_hidden(row) or _hidden(row.getparent()))
    ]


def _paragraphs(cell: Any) -> Iterator[str]:
    """What is seen in a cell, each block of it a paragraph."""
    words: list[str] = []
    waiting: list[tuple[Any, Any]] = [(cell, None)]
    while waiting:
        node, mark = waiting.pop()
        tag = node.tag if isinstance(node.tag, str) else ""
        parted = "\n" if tag in _BLOCKS or tag in _LISTS else ""
        after = "" if node is cell else (node.tail or "").replace("\n", " ")
        if mark is _ENDS:
            words += (parted, after)
        elif not tag or tag in _PASSED_OVER or _hidden(node):
            words += (" ", after)
        else:
            words += (parted or (" " if tag == "br" else ""), (node.text or "").replace("\n", " "))
            waiting.append((node, _ENDS))
            waiting.extend((child, None) for child in reversed(node))
    for text in "".join(words).split("\n"):
        if line := " ".join(text.split()):
            yield line
