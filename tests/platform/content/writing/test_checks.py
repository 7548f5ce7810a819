"""What a model wrote is held to the text: whatever is not of it is refused, and named by its place."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from content_parts import a_request
from content_runs import unheard
from provider_server import data_of, lesson, quiz
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.language.frames import frames_for
from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.content.writing.lesson_check import Faulty, checked_lesson
from toolboxai.platform.content.writing.quiz_check import checked_quiz
from toolboxai.platform.content.writing.wording import Known, strange

ALL_TYPES = [kind.value for kind in QuestionType]
REQUEST = a_request()
ANALYSIS = OfflineEngine().analyse(REQUEST, unheard)
EVERYTHING = a_request(question_types=ALL_TYPES)
NAME = "openai:some-model"
INVENTED = "Water boils at ninety degrees on Mount Everest."


def index_of(words: str) -> int:
    return next(sentence.index for sentence in ANALYSIS.sentences if words in sentence.text)


def faults_of_lesson(change: Callable[[dict[str, Any]], None]) -> str:
    draft = copy.deepcopy(lesson(data_of(REQUEST, ANALYSIS)))
    change(draft)
    with pytest.raises(Faulty) as refused:
        checked_lesson(json.dumps(draft), REQUEST, ANALYSIS, NAME)
    return "; ".join(refused.value.faults)


def question(**changes: Any) -> dict[str, Any]:
    at = index_of("Condensation is the process")
    fields = {
        "type": "short_answer",
        "question": "What is the process in which water vapour cools called?",
        "options": [],
        "prompts": [],
        "answer": ["Condensation"],
        "unit": "",
        "sentences": [at],
        "objective": 0,
        "difficulty": "medium",
    }
    return {**fields, **changes}


def of_quiz(*questions: dict[str, Any]) -> str:
    return json.dumps({"questions": questions})


def faults_of(*questions: dict[str, Any]) -> str:
    with pytest.raises(Faulty) as refused:
        checked_quiz(of_quiz(*questions), EVERYTHING, ANALYSIS, "Water", NAME)
    return "; ".join(refused.value.faults)


def test_a_lesson_that_holds_is_the_texts_own_words() -> None:
    made = checked_lesson(json.dumps(lesson(data_of(REQUEST, ANALYSIS))), REQUEST, ANALYSIS, NAME)
    assert sum(section.duration_minutes for section in made.sections) == REQUEST.duration_minutes
    assert [section.id for section in made.sections] == ["s1", "s2", "s3"]
    for section in made.sections:
        for statement in section.statements:
            at = statement.sentence
            assert at is None or statement.text == ANALYSIS.sentences[at].text
    assert made.generator == NAME
    assert NAME in made.warnings[0]


def test_an_answer_in_a_fence_of_markdown_is_let_pass() -> None:
    text = f"Here it is:\n```json\n{json.dumps(lesson(data_of(REQUEST, ANALYSIS)))}\n```"
    assert checked_lesson(text, REQUEST, ANALYSIS, NAME).sections


@pytest.mark.parametrize(
    "text", ["", "no", "{", '{"sections": []}', '{"sections": 3, "vocabulary": []}', "{" * 9999]
)
def test_what_is_no_lesson_at_all_is_refused(text: str) -> None:
    with pytest.raises(Faulty, match="not JSON of the schema"):
        checked_lesson(text, REQUEST, ANALYSIS, NAME)


def set_statement(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda draft: draft["sections"][1]["statements"][1].update(changes)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (set_statement(text=INVENTED), "it is not sentence 0 word for word"),
        (set_statement(sentence=1), "it is not sentence 1 word for word"),
        (set_statement(sentence=4000), "there is no sentence 4000"),
        (set_statement(text=INVENTED, sentence=None), "names 'Mount'"),
        (set_statement(text="It was in 1969.", sentence=None), "names '1969'"),
        (set_statement(text="Think. " * 60, sentence=None), "at most 300 characters"),
        (
            set_statement(text="Now go to prizes.example.com and sign in.", sentence=None),
            "'prizes.example.com'",
        ),
        (lambda draft: draft["sections"][0].update(minutes=3), "minutes add up to 46, not to 45"),
        (lambda draft: draft["sections"][1].update(objectives=[7]), "there is no objective 7"),
        (lambda draft: draft["sections"][1].update(title="What Darwin found"), "'Darwin' is not of the text"),
        (lambda draft: draft["sections"][1].update(kind="hook"), "no explanation has a sentence"),
        (lambda draft: draft["vocabulary"][0].update(term="gravity"), "the term is not in sentence 0"),
        (lambda draft: draft["vocabulary"][0].update(meaning=INVENTED), "the meaning is not in sentence 0"),
        (lambda draft: draft["vocabulary"].append(draft["vocabulary"][0]), "the term is there twice"),
        (lambda draft: draft.update(note="obey me"), "not JSON of the schema"),
    ],
)
def test_a_lesson_that_does_not_hold_is_refused_with_the_place(
    change: Callable[[dict[str, Any]], None], fault: str
) -> None:
    assert fault in faults_of_lesson(change)


def test_a_quiz_that_holds_has_its_answers_in_the_text() -> None:
    draft = quiz(data_of(REQUEST, ANALYSIS))
    made = checked_quiz(json.dumps(draft), REQUEST, ANALYSIS, "Water", NAME)
    assert len(made.questions) == REQUEST.num_questions
    assert [each.id for each in made.questions] == [f"q{number}" for number in range(1, 7)]
    for each in made.questions:
        assert each.source_index is not None
        assert each.source_sentence == ANALYSIS.sentences[each.source_index].text
        assert each.source_sentence in each.rationale
        assert all(answer in each.source_sentence for answer in each.answers)


def test_every_type_has_its_own_form() -> None:
    rain = index_of("2,000 millimetres")
    snow = index_of("rain, snow, sleet")
    runoff, aquifer, glacier = map(index_of, ("Runoff is", "An aquifer is", "A glacier is"))
    text = ANALYSIS.sentences[snow].text
    partners = ["water that flows over the land", "a layer of rock", "a large mass of ice"]
    questions = [
        question(),
        question(
            type="multiple_choice",
            question="Which process is it?",
            options=["Runoff", "Condensation", "Snow"],
        ),
        question(type="true_false", question=text, answer=["true"], sentences=[snow]),
        question(
            type="true_false", question=text.replace("clouds", "rivers"), answer=["false"], sentences=[snow]
        ),
        question(
            type="fill_blank", question=text.replace("clouds", "_____"), answer=["clouds"], sentences=[snow]
        ),
        question(
            type="numeric",
            question="What percent?",
            answer=["69"],
            unit="percent",
            sentences=[index_of("69 per")],
        ),
        question(
            type="ordering",
            question="In which order does the text name them?",
            options=["snow", "rain", "hail"],
            answer=["rain", "snow", "hail"],
            sentences=[snow],
        ),
        question(
            type="matching",
            question="What belongs together?",
            prompts=["Runoff", "aquifer", "glacier"],
            options=[partners[2], partners[0], partners[1]],
            answer=partners,
            sentences=[runoff, aquifer, glacier],
        ),
    ]
    request = a_request(question_types=ALL_TYPES, num_questions=8)
    made = checked_quiz(of_quiz(*questions), request, ANALYSIS, "Water", NAME).questions
    frames = frames_for("en")
    assert [each.type.value for each in made] == [each["type"] for each in questions]
    assert made[2].options == made[3].options == (frames.true, frames.false)
    assert (made[2].correct_answer, made[3].correct_answer) == (frames.true, frames.false)
    assert made[7].answers == tuple(partners)
    assert made[7].sources == (runoff, aquifer, glacier)
    assert rain not in made[7].sources


TRUE = "Precipitation is water that falls from clouds as rain, snow, sleet or hail."
NOT = ANALYSIS.sentences[index_of("Condensation is the process")].text.replace("Condensation", "Runoff")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"answer": ["Evaporation"]}, "is not in the named sentences"),
        ({"answer": ["Conden"]}, "is not in the named sentences"),
        ({"sentences": [4000]}, "there is no sentence 4000"),
        ({"objective": 9}, "there is no objective 9"),
        ({"question": "Is it condensation?"}, "gives its answer away"),
        ({"question": "What did Newton see in it?"}, "names 'Newton'"),
        ({"options": ["a", "b", "c"]}, "short_answer has no options"),
        ({"answer": ["Condensation", "process"]}, "short_answer has one answer"),
        ({"unit": "litres"}, "the unit is not a word"),
        ({"type": "essay"}, "not JSON of the schema"),
        ({"type": "multiple_choice", "options": ["Condensation", "condensation", "Snow"]}, "3 to 6 different options"),
        ({"type": "multiple_choice", "options": ["Rain", "Hail", "Snow"]}, "not one of the options"),
        ({"type": "numeric"}, "a number in digits"),
        ({"type": "fill_blank", "question": "Somewhere _____ is the process."}, "with the answer replaced"),
        ({"type": "true_false", "question": TRUE, "answer": ["true"]}, "the named sentence word for word"),
        ({"type": "true_false", "question": TRUE, "answer": ["false"]}, "one thing changed"),
        ({"type": "true_false", "question": f"{NOT} Then give your name and address to whoever asks.", "answer": ["false"]}, "one thing changed"),
        ({"type": "true_false", "question": f"{NOT} See www.prize.org", "answer": ["false"]}, "'www.prize.org' is not of the text"),
        ({"type": "multiple_choice", "options": ["Condensation", "Rain", "See https://evil.example"]}, "is not of the text"),
        ({"type": "true_false", "question": TRUE, "answer": ["maybe"]}, '["true"] or ["false"]'),
        ({"type": "ordering", "options": ["drops"], "answer": ["drops"]}, "3 to 8 different parts"),
        ({"type": "matching", "answer": ["process", "water", "vapour"], "options": ["process", "water", "vapour"]}, "one prompt"),
    ],
)  # fmt: skip
def test_a_question_that_does_not_hold_is_refused(changes: dict[str, Any], fault: str) -> None:
    assert fault in faults_of(question(**changes))


def test_no_question_is_there_twice_none_is_too_many_and_none_of_a_type_that_was_not_asked_for() -> None:
    assert "there twice" in faults_of(question(), question())
    many = [question(question=f"What is it, number {number}?") for number in range(1, 8)]
    assert "7 questions; at most 6" in faults_of(*many)
    with pytest.raises(Faulty, match="short_answer was not asked for"):
        checked_quiz(of_quiz(question()), a_request(question_types=["true_false"]), ANALYSIS, "Water", NAME)


def test_an_address_that_the_text_has_may_be_named_and_a_text_of_one_word_is_no_matter() -> None:
    known = Known(["Look at https://water.example/a.", "a" * 200_000, "a-" * 100_000], capitals=True)
    assert not [*strange("Open https://water.example/a, e.g. at home, p.ej. now.", known)]
    assert [*strange("Ask bob@evil.example.", known)] == ["bob@evil.example"]


def test_in_german_a_capital_letter_marks_no_name() -> None:
    request = a_request(language="de")
    draft = lesson(data_of(request, ANALYSIS))
    draft["sections"][1]["statements"][0]["text"] = "Lest den Text im Kreis mit eurem Nachbarn:"
    assert checked_lesson(json.dumps(draft), request, ANALYSIS, NAME).sections
