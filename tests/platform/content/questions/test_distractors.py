"""Which wrong answers are no good: what is right as well, and what is of another sort than the answer."""

import re
from collections.abc import Iterator
from functools import cache

import pytest

from content_runs import run, unheard, water_request
from toolboxai.platform.content.analysis.analyse import analyse
from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.language.lexicon import lexicon_for
from toolboxai.platform.content.language.wordnet import load_nouns
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.progress import Progress
from toolboxai.platform.content.questions.word_kinds import said_to_be

BEEHIVE = """# The hive

A wolper is a person who looks after the hives of a village. A smoker is a tool that blows smoke into a hive.
An extractor is a drum that spins the honey out of the combs. A veil is a net that keeps stings away from the face.
A frame is a piece of wood that holds one comb of wax. The workers of a hive are female bees.
The bees of one hive carry nectar home from many flowers. The workers clean the hive and feed the young in spring.
The drones leave the hive on warm days in May and June. The combs of a hive hold honey and pollen for the winter.
The flowers of the lime tree give much nectar in July. A wolper opens the hives on a warm day without wind.
"""


@cache
def choices(text: str) -> tuple[Question, ...]:
    quizzes = (
        run(
            water_request(source_text=text, question_types=["multiple_choice"], num_questions=12, seed=seed)
        ).quiz
        for seed in range(4)
    )
    return tuple(question for quiz in quizzes for question in quiz.questions)


def asked_for(text: str, answer: str) -> Iterator[frozenset[str]]:
    """The wrong options beside an answer, in lower case."""
    for question in choices(text):
        if question.answers[0].lower() == answer:
            yield frozenset(option.lower() for option in question.options) - {answer}


def test_no_tool_stands_beside_a_person_that_the_text_alone_explains() -> None:
    tools = {"smoker", "extractor", "veil", "frame"}
    assert any(tools & wrong for tool in tools for wrong in asked_for(BEEHIVE, tool))
    assert not [wrong for wrong in asked_for(BEEHIVE, "wolper") if tools & wrong]
    assert not [wrong for tool in tools for wrong in asked_for(BEEHIVE, tool) if "wolper" in wrong]


def test_what_the_text_calls_a_kind_of_the_answer_is_no_wrong_answer() -> None:
    assert [one for one in choices(BEEHIVE) if "drones" in one.options or "bees" in one.options]
    assert not [
        one for one in choices(BEEHIVE) if {"bees", "workers"} <= {each.lower() for each in one.options}
    ]


@pytest.mark.parametrize(
    ("language", "between", "same"),
    [
        ("en", " are female ", True),
        ("en", " is an inner ", True),
        ("en", " are common in ", False),
        ("en", ", also called ", True),
        ("en", ", or ", True),
        ("en", " or ", False),
        ("en", " and ", False),
        ("en", " is harder than ", False),
        ("de", " sind weibliche ", True),
        ("de", " ist ein immergrüner ", True),
        ("de", " ist im ", False),
        ("de", ", auch ", True),
        ("de", " und ", False),
        ("de", " ist größer als der ", False),
        ("es", " son ", True),
        ("es", ", también llamada ", True),
        ("es", " y ", False),
        ("es", " es más grande que el ", False),
    ],
)
def test_which_words_make_one_thing_of_two_terms(language: str, between: str, same: bool) -> None:
    assert bool(re.search(lexicon_for(language).grammar.defining.kin, between)) is same


def test_what_is_said_of_a_term_twice_in_one_sentence_says_nothing_of_a_third() -> None:
    text = BEEHIVE.replace("The workers of a hive are female bees.", "")
    text += "A worker bee is a female bee that cleans the hive in the morning.\n"
    analysis = analyse(water_request(source_text=text), unheard)
    passages = Passages(analysis, lexicon_for("en"), Progress(unheard, 1, ""))
    bee, hive = (next(one for one in analysis.concepts if term in one.forms) for term in ("bee", "hive"))
    assert set(bee.sentences) & set(hive.sentences)
    assert not said_to_be(passages, bee, hive)


@pytest.mark.parametrize(
    ("noun", "sorts"),
    [
        ("librarian", {"person"}),
        ("bee", {"organism"}),
        ("newspaper", {""}),
        ("plant", {"", "organism"}),  # a factory, too
        ("wolper", set()),
    ],
)
def test_the_sorts_of_a_nouns_usual_meanings(noun: str, sorts: set[str]) -> None:
    assert load_nouns().sorts(noun) == sorts


def test_where_its_length_would_tell_the_answer_one_option_is_about_as_long() -> None:
    pattern = re.compile(r"\w")
    text = BEEHIVE.replace("veil", "mosquito veil").replace("frame", "fixed frame")
    told = [one for one in choices(text) if pattern.match(one.answers[0])]
    assert told
    for one in told:
        wrong = [len(option) for option in one.options if option not in one.answers]
        assert min(wrong) <= 2 * len(one.answers[0])
