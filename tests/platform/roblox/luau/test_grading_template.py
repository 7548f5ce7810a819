"""The script that grades in a world and the server's own grading are one, letter by letter and digit by digit."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_roblox import FakeRoblox
from small_worlds import small_plan, small_spec, station_question
from toolboxai.platform.attempts.grading import fault_of, grade, plain_text
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import Difficulty, QuestionType
from toolboxai.platform.roblox.luau.quiz_data import answers_data
from toolboxai.platform.roblox.luau.scripts import scripts
from toolboxai.platform.roblox.luau.words import player_words
from toolboxai.platform.roblox.model.spec import StationQuestion

WORLD = FakeRoblox([each for each in scripts(small_spec(), small_plan()) if each.kind == "module"])
GRADE = """
local Grading = require(game:GetService("ServerStorage").Grading)
local question, answer = ...
local key = Grading.key(question)
if not Grading.isAnswer(key, answer) then
	return "refused"
end
return Grading.grade(key, answer)
"""
PLAIN = 'return require(game:GetService("ServerStorage").TextFolding).plain(...)'

OLD = unicodedata.ucd_3_2_0
LETTERS = st.characters(exclude_categories=["Cs", "Co", "Cn"]).filter(
    lambda letter: OLD.category(letter) != "Cn"
)
TEXTS = st.one_of(
    st.text(LETTERS, max_size=20),
    st.text(
        "aÅåİ\u0131ß\u017f\u03a3\u03c3\u03c2éE\u0301\u0345\u0344\u3099\u05b0\u05bc\u304c\ud55c\uff46\u2460\u2474\ufdfa\u338f…\u00a0 -\u2013\u2212.,'\"\u201e",
        max_size=20,
    ),
    st.lists(st.text("0123456789", min_size=1, max_size=4), max_size=5).map(".".join),
    st.text("0123456789.,' +-kmKM\u00a0\u2212\uff11²", max_size=14),
)


def asked_by_the_server(question: StationQuestion) -> Question:
    return Question(
        id=question.id,
        type=QuestionType(question.type),
        question=question.question,
        options=question.options,
        prompts=question.prompts,
        correct_answer=question.correct_answer,
        accepted=question.accepted,
        tolerance=question.tolerance,
        unit=question.unit,
        rationale="",
        source_sentence="",
        source_index=None,
        objective=None,
        difficulty=Difficulty.EASY,
    )


def worth(question: StationQuestion, answer: Any) -> Any:
    [data] = answers_data([question], player_words("en"))
    return WORLD.do(GRADE, WORLD.value(data), WORLD.value(answer))


def expected(question: StationQuestion, answer: Any) -> Any:
    one = asked_by_the_server(question)
    return "refused" if fault_of(one, answer) else grade(one, answer).score


BLANK = station_question("q1", "fill_blank", "water vapour", accepted=("vapour",))
SHORT = station_question("q1", "short_answer", "Kurt Gödel", accepted=("Straße", "12", "?"))
NUMBER = station_question("q1", "numeric", "1234.5", tolerance=0.5, unit="km")
CLOSE = station_question("q1", "numeric", "3.2", tolerance=0.1)
EXACT = station_question("q1", "numeric", "-3", unit="°C")
THOUSANDS = station_question("q1", "numeric", "1500")
AREA = station_question("q1", "numeric", "12", unit="m²", accepted=("13",))
CHOICE = station_question("q1", "multiple_choice", "Évaporation", options=("Évaporation", "Runoff"))
TRUE = station_question("q1", "true_false", "True", options=("True", "False"))
ORDER = station_question("q1", "ordering", ("rain", "river", "sea", "cloud"))
PAIRS = station_question("q1", "matching", ("the sky", "the ground"), prompts=("Rain", "Runoff"))


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        (CHOICE, ["evaporation", " ÉVAPORATION. ", "Runoff", "", "x" * 1001, "é" * 1000]),
        (TRUE, ["true", "False", "TRUE ", "\uff34\uff32\uff35\uff25"]),
        (
            BLANK,
            ["WATER   Vapour", "\u201cVapour!\u201d", "water", "watervapour", "water\u2028vapour", "vapour…"],
        ),
        (
            SHORT,
            [
                "kurt godel",
                "Kurt Go\u0308del",
                "strasse",
                "12.0",
                "+12",
                "13",
                "?",
                " ? ",
                "!",
                "\uff11\uff12",
                "\u246b",
            ],
        ),
        (
            NUMBER,
            ["1,234.5", "1.234,5", "1 234,5 km", "1'234.5 KM", "1235.01", "about 1234", "1234 m", "km", ""],
        ),
        (
            NUMBER,
            [
                "1235",
                "1234",
                "1233.99",
                "1,234.500.000",
                "1234.5.",
                "\uff11\uff12\uff13\uff14\uff0e\uff15",
                "1234.5\u339e",
                "--1234.5",
            ],
        ),
        (
            CLOSE,
            ["3.1", "3.3", "3.30", "3.3000000000000000000001", "3,1", "3.09999999999999999", "03.2", ".32"],
        ),
        (EXACT, ["\u22123 °C", "-3°c", "3", "-3.0", "-03", "\u207b3", "-3 \u2103"]),
        (THOUSANDS, ["1,500", "1.500", "1 500", "1.5", "1500.0", "1'500", "15.00", "1,500.", "0001500"]),
        (AREA, ["12 m²", "12m2", "12 M²", "13", "12 m", "12."]),
        (ORDER, [["rain", "river", "sea", "cloud"], ["rain", "sea", "river", "cloud"], [], ["rain"], "rain"]),
        (ORDER, [["RAIN ", "River", "sea", "cloud", "x"], ["x"] * 40, ["x"] * 41, ["x" * 1001]]),
        (PAIRS, [["the sky", "the ground"], ["The Ground", "the ground"], ["the sky"], "the sky"]),
    ],
)
def test_an_answer_is_worth_the_same_in_a_world(question: StationQuestion, answers: list[Any]) -> None:
    found = {repr(answer): worth(question, answer) for answer in answers}
    assert found == {repr(answer): expected(question, answer) for answer in answers}


@given(TEXTS)
def test_what_never_counts_in_a_text_never_counts_in_a_world(text: str) -> None:
    found = WORLD.do(PLAIN, WORLD.value(text))
    assert found == unicodedata.normalize("NFD", plain_text(text))


@given(TEXTS, TEXTS, st.sampled_from(["fill_blank", "multiple_choice"]))
def test_any_two_texts_are_one_answer_in_both_or_in_neither(right: str, given_text: str, kind: str) -> None:
    question = station_question("q1", kind, right)
    assert worth(question, given_text) == expected(question, given_text)
    assert worth(question, right) == 1


@given(
    st.decimals(-10_000, 10_000, places=3),
    st.sampled_from([0.0, 0.1, 0.001, 0.25, 5.0, 1e-7]),
    st.one_of(st.decimals(-10_000, 10_000, places=3).map(str), st.text("0123456789.,' +-km", max_size=12)),
    st.integers(-2, 2),
)
def test_any_number_is_right_in_both_or_in_neither(right: Any, off: float, text: str, away: int) -> None:
    question = station_question("q1", "numeric", str(right), tolerance=off, unit="km")
    assert worth(question, text) == expected(question, text)
    near = f"{right + away * type(right)(str(off)):f} km"
    assert worth(question, near) == expected(question, near)


@given(
    st.lists(st.text("ab", max_size=2), max_size=5),
    st.lists(st.text("ab", max_size=2), min_size=1, max_size=5),
)
def test_places_are_counted_alike(given_parts: list[str], right: list[str]) -> None:
    question = station_question("q1", "ordering", tuple(right))
    assert worth(question, given_parts) == pytest.approx(expected(question, given_parts))


@pytest.mark.parametrize(
    "sent", [b"\xff\xfe", b"\xc3", 5, True, {"a": "b"}, {1: "x", 3: "y"}, [1], [["x"]], [b"\xff"]]
)
def test_what_a_client_can_make_up_is_no_answer(sent: Any) -> None:
    for question in (BLANK, NUMBER, TRUE, ORDER, PAIRS):
        assert worth(question, sent) == "refused"
