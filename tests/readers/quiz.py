"""What a learning platform has after an import, whatever the format was."""

from dataclasses import dataclass
from typing import Any

import lxml.html

__all__ = ["ReadQuestion", "shown"]


@dataclass(frozen=True)
class ReadQuestion:
    """One question as read.

    Args:
        kind: choice, true_false, typed, numeric, matching or ordering.
        options: what to choose from, in order; for true and false, for typed answers and numbers none.
        right: choice: the option. true_false: a bool. typed: all answers that count, in order. numeric: for each
            number the least and the greatest that count. matching: pairs. ordering: the items in order.
    """

    kind: str
    question: str
    options: tuple[str, ...]
    right: Any
    rationale: str | None = None
    objective: str | None = None
    difficulty: str | None = None


def shown(html: str) -> str:
    """The text that a browser shows for this piece of HTML."""
    root = lxml.html.fragment_fromstring(html, create_parent="div")
    for line_break in root.iter("br"):
        line_break.tail = f"\n{line_break.tail or ''}"
    return str(root.text_content())
