"""A question before it is chosen: cheap to make by the thousand, finished only when its turn comes."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from toolboxai.platform.content.model import QuestionType

__all__ = ["Draft", "Finished", "in_case_of"]


@dataclass(frozen=True, slots=True)
class Finished:
    """All that the pupil sees, and the answer.

    Args:
        body: what of the stem is about the subject, without the frame around it.
        options: with the right one among them, in the order to show; empty when the pupil writes.
    """

    question: str
    body: str
    options: tuple[str, ...]
    answer: str
    rationale: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A possible question.

    Args:
        sentence: index of the sentence that answers it.
        topic: the term or number asked for, in lower case; a quiz asks for each once. Empty for true or false.
        quality: higher is chosen first; drafts of one type are compared.
        recall: whether the pupil must find the answer without seeing it.
        variant: for true or false, which of the two it is; else empty.
        finish: builds the question, or gives None when too few good distractors are to be had.
    """

    type: QuestionType
    sentence: int
    topic: str
    quality: float
    recall: bool
    finish: Callable[[Random], Finished | None]
    variant: str = ""


def in_case_of(model: str, text: str) -> str:
    """``text`` with a first letter as large as that of ``model``."""
    if not text or not model[:1].isupper():
        return text
    return text[0].upper() + text[1:]
