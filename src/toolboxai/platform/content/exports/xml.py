"""XML and HTML as learning platforms read them: built element by element, the same bytes every time."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element, tostring

__all__ = ["XSI", "Element", "as_html", "element", "inline", "serialise"]

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

# What XML 1.0 lets stand in a document, and nothing else.
_ILLEGAL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NONE: Final[Mapping[str, str]] = {}


def element(tag: str, attributes: Mapping[str, str] = _NONE, *children: Element | str) -> Element:
    """An element with its children in order; strings among them are text.

    Names stand in it as they are given, prefix and all: who uses a prefix declares it, by ``xmlns`` attributes.
    Characters that XML forbids become U+FFFD.
    """
    made = Element(tag, {name: _legal(value) for name, value in attributes.items()})
    last: Element | None = None
    for child in children:
        if not isinstance(child, str):
            made.append(child)
            last = child
        elif last is None:
            made.text = (made.text or "") + _legal(child)
        else:
            last.tail = (last.tail or "") + _legal(child)
    return made


def serialise(root: Element) -> bytes:
    """The document in UTF-8; a line for each element, but where text stands among elements."""
    _indent(root, "\n")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode").encode() + b"\n"


def as_html(text: str) -> str:
    r"""HTML that shows exactly this text; formulas such as ``\(x\)`` stay for whoever draws them."""
    return html.escape(_legal(text), quote=False).replace("\n", "<br>")


def inline(text: str) -> Iterator[Element | str]:
    """The text as children of an XHTML element."""
    for number, line in enumerate(text.split("\n")):
        if number:
            yield Element("br")
        yield line


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)


def _indent(parent: Element, before: str) -> None:
    # In a paragraph every space is shown, also where nothing but a field stands in it.
    if not len(parent) or parent.tag == "p" or parent.text or any(child.tail for child in parent):
        return
    parent.text = f"{before}  "
    for child in parent:
        child.tail = f"{before}  "
        _indent(child, f"{before}  ")
    parent[-1].tail = before
