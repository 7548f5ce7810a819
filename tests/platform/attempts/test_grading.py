"""What an answer is worth, kind by kind."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.attempts.grading import ANSWER_CHARS, ANSWER_PARTS, fault_of, grade
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import Difficulty, QuestionType


def question(kind: str, right: str | tuple[str, ...], **changes: Any) -> Question:
    values: dict[str, Any] = {
        "id": "q1",
        "type": QuestionType(kind),
        "question": "What?",
        "options": (),
        "correct_answer": right,
        "rationale": "So it says.",
        "source_sentence": "",
        "source_index": None,
        "objective": None,
        "difficulty": Difficulty.EASY,
    }
    return Question(**{**values, **changes})


CHOICE = question("multiple_choice", "Condensation", options=("Condensation", "Runoff", "Évaporation"))
TRUE = question("true_false", "True", options=("True", "False"))
FALSO = question("true_false", "Falso", options=("Verdadero", "Falso"))
BLANK = question("fill_blank", "water vapour", accepted=("water vapor", "vapour"))
SHORT = question("short_answer", "Kurt Gödel", accepted=("Straße", "12"))
NUMBER = question("numeric", "1234.5", tolerance=0.5, unit="km")
EXACT = question("numeric", "-3", unit="°C")
THOUSANDS = question("numeric", "1500")
ORDER = question("ordering", ("rain", "river", "sea", "cloud"), options=("sea", "cloud", "rain", "river"))
PAIRS = question(
    "matching", ("the sky", "the ground"), prompts=("Rain", "Runoff"), options=("the ground", "the sky")
)


@pytest.mark.parametrize(
    ("asked", "answer", "score"),
    [
        # capitals, spaces, accents, marks at the edges, other forms of one letter
        (CHOICE, "Condensation", 1),
        (CHOICE, "  condensation. ", 1),
        (CHOICE, "Runoff", 0),
        (CHOICE, "", 0),
        (TRUE, "true", 1),
        (TRUE, True, 1),
        (TRUE, False, 0),
        (FALSO, False, 1),
        (FALSO, True, 0),
        (BLANK, "WATER   Vapour", 1),
        (BLANK, "water vapor", 1),
        (BLANK, "\u201cVapour!\u201d", 1),
        (BLANK, "water", 0),
        (BLANK, "watervapour", 0),
        (SHORT, "kurt godel", 1),
        (SHORT, "Kurt Go\u0308del", 1),
        (SHORT, "strasse", 1),
        (SHORT, "12.0", 1),
        (SHORT, "13", 0),
        # numbers as they are written in different places
        (NUMBER, 1234, 1),
        (NUMBER, 1234.5, 1),
        (NUMBER, 1235.1, 0),
        (NUMBER, "1,234.5", 1),
        (NUMBER, "1.234,5", 1),
        (NUMBER, "1 234,5 km", 1),
        (NUMBER, "1'234.5 KM", 1),
        (NUMBER, "1235.01", 0),
        (NUMBER, "1,234.500.000", 0),
        (NUMBER, "about 1234", 0),
        (NUMBER, "1234 m", 0),
        (NUMBER, "km", 0),
        (NUMBER, "1,234.567,8", 0),
        (SHORT, "1.234,567.8", 0),
        (EXACT, "\u22123 °C", 1),
        (EXACT, -3, 1),
        (EXACT, "3", 0),
        (THOUSANDS, "1,500", 1),
        (THOUSANDS, "1.500", 1),
        (THOUSANDS, "1,5", 0),
        (THOUSANDS, "1_500", 0),
        (THOUSANDS, "\u0661\u0665\u0660\u0660", 0),
        # lists have a share for each place
        (ORDER, ["rain", "river", "sea", "cloud"], 1),
        (ORDER, ["Rain", "river", "cloud", "sea"], 0.5),
        (ORDER, ["rain"], 0.25),
        (ORDER, [], 0),
        (ORDER, ["rain", "river", "sea", "cloud", "rain"], 0.8),
        (PAIRS, ["the sky", "the ground"], 1),
        (PAIRS, ["The sky", "the sky"], 0.5),
        (PAIRS, {"Runoff": "the ground", "rain": "the sky"}, 1),
        (PAIRS, {"Runoff": "the ground"}, 0.5),
    ],
)
def test_an_answer_is_worth(asked: Question, answer: Any, score: float) -> None:
    assert fault_of(asked, answer) is None
    worth = grade(asked, answer)
    assert (worth.score, worth.correct) == (score, score == 1)


def test_two_marks_are_not_one_answer_because_nothing_is_left_of_either() -> None:
    marks = question("multiple_choice", "!", options=("!", "?"))
    assert grade(marks, "!").correct
    assert not grade(marks, "?").correct


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (CHOICE, ["Condensation"]),
        (CHOICE, 1),
        (CHOICE, True),
        (CHOICE, None),
        (TRUE, 1),
        (BLANK, {"a": "b"}),
        (BLANK, "x" * (ANSWER_CHARS + 1)),
        (NUMBER, True),
        (NUMBER, [1]),
        (NUMBER, 10**400),
        (NUMBER, 1e300),
        (ORDER, "rain"),
        (ORDER, {"a": "b"}),
        (ORDER, ["rain", 1]),
        (ORDER, ["x"] * (ANSWER_PARTS + 1)),
        (PAIRS, "the sky"),
        (PAIRS, {"Rain": 1}),
        (PAIRS, {f"{number}": "x" for number in range(ANSWER_PARTS + 1)}),
    ],
)
def test_what_is_no_answer_to_the_question_is_told(asked: Question, answer: Any) -> None:
    assert fault_of(asked, answer)


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.text("019.,' -", max_size=12),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
    max_leaves=6,
)


@pytest.mark.parametrize("asked", [CHOICE, TRUE, BLANK, SHORT, NUMBER, ORDER, PAIRS])
@given(answer=ANY)
def test_whatever_comes_in_is_told_or_has_a_score(asked: Question, answer: Any) -> None:
    if fault_of(asked, answer) is None:
        assert 0 <= grade(asked, answer).score <= 1


@pytest.mark.parametrize("asked", [CHOICE, TRUE, BLANK, SHORT, NUMBER, EXACT, THOUSANDS, ORDER, PAIRS])
def test_the_right_answer_is_right(asked: Question) -> None:
    right = asked.correct_answer
    assert grade(asked, list(right) if isinstance(right, tuple) else right).correct
