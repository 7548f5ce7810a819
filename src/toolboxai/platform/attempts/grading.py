"""What an answer is worth: one function for all kinds of question, the same wherever the answer comes from.

Capitals, spaces, accents and a full stop at the end never count. A number may be written as it is elsewhere, with a comma
for the point, thousands parted, or its unit behind it; of two readings the one that is right counts.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import QuestionType

__all__ = ["ANSWER_CHARS", "ANSWER_PARTS", "Answer", "Grade", "fault_of", "grade", "plain_text", "same_text"]

ANSWER_CHARS: Final = 1000
ANSWER_PARTS: Final = 40
_LARGEST: Final = 1e18

Answer = str | float | bool | Sequence[str] | Mapping[str, str]
"""As it came in: text, a number, true or false, a list in order, or the partner of each prompt by its name."""

_MARKS: Final = re.compile("[\u0300-\u036f]")  # accents; the marks of other scripts are letters there
_EDGES: Final = " .,;:!?\u2026\"'\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,60}(?:[.,' ][0-9]{3})*)?(?:[.,][0-9]{1,60})?")
_MINUS: Final = str.maketrans("\u2212\u2013\u2010\u2011\u00a0\u202f\u2019", "----  '")


class Grade(NamedTuple):
    """What an answer is worth: ``score`` from 0 to 1, and ``correct`` where it is 1."""

    score: float

    @property
    def correct(self) -> bool:
        """Whether all of it is right."""
        return self.score == 1


def fault_of(question: Question, answer: Any) -> str | None:
    """Why something is no answer to the question at all, for whoever sent it; None when it is one, right or wrong."""
    match answer:
        case bool():
            allowed = question.type is QuestionType.TRUE_FALSE
        case int() | float():
            allowed = question.type is QuestionType.NUMERIC
            if allowed and not abs(answer) < _LARGEST:
                return f"a number between -{_LARGEST:.0e} and {_LARGEST:.0e} is needed"
        case str():
            allowed = question.type not in (QuestionType.MATCHING, QuestionType.ORDERING)
            if allowed and len(answer) > ANSWER_CHARS:
                return f"at most {ANSWER_CHARS} characters"
        case list() | tuple():
            allowed = question.type in (QuestionType.MATCHING, QuestionType.ORDERING)
            if allowed and not _short(answer):
                return f"at most {ANSWER_PARTS} texts of at most {ANSWER_CHARS} characters"
        case dict():
            allowed = question.type is QuestionType.MATCHING
            if allowed and not (_short(list(answer)) and _short(list(answer.values()))):
                return f"at most {ANSWER_PARTS} prompts with their partners, of at most {ANSWER_CHARS} characters"
        case _:
            allowed = False
    return None if allowed else _NEEDED[question.type]


_TEXT: Final = "a text is needed"
_NEEDED: Final[Mapping[QuestionType, str]] = {
    QuestionType.MULTIPLE_CHOICE: "one of the options is needed, as a text",
    QuestionType.TRUE_FALSE: "one of the options is needed, or true or false",
    QuestionType.FILL_BLANK: _TEXT,
    QuestionType.SHORT_ANSWER: _TEXT,
    QuestionType.NUMERIC: "a number is needed, or a text that holds one",
    QuestionType.ORDERING: "a list is needed, the options in their order",
    QuestionType.MATCHING: "a list is needed, a partner for each prompt in their order, or an object of prompt and partner",
}


def _short(parts: Sequence[Any]) -> bool:
    return len(parts) <= ANSWER_PARTS and all(
        isinstance(each, str) and len(each) <= ANSWER_CHARS for each in parts
    )


def grade(question: Question, answer: Any) -> Grade:
    """What an answer is worth that ``fault_of`` has let pass."""
    return Grade(_GRADERS[question.type](question, answer))


def _choice(question: Question, answer: Any) -> float:
    if isinstance(answer, bool):  # the options are the words for true and for false, in this order
        answer = question.options[0 if answer else 1]
    return float(any(same_text(answer, right) for right in question.answers))


def _text(question: Question, answer: Any) -> float:
    right = (*question.answers, *question.accepted)
    if any(same_text(answer, each) for each in right):
        return 1.0
    # Five and 5.0 are texts as well; two numbers are compared as numbers.
    given = set(_numbers(answer, ""))
    return float(any(given & set(_numbers(each, "")) for each in right))


def _numeric(question: Question, answer: Any) -> float:
    off = Decimal(str(question.tolerance))
    given = list(_numbers(answer, question.unit)) if isinstance(answer, str) else [Decimal(str(answer))]
    right = [Decimal(each) for each in (*question.answers, *question.accepted)]
    return float(any(abs(one - other) <= off for one in given for other in right))


def _in_order(question: Question, answer: Any) -> float:
    return _part_right(answer, question.answers)


def _pairs(question: Question, answer: Any) -> float:
    if isinstance(answer, Mapping):
        partners = {plain_text(prompt): partner for prompt, partner in answer.items()}
        answer = [partners.get(plain_text(prompt), "") for prompt in question.prompts]
    return _part_right(answer, question.answers)


def _part_right(given: Sequence[str], right: Sequence[str]) -> float:
    """The part of the places that hold what belongs there; too many given count as wrong ones."""
    places = list(zip_longest(given, right))
    hits = sum(one is not None and other is not None and same_text(one, other) for one, other in places)
    return hits / len(places) if places else 0.0


_GRADERS: Final[Mapping[QuestionType, Callable[[Question, Any], float]]] = {
    QuestionType.MULTIPLE_CHOICE: _choice,
    QuestionType.TRUE_FALSE: _choice,
    QuestionType.FILL_BLANK: _text,
    QuestionType.SHORT_ANSWER: _text,
    QuestionType.NUMERIC: _numeric,
    QuestionType.ORDERING: _in_order,
    QuestionType.MATCHING: _pairs,
}


# ---- what is the same -------------------------------------------------------------------------------------------


def same_text(one: str, other: str) -> bool:
    """Whether two texts are one answer. Where nothing is left of either, as of ``?``, they are compared as they are."""
    plain, others = plain_text(one), plain_text(other)
    if not plain or not others:
        return one.strip() == other.strip()
    return plain == others


def plain_text(text: str) -> str:
    """A text without what never counts; two that are the same then are one answer."""
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", text.translate(_MINUS)).casefold())
    return " ".join(unicodedata.normalize("NFC", bare).split()).strip(_EDGES)


def _numbers(text: str, unit: str) -> Iterator[Decimal]:
    """The numbers that a text may stand for; none when it is no number."""
    bare = " ".join(unicodedata.normalize("NFKC", text).translate(_MINUS).split())
    if unit:
        shown = " ".join(unicodedata.normalize("NFKC", unit).split())
        if bare.casefold().endswith(shown.casefold()):
            bare = bare[: len(bare) - len(shown)].strip()
    digits = bare.replace(" ", "").replace("'", "")
    if (
        not any(letter.isdecimal() for letter in digits)
        or not _NUMBER.fullmatch(bare)
        or not digits.isascii()
    ):
        return
    marks = [letter for letter in digits if letter in ".,"]
    if not marks:
        yield Decimal(digits)
        return
    last = marks[-1]
    # The last of two kinds parts the decimals, once, and so may a single one.
    if len(marks) == 1 or (len(set(marks)) == 2 and marks.count(last) == 1):
        other = "," if last == "." else "."
        yield Decimal(digits.replace(other, "").replace(last, "."))
    if len(set(marks)) == 1 and len(digits.rpartition(last)[2]) == 3:
        yield Decimal(digits.replace(last, ""))
