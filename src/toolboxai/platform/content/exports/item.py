"""One question as it stands on a sheet: how it is answered on paper, and its key for the teacher."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import zip_longest
from typing import Final

from msgspec import Struct

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.words import Words
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import QuestionType

__all__ = ["Choice", "Form", "Item", "KeyRow", "Pair", "letter_of", "make_item"]

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Form(StrEnum):
    """How pupils answer."""

    CHOICE = "choice"  # mark one letter
    WRITING = "writing"  # write on lines
    MATCHING = "matching"  # write a letter beside each item
    ORDERING = "ordering"  # write a number before each item


class Choice(Struct, frozen=True):
    """An option with its letter."""

    letter: str
    text: str


class Pair(Struct, frozen=True):
    """A row of a matching question: an item and, beside it, any of the partners. Either side may be empty."""

    item: str
    partner: str


class KeyRow(Struct, frozen=True):
    """A label of the teacher's key and its texts."""

    label: str
    texts: tuple[str, ...]


class Item(Struct, frozen=True, kw_only=True):
    """A question.

    Args:
        id: the question's.
        heading: such as ``Question 3``.
        hint: what to do with the items of a matching or ordering question.
        choices: of a choice.
        pairs: of a matching question; the items carry numbers, the partners letters.
        steps: of an ordering question, shuffled.
        lines: how many to write on.
        unit: stands behind the line.
        key: for the teacher alone.
    """

    id: str
    heading: str
    form: Form
    text: str
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    pairs: tuple[Pair, ...] = ()
    steps: tuple[str, ...] = ()
    lines: int = 0
    unit: str = ""
    key: tuple[KeyRow, ...] = ()


def letter_of(place: int) -> str:
    """From A to Z, then AA, AB and on."""
    around, at = divmod(place, len(_LETTERS))
    return (letter_of(around - 1) if around else "") + _LETTERS[at]


def make_item(
    number: int, question: Question, document: ContentDocument, words: Words, teacher: bool
) -> Item:
    """The question with this number on the sheet."""
    lettered = [f"{letter_of(at)}) {option}" for at, option in enumerate(question.options)]
    form, hint = _form(question, words)
    return Item(
        id=question.id,
        heading=words.question.format(number=number),
        form=form,
        text=question.question,
        hint=hint,
        choices=tuple(
            Choice(letter_of(at), option)
            for at, option in enumerate(question.options if form is Form.CHOICE else ())
        ),
        pairs=tuple(
            Pair(f"{at}. {prompt}" if prompt else "", partner or "")
            for at, (prompt, partner) in enumerate(zip_longest(question.prompts, lettered), start=1)
        )
        if form is Form.MATCHING
        else (),
        steps=question.options if form is Form.ORDERING else (),
        lines={Form.WRITING: 2 if question.type is QuestionType.SHORT_ANSWER else 1}.get(form, 0),
        unit=question.unit,
        key=tuple(_key(question, document, words)) if teacher else (),
    )


def _form(question: Question, words: Words) -> tuple[Form, str]:
    match question.type:
        case QuestionType.MULTIPLE_CHOICE | QuestionType.TRUE_FALSE:
            return Form.CHOICE, ""
        case QuestionType.MATCHING:
            return Form.MATCHING, words.match_hint
        case QuestionType.ORDERING:
            return Form.ORDERING, words.order_hint.format(count=len(question.options))
        case QuestionType.FILL_BLANK | QuestionType.SHORT_ANSWER | QuestionType.NUMERIC:
            return Form.WRITING, ""


def _key(question: Question, document: ContentDocument, words: Words) -> Iterator[KeyRow]:
    yield KeyRow(words.answer, tuple(_answers(question)))
    if question.accepted:
        yield KeyRow(words.accepted, question.accepted)
    if question.tolerance:
        yield KeyRow(words.tolerance, (words.tolerance_amount.format(amount=f"{question.tolerance:g}"),))
    yield KeyRow(words.why, (question.rationale,))
    yield KeyRow(words.source, tuple(_sources(question, document, words)))
    yield KeyRow(words.difficulty, (words.levels[question.difficulty.value],))
    if question.objective is not None:
        title = document.lesson.objectives[question.objective].title
        yield KeyRow(words.objective, (f"{question.objective + 1}. {title}",))


def _answers(question: Question) -> Iterator[str]:
    """The right answer as the teacher reads it, with the letters and numbers of the pupils' sheet."""
    letters = {option: letter_of(at) for at, option in enumerate(question.options)}
    match question.type:
        case QuestionType.MULTIPLE_CHOICE | QuestionType.TRUE_FALSE:
            yield from (f"{letters[answer]}) {answer}" for answer in question.answers)
        case QuestionType.MATCHING:
            for at, (prompt, partner) in enumerate(
                zip(question.prompts, question.answers, strict=True), start=1
            ):
                yield f"{at}. {prompt}: {letters[partner]}) {partner}"
        case QuestionType.ORDERING:
            yield from (f"{at}. {step}" for at, step in enumerate(question.answers, start=1))
        case QuestionType.NUMERIC:
            yield from (f"{answer} {question.unit}".rstrip() for answer in question.answers)
        case QuestionType.FILL_BLANK | QuestionType.SHORT_ANSWER:
            yield from question.answers


def _sources(question: Question, document: ContentDocument, words: Words) -> Iterator[str]:
    """Each sentence with its number; all in one where an edit has joined or changed them."""
    if question.source_index is None:
        yield words.no_source
        return
    indexes = question.sources or (question.source_index,)
    known = document.analysis.sentences
    texts = [known[index].text for index in indexes if index < len(known)]
    if " ".join(texts) == question.source_sentence:
        yield from (f"[{index + 1}] {text}" for index, text in zip(indexes, texts, strict=True))
    else:
        yield f"[{question.source_index + 1}] {question.source_sentence}"
