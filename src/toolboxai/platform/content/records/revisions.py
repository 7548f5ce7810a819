"""What became of a content since it was made: its revisions, and what keeps them.

Revision 1 is what the stages made; it stands in their results and is read from there. Every later one is kept whole.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, TypeVar

import msgspec
from msgspec import Struct

from toolboxai.platform.content.coverage import coverage, coverage_warnings
from toolboxai.platform.content.model.generator import GENERATOR
from toolboxai.platform.content.model.lesson import Lesson, LessonSection, VocabularyEntry
from toolboxai.platform.content.model.package import ContentFile, CoverageRow, Package, Summary
from toolboxai.platform.content.model.quiz import Question, Quiz
from toolboxai.platform.content.records.sessions import FileFacts

__all__ = [
    "FIRST",
    "KEPT",
    "Edition",
    "NewRevision",
    "Numbers",
    "RevisionFacts",
    "RevisionKind",
    "RevisionStore",
    "edition_of",
    "first_edition",
    "numbered",
    "restored_note",
]

FIRST: Final = 1
KEPT: Final = 200  # newest revisions, besides the first: an evening's work, at about 50 kB each

T = TypeVar("T", LessonSection, VocabularyEntry)

_RESTORED: Final = re.compile("revision ([1-9][0-9]{0,9}) again")


def restored_note(number: int) -> str:
    """The note of a revision that takes up an earlier one again; ``RevisionFacts.restores`` reads it."""
    return f"revision {number} again"


class RevisionKind(StrEnum):
    """How a revision came to be."""

    GENERATED = "generated"
    EDITED = "edited"
    REGENERATED = "regenerated"
    RESTORED = "restored"


class Numbers(Struct, frozen=True):
    """The highest numbers that ids of this content have had, so that none is ever given twice."""

    section: int = 0
    question: int = 0
    word: int = 0

    def beside(self, other: "Numbers") -> "Numbers":
        """The higher of each."""
        return Numbers(
            max(self.section, other.section),
            max(self.question, other.question),
            max(self.word, other.word),
        )


class Edition(Struct, frozen=True, kw_only=True):
    """What a revision holds.

    Args:
        warnings: of the stages, and what is true of this revision: gaps, too few questions, other minutes than asked.
        told: the warnings of the analysis, which no edit can settle.
        minutes: how many were asked for.
    """

    title: str
    generator: str = GENERATOR
    summary: Summary
    coverage: tuple[CoverageRow, ...]
    warnings: tuple[str, ...]
    lesson: Lesson
    quiz: Quiz
    numbers: Numbers
    told: tuple[str, ...]
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionFacts:
    """A revision without what it holds.

    Args:
        number: 1 and up; the newest one counts.
        title: of the content.
        note: what is different from the one before, for the teacher.
        author_id: user id of who made it.
        at: Unix seconds.
    """

    number: int
    kind: RevisionKind
    title: str
    note: str
    author_id: str
    at: float

    @property
    def restores(self) -> int | None:
        """The number of the revision that this one takes up again."""
        found = _RESTORED.fullmatch(self.note) if self.kind is RevisionKind.RESTORED else None
        return None if found is None else int(found[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRevision:
    """A revision to be kept after number `expected`.

    Args:
        document: JSON text of its ``Edition``.
        idempotency_key: of the caller; with the same content and key there is one revision only.
        request_sha256: of what was asked for, to tell whether a known key comes with the same request.
    """

    content_id: str
    expected: int
    kind: RevisionKind
    title: str
    note: str
    author_id: str
    at: float
    document: bytes = field(repr=False)
    idempotency_key: str | None = None
    request_sha256: str = ""


class RevisionStore(Protocol):
    """What keeps revisions and the files of each; the first revision is none of its own, but its files are."""

    async def add_revision(self, new: NewRevision) -> bool:
        """Make it the newest one, and its title that of the session, or do nothing.

        Files of other revisions than this and the first are forgotten, and revisions beyond ``KEPT``.

        Returns:
            Whether `expected` was the number of the newest one, and the key is new.
        """
        ...

    async def revisions(
        self, content_id: str, *, limit: int, before: int | None = None
    ) -> Sequence[RevisionFacts]:
        """Newest first; only those below the number `before`."""
        ...

    async def revision(self, content_id: str, number: int) -> bytes | None:
        """JSON text of the ``Edition``; None where it is not kept."""
        ...

    async def revision_of_key(self, content_id: str, idempotency_key: str) -> tuple[int, str] | None:
        """Number and ``request_sha256`` of the revision that was made with this key."""
        ...

    async def files(self, content_id: str, revision: int = FIRST) -> Sequence[FileFacts]:
        """What there is of this revision already, by format and audience."""
        ...

    async def file(
        self, content_id: str, format: str, audience: str, revision: int = FIRST
    ) -> ContentFile | None:
        """One file with its bytes."""
        ...

    async def keep_file(self, content_id: str, revision: int, file: ContentFile) -> None:
        """Keep a file; where there is one already it stays."""
        ...


# ---- editions -----------------------------------------------------------------------------------------------


def first_edition(
    package: Package, lesson: Lesson, quiz: Quiz, *, told: tuple[str, ...], minutes: int
) -> Edition:
    """What the stages made, as revision 1."""
    lesson = numbered(lesson)
    return Edition(
        title=package.title,
        generator=package.generator,
        summary=package.summary,
        coverage=package.coverage,
        warnings=package.warnings,
        lesson=lesson,
        quiz=quiz,
        numbers=Numbers(_highest(lesson.sections), _highest(quiz.questions), _highest(lesson.vocabulary)),
        told=told,
        minutes=minutes,
    )


def edition_of(before: Edition, *, title: str, lesson: Lesson, quiz: Quiz, numbers: Numbers) -> Edition:
    """The next edition: what follows from lesson and quiz is counted anew."""
    minutes = sum(section.duration_minutes for section in lesson.sections)
    lesson = msgspec.structs.replace(lesson, duration_minutes=minutes)
    rows = coverage(lesson, quiz)
    warnings = list(before.told)
    warnings += lesson.warnings
    if len(quiz.questions) < quiz.requested:
        warnings += quiz.warnings
    warnings += coverage_warnings(rows)
    if minutes != before.minutes:
        warnings.append(f"The sections take {minutes} minutes; {before.minutes} were asked for.")
    return Edition(
        title=title,
        generator=before.generator,
        summary=Summary(len(lesson.sections), len(quiz.questions), minutes),
        coverage=rows,
        warnings=tuple(warnings),
        lesson=lesson,
        quiz=quiz,
        numbers=numbers,
        told=before.told,
        minutes=before.minutes,
    )


def numbered(lesson: Lesson) -> Lesson:
    """The lesson with an id on every section and word, also one that was made before they had any."""
    return msgspec.structs.replace(
        lesson,
        sections=tuple(_with_ids(lesson.sections, "s")),
        vocabulary=tuple(_with_ids(lesson.vocabulary, "v")),
    )


def _with_ids(parts: Sequence[T], letter: str) -> Iterator[T]:
    for place, part in enumerate(parts, start=1):
        yield part if part.id else msgspec.structs.replace(part, id=f"{letter}{place}")


def _highest(parts: Iterable[LessonSection | Question | VocabularyEntry]) -> int:
    return max((int(part.id[1:]) for part in parts if re.fullmatch("[a-z][0-9]{1,9}", part.id)), default=0)
