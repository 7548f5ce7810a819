"""A lesson: timed sections of statements, each with the sentence of the source it stands on, or ours."""

from enum import StrEnum

from msgspec import Struct

from toolboxai.platform.content.model.generator import GENERATOR
from toolboxai.platform.content.model.request import Difficulty, Objective

__all__ = [
    "Lesson",
    "LessonSection",
    "SectionKind",
    "Statement",
    "VocabularyEntry",
]


class Statement(Struct, frozen=True):
    """One line of a lesson.

    Args:
        text: when ``sentence`` is given, exactly that sentence of the source; else one of the fixed frames, into
            which at most words of the source or of the request were set.
        sentence: index of the sentence, or None for a frame.
        for_teacher: an answer to listen for; the student's sheet leaves it out.
        edited: somebody has written the text since.
    """

    text: str
    sentence: int | None = None
    for_teacher: bool = False
    edited: bool = False


class SectionKind(StrEnum):
    """What a section is for."""

    HOOK = "hook"
    VOCABULARY = "vocabulary"
    EXPLANATION = "explanation"
    ACTIVITY = "activity"
    CHECK = "check"
    EXIT_TICKET = "exit_ticket"


class LessonSection(Struct, frozen=True):
    """A timed part of the lesson; ``objectives`` are indexes in ``Lesson.objectives``.

    ``id`` is ``s1``, ``s2``, … in the order of the lesson when it was made; an edit never gives one to another section.
    ``edited`` sections were changed by somebody since.
    """

    kind: SectionKind
    title: str
    duration_minutes: int
    statements: tuple[Statement, ...]
    objectives: tuple[int, ...] = ()
    id: str = ""
    edited: bool = False


class VocabularyEntry(Struct, frozen=True):
    """A word to learn, its meaning where the text gives one, and the sentence that shows it.

    ``id`` is ``v1``, ``v2``, … as that of a section. Of an ``edited`` entry ``source_sentence`` may be empty and
    ``source_index`` None: no sentence of the source shows it.
    """

    term: str
    meaning: str | None
    source_sentence: str
    source_index: int | None
    id: str = ""
    edited: bool = False


class Lesson(Struct, frozen=True, kw_only=True):
    """The lesson; the minutes of ``sections`` sum exactly to ``duration_minutes``."""

    title: str
    subject: str
    grade_level: str
    language: str
    duration_minutes: int
    difficulty_level: Difficulty
    objectives: tuple[Objective, ...]
    vocabulary: tuple[VocabularyEntry, ...]
    sections: tuple[LessonSection, ...]
    warnings: tuple[str, ...] = ()
    generator: str = GENERATOR
