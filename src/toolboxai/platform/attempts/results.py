"""What a class has answered: counted for each question and each pupil, from first answers alone."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

from toolboxai.platform.attempts.grading import plain_text
from toolboxai.platform.attempts.model import FirstAnswer
from toolboxai.platform.content.exports.csv import guarded
from toolboxai.platform.content.model.quiz import Question

__all__ = ["PupilResult", "QuestionResult", "Results", "Wrong", "csv_by_pupil", "csv_by_question", "tally"]

_PLACES: Final = 4


@dataclass(frozen=True, slots=True)
class Wrong:
    """The wrong answer that was given most often, the earlier of two, and how often."""

    answer: Any
    times: int


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """One question.

    Args:
        question_id: of the quiz.
        question: the question itself; None when it has left the quiz since.
        answered: by how many pupils.
        right: how many of them had all of it right.
        score: the mean of their scores; None while nobody has answered.
        commonest_wrong: None when nobody was wrong.
    """

    question_id: str
    question: Question | None
    answered: int
    right: int
    score: float | None
    commonest_wrong: Wrong | None


@dataclass(frozen=True, slots=True)
class PupilResult:
    """One pupil.

    Args:
        user_id: of the account.
        name: what they are called where they answered.
        answered: how many questions.
        right: how many of them with all of it right.
        score: the mean of the scores of these; None while they have answered none.
        scores: of each question that they have answered, by its id.
    """

    user_id: str
    name: str
    answered: int
    right: int
    score: float | None
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Results:
    """Questions in the order of the quiz, those that have left it behind them; pupils in the order of their names."""

    questions: Sequence[QuestionResult]
    pupils: Sequence[PupilResult]


def tally(firsts: Sequence[FirstAnswer], questions: Sequence[Question], names: Mapping[str, str]) -> Results:
    """Count.

    Args:
        firsts: the first answer of each pupil to each question.
        questions: of the quiz as it is now.
        names: of the pupils, by user id; who is here and has not answered is a row of zeros.
    """
    asked = {question.id: question for question in questions}
    gone = dict.fromkeys(each.question_id for each in firsts if each.question_id not in asked)
    by_question = _grouped(firsts, lambda each: each.question_id)
    by_pupil = _grouped(firsts, lambda each: each.user_id)
    pupils = [_pupil(user_id, name, by_pupil.get(user_id, ())) for user_id, name in names.items()]
    return Results(
        [_question(each, asked.get(each), by_question.get(each, ())) for each in (*asked, *gone)],
        sorted(pupils, key=lambda pupil: (pupil.name.casefold(), pupil.user_id)),
    )


def _grouped(firsts: Sequence[FirstAnswer], key: Any) -> Mapping[str, Sequence[FirstAnswer]]:
    groups: dict[str, list[FirstAnswer]] = {}
    for each in firsts:
        groups.setdefault(key(each), []).append(each)
    return groups


def _question(question_id: str, question: Question | None, given: Sequence[FirstAnswer]) -> QuestionResult:
    return QuestionResult(
        question_id,
        question,
        len(given),
        sum(each.correct for each in given),
        _mean(each.score for each in given),
        _commonest([each.answer for each in given if not each.correct]),
    )


def _pupil(user_id: str, name: str, given: Sequence[FirstAnswer]) -> PupilResult:
    return PupilResult(
        user_id,
        name,
        len(given),
        sum(each.correct for each in given),
        _mean(each.score for each in given),
        {each.question_id: each.score for each in given},
    )


def _mean(scores: Iterable[float]) -> float | None:
    known = list(scores)
    return round(fmean(known), _PLACES) if known else None


def _commonest(answers: Sequence[Any]) -> Wrong | None:
    """Texts are one answer when they are graded as one."""
    first: dict[str, Any] = {}
    times = Counter[str]()
    for answer in answers:
        key = _key(answer)
        first.setdefault(key, answer)
        times[key] += 1
    if not times:
        return None
    ((key, most),) = times.most_common(1)
    return Wrong(first[key], most)


def _key(answer: Any) -> str:
    if isinstance(answer, str | bool):  # true and "True" are graded as one
        return plain_text(str(answer)) or str(answer)
    return json.dumps(answer, sort_keys=True)


# ---- as tables --------------------------------------------------------------------------------------------------


def csv_by_pupil(results: Results) -> bytes:
    """A row for each pupil, a column for each question with its score, empty where it was not answered."""
    ids = [each.question_id for each in results.questions]
    rows = [
        [pupil.name, pupil.answered, pupil.right, _cell(pupil.score)]
        + [_cell(pupil.scores.get(question_id)) for question_id in ids]
        for pupil in results.pupils
    ]
    return _table(["pupil", "answered", "right", "score", *ids], rows)


def csv_by_question(results: Results) -> bytes:
    """A row for each question."""
    rows = [
        [
            each.question_id,
            "" if each.question is None else each.question.type.value,
            "" if each.question is None else each.question.question,
            each.answered,
            each.right,
            _cell(each.score),
            "" if each.commonest_wrong is None else _written(each.commonest_wrong.answer),
            "" if each.commonest_wrong is None else each.commonest_wrong.times,
        ]
        for each in results.questions
    ]
    head = ["question_id", "type", "question", "answered", "right", "score", "commonest_wrong", "times"]
    return _table(head, rows)


def _cell(score: float | None) -> str:
    return "" if score is None else f"{round(score, _PLACES):g}"


def _written(answer: Any) -> str:
    if isinstance(answer, str):
        return answer
    if isinstance(answer, list):
        return "; ".join(map(str, answer))
    return json.dumps(answer, ensure_ascii=False)


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for row in (head, *rows):
        writer.writerow([guarded(str(cell)) for cell in row])
    return text.getvalue().encode("utf-8-sig")
