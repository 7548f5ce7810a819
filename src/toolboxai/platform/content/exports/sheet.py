"""A content laid out for readers: what stands on the pupil's sheet or in the teacher's key, in order, in plain text.

Every readable form (Markdown, HTML, Word, PDF) writes a ``Sheet`` out and adds nothing: so the same questions, answers
and numbers stand in each of them, and what is not in the pupil's ``Sheet`` is in no pupil's file.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from toolboxai.platform.content.coverage import coverage_warnings
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.item import Item, make_item
from toolboxai.platform.content.exports.words import Words, words_for
from toolboxai.platform.content.model.generator import GENERATOR
from toolboxai.platform.content.model.lesson import LessonSection, SectionKind
from toolboxai.platform.content.model.package import Audience, CoverageRow
from toolboxai.platform.content.model.request import Objective

__all__ = ["Fact", "Line", "Part", "Row", "Sheet", "Word", "make_sheet"]

TASK: Final = "task"
QUOTE: Final = "quote"
EXPECTED: Final = "expected"


class Fact(Struct, frozen=True):
    """One line at the head of the sheet."""

    label: str
    text: str


class Line(Struct, frozen=True):
    """One line of a section.

    Args:
        kind: ``task`` (words to the pupils), ``quote`` (a sentence of the source) or ``expected`` (an answer, for the
            teacher).
        label: what stands before an expected answer; else empty.
        source: the number of its sentence, counted from 1; None for words that are not the text's, and for pupils.
    """

    kind: str
    text: str
    label: str = ""
    source: int | None = None


class Word(Struct, frozen=True):
    """A word to know; ``sentence`` is empty where no sentence of the source shows it."""

    term: str
    meaning: str | None
    sentence: str
    source: int | None = None


class Part(Struct, frozen=True):
    """A section of the lesson; ``time`` is its minutes in words."""

    number: int
    title: str
    minutes: int
    time: str
    lines: tuple[Line, ...]
    words: tuple[Word, ...] = ()


class Row(Struct, frozen=True):
    """A row of the coverage table; numbers of sections and questions with commas between, or the word for none."""

    objective: str
    sections: str
    questions: str


class Sheet(Struct, frozen=True, kw_only=True):
    """Everything that is written out.

    Args:
        language: tag of the words around the text: the text's own where we have its words, else ``en``.
        text_language: tag of the text.
        for_whom: whose sheet this is, in words.
        rows: of the coverage table; none for pupils.
        gaps: what the coverage table lacks, in words, or that it lacks nothing; none for pupils.
        notes: warnings of all stages, in English; none for pupils.
    """

    language: str
    text_language: str
    words: Words
    title: str
    teacher: bool
    for_whom: str
    generator: str
    minutes: int
    facts: tuple[Fact, ...]
    objectives: tuple[str, ...]
    parts: tuple[Part, ...]
    items: tuple[Item, ...]
    rows: tuple[Row, ...] = ()
    gaps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def make_sheet(document: ContentDocument, audience: Audience) -> Sheet:
    """Lay the content out for these readers."""
    lesson, teacher = document.lesson, audience is Audience.TEACHER
    words = words_for(lesson.language)
    own = lesson.language.partition("-")[0].lower() == words.language
    return Sheet(
        language=lesson.language if own else words.language,
        text_language=lesson.language,
        words=words,
        title=lesson.title,
        teacher=teacher,
        for_whom=words.for_teacher if teacher else words.for_student,
        generator=document.generator,
        minutes=lesson.duration_minutes,
        facts=tuple(_facts(document, words, teacher)),
        objectives=tuple(_objective(objective, words, teacher) for objective in lesson.objectives),
        parts=tuple(
            _part(number, section, document, words, teacher)
            for number, section in enumerate(lesson.sections, start=1)
        ),
        items=tuple(
            make_item(number, question, document, words, teacher)
            for number, question in enumerate(document.quiz.questions, start=1)
        ),
        rows=tuple(_rows(document, words)) if teacher else (),
        gaps=tuple(_gaps(document.coverage, words)) if teacher else (),
        notes=tuple(_notes(document)) if teacher else (),
    )


def _facts(document: ContentDocument, words: Words, teacher: bool) -> Iterator[Fact]:
    lesson = document.lesson
    yield Fact(words.subject, lesson.subject)
    yield Fact(words.grade, lesson.grade_level)
    yield Fact(words.duration, words.minutes.format(minutes=lesson.duration_minutes))
    if teacher:
        level = words.levels[lesson.difficulty_level.value]
        grade = document.analysis.readability.grade
        yield Fact(words.text_difficulty, words.reading_grade.format(level=level, grade=grade))
        offline = document.generator == GENERATOR
        made = words.made_offline if offline else words.made_with.format(generator=document.generator)
        yield Fact(words.made_by, made)
        yield Fact(words.numbers, words.numbers_meaning)


def _objective(objective: Objective, words: Words, teacher: bool) -> str:
    if not teacher or not objective.bloom_level:
        return objective.title
    level = objective.bloom_level
    return f"{objective.title} ({words.blooms.get(level.lower(), level)})"


def _part(
    number: int, section: LessonSection, document: ContentDocument, words: Words, teacher: bool
) -> Part:
    vocabulary = document.lesson.vocabulary if section.kind is SectionKind.VOCABULARY else ()
    return Part(
        number=number,
        title=section.title,
        minutes=section.duration_minutes,
        time=words.minutes_short.format(minutes=section.duration_minutes),
        lines=tuple(_lines(section, words, teacher)),
        words=tuple(
            Word(entry.term, entry.meaning, entry.source_sentence, _counted(entry.source_index, teacher))
            for entry in vocabulary
        ),
    )


def _lines(section: LessonSection, words: Words, teacher: bool) -> Iterator[Line]:
    expected = words.listen_for if section.kind is SectionKind.CHECK else words.expected
    for statement in section.statements:
        source = _counted(statement.sentence, teacher)
        if statement.for_teacher:
            if teacher:
                yield Line(EXPECTED, statement.text, expected, source)
        else:
            yield Line(TASK if statement.sentence is None else QUOTE, statement.text, source=source)


def _counted(index: int | None, teacher: bool) -> int | None:
    return index + 1 if teacher and index is not None else None


def _rows(document: ContentDocument, words: Words) -> Iterator[Row]:
    numbers = {question.id: number for number, question in enumerate(document.quiz.questions, start=1)}
    for row in document.coverage:
        questions = [numbers[name] for name in row.questions if name in numbers]
        yield Row(row.objective, _listed([at + 1 for at in row.sections], words), _listed(questions, words))


def _listed(numbers: Sequence[int], words: Words) -> str:
    return ", ".join(map(str, numbers)) or words.none


def _gaps(rows: Sequence[CoverageRow], words: Words) -> Iterator[str]:
    whole = True
    for number, row in enumerate(rows, start=1):
        if not (row.sections and row.questions):
            whole = False
            lacks = (
                words.no_question if row.sections else words.no_section if row.questions else words.neither
            )
            yield lacks.format(number=number)
    if whole:
        yield words.covered


def _notes(document: ContentDocument) -> Iterator[str]:
    """The warnings but for those of the coverage, which stand below its table."""
    told = set(coverage_warnings(document.coverage))
    return (warning for warning in document.warnings if warning not in told)
