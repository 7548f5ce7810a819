"""Stage quiz_generation: every rule that a question must keep, on several texts and many seeds."""

import re
from collections import Counter

import pytest

from content_runs import Run, run, source, water_request
from toolboxai.platform.content.lexicon import lexicon_for
from toolboxai.platform.content.model import (
    SUPPORTED_QUESTION_TYPES,
    Question,
    QuestionType,
    Sentence,
    SentenceKind,
)
from toolboxai.platform.content.reading import parse
from toolboxai.platform.content.suitability import leans_on_before, stands_alone
from toolboxai.platform.content.tokens import tokenise, variants

CHOICE, STATEMENT, FILL = QuestionType.MULTIPLE_CHOICE, QuestionType.TRUE_FALSE, QuestionType.FILL_BLANK
ENGLISH = lexicon_for("en")


@pytest.fixture(
    scope="module",
    params=[
        (name, seed, count)
        for name in ("water_cycle", "curie.txt", "cells.md")
        for seed, count in ((0, 10), (7, 40))
    ],
    ids=lambda param: f"{param[0]}-{param[1]}",
)
def made(request: pytest.FixtureRequest) -> Run:
    name, seed, count = request.param
    return run(water_request(source_text=source(name), seed=seed, num_questions=count))


def test_the_source_sentence_is_exact_and_holds_the_answer(made: Run) -> None:
    assert made.quiz.questions
    for question in made.quiz.questions:
        assert question.source_index is not None
        assert question.source_sentence == made.analysis.sentences[question.source_index].text
        assert question.source_sentence in question.rationale
        if question.type is not STATEMENT:
            meaning = question.answers[0]
            assert (
                meaning in question.source_sentence
                or meaning[0].lower() + meaning[1:] in question.source_sentence
            )


def test_a_blank_filled_with_the_answer_is_the_sentence_again(made: Run) -> None:
    for question in made.quiz.questions:
        if "_____" in question.question:
            body = question.question.split("\u201c", 1)[1].removesuffix("\u201d")
            assert body.replace("_____", question.answers[0]) == question.source_sentence


def test_true_statements_are_the_text_and_false_ones_contradict_one_thing_in_it(made: Run) -> None:
    for question in (one for one in made.quiz.questions if one.type is STATEMENT):
        assert question.options == ("True", "False")
        statement = question.question.split("\u201c", 1)[1].removesuffix("\u201d")
        assert (statement == question.source_sentence) == (question.answers[0] == "True")
        if question.answers[0] == "False":
            right, wrong = re.findall("\u201c(.*?)\u201d", question.rationale)[:2]
            assert right != wrong
            assert question.source_sentence.replace(right, wrong) == statement


def test_options_are_distinct_hold_the_answer_once_and_are_no_forms_of_one_another(made: Run) -> None:
    for question in (one for one in made.quiz.questions if one.type is CHOICE):
        assert 3 <= len(question.options) <= 4
        assert question.options.count(question.answers[0]) == 1
        assert len({option.lower() for option in question.options}) == len(question.options)
        wrong = [option for option in question.options if option != question.answers[0]]
        if len(tokenise(question.answers[0])) <= 3:
            assert not any(variants(question.answers[0], option, made.request.language) for option in wrong)
            assert not any(
                re.search(rf"\b{re.escape(o)}\b", question.source_sentence, re.IGNORECASE) for o in wrong
            )
        assert (
            len({option[0].isupper() for option in question.options}) == 1
            or not question.answers[0][0].isupper()
        )


def test_no_sentence_asked_about_starts_with_a_pronoun_or_is_too_short_or_too_long(made: Run) -> None:
    for question in made.quiz.questions:
        assert question.source_index is not None
        parsed = parse(made.analysis.sentences[question.source_index])
        assert not leans_on_before(parsed, lexicon_for(made.request.language))
        if "_____" in question.question or question.type is STATEMENT:
            assert 8 <= len(parsed.tokens) <= 30


