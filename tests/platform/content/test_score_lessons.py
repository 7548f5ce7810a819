"""The rubric by which questions are scored: each criterion finds what it is there to find."""

import runpy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from content_runs import run, water_request
from toolboxai.platform.content.analysis.reading import parse
from toolboxai.platform.content.analysis.suitability import leans_on_before
from toolboxai.platform.content.language.lexicon import lexicon_for
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import QuestionType

ROOT = Path(__file__).parents[3]
RUBRIC = runpy.run_path(str(ROOT / "scripts" / "score_lessons.py"))
MADE = run(water_request(num_questions=20))
LEANING = next(one.index for one in MADE.analysis.sentences if leans_on_before(parse(one), lexicon_for("en")))
CLOZE = "What completes this sentence from the text? “{}”"


def misses(question: Question) -> list[str]:
    judged = RUBRIC["Judged"]("text", question, MADE.analysis, lexicon_for("en"))
    return list(RUBRIC["judge"](judged))


def changed(kind: str, **changes: Any) -> Question:
    one = next(each for each in MADE.quiz.questions if each.type == kind)
    return msgspec.structs.replace(one, **changes)


def choice(sentence: str, answer: str, *wrong: str) -> Question:
    return changed(
        "multiple_choice",
        question=CLOZE.format(sentence),
        options=(answer, *wrong),
        correct_answer=answer,
        source_sentence=sentence.replace("_____", answer),
    )


@pytest.mark.parametrize(
    ("criterion", "question"),
    [
        ("whole stem", changed("short_answer", question="who was it")),
        (
            "one question",
            changed("short_answer", question="Who was strong, and the lion was weak, and so on, and on?"),
        ),
        ("article agrees", choice("Rain fell on an _____ in the old town.", "island", "lake", "river")),
        ("number agrees", choice("Rain fell on many old _____ in the town.", "lakes", "rivers", "meadow")),
        ("nothing dangles", changed("true_false", source_index=LEANING)),
        ("refers to nothing else", choice("Rain fell in the same way on a _____.", "lake", "river", "sea")),
        ("answer recoverable", changed("fill_blank", correct_answer="a dragon")),
        ("answer recoverable", changed("numeric", correct_answer="123456")),
        ("enough is said", changed("short_answer", question="What is it?")),
        ("answer not told", changed("fill_blank", question="Which word is left out? It is rain.", correct_answer="rain")),
        ("options distinct", choice("Rain fell on a _____ in the town.", "lake", "Lake", "river")),
        ("options distinct", choice("Rain fell on a _____ in the town.", "lake", "river")),
        ("same class", choice("Rain fell in _____ in the town.", "1687", "1674", "snow")),
        ("near kind", choice("Rain fell on a _____ in the town.", "glacier", "treaty", "democracy")),
        ("length tells nothing", choice("Rain fell on a _____ here.", "wide and very deep lake", "sea", "river")),
        ("none also right", choice("Rain and snow fell on a _____.", "lake", "snow", "river")),
    ],
)  # fmt: skip
def test_each_criterion_finds_what_it_is_there_to_find(criterion: str, question: Question) -> None:
    assert criterion in misses(question)


def test_a_good_question_misses_none() -> None:
    assert misses(choice("Rain fell on a _____ in the old town.", "lake", "river", "sea")) == []


def test_any_other_and_a_century_refer_to_no_other_sentence() -> None:
    body = "Rain fell more often than any other {}, in the third {} of the _____ of the town."
    options = ("lake", "river", "sea")
    assert misses(choice(body.format("weather", "century"), *options)) == []
    assert misses(choice(body.format("weather", "year"), *options)) == ["refers to nothing else"]
    assert misses(choice("Rain fell on the other side of the old _____.", *options)) == [
        "refers to nothing else"
    ]


def test_the_report_counts_by_kind_and_shows_every_miss() -> None:
    bad = changed("fill_blank", correct_answer="a dragon")
    good = choice("Rain fell on a _____ in the old town.", "lake", "river", "sea")
    judged = [RUBRIC["Judged"]("text", one, MADE.analysis, lexicon_for("en")) for one in (bad, good)]
    told = RUBRIC["report"](judged, markdown=True)
    assert "| questions | 1 | 1 | 2 |" in told
    assert "| answer recoverable | 1/1 | 0/1 | 1/2 |" in told
    assert f"- text, {QuestionType.FILL_BLANK}, misses answer recoverable: {bad.question}" in told
