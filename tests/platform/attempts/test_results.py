"""Results are counted from first answers."""

import csv
import io
from typing import Any

import msgspec

from editions import made
from toolboxai.platform.attempts.model import FirstAnswer
from toolboxai.platform.attempts.results import Results, Wrong, csv_by_pupil, csv_by_question, tally

Q1, Q2, Q3 = (
    msgspec.structs.replace(each, id=f"q{number}")
    for number, each in enumerate(made().edition.quiz.questions[:3], start=1)
)


def first(user_id: str, question_id: str, answer: Any, score: float) -> FirstAnswer:
    return FirstAnswer(user_id, question_id, answer, score == 1, score, None, user_id)


def a_tally() -> Results:
    firsts = [
        first("user_1", "q1", "Rain", 0),
        first("user_2", "q1", "snow", 0),
        first("user_3", "q1", " rain. ", 0),
        first("user_1", "q2", ["a", "b"], 0.5),
        first("user_2", "q2", ["b", "a"], 1),
        first("user_1", "q9", "gone", 1),
    ]
    names = {"user_1": "Otter", "user_2": "=HYPERLINK(1)", "user_3": "badger", "user_4": "Newt"}
    return tally(firsts, [Q1, Q2, Q3], names)


def test_each_question_has_how_many_were_right_and_what_was_wrong_most_often() -> None:
    one, two, three, gone = a_tally().questions
    assert (one.answered, one.right, one.score) == (3, 0, 0)
    assert one.commonest_wrong == Wrong("Rain", 2), "graded as one answer, counted as one"
    assert (two.answered, two.right, two.score, two.commonest_wrong) == (2, 1, 0.75, Wrong(["a", "b"], 1))
    assert (three.answered, three.score, three.commonest_wrong) == (0, None, None)
    assert (gone.question_id, gone.question, gone.answered) == ("q9", None, 1)


def test_an_answer_in_json_and_as_a_word_are_counted_as_one() -> None:
    given = ["yes", False, "false"]
    firsts = [first(f"user_{number}", "q1", answer, 0) for number, answer in enumerate(given)]
    assert tally(firsts, [Q1], {}).questions[0].commonest_wrong == Wrong(False, 2)


def test_each_pupil_has_what_they_answered_and_who_did_not_is_there_too() -> None:
    pupils = {pupil.name: pupil for pupil in a_tally().pupils}
    assert list(pupils) == ["=HYPERLINK(1)", "badger", "Newt", "Otter"]
    otter = pupils["Otter"]
    assert (otter.answered, otter.right, otter.score) == (3, 1, 0.5)
    assert otter.scores == {"q1": 0, "q2": 0.5, "q9": 1}
    assert (pupils["Newt"].answered, pupils["Newt"].score, pupils["Newt"].scores) == (0, None, {})


def rows(table: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))


def test_as_csv_a_row_for_each_pupil_and_nothing_that_a_spreadsheet_runs() -> None:
    assert rows(csv_by_pupil(a_tally())) == [
        ["pupil", "answered", "right", "score", "q1", "q2", "q3", "q9"],
        ["'=HYPERLINK(1)", "2", "1", "0.5", "0", "1", "", ""],
        ["badger", "1", "0", "0", "0", "", "", ""],
        ["Newt", "0", "0", "", "", "", "", ""],
        ["Otter", "3", "1", "0.5", "0", "0.5", "", "1"],
    ]


def test_as_csv_a_row_for_each_question() -> None:
    _, one, two, _, gone = rows(csv_by_question(a_tally()))
    assert one == ["q1", Q1.type.value, Q1.question, "3", "0", "0", "Rain", "2"]
    assert two[-2:] == ["a; b", "1"]
    assert gone == ["q9", "", "", "1", "1", "1", "", ""]
