"""A quiz: questions that carry their answer, why it is right, and where the text says so."""

from typing import Final

from msgspec import Struct

from toolboxai.platform.content.model.generator import GENERATOR
from toolboxai.platform.content.model.request import Difficulty, QuestionType

__all__ = [
    "BLANK",
    "Question",
    "Quiz",
]

BLANK: Final = "_____"


class Question(Struct, frozen=True, kw_only=True):
    """One question, answerable from the sentences it names.

    ===============  =========================  =================================================================
    type             options                    correct_answer
    ===============  =========================  =================================================================
    multiple_choice  what to choose from        one of the options
    true_false       ``True``, ``False``        one of the options
    fill_blank       none                       the missing words; ``accepted`` count as well
    short_answer     none                       the answer; ``accepted`` count as well
    numeric          none                       digits, a decimal point and a sign; up to ``tolerance`` away counts
    ordering         the items, shuffled        the items in their order; a year that orders them is a blank
    matching         the partners, shuffled     for each of ``prompts``, in their order, its partner
    ===============  =========================  =================================================================

    Args:
        id: ``q1``, ``q2``, … in the order of the quiz when it was made; an edit never gives one to another question.
        question: what the pupil reads; a blank is five low lines.
        options: all distinct.
        prompts: of a matching question, what partners are sought for, all distinct.
        accepted: other answers that are as good.
        tolerance: of a numeric question, how far off an answer may be; 0 when it must be exact.
        unit: of a numeric question, what the number counts; empty when nothing is said.
        rationale: why, quoting the text.
        source_sentence: exactly ``Analysis.sentences[source_index].text``; several are joined by a space. The words of
            ``correct_answer`` stand in it, but for those for true and false; a number may have thousands parted there.
        source_index: of the first sentence.
        sources: indexes of all sentences, when there are several; else empty.
        objective: index of the learning objective that the sentence speaks of, or None.
        edited: somebody has changed or written it since. ``source_sentence`` is then empty and ``source_index`` None
            where the source does not have the answer.
    """

    id: str
    type: QuestionType
    question: str
    options: tuple[str, ...]
    correct_answer: str | tuple[str, ...]
    rationale: str
    source_sentence: str
    source_index: int | None
    objective: int | None
    difficulty: Difficulty
    prompts: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    tolerance: float = 0.0
    unit: str = ""
    sources: tuple[int, ...] = ()
    edited: bool = False

    @property
    def answers(self) -> tuple[str, ...]:
        """The parts of the right answer, one but for ordering and matching."""
        return (self.correct_answer,) if isinstance(self.correct_answer, str) else self.correct_answer


class Quiz(Struct, frozen=True, kw_only=True):
    """The questions; fewer than ``requested`` when the text does not carry more, and then a warning says so."""

    title: str
    requested: int
    questions: tuple[Question, ...]
    warnings: tuple[str, ...] = ()
    generator: str = GENERATOR

    def by_type(self) -> dict[str, int]:
        """How many questions of each type there are, in the order of ``QuestionType``; absent types are left out."""
        counts = {
            kind.value: sum(question.type is kind for question in self.questions) for kind in QuestionType
        }
        return {kind: count for kind, count in counts.items() if count}
