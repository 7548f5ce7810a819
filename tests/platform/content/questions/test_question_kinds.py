"""One text of our own, and what the builders of each kind make of it."""

import pytest

from content_runs import run, water_request
from toolboxai.platform.content.model.analysis import Quantity
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import Difficulty
from toolboxai.platform.content.questions.numeric import tolerance_of

TEXT = """# Flying

Buoyancy is the force that lifts things in a fluid. A propeller is a set of blades that pulls an aircraft along. The
fuselage is the long body to which the wings are joined. A glider is an aircraft without an engine. A runway is a strip
of firm ground where pilots land.

The hydrogen balloon was first shown to the visitors of a fair in Paris. The hydrogen balloon was flown over the city for the first time in 1783.
Professor Charles filled the hydrogen balloon with great care for four days.
Otto Lilienthal built a machine of wood and cloth near the city of Berlin in 1891. Louis Bleriot led a flight
over the sea between France and England in 1909. Amelia Earhart explored the air over the Atlantic Ocean in 1932.

A passenger aircraft flies about 12,000 metres above the ground. The old airship had 61 beds for its guests. The wing
of an old glider weighed 2.5 kilograms without its cloth.

Before each flight the pilot goes through a list:

1. Check the fuel
2. Start the engine
3. Release the brakes
4. Ask the tower
"""


def asked(kind: str, seed: int = 0, count: int = 8) -> list[Question]:
    request = water_request(source_text=TEXT, question_types=[kind], num_questions=count, seed=seed)
    return list(run(request).quiz.questions)


def test_matching_terms_with_their_meanings() -> None:
    question = next(one for one in asked("matching") if one.prompts[0].isalpha())
    assert question.question == "Match each term with the meaning that the text gives it."
    meanings = {
        "Buoyancy": "the force that lifts things in a fluid",
        "Propeller": "a set of blades that pulls an aircraft along",
        "Fuselage": "the long body to which the wings are joined",
        "Glider": "an aircraft without an engine",
        "Runway": "a strip of firm ground where pilots land",
    }
    assert len(question.prompts) >= 3
    assert question.correct_answer == tuple(meanings[term] for term in question.prompts)
    assert question.difficulty is Difficulty.MEDIUM


def test_matching_events_with_their_years() -> None:
    question = next(one for one in asked("matching") if "_____" in one.prompts[0])
    assert question.question == "Match each event with the year that the text gives for it."
    assert (
        dict(zip(question.prompts, question.answers, strict=True)).items()
        <= {
            "The hydrogen balloon was flown over the city for the first time in _____.": "1783",
            "Otto Lilienthal built a machine of wood and cloth near the city of Berlin in _____.": "1891",
            "Louis Bleriot led a flight over the sea between France and England in _____.": "1909",
            "Amelia Earhart explored the air over the Atlantic Ocean in _____.": "1932",
        }.items()
    )


def test_ordering_steps_of_a_numbered_list() -> None:
    question = next(one for one in asked("ordering") if "_____" not in one.answers[0])
    assert question.question == "Put these in the order in which the text gives them under “Flying”."
    assert question.correct_answer == (
        "Check the fuel",
        "Start the engine",
        "Release the brakes",
        "Ask the tower",
    )
    assert len(question.sources) == 4


def test_ordering_events_by_their_years() -> None:
    question = next(one for one in asked("ordering") if "_____" in one.answers[0])
    assert question.question == (
        "Put these events from the text in the order in which they happened, the earliest first."
    )
    years = {"hydrogen": 1783, "Lilienthal": 1891, "Bleriot": 1909, "Earhart": 1932}
    order = [next(year for name, year in years.items() if name in item) for item in question.answers]
    assert order == sorted(order)


def test_short_answers_ask_with_the_word_of_the_answers_class() -> None:
    made = {one.question: one for seed in range(6) for one in asked("short_answer", seed)}
    expected = {
        "Who built a machine of wood and cloth near the city of Berlin in 1891?": "Otto Lilienthal",
        "Who explored the air over the Atlantic Ocean in 1932?": "Amelia Earhart",
        "When was the hydrogen balloon flown over the city for the first time?": "1783",
        "Where was the hydrogen balloon first shown to the visitors of a fair?": "Paris",
        "What is a strip of firm ground where pilots land?": "runway",
    }
    assert {question: made[question].correct_answer for question in expected if question in made} == expected
    assert "a runway" in made["What is a strip of firm ground where pilots land?"].accepted
    assert made["Who built a machine of wood and cloth near the city of Berlin in 1891?"].accepted == (
        "Lilienthal",
    )


def test_numbers_with_their_unit_and_how_far_off_one_may_be() -> None:
    made = {one.correct_answer: one for one in asked("numeric")}
    assert (made["12000"].unit, made["12000"].tolerance) == ("metres", 500)
    assert (made["61"].unit, made["61"].tolerance) == ("beds", 0)
    assert made["61"].question == (
        "Which number is missing in this sentence from the text? Write it in digits: "
        "“The old airship had _____ beds for its guests.”"
    )
    assert made["1909"].tolerance == 0


@pytest.mark.parametrize(
    ("text", "kind", "unit", "tolerance"),
    [
        ("1891", "year", "", 0),
        ("46", "number", "chromosomes", 0),
        ("2000", "number", "people", 0),
        ("86", "percent", "percent", 0.5),
        ("70", "percent", "%", 3.5),
        ("3.5", "number", "times", 0.05),
        ("0.02", "number", "mm", 0.001),
        ("6400", "number", "kilometres", 50),
        ("1000", "number", "metros", 50),
        ("979", "number", "meter", 0.5),
        ("40000", "number", "kilómetros", 2000),
        ("180", "number", "degrees", 0),
    ],
)
def test_what_was_counted_is_exact_and_what_was_measured_was_rounded(
    text: str, kind: str, unit: str, tolerance: float
) -> None:
    assert tolerance_of(Quantity(text, kind, float(text), unit, 0)) == pytest.approx(tolerance)


def test_a_small_number_may_be_written_as_a_word() -> None:
    text = TEXT.replace("61 beds", "12 beds")
    request = water_request(source_text=text, question_types=["fill_blank"], num_questions=20)
    question = next(one for one in run(request).quiz.questions if one.correct_answer == "12")
    assert question.accepted == ("twelve",)


def test_a_large_number_may_be_written_without_its_marks() -> None:
    text = TEXT.replace("61 beds", "12,500 beds")
    request = water_request(source_text=text, question_types=["fill_blank"], num_questions=20)
    question = next(one for one in run(request).quiz.questions if one.correct_answer == "12,500")
    assert question.accepted == ("12500",)


def test_the_dice_decide_the_order_in_which_options_stand() -> None:
    assert len({one.options for seed in range(8) for one in asked("ordering", seed)[:1]}) > 1
