"""What the styles and the numbering of a DOCX say of a paragraph: whether it is a heading, or an item of a list."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

__all__ = ["WML", "Look", "Styles"]

WML: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING: Final = re.compile(r"heading ([1-9])", re.IGNORECASE)
_CONTENTS: Final = re.compile(r"toc ([1-9]|heading)", re.IGNORECASE)
_BODY_LEVEL: Final = 9  # the outline level of text that is no heading
_LEVELS: Final = 9
_NO_NUMBERING: Final = frozenset({"none", ""})


class Look(NamedTuple):
    """Of a style or a paragraph; None where it says nothing.

    Args:
        outline: 0 for the highest heading, 9 for text that is none.
        list_id, depth: the list it is in (``0``: in none) and how deep.
        contents: whether it belongs to a table of contents.
    """

    outline: int | None = None
    list_id: str | None = None
    depth: int | None = None
    contents: bool = False

    def over(self, base: "Look") -> "Look":
        """This, with what it leaves open taken from `base`."""
        return Look(
            base.outline if self.outline is None else self.outline,
            base.list_id if self.list_id is None else self.list_id,
            base.depth if self.depth is None else self.depth,
            self.contents or base.contents,
        )


class Styles:
    """The styles and lists of one document.

    Args:
        styles: root of ``word/styles.xml``, or None.
        numbering: root of ``word/numbering.xml``, or None.
    """

    def __init__(self, styles: Any, numbering: Any) -> None:
        self._looks = {} if styles is None else dict(_looks(styles))
        self._default = "" if styles is None else _default(styles)
        self._formats = {} if numbering is None else _formats(numbering)
        self._counted: Counter[tuple[str, int]] = Counter()

    def of(self, paragraph: Any) -> Look:
        """How a paragraph looks: its own properties over those of its style."""
        properties = paragraph.find(f"{WML}pPr")
        if properties is None:
            return self._looks.get(self._default, Look())
        style = _value(properties.find(f"{WML}pStyle")) or self._default
        return _own(properties).over(self._looks.get(style, Look()))

    def mark(self, look: Look) -> tuple[str, int] | None:
        """The mark of a list's next item, and how deep it stands; None: it is in no list."""
        if look.list_id is None or look.list_id == "0":
            return None
        depth = min(look.depth or 0, _LEVELS - 1)
        form = self._formats.get((look.list_id, depth))
        if form is None or form in _NO_NUMBERING:
            return None
        if form == "bullet":
            return "-", depth
        self._counted[look.list_id, depth] += 1
        for deeper in range(depth + 1, _LEVELS):
            self._counted.pop((look.list_id, deeper), None)
        return f"{self._counted[look.list_id, depth]}.", depth


def _own(properties: Any) -> Look:
    numbering = properties.find(f"{WML}numPr")
    list_id = depth = None
    if numbering is not None:
        list_id = _value(numbering.find(f"{WML}numId"))
        depth = _number(numbering.find(f"{WML}ilvl"))
    return Look(_number(properties.find(f"{WML}outlineLvl")), list_id, depth)


def _looks(styles: Any) -> Iterator[tuple[str, Look]]:
    """Every paragraph style, with what it takes from those that it is based on."""
    own: dict[str, Look] = {}
    based_on: dict[str, str] = {}
    for style in styles.iter(f"{WML}style"):
        name = style.get(f"{WML}styleId") or ""
        properties = style.find(f"{WML}pPr")
        look = Look() if properties is None else _own(properties)
        called = _value(style.find(f"{WML}name")) or ""
        if look.outline is None:
            if named := _HEADING.fullmatch(called):
                look = look._replace(outline=int(named[1]) - 1)
            elif called.lower() == "title":
                look = look._replace(outline=0)
        own[name] = look._replace(contents=_CONTENTS.fullmatch(called) is not None)
        based_on[name] = _value(style.find(f"{WML}basedOn")) or ""
    whole: dict[str, Look] = {}
    for name in own:
        chain: dict[str, None] = {}
        while name in own and name not in whole and name not in chain:  # a circle ends where it began
            chain[name] = None
            name = based_on[name]
        look = whole.get(name, Look())
        for each in reversed(chain):
            look = whole[each] = own[each].over(look)
    yield from whole.items()


def _default(styles: Any) -> str:
    for style in styles.iter(f"{WML}style"):
        if style.get(f"{WML}type") == "paragraph" and style.get(f"{WML}default") in ("1", "true"):
            return style.get(f"{WML}styleId") or ""
    return ""


def _formats(numbering: Any) -> dict[tuple[str, int], str]:
    """The number format of each level of each list."""
    abstract: dict[str, dict[int, str]] = {}
    for kind in numbering.iter(f"{WML}abstractNum"):
        levels = {}
        for level in kind.iter(f"{WML}lvl"):
            depth = level.get(f"{WML}ilvl") or ""
            if depth.isdecimal() and len(depth) == 1:
                levels[int(depth)] = _value(level.find(f"{WML}numFmt")) or "decimal"
        abstract[kind.get(f"{WML}abstractNumId") or ""] = levels
    formats = {}
    for each in numbering.iter(f"{WML}num"):
        levels = abstract.get(_value(each.find(f"{WML}abstractNumId")) or "", {})
        formats.update({(each.get(f"{WML}numId") or "", depth): form for depth, form in levels.items()})
    return formats


def _value(element: Any) -> str | None:
    if element is None:
        return None
    value = element.get(f"{WML}val")
    return value if isinstance(value, str) else None


def _number(element: Any) -> int | None:
    value = _value(element)
    return min(int(value), _BODY_LEVEL) if value and value.isdecimal() and len(value) < 4 else None
