"""The Markdown form (CommonMark with one table), for reading, editing and pasting elsewhere.

Words of the source and of the request are escaped so that they read as they were written, whatever marks are in them.
"""

import re
from collections.abc import Iterator
from typing import Final

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.model import (
    Audience,
    LessonSection,
    Question,
    QuestionType,
    SectionKind,
    VocabularyEntry,
)

__all__ = ["escape", "render_markdown"]

_INLINE: Final = re.compile(r"[\\`*_\[\]<>~|]|&(?=#?[A-Za-z0-9]+;)")
_BLOCK_START: Final = re.compile(r"[#+\-=:]|[0-9]{1,9}(?=[.)])")
_BLANK: Final = r"\_\_\_\_\_"
_LETTERS: Final = "ABCDEFGH"


def escape(text: str) -> str:
    """One line of text as Markdown that shows exactly this text.

    A lone run of five low lines, a blank to fill in, means nothing to Markdown and stays readable.
    """
    escaped = _INLINE.sub(lambda mark: f"\\{mark[0]}", text)
    has_words = any(map(str.isalnum, text))  # without any it would be a rule across the page
    if has_words and text.count("_") == 5 and f" {_BLANK} " in f" {escaped} ".translate(_OPENERS):
        escaped = escaped.replace(_BLANK, "_____")
    if start := _BLOCK_START.match(escaped):
        number = start[0] if start[0].isdigit() else ""
        escaped = f"{number}\\{escaped[len(number) :]}"
    return escaped


# What may stand right before or after a blank in a sentence, seen as a space.
_OPENERS: Final = str.maketrans(dict.fromkeys("“”\"'.,;:()", " "))


def render_markdown(document: ContentDocument, audience: Audience) -> str:
    """The document for the teacher (plan, quiz, answers, coverage) or for the student (no answers)."""
    teacher = audience is Audience.TEACHER
    parts = [*_head(document, teacher), *_lesson(document, teacher), *_quiz(document, teacher)]
    if teacher:
        parts += [*_coverage(document), *_notes(document)]
    return "\n\n".join(parts) + "\n"


def _head(document: ContentDocument, teacher: bool) -> Iterator[str]:
    lesson = document.lesson
    yield f"# {escape(lesson.title)}"
    facts = [
        f"- Subject: {escape(lesson.subject)}",
        f"- Grade: {escape(lesson.grade_level)}",
        f"- Duration: {lesson.duration_minutes} minutes",
    ]
    if teacher:
        measured = document.analysis.readability.grade
        facts.append(f"- Difficulty of the text: {lesson.difficulty_level.value} (reading grade {measured})")
        facts.append("- Made from your text by the offline engine; quoted sentences are the text's own")
    yield "\n".join(facts)
    yield "## Learning objectives"
    yield "\n".join(
        f"{number}. {escape(objective.title)}"
        + (f" ({objective.bloom_level})" if teacher and objective.bloom_level else "")
        for number, objective in enumerate(lesson.objectives, start=1)
    )


def _lesson(document: ContentDocument, teacher: bool) -> Iterator[str]:
    yield "## Lesson"
    for number, section in enumerate(document.lesson.sections, start=1):
        yield f"### {number}. {escape(section.title)} ({section.duration_minutes} min)"
        yield from _section(section, document.lesson.vocabulary, teacher)


def _section(section: LessonSection, vocabulary: tuple[VocabularyEntry, ...], teacher: bool) -> Iterator[str]:
    quoted: list[str] = []
    for statement in section.statements:
        if statement.for_teacher:
            if teacher:
                yield f"*Listen for:* {escape(statement.text)}"
        elif statement.sentence is None:
            if quoted:
                yield "\n>\n".join(quoted)
                quoted = []
            yield escape(statement.text)
        else:
            quoted.append(f"> {escape(statement.text)}")
    if quoted:
        yield "\n>\n".join(quoted)
    if section.kind is SectionKind.VOCABULARY:
        yield "\n".join(_word(entry) for entry in vocabulary)


def _word(entry: VocabularyEntry) -> str:
    meaning = f": {escape(entry.meaning)}" if entry.meaning else ""
    return f"- **{escape(entry.term)}**{meaning}\n\n  > {escape(entry.source_sentence)}\n"


def _quiz(document: ContentDocument, teacher: bool) -> Iterator[str]:
    yield "## Quiz"
    if not document.quiz.questions:
        yield "There is no question in this quiz."
    for number, question in enumerate(document.quiz.questions, start=1):
        yield f"### Question {number}"
        yield escape(question.question)
        if question.options:
            yield "\n".join(
                f"- {_LETTERS[at]}) {escape(option)}" for at, option in enumerate(question.options)
            )
        elif not teacher:
            yield "Answer:"
        if teacher:
            yield "\n".join(_key(question, document))


def _key(question: Question, document: ContentDocument) -> Iterator[str]:
    letter = ""
    if question.type is QuestionType.MULTIPLE_CHOICE:
        letter = f"{_LETTERS[question.options.index(question.correct_answer)]}) "
    yield f"- **Answer:** {letter}{escape('; '.join(question.answers))}"
    yield f"- **Why:** {escape(question.rationale)}"
    yield f"- **Difficulty:** {question.difficulty.value}"
    if question.objective is not None:
        title = document.lesson.objectives[question.objective].title
        yield f"- **Objective {question.objective + 1}:** {escape(title)}"


def _coverage(document: ContentDocument) -> Iterator[str]:
    yield "## Coverage"
    rows = ["| Objective | Sections | Questions |", "| --- | --- | --- |"]
    for row in document.coverage:
        sections = ", ".join(str(at + 1) for at in row.sections) or "none"
        questions = ", ".join(name.removeprefix("q") for name in row.questions) or "none"
        rows.append(f"| {escape(row.objective)} | {sections} | {questions} |")
    yield "\n".join(rows)


def _notes(document: ContentDocument) -> Iterator[str]:
    if document.warnings:
        yield "## Notes"
        yield "\n".join(f"- {escape(warning)}" for warning in document.warnings)
