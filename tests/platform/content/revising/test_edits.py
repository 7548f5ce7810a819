"""An edit: what it changes, what it leaves, and what is refused, all of it at once."""

from typing import Any

import msgspec
import pytest

from editions import made
from toolboxai.errors import ValidationError
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.content.records.revisions import Edition, first_edition
from toolboxai.platform.content.revising.edits import changes_between, edited

FIRST = made().edition
SOURCE = made().source


def edit(edition: Edition = FIRST, **given: Any) -> Edition:
    return edited(edition, given, SOURCE)


def question(part_id: str, edition: Edition = FIRST) -> Question:
    return next(one for one in edition.quiz.questions if one.id == part_id)


def faults(**given: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as told:
        edit(**given)
    fields: dict[str, str] = told.value.details["fields"]
    return fields


def as_read() -> dict[str, Any]:
    """What a page gets, and may send back."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(FIRST))
    return {"title": plain["title"], "lesson": plain["lesson"], "quiz": plain["quiz"]}


def of_type(kind: QuestionType) -> Question:
    return next(one for one in FIRST.quiz.questions if one.type is kind)


def test_what_is_sent_back_as_it_was_read_changes_nothing() -> None:
    assert edit(**as_read()) is FIRST
    assert edit() is FIRST


def test_one_question_is_changed_and_every_other_part_stays() -> None:
    after = edit(quiz={"questions": [{"id": "q3", "question": "What is a cloud?"}]})
    assert question("q3", after) == msgspec.structs.replace(
        question("q3"), question="What is a cloud?", edited=True
    )
    others = [one for one in after.quiz.questions if one.id != "q3"]
    assert others == [one for one in FIRST.quiz.questions if one.id != "q3"]
    assert after.lesson == FIRST.lesson
    assert changes_between(FIRST, after) == "q3 changed"


def test_the_title_of_a_content_is_that_of_lesson_and_quiz_until_they_have_their_own() -> None:
    after = edit(title="Rain")
    assert (after.title, after.lesson.title, after.quiz.title) == ("Rain", "Rain", "Rain")
    apart = edit(after, quiz={"title": "Test"})
    again = edit(apart, title="Snow")
    assert (again.title, again.lesson.title, again.quiz.title) == ("Snow", "Snow", "Test")
    assert changes_between(after, apart) == "quiz title changed"


def test_a_new_part_stands_behind_the_one_that_it_was_listed_after_and_has_an_id_that_none_had() -> None:
    new = {"type": "short_answer", "question": "What falls?", "correct_answer": "rain"}
    after = edit(quiz={"questions": [{"id": "q2"}, new, {"id": "q10", "removed": True}]})
    assert [one.id for one in after.quiz.questions][:4] == ["q1", "q2", "q11", "q3"]
    assert "q10" not in [one.id for one in after.quiz.questions]
    gone = edit(after, quiz={"questions": [{"id": "q11", "removed": True}]})
    again = edit(gone, quiz={"questions": [new]})
    assert again.quiz.questions[-1].id == "q12"
    first_in_line = edit(quiz={"questions": [new, {"id": "q4"}]})
    assert [one.id for one in first_in_line.quiz.questions][2:5] == ["q3", "q11", "q4"]


def test_a_whole_list_is_also_an_order_and_ids_alone_are_enough() -> None:
    whole = as_read()["quiz"]["questions"]
    after = edit(quiz={"questions": [*whole[5:], *whole[:5]]})
    ids = [one.id for one in after.quiz.questions]
    assert ids == ["q6", "q7", "q8", "q9", "q10", "q1", "q2", "q3", "q4", "q5"]
    assert {one.edited for one in after.quiz.questions} == {False}
    assert edit(quiz={"order": ids}).quiz == after.quiz
    assert changes_between(FIRST, after) == "questions put in another order"
    sections = [one.id for one in FIRST.lesson.sections]
    assert [one.id for one in edit(lesson={"order": sections[::-1]}).lesson.sections] == sections[::-1]


def test_minutes_are_summed_anew_and_told_when_they_are_not_those_that_were_asked_for() -> None:
    minutes = FIRST.lesson.sections[0].duration_minutes
    after = edit(lesson={"sections": [{"id": "s1", "duration_minutes": minutes + 5}]})
    assert after.lesson.duration_minutes == after.summary.duration_minutes == 50
    assert after.warnings[-1] == "The sections take 50 minutes; 45 were asked for."
    back = edit(after, lesson={"sections": [{"id": "s1", "duration_minutes": minutes}]})
    assert back.warnings == FIRST.warnings


def test_coverage_and_its_gaps_are_those_of_the_edit() -> None:
    served = [one.id for one in FIRST.quiz.questions if one.objective == 0]
    assert served
    after = edit(quiz={"questions": [{"id": part_id, "removed": True} for part_id in served]})
    assert after.coverage[0].questions == ()
    assert "Objective 1 has no question." in after.warnings
    assert after.summary.quiz_questions == len(FIRST.quiz.questions) - len(served)


def test_a_changed_statement_is_no_longer_the_sources_and_an_unchanged_one_stays() -> None:
    section = next(
        one for one in FIRST.lesson.sections if any(s.sentence is not None for s in one.statements)
    )
    plain = msgspec.json.decode(msgspec.json.encode(section.statements))
    place = next(at for at, one in enumerate(section.statements) if one.sentence is not None)
    plain[place]["text"] = "Water goes round."
    after = edit(lesson={"sections": [{"id": section.id, "statements": plain}]})
    changed = next(one for one in after.lesson.sections if one.id == section.id)
    assert changed.edited
    for at, (new, old) in enumerate(zip(changed.statements, section.statements, strict=True)):
        if at == place:
            assert (new.text, new.sentence, new.edited) == ("Water goes round.", None, True)
        else:
            assert new == old


def test_a_sentence_of_the_source_is_known_as_one() -> None:
    statements = [{"text": SOURCE[7]}, {"text": "Ours.", "for_teacher": True, "sentence": 7}]
    after = edit(lesson={"sections": [{"title": "More", "duration_minutes": 3, "statements": statements}]})
    [one, ours] = after.lesson.sections[-1].statements
    assert (one.text, one.sentence, one.edited) == (SOURCE[7], 7, False)
    assert (ours.sentence, ours.for_teacher, ours.edited) == (None, True, True)
    assert after.lesson.sections[-1].id == f"s{len(FIRST.lesson.sections) + 1}"


def test_a_question_keeps_its_source_as_long_as_the_answer_stands_in_it() -> None:
    blank = of_type(QuestionType.FILL_BLANK)
    word = blank.source_sentence.split()[0]
    kept = question(blank.id, edit(quiz={"questions": [{"id": blank.id, "correct_answer": word}]}))
    assert (kept.source_sentence, kept.source_index) == (blank.source_sentence, blank.source_index)
    lost = question(blank.id, edit(quiz={"questions": [{"id": blank.id, "correct_answer": "a zebra"}]}))
    assert (lost.source_sentence, lost.source_index, lost.sources) == ("", None, ())
    named = {"id": blank.id, "correct_answer": "a zebra", "source_sentence": SOURCE[4]}
    assert question(blank.id, edit(quiz={"questions": [named]})).source_index == 4


def test_a_word_is_changed_added_and_taken_away() -> None:
    first, second, *_ = FIRST.lesson.vocabulary
    after = edit(
        lesson={
            "vocabulary": [
                {"id": first.id, "removed": True},
                {"id": second.id, "meaning": "our own words"},
                {"term": "puddle", "meaning": None},
            ]
        }
    )
    words = {one.term: one for one in after.lesson.vocabulary}
    assert first.term not in words
    assert words[second.term].meaning == "our own words"
    assert words[second.term].source_sentence == second.source_sentence
    assert (words["puddle"].source_index, words["puddle"].id) == (
        None,
        f"v{len(FIRST.lesson.vocabulary) + 1}",
    )


GOOD: dict[str, dict[str, Any]] = {
    "multiple_choice": {"options": ["ice", "rain"], "correct_answer": "rain"},
    "true_false": {"options": ["Richtig", "Falsch"], "correct_answer": "Falsch"},
    "fill_blank": {"question": "It _____.", "correct_answer": "rains", "accepted": ["is raining"]},
    "short_answer": {"correct_answer": "rain"},
    "numeric": {"correct_answer": "-3.5", "tolerance": 0.5, "unit": "°C"},
    "ordering": {"options": ["b", "a"], "correct_answer": ["a", "b"]},
    "matching": {"prompts": ["x", "y"], "options": ["b", "a", "c"], "correct_answer": ["a", "b"]},
}


@pytest.mark.parametrize("kind", GOOD)
def test_every_kind_of_question_can_be_written(kind: str) -> None:
    new = {"type": kind, "question": "What?", **GOOD[kind]}
    added = edit(quiz={"questions": [new]}).quiz.questions[-1]
    answer = GOOD[kind]["correct_answer"]
    assert (added.type, added.edited) == (kind, True)
    assert added.correct_answer == (tuple(answer) if isinstance(answer, list) else answer)


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("multiple_choice", {"correct_answer": "snow"}, "correct_answer"),
        ("multiple_choice", {"options": ["rain", " RAIN"]}, "options"),
        ("multiple_choice", {"options": ["rain"]}, "options"),
        ("true_false", {"options": ["a", "b", "c"]}, "options"),
        ("true_false", {"correct_answer": "True"}, "correct_answer"),
        ("fill_blank", {"question": "It rains."}, "question"),
        ("fill_blank", {"options": ["a"]}, "options"),
        ("fill_blank", {"accepted": ["Rains"]}, "accepted"),
        ("short_answer", {"correct_answer": ""}, "correct_answer"),
        ("short_answer", {"correct_answer": ["a", "b"]}, "correct_answer"),
        ("short_answer", {"tolerance": 1}, "tolerance"),
        ("short_answer", {"prompts": ["a"]}, "prompts"),
        ("numeric", {"correct_answer": "1e5"}, "correct_answer"),
        ("numeric", {"tolerance": -1}, "tolerance"),
        ("numeric", {"tolerance": True}, "tolerance"),
        ("ordering", {"correct_answer": ["a", "a"]}, "correct_answer"),
        ("ordering", {"correct_answer": "a"}, "correct_answer"),
        ("matching", {"correct_answer": ["a"]}, "correct_answer"),
        ("matching", {"correct_answer": ["a", "z"]}, "correct_answer"),
        ("matching", {"prompts": ["x", "x"]}, "prompts"),
    ],
)
def test_what_does_not_fit_its_kind_is_refused(kind: str, changes: dict[str, Any], field: str) -> None:
    new = {"type": kind, "question": "What?", **GOOD[kind], **changes}
    assert f"quiz.questions[0].{field}" in faults(quiz={"questions": [new]})


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": None}, "title"),
        ({"title": "a\x07b"}, "title"),
        ({"title": "a\u202eb"}, "title"),
        ({"lesson": []}, "lesson"),
        ({"lesson": None}, "lesson"),
        ({"lesson": {"generator": "us"}}, "lesson.generator"),
        ({"lesson": {"sectoins": []}}, "lesson.sectoins"),
        ({"lesson": {"sections": {}}}, "lesson.sections"),
        ({"lesson": {"sections": [7]}}, "lesson.sections[0]"),
        ({"lesson": {"sections": [{"id": "s99"}]}}, "lesson.sections[0].id"),
        ({"lesson": {"sections": [{"id": ["s1"]}]}}, "lesson.sections[0].id"),
        ({"lesson": {"sections": [{"id": "s1"}, {"id": "s1"}]}}, "lesson.sections[1].id"),
        ({"lesson": {"sections": [{"removed": True}]}}, "lesson.sections[0].id"),
        ({"lesson": {"sections": [{"id": "s1", "removed": 1}]}}, "lesson.sections[0].removed"),
        (
            {"lesson": {"sections": [{"id": "s1", "duration_minutes": 0}]}},
            "lesson.sections[0].duration_minutes",
        ),
        (
            {"lesson": {"sections": [{"id": "s1", "duration_minutes": 2.5}]}},
            "lesson.sections[0].duration_minutes",
        ),
        ({"lesson": {"sections": [{"id": "s1", "objectives": [3]}]}}, "lesson.sections[0].objectives"),
        ({"lesson": {"sections": [{"id": "s1", "kind": "song"}]}}, "lesson.sections[0].kind"),
        ({"lesson": {"sections": [{"title": "x", "duration_minutes": 1}]}}, "lesson.sections[0].statements"),
        (
            {"lesson": {"sections": [{"id": "s1", "statements": [{"text": "\n"}]}]}},
            "lesson.sections[0].statements[0].text",
        ),
        (
            {"lesson": {"sections": [{"id": "s1", "statements": [{"txt": "x"}]}]}},
            "lesson.sections[0].statements[0].txt",
        ),
        ({"lesson": {"order": ["s1"]}}, "lesson.order"),
        ({"lesson": {"order": [["s1"]]}}, "lesson.order"),
        (
            {"lesson": {"vocabulary": [{"term": "x", "source_sentence": "not one"}]}},
            "lesson.vocabulary[0].source_sentence",
        ),
        ({"quiz": {"questions": [{"id": "q1", "edited": True}]}}, "quiz.questions[0].edited"),
        ({"quiz": {"questions": [{"id": "q1", "source_index": 3}]}}, "quiz.questions[0].source_index"),
        ({"quiz": {"questions": [{"id": "q1", "objective": 9}]}}, "quiz.questions[0].objective"),
        ({"quiz": {"questions": [{"id": "q1", "difficulty": "very"}]}}, "quiz.questions[0].difficulty"),
        ({"quiz": {"questions": [{"type": "essay"}]}}, "quiz.questions[0].type"),
        ({"quiz": {"questions": [{"id": "q1"}] * 999}}, "quiz.questions"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], field: str) -> None:
    assert field in faults(**given)


def test_all_faults_come_at_once_and_nothing_is_made() -> None:
    told = faults(
        title="",
        lesson={"sections": [{"id": one.id, "removed": True} for one in FIRST.lesson.sections]},
        quiz={
            "questions": [
                {"id": "q1", "correct_answer": "elsewhere", "type": "multiple_choice"},
                {"id": "q0"},
            ]
        },
    )
    assert {"title", "lesson.sections", "quiz.questions[0].correct_answer", "quiz.questions[1].id"} <= set(
        told
    )


def test_sections_take_no_more_than_a_day_together() -> None:
    long = [{"id": one.id, "duration_minutes": 240} for one in FIRST.lesson.sections]
    assert "at most 480" in faults(lesson={"sections": long})["lesson.sections"]


def test_a_lesson_from_before_there_were_ids_has_them() -> None:
    old = msgspec.structs.replace(
        FIRST.lesson,
        sections=tuple(msgspec.structs.replace(one, id="") for one in FIRST.lesson.sections),
        vocabulary=tuple(msgspec.structs.replace(one, id="") for one in FIRST.lesson.vocabulary),
    )
    document = made().document
    package = type("P", (), {})()
    for name in ("title", "generator", "summary", "coverage", "warnings"):
        setattr(package, name, getattr(document, name))
    edition = first_edition(package, old, FIRST.quiz, told=(), minutes=45)
    assert edition.lesson == FIRST.lesson
    assert edition.numbers == FIRST.numbers
