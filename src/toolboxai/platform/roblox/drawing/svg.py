"""SVG elements as text. Only presentation attributes: a strict content policy refuses ``style`` in any form."""

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

__all__ = ["Number", "document", "element", "legible", "text"]

Number = int | float

_FONT: Final = "system-ui, sans-serif"
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot say, not even escaped."""


def legible(words: str) -> str:
    """Words on one line, without what XML cannot say."""
    return " ".join(_NO_XML.sub("", words).split())


def element(name: str, *inner: str, **attributes: str | Number) -> str:
    """One element. ``class_`` is ``class``, and other underscores are hyphens; numbers have two places at most."""
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(_value(value))}"
        for key, value in attributes.items()
    )
    return f"<{name}{said}>{''.join(inner)}</{name}>" if inner else f"<{name}{said}/>"


def _value(value: str | Number) -> str:
    return value if isinstance(value, str) else f"{round(value, 2) + 0:.10g}"


def text(words: str, x: Number, y: Number, size: Number, **attributes: str | Number) -> str:
    """A line of text in the middle of ``x``, its foot at ``y``; black on light, unless said otherwise."""
    said: dict[str, str | Number] = {"text_anchor": "middle", "fill": "#111111", **attributes}
    return element("text", escape(legible(words)), x=x, y=y, font_size=size, **said)


def document(
    kind: str, title: str, description: str, box: tuple[Number, Number, Number, Number], *inner: str
) -> str:
    """A whole picture that says what it shows, as a text file that ends with a line.

    Args:
        kind: begins the ids of title and description, so that two pictures can stand in one page.
        title: what is shown, for who does not see it and as the hint of the mouse.
        description: all that the picture tells, in sentences.
        box: left, top, width, height in the units of what is inside.
        inner: elements, the lowest first.
    """
    left, top, width, height = box
    names = f"{kind}-title {kind}-desc"
    whole = element(
        "svg",
        element("title", escape(legible(title)), id=f"{kind}-title"),
        element("desc", escape(legible(description)), id=f"{kind}-desc"),
        element("rect", x=left, y=top, width=width, height=height, fill="#ffffff"),
        *inner,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=" ".join(_value(each) for each in (left, top, width, height)),
        width=round(2 * width),
        height=round(2 * height),
        role="img",
        aria_labelledby=names,
        font_family=_FONT,
    )
    return f"{whole}\n"
