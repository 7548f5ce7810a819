"""Whole runs over the corpus: what every lesson and every quiz has to hold, whatever the text and its language."""

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from content_runs import Run, run
from toolboxai.platform.content.language.lexicon import lexicon_for
from toolboxai.platform.content.model.lesson import SectionKind
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import (
    SUPPORTED_QUESTION_TYPES,
    GenerationRequest,
    Objective,
    QuestionType,
)

CORPUS = Path(__file__).parent
REQUESTS: list[dict[str, Any]] = json.loads((CORPUS / "requests.json").read_text(encoding="utf-8"))
CHOOSING = (QuestionType.MULTIPLE_CHOICE, QuestionType.TRUE_FALSE)
# Words that point back to something the pupil does not see, at the start of what is asked about.
POINTING = {
    "en": "it they he she this these those such here then however therefore",
    "de": "er sie es dies diese dieser dieses dort dann deshalb daher jedoch sein ihr",
    "es": "este esta esto estos estas ese esa eso aquello allí entonces sin",
}


@cache
def lesson_of(file: str) -> Run:
    facts = next(each for each in REQUESTS if each["file"] == file)
    request = GenerationRequest(
        subject=facts["subject"],
        grade_level=facts["grade_level"],
        learning_objectives=[Objective(title) for title in facts["learning_objectives"]],
        source_text=(CORPUS / "texts" / file).read_text(encoding="utf-8"),
        language=facts["language"],
        duration_minutes=45,
        num_questions=12,
        question_types=list(SUPPORTED_QUESTION_TYPES),
        seed=11,
    )
    return run(request)


@pytest.fixture(params=[each["file"] for each in REQUESTS], ids=lambda file: str(file).removesuffix(".md"))
def made(request: pytest.FixtureRequest) -> Run:
    return lesson_of(request.param)


def test_the_corpus_is_what_the_docs_say_of_it() -> None:
    assert len(REQUESTS) >= 12
    assert {each["language"] for each in REQUESTS} == {"en", "de", "es"}
    words = [len((CORPUS / "texts" / each["file"]).read_text(encoding="utf-8").split()) for each in REQUESTS]
    assert 300 <= min(words) <= 400
    assert 4000 <= max(words) <= 5000


def test_the_language_is_a_full_one(made: Run) -> None:
    assert lexicon_for(made.request.language).complete
    assert made.analysis.definitions
    assert made.analysis.concepts_identified >= 8


def test_the_sections_are_all_there_and_their_times_sum(made: Run) -> None:
    kinds = [section.kind for section in made.lesson.sections]
    assert kinds[0] is SectionKind.HOOK
    assert kinds[-1] is SectionKind.EXIT_TICKET
    assert set(kinds) == set(SectionKind)
    assert sum(section.duration_minutes for section in made.lesson.sections) == 45
    assert all(section.statements and section.duration_minutes >= 1 for section in made.lesson.sections)


def test_every_objective_has_a_section_or_is_named_as_a_gap(made: Run) -> None:
    warned = " ".join(made.package.warnings)
    for number, row in enumerate(made.package.coverage, start=1):
        assert (row.sections and row.questions) or f"Objective {number} has no" in warned


def test_every_statement_about_the_subject_is_a_sentence_of_the_text(made: Run) -> None:
    for section in made.lesson.sections:
        for statement in section.statements:
            if statement.sentence is not None:
                assert statement.text == made.analysis.sentences[statement.sentence].text
    for entry in made.lesson.vocabulary:
        assert entry.source_index is not None
        assert entry.source_sentence == made.analysis.sentences[entry.source_index].text
        assert entry.term.lower() in entry.source_sentence.lower()


def test_there_are_as_many_questions_as_asked_or_a_word_on_why_not(made: Run) -> None:
    questions = made.quiz.questions
    assert len(questions) >= 6
    assert len(questions) == 12 or any("asked for" in warning for warning in made.quiz.warnings)


def test_every_answer_is_found_in_its_source_sentence(made: Run) -> None:
    for question in made.quiz.questions:
        assert question.source_index is not None
        named = question.sources or (question.source_index,)
        assert question.source_sentence == " ".join(made.analysis.sentences[at].text for at in named)
        assert question.rationale
        if question.type is not QuestionType.TRUE_FALSE:
            sentence = question.source_sentence.lower()
            if question.type is QuestionType.NUMERIC:
                sentence = re.sub(r"(?<=\d)[.,](?=\d{3}\b)", "", sentence).replace(",", ".")
            # A year by which events are ordered is left blank in them.
            parts = [part.strip() for answer in question.answers for part in answer.lower().split("_____")]
            assert all(part in sentence for part in parts), question


def test_the_right_answer_is_among_options_that_are_all_distinct(made: Run) -> None:
    for question in made.quiz.questions:
        options = [option.casefold() for option in question.options]
        assert len(set(options)) == len(options)
        assert len(set(question.prompts)) == len(question.prompts)
        if question.type in CHOOSING:
            assert question.options.count(question.answers[0]) == 1
        elif question.type in (QuestionType.ORDERING, QuestionType.MATCHING):
            assert set(question.answers) <= set(question.options)
            assert len(question.answers) >= 3
        else:
            assert not question.options


def test_no_question_stands_twice(made: Run) -> None:
    questions = made.quiz.questions
    assert max(Counter(question.question.casefold() for question in questions).values()) == 1 or all(
        question.type in (QuestionType.ORDERING, QuestionType.MATCHING) for question in _said_twice(questions)
    )
    assert max(Counter((question.question, question.options) for question in questions).values()) == 1


def _said_twice(questions: tuple[Question, ...]) -> list[Question]:
    counted = Counter(question.question.casefold() for question in questions)
    return [question for question in questions if counted[question.question.casefold()] > 1]


def test_no_stem_begins_with_a_word_that_points_back(made: Run) -> None:
    pointing = set(POINTING[made.request.language].split())
    for question in made.quiz.questions:
        quoted = re.findall("[\u201c\u201e\u00ab](.*?)[\u201d\u201c\u00bb]", question.question)
        for text in quoted:
            assert text.split()[0].casefold() not in pointing, question.question


def test_nothing_that_must_be_written_stands_in_another_question(made: Run) -> None:
    written = (QuestionType.FILL_BLANK, QuestionType.SHORT_ANSWER)
    for question in (each for each in made.quiz.questions if each.type in written):
        answer = re.compile(rf"\b{re.escape(question.answers[0])}\b", re.IGNORECASE)
        for other in made.quiz.questions:
            assert other is question or not answer.search(other.question), (question.question, other.question)


def test_the_same_seed_gives_the_same_bytes() -> None:
    file = REQUESTS[0]["file"]
    again = run(lesson_of(file).request, anew=True)
    assert [each.sha256 for each in again.package.files] == [
        each.sha256 for each in lesson_of(file).package.files
    ]
