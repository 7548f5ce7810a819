"""A quiz as the scripts have it: what pupils read on one side, what is right on the other."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.roblox.luau.literals import Data, literal
from toolboxai.platform.roblox.model.spec import StationQuestion

__all__ = ["PART_LETTERS", "answers_data", "parted", "questions_data"]

PART_LETTERS: Final = 100_000
"""Half of what a script may have: a part is indented, and may end with the longest question."""

_TRUE_FALSE: Final = {"True": "is_true", "False": "is_false"}


def questions_data(questions: Sequence[StationQuestion], words: Mapping[str, str]) -> Sequence[Data]:
    """For the players' machines: nothing in it tells an answer. ``labels`` are the options as they are shown."""
    return [
        {
            "id": each.id,
            "type": each.type,
            "title": f"{words['question']} {number}",
            "question": each.question,
            "options": each.options,
            "labels": _shown(each, each.options, words),
            "prompts": each.prompts,
            "unit": each.unit,
        }
        for number, each in enumerate(questions, 1)
    ]


def answers_data(questions: Sequence[StationQuestion], words: Mapping[str, str]) -> Sequence[Data]:
    """For the server alone, in the order of the questions.

    ``right`` are the answers that count: any of them, or one for each place of an ordering or matching. ``ranges`` are
    the numbers that count, from and to, with all their digits: Luau's own numbers would round them. ``shown`` is told to
    a pupil who has answered.

    Raises:
        ValueError: a question that cannot be graded, with the reason.
    """
    return [_answers(each, words) for each in questions]


def parted(items: Sequence[Data], most: int = PART_LETTERS) -> Sequence[Sequence[Data]]:
    """Items in their order, shared out so that no part is longer than ``most`` letters of Luau; at least one part.

    A quiz of a hundred questions in a script of its own letters is longer than a script may be: each such letter is two
    or three escapes of four.
    """
    parts: list[list[Data]] = [[]]
    length = 0
    for item in items:
        letters = len(literal(item))
        if parts[-1] and length + letters > most:
            parts.append([])
            length = 0
        parts[-1].append(item)
        length += letters
    return parts


def _answers(question: StationQuestion, words: Mapping[str, str]) -> Data:
    if question.type not in set(QuestionType):
        raise ValueError(f"question {question.id}: nobody can grade the type {question.type!r}")
    right = (
        (question.correct_answer,) if isinstance(question.correct_answer, str) else question.correct_answer
    )
    counting: Sequence[str] = right
    ranges: list[Data] = []
    match question.type:
        case QuestionType.FILL_BLANK | QuestionType.SHORT_ANSWER:
            counting = (*right, *question.accepted)
        case QuestionType.NUMERIC:
            counting = ()
            ranges = [_range(question, each) for each in (*right, *question.accepted)]
    unit = f" {question.unit}" if question.unit else ""
    return {
        "id": question.id,
        "type": question.type,
        "unit": question.unit,
        "right": counting,
        "ranges": ranges,
        "shown": [f"{each}{unit}" for each in _shown(question, right, words)],
        "rationale": question.rationale,
    }


def _range(question: StationQuestion, number: str) -> Data:
    off = Decimal(str(question.tolerance))
    try:
        middle = Decimal(number)
    except InvalidOperation:
        middle = Decimal("nan")
    if not middle.is_finite() or not off.is_finite():
        raise ValueError(f"question {question.id}: {number!r} is no number that can be compared")
    return [f"{middle - off:f}", f"{middle + off:f}"]


def _shown(question: StationQuestion, texts: Sequence[str], words: Mapping[str, str]) -> Sequence[str]:
    if question.type != QuestionType.TRUE_FALSE:
        return texts
    return [words[_TRUE_FALSE[each]] if each in _TRUE_FALSE else each for each in texts]
