"""What a field of an edit may hold. Each check gives the value to keep, or raises ValueError with what is allowed."""

import math
import unicodedata
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final

__all__ = ["Check", "choice", "line", "lines", "number", "or_none", "whole"]

Check = Callable[[Any], Any]

# As in ``text``: what cannot stand on a work sheet, or turns the direction of its text. Here it is refused, not taken
# out: an edit is kept as it was written.
_REFUSED: Final = frozenset({"Cc", "Cs", "Co", "Cf", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")


def line(most: int, *, empty: bool = False) -> Check:
    """A text on one line of at most so many characters; spaces around it are taken off."""
    allowed = f"{'0' if empty else '1'} to {most:,} characters on one line"

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"a text is needed: {allowed}")  # noqa: TRY004 - the reader collects ValueError
        odd = next((c for c in value if _is_odd(c)), None)
        if odd is not None:
            raise ValueError(f"it holds U+{ord(odd):04X}, which no sheet can carry; leave it out")
        text = value.strip()
        if len(text) > most or not (text or empty):
            raise ValueError(f"{len(text):,} characters; {allowed}")
        return text

    return check


def _is_odd(character: str) -> bool:
    if character in _JOINERS:
        return False
    place = ord(character)
    unused = place & 0xFFFE == 0xFFFE or 0xFDD0 <= place <= 0xFDEF  # no XML may hold them
    return unused or unicodedata.category(character) in _REFUSED


def whole(least: int, most: int) -> Check:
    """A whole number."""

    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most} is needed")
        return value

    return check


def number(least: float, most: float) -> Check:
    """A number that is finite."""

    def check(value: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"a number from {least:g} to {most:g} is needed")
        if not math.isfinite(value):
            raise ValueError("a finite number is needed")
        return float(value)

    return check


def choice(kinds: type[StrEnum]) -> Check:
    """One of the values of an enumeration."""

    def check(value: Any) -> StrEnum:
        if isinstance(value, str) and value in tuple(kinds):
            return kinds(value)
        raise ValueError(f"it is one of {', '.join(kinds)}")

    return check


def or_none(inner: Check) -> Check:
    """The same, or null."""

    def check(value: Any) -> Any:
        return None if value is None else inner(value)

    return check


def lines(most: int, each: Check) -> Check:
    """A list of at most so many, all distinct, whatever their case and spaces."""

    def check(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or len(value) > most:
            raise ValueError(f"a list of at most {most} is needed")
        checked = tuple(_each(value, each))
        seen = [" ".join(one.split()).casefold() if isinstance(one, str) else one for one in checked]
        if len(set(seen)) < len(seen):
            raise ValueError("two of them are the same; each has to be distinct")
        return checked

    return check


def _each(values: Sequence[Any], check: Check) -> Sequence[Any]:
    checked = []
    for place, value in enumerate(values):
        try:
            checked.append(check(value))
        except ValueError as fault:
            raise ValueError(f"number {place}: {fault}") from None
    return checked
