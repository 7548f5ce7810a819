"""What every format for learning platforms says about a question: its name, its objective, numbers, identifiers."""

import hashlib
from decimal import ROUND_DOWN, Decimal
from typing import Final

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.model.quiz import Question

__all__ = [
    "identifier",
    "label",
    "numeric_answers",
    "objective_title",
    "shares",
    "text_answers",
    "tolerance",
    "unit_note",
]

_LABEL_CHARS: Final = 60


def identifier(document: ContentDocument, *parts: str) -> str:
    """A name for a part of this content: a letter and 32 hex digits, the same in each run, another for each content."""
    whole = "\0".join((document.content_id, *parts))
    return f"i{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()[:32]}"


def label(question: Question) -> str:
    """The question's name in a list of questions: its id and its first words, on one line."""
    words = " ".join(question.question.split())
    short = words if len(words) <= _LABEL_CHARS else f"{words[: _LABEL_CHARS - 1].rstrip()}\u2026"
    return f"{question.id} {short}"


def objective_title(document: ContentDocument, question: Question) -> str | None:
    """The title of the objective that the question serves, or None."""
    return None if question.objective is None else document.lesson.objectives[question.objective].title


def text_answers(question: Question) -> tuple[str, ...]:
    """All that counts as right in a question answered by typing: the right answer first, each once."""
    return tuple(dict.fromkeys((*question.answers, *question.accepted)))


def tolerance(question: Question) -> str:
    """How far off a number may be, without an exponent; ``0`` when it must be exact."""
    return _plain(Decimal(repr(question.tolerance))) if question.tolerance else "0"


def numeric_answers(question: Question) -> tuple[tuple[str, str, str], ...]:
    """For each right number: its digits, and the least and the greatest that count, without exponents."""
    off = Decimal(tolerance(question))
    return tuple(
        (answer, _plain(Decimal(answer) - off), _plain(Decimal(answer) + off))
        for answer in text_answers(question)
    )


def shares(whole: int, parts: int, places: int) -> tuple[str, ...]:
    """``whole`` parted into equal numbers of so many decimal places; the last one has the rest, so that all sum to it."""
    step = Decimal(1).scaleb(-places)
    each = (Decimal(whole) / parts).quantize(step, ROUND_DOWN)
    return (*(_plain(each) for _ in range(parts - 1)), _plain(whole - each * (parts - 1)))


def unit_note(question: Question) -> str | None:
    """The sentence for a unit that the format has no place for, unless the question itself names it."""
    if not question.unit or question.unit.casefold() in question.question.casefold():
        return None
    return (
        f"Of question {question.id} the unit ({question.unit}) is left out: the format has no place for it."
    )


def _plain(number: Decimal) -> str:
    return f"{number:f}"
