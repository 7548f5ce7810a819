"""The quiz in GIFT, Moodle's text form: choices, true or false, short answers, numbers and matching.

Seven characters mean something in GIFT and stand behind a backslash where they are text. Question texts say that they
are HTML (so that formulas are drawn and ``<`` is no tag); answers to type in are plain text.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.question_facts import (
    identifier,
    label,
    numeric_answers,
    objective_title,
    text_answers,
    tolerance,
    unit_note,
)
from toolboxai.platform.content.exports.written import Written, left_out
from toolboxai.platform.content.exports.xml import as_html
from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import QuestionType

__all__ = ["escape_gift", "write_gift"]

_SPECIAL: Final = re.compile(r"[\\~=#{}:]")
# Short answers with an arrow would be read as pairs of a matching question; GIFT has no escape for it.
_ARROW: Final = "->"
_NO_TAG: Final = re.compile(r"[<>`]")


def escape_gift(text: str) -> str:
    """The text as GIFT that means exactly this text."""
    return _SPECIAL.sub(r"\\\g<0>", text).replace("\n", r"\n")


def write_gift(document: ContentDocument, _: Audience) -> Written:
    """All questions but ordering; a comment above each gives Moodle its number and tags."""
    blocks, notes = [f"// {' '.join(document.title.split())}"], []
    for question in document.quiz.questions:
        if reason := _reason(question):
            notes.append(left_out(question, reason))
            continue
        answers = "\n".join(f"\t{line}" for line in _BODIES[question.type](question))
        opening = "{#" if question.type is QuestionType.NUMERIC else "{"
        blocks.append(
            f"// {' '.join(_comment(document, question))}\n"
            f"::{escape_gift(label(question))}::[html]{_html(question.question)}{opening}\n"
            f"{answers}\n\t####{_html(question.rationale, guarded=True)}\n}}"
        )
        notes += _notes(document, question)
    return Written(("\n\n".join(blocks) + "\n").encode(), tuple(notes))


def _reason(question: Question) -> str | None:
    if question.type not in _BODIES:
        return "GIFT has no such questions"
    if question.type in _TYPED and _ARROW in question.answers[0]:
        return "in GIFT an answer to type in cannot have an arrow (->) in it"
    return None


def _notes(document: ContentDocument, question: Question) -> Iterator[str]:
    if question.type in _TYPED:
        for answer in question.accepted:
            if _ARROW in answer:
                yield (
                    f"Of question {question.id} the accepted answer \u201c{answer}\u201d is left out: "
                    "in GIFT an answer to type in cannot have an arrow (->) in it."
                )
    if note := unit_note(question):
        yield note
    title = objective_title(document, question)
    if title is not None and _NO_TAG.search(title):
        yield (
            f"Of question {question.id} the objective is left out: "
            "in GIFT a tag cannot have the characters <, > and ` in it."
        )


def _comment(document: ContentDocument, question: Question) -> Iterator[str]:
    yield f"[id:{identifier(document, question.id)}]"
    yield f"[tag:difficulty: {question.difficulty.value}]"
    title = objective_title(document, question)
    if title is not None and not _NO_TAG.search(title):
        words = " ".join(title.split()).replace("]", "\\]")
        yield f"[tag:objective: {words}]"


def _multiple_choice(question: Question) -> Iterator[str]:
    for option in question.options:
        mark = "=" if option in question.answers else "~%0%" if option.startswith("%") else "~"
        yield f"{mark}{_html(option, guarded=True)}"


def _true_false(question: Question) -> Iterator[str]:
    yield "TRUE" if question.options[0] in question.answers else "FALSE"


def _typed(question: Question) -> Iterator[str]:
    for answer in text_answers(question):
        if _ARROW not in answer:  # Moodle takes a bare star for any characters
            yield f"={'%100%' if answer.startswith('%') else ''}{_plain(answer.replace('*', chr(92) + '*'))}"


def _numeric(question: Question) -> Iterator[str]:
    for answer, _, _ in numeric_answers(question):
        yield f"={answer}:{tolerance(question)}"


def _matching(question: Question) -> Iterator[str]:
    for prompt, partner in zip(question.prompts, question.answers, strict=True):
        yield f"={_html(prompt, guarded=True)} -> {escape_gift(partner)}"
    for option in question.options:
        if option not in question.answers:  # a partner of none
            yield f"= -> {escape_gift(option)}"


_TYPED: Final = (QuestionType.FILL_BLANK, QuestionType.SHORT_ANSWER)
_BODIES: Final[Mapping[QuestionType, Callable[[Question], Iterator[str]]]] = {
    QuestionType.MULTIPLE_CHOICE: _multiple_choice,
    QuestionType.TRUE_FALSE: _true_false,
    QuestionType.FILL_BLANK: _typed,
    QuestionType.SHORT_ANSWER: _typed,
    QuestionType.NUMERIC: _numeric,
    QuestionType.MATCHING: _matching,
}


def _html(text: str, *, guarded: bool = False) -> str:
    """HTML in GIFT; with ``guarded``, a text that begins like the name of a format is not taken for one."""
    return f"{'[html]' if guarded and text.startswith('[') else ''}{escape_gift(as_html(text))}"


def _plain(answer: str) -> str:
    return f"{'[plain]' if answer.startswith('[') else ''}{escape_gift(answer)}"
