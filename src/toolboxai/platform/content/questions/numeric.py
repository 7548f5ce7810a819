"""The one number of a sentence, to be written in digits."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from random import Random
from typing import Final

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.model.analysis import Quantity
from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.content.questions.draft import Draft, Finished
from toolboxai.platform.content.questions.quantity_places import bounded, quantity_place
from toolboxai.platform.content.questions.spans import blank_out

__all__ = ["digits", "numeric_drafts", "other_spellings", "tolerance_of"]

# Units of the SI and those used beside it, by their names in English, Spanish and German, and their symbols: what has
# such a unit was measured and rounded, everything else was counted.
_MEASURED: Final = re.compile(
    r"(?:milli?|centi|zenti|deci|dezi|kilo|mega|giga|tera|micro|mikro|nano|hect[oa]|hekto)?"
    r"(?:met(?:re|er|ro)|gramm?e?o?|lit(?:re|er|ro)|ton(?:ne|elada)|hectarea?|hektar|kilo|kelvin|watt|vatio"
    r"|volt|voltio|amp[eè]re|amperio|newton|joule|julio|pascal|hert[zi]o?|mile|milla|foot|feet|inch|inche|pound|acre)(?:e?s|n|en)?"
    r"|[kcmµn]?m[²³]?|[km]?g|m?l|t|ha|°[cf]|[kmg]?w|k?v|[kmg]?hz|k?j|k?n|[hk]?pa"
)
_ACCENTS: Final = str.maketrans("áéíóú", "aeiou")
_MOST: Final = 0.05  # of the number itself; "1,000 metres" is no leave to write 500


def numeric_drafts(passages: Passages, index: int) -> Iterator[Draft]:
    """The number of a sentence that stands alone and has one number only, unless it is but a bound."""
    place = quantity_place(passages, index)
    if place is None or bounded(passages, index, place[1]):
        return
    quantity, start, end = place
    finish = partial(_ask, passages, quantity, start, end)
    yield Draft(QuestionType.NUMERIC, index, quantity.text, 1.0 + passages.weight(index), True, finish)


def _ask(passages: Passages, quantity: Quantity, start: int, end: int, dice: Random) -> Finished:
    text = passages.text(quantity.sentence)
    body = blank_out(text, start, end)
    return Finished(
        question=passages.frames.numeric.format(sentence=body),
        body=body,
        options=(),
        answer=digits(quantity.value),
        rationale=passages.frames.rationale_quote.format(sentence=text),
        tolerance=tolerance_of(quantity),
        unit=_unit(passages, quantity),
    )


def _unit(passages: Passages, quantity: Quantity) -> str:
    """What the number counts, when that is known: "12 equal parts" counts nothing that is called "equal"."""
    if quantity.kind == "percent":
        return "%"
    return "" if quantity.unit in passages.lexicon.modifiers else quantity.unit


def digits(value: float) -> str:
    """A number with a decimal point where it needs one, and no other marks."""
    return format(Decimal(repr(value)).normalize(), "f")


def other_spellings(passages: Passages, answer: str) -> tuple[str, ...]:
    """What is as good as a number written in digits: the word for a small one, a large one without its marks."""
    numbers, names = passages.lexicon.grammar.numbers, passages.lexicon.grammar.asking.numbers
    if answer.isdecimal() and int(answer) < len(names):
        return (names[int(answer)],)
    bare = answer.replace(numbers.thousands, "")
    marked = bare != answer and bare.replace(numbers.decimal, "", 1).isdecimal()
    return (bare,) if marked else ()


def tolerance_of(quantity: Quantity) -> float:
    """How far off an answer may be.

    Nothing for years and what was counted; for what was measured half of the last digit that is not a zero of
    rounding, but never more than a twentieth of the number.
    """
    decimal = Decimal(digits(quantity.value))
    whole = decimal == decimal.to_integral_value()
    measured = (
        quantity.kind == "percent" or _MEASURED.fullmatch(quantity.unit.translate(_ACCENTS)) is not None
    )
    if quantity.kind == "year" or not decimal or (whole and not measured):
        return 0.0
    exponent = decimal.normalize().as_tuple().exponent
    last = Decimal(5).scaleb(int(exponent) - 1)
    return float(min(last, abs(decimal) * Decimal(str(_MOST))))
