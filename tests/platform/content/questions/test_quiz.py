"""Stage quiz_generation: every rule that a question must keep, on several texts and many seeds."""

import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from content_runs import Run, run, source, water_request
from toolboxai.platform.content.analysis.reading import parse
from toolboxai.platform.content.analysis.suitability import leans_on_before, stands_alone
from toolboxai.platform.content.language.lexicon import lexicon_for
from toolboxai.platform.content.language.tokens import stems, tokenise, variants
from toolboxai.platform.content.language.wordnet import load_nouns
from toolboxai.platform.content.model.analysis import Sentence, SentenceKind
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import SUPPORTED_QUESTION_TYPES, QuestionType

CHOICE, STATEMENT = QuestionType.MULTIPLE_CHOICE, QuestionType.TRUE_FALSE
MATCHING, ORDERING = QuestionType.MATCHING, QuestionType.ORDERING
GROUPS = (MATCHING, ORDERING)
WRITTEN = (QuestionType.FILL_BLANK, QuestionType.SHORT_ANSWER, QuestionType.NUMERIC)
ENGLISH = lexicon_for("en")
FUNCTION = stems(" ".join(ENGLISH.stopwords), "en")
CORPUS = Path(__file__).parents[3] / "corpus" / "texts"


@pytest.fixture(
    scope="module",
    params=[
        (name, seed, count)
        for name in ("water_cycle", "curie.txt", "cells.md")
        for seed, count in ((0, 10), (7, 40))
    ]
    + [(name, 3, 25) for name in sorted(path.name for path in CORPUS.glob("en_*.md"))],
    ids=lambda param: f"{param[0]}-{param[1]}",
)
def made(request: pytest.FixtureRequest) -> Run:
    name, seed, count = request.param
    text = (CORPUS / name).read_text(encoding="utf-8") if name.startswith("en_") else source(name)
    return run(water_request(source_text=text, seed=seed, num_questions=count))


def test_the_source_sentences_are_exact_and_hold_the_answer(made: Run) -> None:
    assert made.quiz.questions
    for question in made.quiz.questions:
        assert question.source_index is not None
        named = question.sources or (question.source_index,)
        assert question.source_index == min(named)
        assert question.source_sentence == " ".join(made.analysis.sentences[at].text for at in named)
        assert question.source_sentence in question.rationale
        if question.type is not STATEMENT:
            for answer in question.answers:
                assert held(question, answer), (question.source_sentence, answer)


def held(question: Question, answer: str) -> bool:
    """Whether the words of an answer stand in the source, but for a blank and for marks between thousands."""
    source = question.source_sentence.lower()
    if question.type is QuestionType.NUMERIC:
        source = source.replace(",", "")
    return all(part.strip().lower() in source for part in answer.split("_____"))


def test_a_blank_filled_with_the_answer_is_the_sentence_again(made: Run) -> None:
    for question in made.quiz.questions:
        if "_____" in question.question and question.type is not QuestionType.NUMERIC:
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


def test_no_wrong_option_is_right_as_well(made: Run) -> None:
    said = {sentence.text.lower() for sentence in made.analysis.sentences}
    for question in (one for one in made.quiz.questions if one.type is CHOICE):
        for wrong in (option for option in question.options if option != question.answers[0]):
            if "_____" in question.question:
                body = question.question.split("\u201c", 1)[1].removesuffix("\u201d")
                assert body.replace("_____", wrong).lower() not in said
            assert not load_nouns().related(question.answers[0], wrong), (question.answers[0], wrong)


def test_pairs_to_match_share_no_word_and_no_partner_fits_twice(made: Run) -> None:
    for question in (one for one in made.quiz.questions if one.type is MATCHING):
        assert 3 <= len(question.prompts) == len(question.options) <= 6
        assert sorted(question.options) == sorted(question.answers)
        assert len({prompt.lower() for prompt in question.prompts}) == len(question.prompts)
        for prompt, partner in zip(question.prompts, question.answers, strict=True):
            if "_____" in prompt:
                assert prompt.replace("_____", partner) in question.source_sentence
            else:
                assert not stems(prompt, "en") & stems(partner, "en")
        for one, other in combinations(question.answers, 2):
            mine, theirs = stems(one, "en") - FUNCTION, stems(other, "en") - FUNCTION
            assert 2 * len(mine & theirs) < min(len(mine), len(theirs)) or one.isdecimal()


def test_what_is_to_be_ordered_is_shuffled_and_hides_its_place(made: Run) -> None:
    for question in (one for one in made.quiz.questions if one.type is ORDERING):
        assert 3 <= len(question.options) <= 6
        assert question.options != question.correct_answer
        assert sorted(question.options) == sorted(question.answers)
        assert not any(re.search(r"\b1[0-9]{3}\b", option) for option in question.options)
        if "_____" in question.answers[0]:
            years = []
            for item in question.answers:
                before, after = item.split("_____")
                found = re.search(rf"{re.escape(before)}([0-9]+){re.escape(after)}", question.source_sentence)
                assert found, item
                years.append(int(found[1]))
            assert years == sorted(set(years))


