"""What a world takes from a lesson."""

from typing import Protocol

from toolboxai.errors import ResourceNotFound
from toolboxai.platform.content.downloads import Content, Downloads
from toolboxai.platform.content.model.lesson import Lesson, LessonSection
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.roblox.model.spec import LessonBoard, StationQuestion, WorldLesson

__all__ = ["ContentLessons", "Lessons", "world_lesson"]


class Lessons(Protocol):
    """Where lessons are asked for."""

    async def lesson(self, principal: Principal, content_id: str) -> WorldLesson:
        """A lesson as it is now.

        Raises:
            ResourceNotFound: there is none, or its answers are not this principal's to read.
        """
        ...


class ContentLessons:
    """Satisfies ``Lessons``.

    Args:
        downloads: has the contents.
    """

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads

    async def lesson(self, principal: Principal, content_id: str) -> WorldLesson:
        """See the port."""
        content = await self._downloads.content(principal, content_id)
        if not content.open:
            raise ResourceNotFound(f"no content {content_id!r} whose answers are yours to read")
        return world_lesson(content)


def world_lesson(content: Content) -> WorldLesson:
    """A lesson as a world shows it: what is for pupils on boards, the quiz at stations."""
    lesson = content.edition.lesson
    boards = [_vocabulary(lesson), *(_board(section) for section in lesson.sections)]
    return WorldLesson(
        content_id=content.session.content_id,
        revision=content.number,
        title=content.edition.title,
        language=lesson.language,
        boards=tuple(board for board in boards if board.lines),
        questions=tuple(_question(question) for question in content.edition.quiz.questions),
    )


def _board(section: LessonSection) -> LessonBoard:
    texts = (statement.text.strip() for statement in section.statements if not statement.for_teacher)
    return LessonBoard(section.title, tuple(text for text in texts if text))


def _vocabulary(lesson: Lesson) -> LessonBoard:
    entries = (
        f"{entry.term}: {entry.meaning or entry.source_sentence}".strip(" :") for entry in lesson.vocabulary
    )
    return LessonBoard(lesson.title, tuple(entry for entry in entries if entry))


def _question(question: Question) -> StationQuestion:
    return StationQuestion(
        id=question.id,
        type=question.type.value,
        question=question.question,
        options=question.options,
        prompts=question.prompts,
        correct_answer=question.correct_answer,
        accepted=question.accepted,
        tolerance=question.tolerance,
        unit=question.unit,
        rationale=question.rationale,
    )
