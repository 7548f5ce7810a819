"""The quiz in Aiken: questions on one line, lettered choices, one right letter. Nothing else has a place in it."""

import re
from string import ascii_uppercase
from typing import Final

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.written import Written, left_out
from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import QuestionType

__all__ = ["write_aiken"]

_KINDS: Final = (QuestionType.MULTIPLE_CHOICE, QuestionType.TRUE_FALSE)
_LIKE_A_CHOICE: Final = re.compile(r"[A-Za-z][).]\s|ANSWER:", re.IGNORECASE)
_ONLY: Final = "Aiken carries questions and right answers alone: why an answer is right, objectives and difficulty are left out."


def write_aiken(document: ContentDocument, _: Audience) -> Written:
    """The questions with choices; true or false has two of them, in the words of the lesson's language."""
    blocks, notes = [], [_ONLY]
    for question in document.quiz.questions:
        if reason := _reason(question):
            notes.append(left_out(question, reason))
            continue
        letters = zip(ascii_uppercase, question.options, strict=False)
        choices = "\n".join(f"{letter}) {option}" for letter, option in letters)
        right = ascii_uppercase[question.options.index(question.answers[0])]
        blocks.append(f"{question.question}\n{choices}\nANSWER: {right}\n")
    return Written("\n".join(blocks).encode(), tuple(notes))


def _reason(question: Question) -> str | None:
    if question.type not in _KINDS:
        return "Aiken has only questions with choices"
    if any("\n" in text or not text.strip() for text in (question.question, *question.options)):
        return "in Aiken a question and each choice are one line"
    if len(question.options) > len(ascii_uppercase):
        return "Aiken has 26 letters for choices"
    if _LIKE_A_CHOICE.match(question.question) or len(question.question) == 1:
        return "Aiken would take its first line for a choice or an answer"
    return None
