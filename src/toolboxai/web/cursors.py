"""Cursors of lists: a place in the list's order, in a form that nobody takes apart."""

import base64
import binascii
import json
import math
from collections.abc import Sequence
from typing import Any

from toolboxai.errors import ValidationError

__all__ = ["CURSOR_CHARS", "cursor_of", "place_in"]

CURSOR_CHARS = 4096
_PART_CHARS = 1000  # the longest name of a channel that may be configured


def cursor_of(place: Sequence[str | float]) -> str:
    """The cursor of a place."""
    text = json.dumps(list(place), separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_in(cursor: str, *kinds: type[str] | type[float]) -> list[Any]:
    """The place that a cursor stands for.

    Args:
        cursor: as a stranger sent it.
        kinds: of the parts of a place.

    Raises:
        ValidationError: it is none of such places.
    """
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except (ValueError, binascii.Error, RecursionError):
        parts = None
    if (
        not isinstance(parts, list)
        or len(parts) != len(kinds)
        or not all(_fits(part, kind) for part, kind in zip(parts, kinds, strict=True))
    ):
        told = "not a cursor of this list; take next_cursor of the page before, unchanged"
        raise ValidationError(f"cursor: {told}", details={"fields": {"cursor": told}})
    return parts


def _fits(part: Any, kind: type[str] | type[float]) -> bool:
    if kind is float:
        return type(part) is float and math.isfinite(part)
    return isinstance(part, str) and len(part) <= _PART_CHARS and part.isprintable()
