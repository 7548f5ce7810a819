"""Numbers, percentages and years, as the text writes them in digits, with the language's own marks in them."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from toolboxai.platform.content.analysis.reading import Parsed
from toolboxai.platform.content.language.grammar import Numbers
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.model.analysis import Quantity

__all__ = ["find_quantities"]

# A whole number of these sizes is a year when one of these words stands before it, or when a bracket does.
_YEAR: Final = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_DIGITS: Final = 12
_YEAR_DIGITS: Final = 4


def find_quantities(parsed: Parsed, lexicon: Lexicon) -> Iterator[Quantity]:
    """The quantities of one sentence, in order."""
    tokens, numbers = parsed.tokens, lexicon.grammar.numbers
    for at, token in enumerate(tokens):
        if not token.number or len(token.text) > _DIGITS or _glued(parsed, at):
            continue
        value = _value(token.text, numbers)
        if value is None:
            continue
        rest = parsed.text[token.end :]
        follower = tokens[at + 1].lower if at + 1 < len(tokens) and rest[:1] == " " else ""
        if parsed.text[token.end : token.end + 2].lstrip().startswith("%"):
            yield Quantity(token.text, "percent", value, "%", parsed.index)
        elif follower and not numbers.percent.isdisjoint((follower, _two_words(parsed, at + 1))):
            yield Quantity(token.text, "percent", value, "percent", parsed.index)
        elif _is_year(parsed, at, follower, lexicon):
            yield Quantity(token.text, "year", value, "", parsed.index)
        else:
            known = follower in lexicon.stopwords or follower in numbers.months
            unit = "" if known and follower not in numbers.scales else follower
            yield Quantity(token.text, "number", value, _noun(parsed, at, unit, lexicon), parsed.index)


def _two_words(parsed: Parsed, at: int) -> str:
    """A word and the one after it, as in "por ciento"."""
    return " ".join(token.lower for token in parsed.tokens[at : at + 2])


def _noun(parsed: Parsed, at: int, unit: str, lexicon: Lexicon) -> str:
    """What is counted, behind an adjective where nouns are told by their capital: "1.500 tätige Vulkane"."""
    tokens = parsed.tokens[at + 1 : at + 3]
    if not unit or not lexicon.grammar.forms.capitals or tokens[0].text[0].isupper() or len(tokens) < 2:
        return unit
    return tokens[1].lower if tokens[1].text[0].isupper() else ""


def _glued(parsed: Parsed, at: int) -> bool:
    """Whether letters, a minus or a slash touch the number, as in H2O, COVID-19, 3/4 or 10:30."""
    token = parsed.tokens[at]
    before, after = parsed.text[: token.start][-1:], parsed.text[token.end :][:2]
    if before.isalnum() or before in tuple("-/:\u2212#_^$\u20ac\u00a3"):
        return True
    return bool(after) and (after[0].isalpha() or (after[0] in "-/:\u2013_^" and after[1:].isalnum()))


def _value(text: str, numbers: Numbers) -> float | None:
    """What a number in the language's marks is; None when they stand where none may."""
    whole, mark, fraction = text.partition(numbers.decimal)
    if mark and not fraction.isdigit():
        return None
    if not whole.isdigit():
        if not _thousands(numbers.thousands).fullmatch(whole):
            return None
        whole = whole.replace(numbers.thousands, "")
    return float(f"{whole}.{fraction or 0}")


@lru_cache(maxsize=4)
def _thousands(mark: str) -> re.Pattern[str]:
    return re.compile(rf"[0-9]{{1,3}}(?:{re.escape(mark)}[0-9]{{3}})+")


def _is_year(parsed: Parsed, at: int, follower: str, lexicon: Lexicon) -> bool:
    numbers, capitals = lexicon.grammar.numbers, lexicon.grammar.forms.capitals
    token = parsed.tokens[at]
    before = parsed.tokens[at - 1].lower if at else ""
    if before in numbers.year_words and len(token.text) <= _YEAR_DIGITS and token.text.isdigit():
        return True
    if not _YEAR.fullmatch(token.text) or follower in numbers.scales:
        return False
    if parsed.text[: token.start].endswith("("):
        return True
    noun = at + 1 < len(parsed.tokens) and parsed.tokens[at + 1].text[0].isupper()
    if numbers.bare_years and not noun:
        return True
    if before not in numbers.before_year and before not in numbers.months:
        return False
    # "in 1687 he …" is a year; "of 1500 metres" is none, which only the word after it tells.
    if noun:
        return not capitals or before not in numbers.counting
    return not follower.endswith("s") or follower in lexicon.stopwords
