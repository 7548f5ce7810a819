"""Characters from bytes."""

import codecs
import re
from typing import Final

from toolboxai.platform.content.sources.files import Fault, SourceUnreadable

__all__ = ["decoded"]

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_CONTROLS: Final = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f\v\x1b")
# A stray control character is dropped later; where they are many, these are no letters.
_CONTROLS_IN: Final = 200
NOT_UTF8: Final = (
    "It is not UTF-8 and was read as windows-1252; if accents look wrong, save it as UTF-8 and send it again."
)


# Of what a page may declare, what is an encoding of letters; Python knows others, some of them slow by intent.
_DECLARED: Final = re.compile(
    r"(?:iso[-_]?8859[-_]?[0-9]{1,2}|windows-?125[0-8]|cp125[0-8]|koi8-[ru]|macintosh|latin-?1|us-ascii|big5|gbk|gb2312"
    r"|gb18030|shift[-_]jis|euc-(?:jp|kr))",
    re.IGNORECASE,
)


def decoded(content: bytes, *, declared: str = "") -> tuple[str, tuple[str, ...]]:
    """The text, and notes about it.

    UTF-8, with or without a byte order mark; UTF-16 and UTF-32 with one; else what a page has declared; else
    windows-1252, with a note.

    Raises:
        SourceUnreadable: it is none of these, or no text at all.
    """
    for mark, encoding, name in _MARKS:
        if content.startswith(mark):
            try:
                return _text(content[len(mark) :].decode(encoding)), ()
            except UnicodeDecodeError as fault:
                raise SourceUnreadable(
                    Fault.ENCODING,
                    f"begins as {name} and is not {name} at byte {fault.start + len(mark)}; save it as UTF-8 "
                    "and send it again",
                ) from fault
    try:
        return _text(content.decode("utf-8")), ()
    except UnicodeDecodeError as fault:
        place = fault.start
    if _DECLARED.fullmatch(declared):
        try:
            return _text(content.decode(declared)), ()
        except (UnicodeDecodeError, LookupError):
            pass  # it is not what it says
    try:
        return _text(content.decode("windows-1252")), (NOT_UTF8,)
    except UnicodeDecodeError as fault:
        raise SourceUnreadable(
            Fault.ENCODING,
            f"is no text in UTF-8 (see byte {place}) nor in windows-1252; save it as UTF-8 and send it again",
        ) from fault


def _text(text: str) -> str:
    if "\x00" in text:
        raise SourceUnreadable(
            Fault.ENCODING,
            "has bytes of zero, which no text has: it is something else, or UTF-16 without a byte order mark; "
            "save it as UTF-8 and send it again",
        )
    controls = sum(map(text.count, _CONTROLS))
    if controls * _CONTROLS_IN > len(text):
        raise SourceUnreadable(Fault.ENCODING, "is no text; txt, md, html, docx and pdf are taken")
    return text
