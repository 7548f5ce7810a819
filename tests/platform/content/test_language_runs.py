"""Whole runs in Spanish and German: lesson and quiz in the language of the text, and nothing English in them."""

import re

import pytest

from content_runs import Run, run, source, water_request
from toolboxai.platform.content.language.frames import frames_for
from toolboxai.platform.content.language.lexicon import lexicon_for
from toolboxai.platform.content.language.tokens import tokenise
from toolboxai.platform.content.model.request import SUPPORTED_QUESTION_TYPES, Objective, QuestionType

TEXTS = {
    "es": ("abejas.txt", ["Describir la vida en la colmena", "Explicar la polinización"]),
    "de": (
        "bienen.txt",
        ["Das Leben im Stock beschreiben", "Erklären, wozu die Bestäubung gut ist"],
    ),
}


@pytest.fixture(scope="module", params=sorted(TEXTS))
def made(request: pytest.FixtureRequest) -> Run:
    name, objectives = TEXTS[request.param]
    return run(
        water_request(
            source_text=source(name),
            language=request.param,
            subject="Bio",
            learning_objectives=[Objective(title) for title in objectives],
            question_types=list(SUPPORTED_QUESTION_TYPES),
            num_questions=12,
        )
    )


def test_what_the_text_explains_and_tells_is_found(made: Run) -> None:
    found = made.analysis
    assert len(found.definitions) >= 8
    assert {date.year for date in found.dates} == {1973}
    assert [listed.ordered for listed in found.enumerations].count(True) == 1
    assert any(one.kind == "deed" and one.subject == "Karl von Frisch" for one in found.relations)
    assert {one.text for one in found.quantities} == {"40.000", "2.000", "80", "1973"}
    assert "Karl von Frisch" in {concept.term for concept in found.concepts}
    assert all(match.sentences and match.bloom_verb for match in found.objectives)


def test_all_that_is_cut_from_a_sentence_stands_in_it(made: Run) -> None:
    sentences = [sentence.text for sentence in made.analysis.sentences]
    for definition in made.analysis.definitions:
        assert definition.term in sentences[definition.sentence]
        assert definition.meaning in sentences[definition.sentence]
    for one in made.analysis.relations:
        assert f"{one.subject} {one.relation} {one.object}" in sentences[one.sentence]
    for listed in made.analysis.enumerations:
        assert all(any(item in sentences[at] for at in listed.sentences) for item in listed.items)


def test_nothing_is_warned_of_that_a_full_language_has(made: Run) -> None:
    assert not any(made.request.language in warning.split('"') for warning in made.package.warnings)


def test_every_line_is_the_texts_own_or_a_frame_of_the_language(made: Run) -> None:
    frames = frames_for(made.request.language)
    known = [
        re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(frame)))
        for name in frames.__struct_fields__
        if isinstance(frame := getattr(frames, name), str)
    ]
    titles = {*frames.titles.values(), *(objective.title for objective in made.lesson.objectives)}
    for section in made.lesson.sections:
        assert section.title in titles
        for statement in section.statements:
            if statement.sentence is None:
                assert any(frame.fullmatch(statement.text) for frame in known), statement.text


def test_questions_are_asked_in_the_language(made: Run) -> None:
    frames = frames_for(made.request.language)
    assert len(made.quiz.questions) >= 8
    assert {QuestionType.MULTIPLE_CHOICE, QuestionType.TRUE_FALSE} <= {q.type for q in made.quiz.questions}
    for question in made.quiz.questions:
        assert not re.search(r"\b(?:the|which|what|true|false)\b", question.question, re.IGNORECASE)
        if question.type is QuestionType.TRUE_FALSE:
            assert question.options == (frames.true, frames.false)


def test_wrong_terms_agree_with_the_right_one_in_gender_and_number(made: Run) -> None:
    """Where a blank has an article before it, every option goes with that article."""
    known = {concept.term.lower(): concept for concept in made.analysis.concepts}
    for question in made.quiz.questions:
        if question.type is QuestionType.MULTIPLE_CHOICE and "_____" in question.question:
            found = [known[one.lower()] for one in question.options if one.lower() in known]
            assert len({(concept.gender, concept.plural) for concept in found}) <= 1


def test_no_sentence_that_is_asked_about_leans_on_another(made: Run) -> None:
    pointing = lexicon_for(made.request.language).grammar.pointing
    for question in made.quiz.questions:
        if "_____" in question.question or question.type is QuestionType.TRUE_FALSE:
            words = [token.lower for token in tokenise(question.source_sentence)]
            assert words[0] not in pointing.openers
            assert not pointing.context & set(words)
