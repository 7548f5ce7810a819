"""What of a lesson and its quiz is for those who learn: no answer, no reason, no sentence that gives one away."""

from typing import Any

import msgspec

from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.quiz import Question, Quiz

__all__ = ["lesson_for_pupils", "quiz_for_pupils"]


def lesson_for_pupils(lesson: Lesson) -> dict[str, Any]:
    """The lesson as JSON, with what stands on the pupil's sheet."""
    shown: dict[str, Any] = msgspec.to_builtins(lesson)
    return {
        **{name: shown[name] for name in ("title", "subject", "grade_level", "language", "duration_minutes")},
        "objectives": [each.title for each in lesson.objectives],
        "vocabulary": [
            {
                "id": word.id,
                "term": word.term,
                "meaning": word.meaning,
                "source_sentence": word.source_sentence,
            }
            for word in lesson.vocabulary
        ],
        "sections": [
            {
                "id": section.id,
                "kind": section.kind.value,
                "title": section.title,
                "duration_minutes": section.duration_minutes,
                "statements": [line.text for line in section.statements if not line.for_teacher],
            }
            for section in lesson.sections
        ],
    }


def quiz_for_pupils(quiz: Quiz) -> dict[str, Any]:
    """The quiz as JSON, to be answered."""
    return {"title": quiz.title, "questions": [_asked(question) for question in quiz.questions]}


def _asked(question: Question) -> dict[str, Any]:
    return {
        "id": question.id,
        "type": question.type.value,
        "question": question.question,
        "options": list(question.options),
        "prompts": list(question.prompts),
        "unit": question.unit,
    }
