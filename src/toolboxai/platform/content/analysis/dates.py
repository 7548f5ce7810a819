"""Times that a text names: whole dates, months with their year, years, centuries."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.language.grammar import Numbers, pattern
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.model.analysis import Date, Quantity

__all__ = ["find_dates"]

_ROMAN: Final = {"i": 1, "v": 5, "x": 10, "l": 50}
_CENTURIES: Final = 30  # no text speaks of later ones
_DAYS: Final = 31


def find_dates(parsed: Parsed, quantities: Sequence[Quantity], lexicon: Lexicon) -> Iterator[Date]:
    """The dates of one sentence, in order; a part of a longer one is not given again.

    Args:
        parsed: the sentence.
        quantities: its own, of which those that are years are dates.
        lexicon: the language's words.
    """
    numbers, text = lexicon.grammar.numbers, parsed.text
    found: dict[int, tuple[int, Date]] = {}

    def free(start: int, end: int) -> bool:
        return all(end <= one or start >= other for one, (other, _) in found.items())

    for match in _whole(numbers, text):
        if free(match.start(), match.end()):
            found[match.start()] = (match.end(), _of_parts(match, parsed, numbers))
    if numbers.centuries:
        for match in _centuries(numbers).finditer(text):
            number = _number(match["number"], numbers)
            if number is not None and free(match.start(), match.end()):
                first = -100 * number if match["bc"] else 100 * (number - 1) + 1
                found[match.start()] = (match.end(), Date(match[0], "century", parsed.index, first))
    for quantity in quantities:
        for token in parsed.tokens:
            if quantity.kind == "year" and token.text == quantity.text and free(token.start, token.end):
                found[token.start] = (token.end, Date(token.text, "year", parsed.index, int(quantity.value)))
    if numbers.before_christ:
        for match in re.finditer(rf"[0-9]{{1,4}}{numbers.before_christ}", text):
            year = -int(match[0].split()[0])
            overlapped = [
                start for start, (end, _) in found.items() if start >= match.start() and end <= match.end()
            ]
            for start in overlapped:
                del found[start]
            if free(match.start(), match.end()):
                found[match.start()] = (match.end(), Date(match[0], "year", parsed.index, year))
    return (found[start][1] for start in sorted(found))


def _whole(numbers: Numbers, text: str) -> Iterator[re.Match[str]]:
    """Dates with a month: a month alone, without a day or a year, is none."""
    months = "|".join(month.capitalize() for month in numbers.months)
    for form in numbers.dates:
        for match in pattern(form.replace("MONTH", f"(?:{months})")).finditer(text):
            day = match.groupdict().get("day")
            if day is None or 1 <= int(day) <= _DAYS:
                yield match


def _of_parts(match: re.Match[str], parsed: Parsed, numbers: Numbers) -> Date:
    parts = match.groupdict()
    month = numbers.months.index(match["month"].lower()) + 1
    day = int(parts["day"]) if parts.get("day") else None
    year = int(parts["year"]) if parts.get("year") else None
    return Date(match[0], "month" if day is None else "day", parsed.index, year, month, day)


@lru_cache(maxsize=8)
def _centuries(numbers: Numbers) -> re.Pattern[str]:
    return re.compile(numbers.centuries.replace("ORDINAL", "|".join(numbers.ordinals) or "(?!)"))


def _number(text: str, numbers: Numbers) -> int | None:
    lower = text.lower()
    if lower in numbers.ordinals:
        return numbers.ordinals.index(lower) + 1
    digits = re.match("[0-9]+", lower)
    value = int(digits[0]) if digits else _roman(lower)
    return value if 1 <= value <= _CENTURIES else None


def _roman(text: str) -> int:
    values = [_ROMAN[letter] for letter in text]
    return sum(-one if one < other else one for one, other in zip(values, [*values[1:], 0], strict=True))
