"""Which parts of a lesson and a quiz serve which objective, and which objective is served by none."""

from collections.abc import Iterator, Sequence

from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.package import CoverageRow
from toolboxai.platform.content.model.quiz import Quiz

__all__ = ["coverage", "coverage_warnings"]


def coverage(lesson: Lesson, quiz: Quiz) -> tuple[CoverageRow, ...]:
    """One row for each objective, in order."""
    return tuple(
        CoverageRow(
            objective=objective.title,
            sections=tuple(at for at, section in enumerate(lesson.sections) if number in section.objectives),
            questions=tuple(question.id for question in quiz.questions if question.objective == number),
        )
        for number, objective in enumerate(lesson.objectives)
    )


def coverage_warnings(rows: Sequence[CoverageRow]) -> Iterator[str]:
    """The gaps: objectives without a section or without a question."""
    for number, row in enumerate(rows, start=1):
        lacks = [
            name for name, served in (("section", row.sections), ("question", row.questions)) if not served
        ]
        if lacks:
            yield f"Objective {number} has no {' and no '.join(lacks)}."
