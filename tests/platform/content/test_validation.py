"""What may be asked for."""

from typing import Any

import pytest

from content_runs import water_request
from toolboxai.errors import SourceRequired, ValidationError
from toolboxai.platform.content.model.request import MAX_SOURCE_CHARS, SUPPORTED_QUESTION_TYPES, Objective
from toolboxai.platform.content.validation import check_request, grade_band


@pytest.mark.parametrize(
    ("given", "band"),
    [(7, (7, 7)), ("6-8", (6, 8)), ("K-2", (0, 2)), ("k", (0, 0)), ("Grade 5", (5, 5)), ("9 to 12", (9, 12))],
)
def test_a_grade_is_a_year_or_a_band(given: str | int, band: tuple[int, int]) -> None:
    assert grade_band(given) == band


@pytest.mark.parametrize("given", ["", "8-6", 17, -1, "sixth", "6-8-10", "\u0667"])
def test_other_grades_are_refused(given: str | int) -> None:
    with pytest.raises(ValueError, match="band"):
        grade_band(given)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": " "}, "subject"),
        ({"title": ""}, "title"),
        ({"language": "english please"}, "language"),
        ({"difficulty": "brutal"}, "difficulty"),
        ({"learning_objectives": []}, "learning_objectives"),
        ({"learning_objectives": [Objective("x")] * 11}, "learning_objectives"),
        ({"learning_objectives": [Objective("Explain rain", "guess")]}, "learning_objectives[0]"),
        ({"learning_objectives": [Objective("  ")]}, "learning_objectives[0]"),
        ({"duration_minutes": 4}, "duration_minutes"),
        ({"duration_minutes": 121}, "duration_minutes"),
        ({"num_questions": 0}, "num_questions"),
        ({"num_questions": 51}, "num_questions"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**53}, "seed"),
        ({"question_types": []}, "question_types"),
        ({"grade_level": "x"}, "grade_level"),
        ({"source_text": "x" * (MAX_SOURCE_CHARS + 1)}, "source_text"),
    ],
)
def test_a_field_that_cannot_be_served_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_request(water_request(**change))
    assert list(refused.value.details["fields"]) == [field]
    assert field in refused.value.message


def test_all_seven_kinds_of_question_can_be_asked_for_and_no_other() -> None:
    assert len(SUPPORTED_QUESTION_TYPES) == 7
    with pytest.raises(
        ValidationError,
        match="unknown: 'essays'; choose from multiple_choice, true_false, fill_blank, matching",
    ):
        check_request(water_request(question_types=["essays"]))
    check_request(water_request(question_types=list(SUPPORTED_QUESTION_TYPES)))


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ValidationError) as refused:
        check_request(water_request(subject="", seed=-1, num_questions=99))
    assert set(refused.value.details["fields"]) == {"subject", "seed", "num_questions"}


def test_without_a_text_nothing_is_invented() -> None:
    with pytest.raises(SourceRequired):
        check_request(water_request(source_text=" \n\t"))