def test_short_answers_answer_a_whole_question(made: Run) -> None:
    for question in (one for one in made.quiz.questions if one.type is QuestionType.SHORT_ANSWER):
        assert re.match(r"(?:Who|What|When|Where|Which) .*[^.?]\?$", question.question)
        assert 1 <= len(question.answers[0].split()) <= 4
        assert not re.search(rf"\b{re.escape(question.answers[0])}\b", question.question, re.IGNORECASE)
        known = [form.lower() for form in (question.answers[0], *question.accepted)]
        assert len(set(known)) == len(known)


def test_numbers_are_exact_where_they_were_counted_and_near_where_they_were_measured(made: Run) -> None:
    for question in (one for one in made.quiz.questions if one.type is QuestionType.NUMERIC):
        value = float(question.answers[0])
        assert 0 <= question.tolerance <= 0.05 * abs(value)
        assert question.question.count("_____") == 1
        if not question.unit:
            assert question.tolerance == 0


def test_no_sentence_asked_about_starts_with_a_pronoun_or_is_too_short_or_too_long(made: Run) -> None:
    for question in made.quiz.questions:
        assert question.source_index is not None
        parsed = parse(made.analysis.sentences[question.source_index])
        assert not leans_on_before(parsed, lexicon_for(made.request.language))
        if "_____" in question.question or question.type is STATEMENT:
            assert 8 <= len(parsed.tokens) <= 30


def test_no_two_questions_ask_the_same(made: Run) -> None:
    questions = made.quiz.questions
    assert max(Counter((q.question, q.options) for q in questions).values()) == 1
    used = Counter(index for q in questions for index in q.sources or (q.source_index,))
    assert max(used.values()) == 1, "each sentence is asked about once"
    asked = Counter(
        term.lower()
        for q in questions
        for term in (q.prompts if q.type is MATCHING else q.answers)
        if q.type is not STATEMENT
    )
    assert max(asked.values(), default=1) == 1
    assert [question.id for question in questions] == [
        f"q{number}" for number in range(1, len(questions) + 1)
    ]


def test_no_stem_gives_away_what_another_question_wants_written(made: Run) -> None:
    for question in (one for one in made.quiz.questions if one.type in WRITTEN):
        answer = re.compile(rf"\b{re.escape(question.answers[0])}\b", re.IGNORECASE)
        for other in made.quiz.questions:
            told = " ".join(
                (other.question, *other.prompts, *(other.options if other.type in GROUPS else ()))
            )
            assert other is question or not answer.search(told), (question.question, told)


def test_fewer_good_ones_than_asked_are_fewer_and_a_warning_says_so(made: Run) -> None:
    quiz = made.quiz
    if len(quiz.questions) < quiz.requested:
        assert quiz.warnings[0].startswith(f"{quiz.requested} questions")
        assert f"and {len(quiz.questions)} were made" in quiz.warnings[0]
        assert quiz.warnings[0] in made.package.warnings
        for kind in SUPPORTED_QUESTION_TYPES:
            assert f"{kind} {quiz.by_type().get(kind, 0)} (" in quiz.warnings[0]
    else:
        assert len(quiz.questions) == quiz.requested
        none = [kind for kind in SUPPORTED_QUESTION_TYPES if kind not in quiz.by_type()]
        assert len(quiz.warnings) == bool(none)
        assert all(f"{kind} (" in quiz.warnings[0] for kind in none)


def test_types_are_shared_out_evenly_where_the_text_allows() -> None:
    old = ["multiple_choice", "true_false", "fill_blank"]
    assert run(water_request(num_questions=9, question_types=old)).quiz.by_type() == dict.fromkeys(old, 3)
    assert run(water_request(num_questions=7)).quiz.by_type() == dict.fromkeys(SUPPORTED_QUESTION_TYPES, 1)


@pytest.mark.parametrize(
    ("kind", "made"),
    [(kind, {"matching": 3, "ordering": 1}.get(kind, 6)) for kind in SUPPORTED_QUESTION_TYPES],
)
def test_only_the_types_asked_for_are_made(kind: str, made: int) -> None:
    quiz = run(water_request(question_types=[kind], num_questions=6)).quiz
    assert set(quiz.by_type()) == {kind}
    assert made <= len(quiz.questions) <= 6


def test_questions_are_spread_over_the_text_and_the_objectives() -> None:
    made = run(water_request(num_questions=14))
    halves = Counter(
        (question.source_index or 0) * 2 // len(made.analysis.sentences) for question in made.quiz.questions
    )
    assert min(halves.values()) >= 5
    served = Counter(question.objective for question in made.quiz.questions)
    assert all(served[number] for number in range(3))


def test_true_and_false_are_mixed() -> None:
    answers = [q.correct_answer for q in run(water_request(question_types=["true_false"])).quiz.questions]
    assert 3 <= answers.count("True") <= 7


def test_the_seed_changes_the_quiz_and_the_wish_for_difficulty_is_heard() -> None:
    def quiz(**changes: object) -> tuple[Question, ...]:
        kinds = [
            "multiple_choice",
            "true_false",
            "fill_blank",
        ]  # of the others all are of about one difficulty
        return run(water_request(question_types=kinds, **changes)).quiz.questions

    def of(difficulty: str, wish: str) -> int:
        asked = [question for seed in range(4) for question in quiz(difficulty=wish, seed=seed)]
        return sum(question.difficulty == difficulty for question in asked)

    assert quiz(seed=1) != quiz(seed=2)
    assert of("hard", "hard") > of("hard", "easy")
    assert of("easy", "easy") > of("easy", "hard")


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
