"""Readers of the forms in which a lesson is handed out: each gives the lines of text that a person would read.

None of them knows our writers: the Markdown parser, the HTML and XML parsers and the PDF reader are others' work.
"""

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Final

import pypdf
from lxml import etree, html
from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["READERS", "WORD", "body_of", "without_spaces"]

WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARSER: Final = MarkdownIt("commonmark").enable("table").enable("strikethrough")
_BLOCKS: Final = "//*[self::h1 or self::h2 or self::h3 or self::p or self::li or self::dt or self::dd or self::td or self::th or self::legend or self::label]"


def _markdown(content: bytes) -> list[str]:
    return [_shown([token]) for token in _PARSER.parse(content.decode()) if token.type == "inline"]


def _shown(tokens: list[Token]) -> str:
    texts = ("text", "code_inline", "text_special")
    return "".join(token.content if token.type in texts else _shown(token.children or []) for token in tokens)


def _html(content: bytes) -> list[str]:
    blocks = html.fromstring(content).xpath(_BLOCKS)
    return [" ".join("".join(block.itertext()).split()) for block in blocks]


def body_of(content: bytes, part: str = "word/document.xml") -> etree._Element:
    """A part of a Word file as XML."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return etree.fromstring(archive.read(part))


def _docx(content: bytes) -> list[str]:
    paragraphs = body_of(content).iter(f"{WORD}p")
    return ["".join(text.text or "" for text in one.iter(f"{WORD}t")) for one in paragraphs]


def _pdf(content: bytes) -> list[str]:
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]
    return "\n".join(pages).splitlines()


READERS: Final[Mapping[str, Callable[[bytes], list[str]]]] = {
    "md": _markdown,
    "html": _html,
    "docx": _docx,
    "pdf": _pdf,
}


def without_spaces(text: str) -> str:
    """For what a page breaks into lines wherever it likes, with a hyphen inside a word."""
    return re.sub(r"[-\u00ad\u2010]?\n|\s", "", text)
