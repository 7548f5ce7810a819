"""What pupils are given of a content: all of the quiz but what would answer it."""

import json

from editions import made
from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.content.pupils import lesson_for_pupils, quiz_for_pupils


def test_a_pupil_is_given_the_quiz_without_what_would_answer_it() -> None:
    quiz = made().edition.quiz
    shown = quiz_for_pupils(quiz)
    assert [each["id"] for each in shown["questions"]] == [each.id for each in quiz.questions]
    for each in shown["questions"]:
        assert set(each) == {"id", "type", "question", "options", "prompts", "unit"}
    told = json.dumps(shown)
    for question in quiz.questions:
        assert question.rationale not in told
        if question.type in (QuestionType.FILL_BLANK, QuestionType.SHORT_ANSWER, QuestionType.NUMERIC):
            own = json.dumps(next(each for each in shown["questions"] if each["id"] == question.id))
            assert question.answers[0] not in own


def test_a_pupil_is_given_the_lesson_without_what_its_teacher_expects() -> None:
    lesson = made().edition.lesson
    shown = lesson_for_pupils(lesson)
    everything = [line for section in lesson.sections for line in section.statements]
    assert any(line.for_teacher for line in everything)
    kept = [text for section in shown["sections"] for text in section["statements"]]
    assert kept == [line.text for line in everything if not line.for_teacher]
    assert [section["id"] for section in shown["sections"]] == [section.id for section in lesson.sections]
    assert set(shown) == {
        "title",
        "subject",
        "grade_level",
        "language",
        "duration_minutes",
        "objectives",
        "vocabulary",
        "sections",
    }
