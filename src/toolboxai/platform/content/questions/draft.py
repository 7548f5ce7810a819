"""A question before it is chosen: cheap to make by the thousand, finished only when its turn comes."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from toolboxai.platform.content.model.request import QuestionType

__all__ = ["Draft", "Finished", "in_case_of"]


@dataclass(frozen=True, slots=True)
class Finished:
    """All that the pupil sees, and the answer.

    Args:
        body: what of the stem is about the subject, without the frame around it; for matching and ordering all that
            is to be matched or ordered.
        options: with the right one among them, in the order to show; empty when the pupil writes.
        answer: as ``Question.correct_answer``.
        facts: for matching and ordering, what is to be known: what is asked and the answer to it, pair by pair.

    The others are as in ``Question``.
    """

    question: str
    body: str
    options: tuple[str, ...]
    answer: str | tuple[str, ...]
    rationale: str
    prompts: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    tolerance: float = 0.0
    unit: str = ""
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A possible question.

    Args:
        sentence: index of the sentence that answers it, or of the first of several.
        topic: the term or number asked for, in lower case; a quiz asks for each once. Empty for true or false, and
            where several are asked for.
        quality: higher is chosen first; drafts of one type are compared.
        recall: whether the pupil must find the answer without seeing it.
        variant: for true or false, which of the two it is; else empty.
        several: for matching and ordering, the sentences with what is asked for in each, by their indexes.
        finish: builds the question, or gives None when too few good distractors are to be had.
    """

    type: QuestionType
    sentence: int
    topic: str
    quality: float
    recall: bool
    finish: Callable[[Random], Finished | None]
    variant: str = ""
    several: tuple[tuple[int, str], ...] = ()

    @property
    def sentences(self) -> tuple[int, ...]:
        """The indexes of all sentences that answer it, in the order of the text."""
        return tuple(index for index, _ in self.several) or (self.sentence,)

    @property
    def topics(self) -> tuple[str, ...]:
        """All that is asked for."""
        topics = (topic for _, topic in self.several) if self.several else (self.topic,)
        return tuple(topic for topic in topics if topic)


def in_case_of(model: str, text: str) -> str:
    """``text`` with a first letter as large as that of ``model``."""
    if not text or not model[:1].isupper():
        return text
    return text[0].upper() + text[1:]