def test_no_two_questions_ask_the_same(made: Run) -> None:
    questions = made.quiz.questions
    for key in (lambda q: q.question, lambda q: q.source_sentence.lower()):
        assert max(Counter(map(key, questions)).values()) == 1
    asked = Counter(q.answers[0].lower() for q in questions if q.type is not STATEMENT)
    assert max(asked.values(), default=1) == 1
    assert [question.id for question in questions] == [
        f"q{number}" for number in range(1, len(questions) + 1)
    ]


def test_no_stem_gives_away_what_another_question_wants_written(made: Run) -> None:
    for question in (one for one in made.quiz.questions if one.type is FILL):
        answer = re.compile(rf"\b{re.escape(question.answers[0])}\b", re.IGNORECASE)
        for other in made.quiz.questions:
            assert other is question or not answer.search(other.question), (question.question, other.question)


def test_fewer_good_ones_than_asked_are_fewer_and_a_warning_says_so(made: Run) -> None:
    quiz = made.quiz
    if len(quiz.questions) < quiz.requested:
        assert quiz.warnings[0].startswith(f"{quiz.requested} questions")
        assert f"and {len(quiz.questions)} were made" in quiz.warnings[0]
        assert quiz.warnings[0] in made.package.warnings
    else:
        assert len(quiz.questions) == quiz.requested
        assert quiz.warnings == ()


def test_types_are_shared_out_evenly_where_the_text_allows() -> None:
    assert run(water_request(num_questions=9)).quiz.by_type() == {
        "multiple_choice": 3,
        "true_false": 3,
        "fill_blank": 3,
    }


@pytest.mark.parametrize("kind", [QuestionType(kind) for kind in SUPPORTED_QUESTION_TYPES])
def test_only_the_types_asked_for_are_made(kind: QuestionType) -> None:
    quiz = run(water_request(question_types=[kind.value], num_questions=6)).quiz
    assert quiz.by_type() == {kind.value: 6}


def test_true_and_false_are_mixed() -> None:
    answers = [q.correct_answer for q in run(water_request(question_types=["true_false"])).quiz.questions]
    assert 3 <= answers.count("True") <= 7


def test_the_seed_changes_the_quiz_and_the_wish_for_difficulty_is_heard() -> None:
    def quiz(**changes: object) -> tuple[Question, ...]:
        return run(water_request(**changes)).quiz.questions

    assert quiz(seed=1) != quiz(seed=2)
    hard = sum(question.difficulty == "hard" for question in quiz(difficulty="hard"))
    easy = sum(question.difficulty == "easy" for question in quiz(difficulty="easy"))
    assert hard > sum(question.difficulty == "hard" for question in quiz(difficulty="easy"))
    assert easy > sum(question.difficulty == "easy" for question in quiz(difficulty="hard"))


def test_another_language_gets_blanks_only() -> None:
    quiz = run(water_request(source_text=source("agua_pt.txt"), language="pt")).quiz
    assert set(quiz.by_type()) == {"fill_blank"}


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("Rivers carry most of the rain back to the sea.", True),
        ("Rivers carry rain back.", False),
        ("They carry most of the rain back to the sea.", False),
        ("However, rivers carry most of the rain back to the sea.", False),
        ("For example, rivers carry most of the rain to the sea.", False),
        ("When it rains, rivers carry the water to the sea.", False),
        ("Rivers carry most of this rain back to the sea.", False),
        ("Rivers near Paris gave her most of the water for tea.", False),
        ("More than a million soldiers were examined with them.", False),
        ("Do rivers carry most of the rain to the sea?", False),
        ('Rivers "carry most of the rain back to the sea.', False),
        ("Rivers and lakes and rain and snow and hail and sleet.", False),
    ],
)
def test_which_sentences_stand_alone(text: str, alone: bool) -> None:
    assert stands_alone(parse(Sentence(0, text, SentenceKind.PROSE, None, 0)), ENGLISH) is alone
