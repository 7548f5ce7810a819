"""Numbers, percentages and years, as the text writes them in digits."""

import re
from collections.abc import Iterator
from typing import Final

from toolboxai.platform.content.lexicon import Lexicon
from toolboxai.platform.content.model import Quantity
from toolboxai.platform.content.reading import Parsed
from toolboxai.platform.content.wordlist import words

__all__ = ["find_quantities"]

_PERCENT: Final = frozenset({"percent", "per"})
_SCALES: Final = frozenset({"hundred", "thousand", "million", "billion", "trillion", "dozen"})
# A whole number of these sizes is a year when one of these words stands before it, or when a bracket does.
_YEAR: Final = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_MONTHS: Final = words(
    "january february march april may june july august september october november december"
)
_BEFORE_YEAR: Final = (
    words(
        "in since by until till from of during around about circa year to and between before after early late"
    )
    | _MONTHS
)
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_DIGITS: Final = 12


def find_quantities(parsed: Parsed, lexicon: Lexicon) -> Iterator[Quantity]:
    """The quantities of one sentence, in order."""
    tokens = parsed.tokens
    for at, token in enumerate(tokens):
        if not token.number or len(token.text) > _DIGITS or _glued(parsed, at):
            continue
        value = _value(token.text)
        if value is None:
            continue
        rest = parsed.text[token.end :]
        follower = tokens[at + 1].lower if at + 1 < len(tokens) and rest[:1] == " " else ""
        if parsed.text[token.end : token.end + 2].lstrip().startswith("%"):
            yield Quantity(token.text, "percent", value, "%", parsed.index)
        elif follower in _PERCENT:
            yield Quantity(token.text, "percent", value, "percent", parsed.index)
        elif _is_year(parsed, at, follower):
            yield Quantity(token.text, "year", value, "", parsed.index)
        else:
            unit = "" if follower in lexicon.stopwords | _MONTHS and follower not in _SCALES else follower
            yield Quantity(token.text, "number", value, unit, parsed.index)


def _glued(parsed: Parsed, at: int) -> bool:
    """Whether letters, a minus or a slash touch the number, as in H2O, COVID-19, 3/4 or 10:30."""
    token = parsed.tokens[at]
    before, after = parsed.text[: token.start][-1:], parsed.text[token.end :][:2]
    if before.isalnum() or before in tuple("-/:\u2212#_^$\u20ac\u00a3"):
        return True
    return bool(after) and (after[0].isalpha() or (after[0] in "-/:\u2013_^" and after[1:].isalnum()))


def _value(text: str) -> float | None:
    if "," in text:
        return float(text.replace(",", "")) if _THOUSANDS.fullmatch(text) else None
    return float(text) if text.count(".") <= 1 else None


def _is_year(parsed: Parsed, at: int, follower: str) -> bool:
    token = parsed.tokens[at]
    if not _YEAR.fullmatch(token.text) or follower in _SCALES:
        return False
    if parsed.text[: token.start].endswith("("):
        return True
    if at == 0 or parsed.tokens[at - 1].lower not in _BEFORE_YEAR:
        return False
    # "in 1687 he …" is a year; "of 1500 metres" is none, which only the word after it tells.
    return not follower.endswith("s") or follower in _AFTER_YEAR


_AFTER_YEAR: Final = words("as was his its this")
