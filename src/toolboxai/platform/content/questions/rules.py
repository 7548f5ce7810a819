"""Whether a question is whole: its options, its answer and its kind fit one another, as ``model.quiz.Question`` says."""

import re
from collections.abc import Iterator
from typing import Final

from toolboxai.platform.content.model.quiz import BLANK, Question
from toolboxai.platform.content.model.request import QuestionType

__all__ = ["question_faults", "source_has_answer"]

_NUMBER: Final = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_GROUPING: Final = re.compile("(?<=[0-9])[,\u00a0\u202f' ](?=[0-9]{3})")
_PARTS: Final = (2, 12)
_CHOSEN: Final = frozenset({QuestionType.MULTIPLE_CHOICE, QuestionType.TRUE_FALSE})
_ALONE: Final = frozenset({QuestionType.FILL_BLANK, QuestionType.SHORT_ANSWER, QuestionType.NUMERIC})
_SEVERAL: Final = frozenset({QuestionType.ORDERING, QuestionType.MATCHING})


def question_faults(question: Question) -> Iterator[tuple[str, str]]:
    """Names of fields and what is wrong with each; nothing when the question is whole."""
    yield from _options(question)
    yield from _answer(question)
    kind = question.type
    if kind is QuestionType.MATCHING:
        if not _PARTS[0] <= len(question.prompts) <= _PARTS[1]:
            yield "prompts", f"a matching question has {_PARTS[0]} to {_PARTS[1]}"
    elif question.prompts:
        yield "prompts", f"only a matching question has some, this is {kind}; send []"
    if kind not in (QuestionType.FILL_BLANK, QuestionType.SHORT_ANSWER) and question.accepted:
        yield "accepted", f"only fill_blank and short_answer have some, this is {kind}; send []"
    if kind is not QuestionType.NUMERIC:
        if question.tolerance:
            yield "tolerance", f"only a numeric question has one, this is {kind}; send 0"
        if question.unit:
            yield "unit", f"only a numeric question has one, this is {kind}; send an empty text"
    if kind is QuestionType.FILL_BLANK and BLANK not in question.question:
        yield "question", f"a fill_blank question has a blank, {BLANK}, five low lines"


def _options(question: Question) -> Iterator[tuple[str, str]]:
    kind, count = question.type, len(question.options)
    if kind in _ALONE:
        if count:
            yield "options", f"a {kind} question has none; send []"
    elif kind is QuestionType.TRUE_FALSE:
        if count != 2:
            yield "options", "a true_false question has two, the words for true and for false, in this order"
    elif not _PARTS[0] <= count <= _PARTS[1]:
        yield "options", f"a {kind} question has {_PARTS[0]} to {_PARTS[1]}"


def _answer(question: Question) -> Iterator[tuple[str, str]]:
    kind, answer, options = question.type, question.correct_answer, question.options
    if kind in _SEVERAL:
        if isinstance(answer, str):
            yield "correct_answer", f"a {kind} question has a list"
        elif kind is QuestionType.ORDERING and sorted(answer) != sorted(options):
            yield "correct_answer", "all options, each once, in their right order"
        elif kind is QuestionType.MATCHING and not (
            len(answer) == len(question.prompts) and set(answer) <= set(options)
        ):
            yield "correct_answer", "for each of prompts, in their order, its partner among options"
    elif not isinstance(answer, str):
        yield "correct_answer", f"a {kind} question has one text"
    elif kind in _CHOSEN and answer not in options:
        yield "correct_answer", "it has to be one of options, letter for letter"
    elif kind is QuestionType.NUMERIC and not _NUMBER.fullmatch(answer):
        yield (
            "correct_answer",
            "digits, with a decimal point and a minus sign if need be, such as 2000 or -3.5",
        )
    elif answer.casefold() in (other.casefold() for other in question.accepted):
        yield "accepted", "the answer itself need not stand here; leave it out"


def source_has_answer(question: Question) -> bool:
    """Whether the words of the answer stand in the source sentence; of true and false nobody can tell."""
    if question.type is QuestionType.TRUE_FALSE:
        return True
    sentence = question.source_sentence.casefold()
    if question.type is QuestionType.NUMERIC:
        sentence = _GROUPING.sub("", sentence)
    return all(part.casefold() in sentence for part in question.answers)
