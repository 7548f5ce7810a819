"""The PDF form: tagged for screen readers (PDF/UA-1), with page numbers, in the fonts that come with the compiler.

The sheet goes to the template as data; no word of the source is ever markup of the compiler. The same document gives
the same bytes: fonts of the machine are left out, and no clock is read.
"""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import msgspec
import typst

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.sheet import make_sheet
from toolboxai.platform.content.model.package import Audience

__all__ = ["UNSHOWN", "render_pdf"]

UNSHOWN: Final = "\u25a1"  # a box, in place of what no font can show
_ACCESSIBLE: Final[list[Any]] = ["ua-1"]
# The accessible form refuses a file with characters that have no glyph, and names each as a quoted string of Rust.
_NO_GLYPH: Final = re.compile(r'the text `"((?:[^"\\]|\\.)+)"` could not be displayed')
_ESCAPED: Final = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))")
_NAMED: Final = 20
_ROUNDS: Final = 3  # a box may part what was one sign before, so that a part is found out later


@lru_cache(maxsize=1)
def _template() -> bytes:
    return files(__package__ or "").joinpath("templates", "document.typ").read_bytes()


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)


def render_pdf(document: ContentDocument, audience: Audience) -> tuple[bytes, tuple[str, ...]]:
    """The document for the teacher or for the student, and what its fonts cannot show."""
    data = msgspec.to_builtins(make_sheet(document, audience))
    missing: dict[str, None] = {}
    for _ in range(_ROUNDS):
        try:
            return _compile(data, _ACCESSIBLE), _notes(missing)
        except typst.TypstError as fault:
            found = _without_glyph(fault.diagnostic)
            if not found:
                raise
            missing |= dict.fromkeys(found)
            data = _boxed(data, _any_of(found))
    return _compile(data, []), (*_notes(missing), "The PDF is not marked up to the standard PDF/UA-1.")


def _compile(data: Any, standards: list[Any]) -> bytes:
    """One compiler for each file: a compiler serves one thread at a time. The fonts are shared."""
    compiler = typst.Compiler(_template(), font_paths=_fonts(), ignore_system_fonts=True)
    made = compiler.compile(
        format="pdf",
        sys_inputs={"sheet": msgspec.json.encode(data).decode()},
        pdf_standards=standards,
        timestamp=0,
    )
    assert isinstance(made, bytes)
    return made


def _without_glyph(diagnostic: str) -> list[str]:
    """What the compiler could not show, in the order in which it came upon it."""

    def plain(mark: re.Match[str]) -> str:
        return chr(int(mark[1], 16)) if mark[1] else mark[2]

    return list(dict.fromkeys(_ESCAPED.sub(plain, text) for text in _NO_GLYPH.findall(diagnostic)))


def _any_of(texts: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(texts, key=len, reverse=True))))


def _boxed(data: Any, missing: re.Pattern[str]) -> Any:
    """The same with a box in place of each of these."""
    match data:
        case str():
            return missing.sub(UNSHOWN, data)
        case dict():
            return {name: _boxed(value, missing) for name, value in data.items()}
        case list() | tuple():
            return [_boxed(value, missing) for value in data]
        case _:
            return data


def _notes(missing: dict[str, None]) -> tuple[str, ...]:
    if not missing:
        return ()
    named = " ".join(list(missing)[:_NAMED])
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return (
        f"The fonts of the PDF cannot show {named}{more}: {UNSHOWN} stands in their place. "
        "The Word and HTML forms have them.",
    )
