"""One part of a content made anew by the engine: a section from other sentences, another question for the place of one."""

from enum import StrEnum

import msgspec

from toolboxai.errors import Conflict, ResourceNotFound
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.model.generator import GENERATOR
from toolboxai.platform.content.model.lesson import LessonSection
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.report import unheard
from toolboxai.platform.content.records.revisions import Edition, edition_of
from toolboxai.platform.content.run.stage_work import ContentEngine

__all__ = ["Part", "another", "check_part", "with_another"]


class Part(StrEnum):
    """What can be made anew by itself."""

    SECTION = "section"
    QUESTION = "question"


def check_part(edition: Edition, part: Part, part_id: str) -> None:
    """Whether an edition has this part.

    Raises:
        ResourceNotFound: it has not; the text names those it has.
    """
    parts = edition.lesson.sections if part is Part.SECTION else edition.quiz.questions
    if all(one.id != part_id for one in parts):
        have = ", ".join(one.id for one in parts) or "none"
        raise ResourceNotFound(
            f"there is no {part} {part_id[:40]!r} in the newest revision; there are {have}"
        )


def another(
    engine: ContentEngine, document: ContentDocument, part: Part, part_id: str, seed: int
) -> LessonSection | Question | None:
    """What the engine makes for the place of a part; None when the text carries no other."""
    make = engine.another_section if part is Part.SECTION else engine.another_question
    return make(document, part_id, seed, unheard)


def with_another(
    edition: Edition, part_id: str, made: LessonSection | Question | None
) -> tuple[Edition, str]:
    """The edition with the new part in the place of the old one, and a note of what was done.

    A section keeps its id, a question has one of its own: who answered the old one has not answered the new.

    Args:
        edition: has the part.
        part_id: of the old part.
        made: see ``another``.

    Raises:
        Conflict: there is no other.
    """
    lesson, quiz, numbers = edition.lesson, edition.quiz, edition.numbers
    before = edition
    match made:
        case LessonSection():
            before = _told(edition, "section", lesson.generator)
            sections = tuple(made if one.id == part_id else one for one in lesson.sections)
            lesson = msgspec.structs.replace(lesson, sections=sections)
            note = f"{part_id} made anew"
        case Question():
            before = _told(edition, "question", quiz.generator)
            numbers = msgspec.structs.replace(numbers, question=numbers.question + 1)
            made = msgspec.structs.replace(made, id=f"q{numbers.question}")
            questions = tuple(made if one.id == part_id else one for one in quiz.questions)
            quiz = msgspec.structs.replace(quiz, questions=questions)
            note = f"{made.id} in the place of {part_id}"
        case None:
            raise Conflict(
                f"the text carries no other {part_id} that neither repeats what stays nor gives any of it away; change it "
                "by hand, or leave it as it is"
            )
    return edition_of(before, title=edition.title, lesson=lesson, quiz=quiz, numbers=numbers), note


def _told(edition: Edition, what: str, generator: str) -> Edition:
    """The edition, with a warning where a model worded what the offline engine now makes a part of."""
    warning = (
        f"A {what} was made anew by the offline engine, out of the text's own sentences: {generator} words whole lessons "
        "and quizzes, not parts of them."
    )
    if generator == GENERATOR or warning in edition.told:
        return edition
    return msgspec.structs.replace(edition, told=(*edition.told, warning))
