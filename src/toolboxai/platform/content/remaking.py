"""One part of a content made anew out of its text, beside all the others that stay as they are.

A section is made as if the sentences that it has, and those of the others, were not in the text; a question is one of
those that the quiz of another seed would have, if it goes with every question that stays, edited ones included.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import msgspec

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.language.lexicon import lexicon_for
from toolboxai.platform.content.lesson.compose import make_lesson
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson, LessonSection
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.report import Report, unheard
from toolboxai.platform.content.model.request import SUPPORTED_QUESTION_TYPES, QuestionType
from toolboxai.platform.content.progress import Progress
from toolboxai.platform.content.questions.quiz import make_quiz

__all__ = ["another_question", "another_section"]

_TRIES: Final = (
    4  # without the sentences of all sections; then as often with those of others, then with some of its own
)
_LEFT_OUT: Final = 0.25  # of what remains, by the dice: else every seed would choose the same
_HALF: Final = 0.5
_CANDIDATES: Final = 50  # as many questions as a quiz may have
_TELLS: Final = 0.5  # so much of one question's words, with its answer, in another one gives it away
_SAME: Final = 0.75  # so much alike, they are one question
_WRITTEN: Final = frozenset({QuestionType.FILL_BLANK, QuestionType.SHORT_ANSWER, QuestionType.NUMERIC})
_TOLD_BY_NOTHING: Final = frozenset({QuestionType.TRUE_FALSE, QuestionType.ORDERING, QuestionType.MATCHING})


# ---- a section ----------------------------------------------------------------------------------------------


def another_section(
    document: ContentDocument, section_id: str, seed: int, report: Report
) -> LessonSection | None:
    """Other statements for a section of the document; everything else of it stays.

    Returns:
        None when the text carries no other, or the section is none of those that are made from a text.
    """
    lesson = document.lesson
    present = next(section for section in lesson.sections if section.id == section_id)
    own = _quoted([present])
    others = _quoted([section for section in lesson.sections if section.id != section_id])
    passages = _passages(document)
    for number in range(3 * _TRIES):
        # The dice choose among equals; nothing secret hangs on them.
        dice = Random(f"section {section_id} {seed} {number}")  # noqa: S311 - as said above
        gone = (own | others, own, frozenset(index for index in own if dice.random() < _HALF))[
            number // _TRIES
        ]
        if number % _TRIES != _TRIES - 1:
            gone |= {index for index in passages.whole if dice.random() < _LEFT_OUT}
        analysis = _without(passages, gone)
        made = _counterpart(make_lesson(document.request, analysis, unheard), lesson, present)
        report(number + 1, 3 * _TRIES, "Looking for other sentences")
        if made is not None and _is_another(made, present):
            return msgspec.structs.replace(present, statements=made.statements, edited=False)
    return None


def _counterpart(made: Lesson, lesson: Lesson, present: LessonSection) -> LessonSection | None:
    """What stands in the place of a section in another lesson from the same text."""
    alike = [section for section in made.sections if section.kind is present.kind]
    same = [section for section in alike if section.objectives == present.objectives]
    if len(same) == 1:
        return same[0]
    siblings = [section.id for section in lesson.sections if section.kind is present.kind]
    place = siblings.index(present.id)
    return (
        alike[place]
        if len(alike) == len(siblings) and present.objectives == alike[place].objectives
        else None
    )


def _is_another(made: LessonSection, present: LessonSection) -> bool:
    """Whether it says something else; a section that quoted the text has to quote something that it did not."""
    if [one.text for one in made.statements] == [one.text for one in present.statements]:
        return False
    return not _quoted([present]) or not _quoted([made]) <= _quoted([present])


def _quoted(sections: Sequence[LessonSection]) -> frozenset[int]:
    return frozenset(
        statement.sentence
        for section in sections
        for statement in section.statements
        if statement.sentence is not None
    )


def _without(passages: Passages, gone: frozenset[int]) -> Analysis:
    """The analysis as if these sentences said nothing, nor those that point back to them; indexes stay."""
    empty: set[int] = set()
    for index in range(len(passages.parsed)):
        if index in gone or (index - 1 in empty and passages.leans(index)):
            empty.add(index)
    analysis = passages.analysis

    def left(indexes: Sequence[int]) -> tuple[int, ...]:
        return tuple(index for index in indexes if index not in empty)

    return msgspec.structs.replace(
        analysis,
        sentences=tuple(
            msgspec.structs.replace(one, text="", words=0) if one.index in empty else one
            for one in analysis.sentences
        ),
        concepts=tuple(
            msgspec.structs.replace(one, sentences=left(one.sentences))
            for one in analysis.concepts
            if left(one.sentences)
        ),
        definitions=tuple(one for one in analysis.definitions if one.sentence not in empty),
        quantities=tuple(one for one in analysis.quantities if one.sentence not in empty),
        relations=tuple(one for one in analysis.relations if one.sentence not in empty),
        dates=tuple(one for one in analysis.dates if one.sentence not in empty),
        enumerations=tuple(one for one in analysis.enumerations if empty.isdisjoint(one.sentences)),
        objectives=tuple(
            msgspec.structs.replace(one, sentences=left(one.sentences)) for one in analysis.objectives
        ),
    )


# ---- a question ---------------------------------------------------------------------------------------------


def another_question(
    document: ContentDocument, question_id: str, seed: int, report: Report
) -> Question | None:
    """A question for the place of one, of its type if the text carries one, with its id.

    Returns:
        None when there is none that neither repeats nor gives away one that stays.
    """
    present = next(one for one in document.quiz.questions if one.id == question_id)
    stay = [one for one in document.quiz.questions if one.id != question_id]
    passages = _passages(document)
    shown = [_Shown.of(passages, one) for one in stay]
    former = _Shown.of(passages, present)
    sentences = {index for one in stay for index in _sources(one)}
    # The dice choose among equals; nothing secret hangs on them.
    dice = Random(f"question {question_id} {seed}")  # noqa: S311 - as said above
    for kinds in _kinds(document, present):
        request = msgspec.structs.replace(
            document.request, seed=dice.getrandbits(53), num_questions=_CANDIDATES, question_types=kinds
        )
        made = list(make_quiz(request, document.analysis, document.lesson, report).questions)
        dice.shuffle(made)
        made.sort(key=lambda one: (one.objective != present.objective, one.difficulty != present.difficulty))
        for candidate in made:
            one = _Shown.of(passages, candidate)
            if (
                sentences.isdisjoint(_sources(candidate))
                and not one.repeats(former)
                and not any(one.clashes(other) for other in shown)
            ):
                return msgspec.structs.replace(candidate, id=question_id)
    return None


def _kinds(document: ContentDocument, present: Question) -> Iterator[list[str]]:
    """Of what type the new question may be: first that of the former, then any that was asked for."""
    if present.type in SUPPORTED_QUESTION_TYPES:
        yield [present.type.value]
    others = [kind for kind in document.request.question_types if kind != present.type]
    if others:
        yield others


def _sources(question: Question) -> tuple[int, ...]:
    if question.sources:
        return question.sources
    return () if question.source_index is None else (question.source_index,)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a pupil reads of a question, as stems.

    Args:
        asks: what it asks about, without the answer.
        shows: all of the subject that is seen.
        stem: the stem alone.
        answer: empty where no words of another question can tell it.
    """

    question: Question
    asks: frozenset[str]
    shows: frozenset[str]
    stem: frozenset[str]
    answer: frozenset[str]

    @classmethod
    def of(cls, passages: Passages, question: Question) -> "_Shown":
        """A question, ready to be compared."""
        told = question.type not in _TOLD_BY_NOTHING
        answer = passages.stems(" ".join(question.answers)) if told else frozenset[str]()
        body = passages.content(question.question)
        # The words of a frame are in many questions and say nothing of what is asked.
        subject = passages.content(question.source_sentence)
        asks = (body & subject if subject else body) - answer
        parts = (*question.prompts, *question.options) if question.type is not QuestionType.TRUE_FALSE else ()
        shows = body | passages.content(" ".join(parts))
        return cls(question, asks, shows, passages.stems(question.question), answer)

    def repeats(self, other: "_Shown") -> bool:
        """Whether both ask the same."""
        if self.question.question == other.question.question:
            return True
        smaller = min(len(self.asks), len(other.asks))
        alike = len(self.asks & other.asks) / smaller if smaller else 0.0
        return alike >= _SAME and (self.answer == other.answer or not (self.answer and other.answer))

    def clashes(self, other: "_Shown") -> bool:
        """Whether they may not stand in one quiz."""
        return self.repeats(other) or self._tells(other) or other._tells(self)

    def _tells(self, other: "_Shown") -> bool:
        """Whether reading this one tells the answer of the other."""
        if not other.answer:
            return False
        if other.question.type in _WRITTEN and other.answer <= self.stem:
            return True
        if not other.answer <= self.shows or not other.asks:
            return False
        return len(other.asks & self.shows) >= _TELLS * len(other.asks)


# ---- both ---------------------------------------------------------------------------------------------------


def _passages(document: ContentDocument) -> Passages:
    progress = Progress(unheard, len(document.analysis.sentences) + 1, "")
    return Passages(document.analysis, lexicon_for(document.request.language), progress)
