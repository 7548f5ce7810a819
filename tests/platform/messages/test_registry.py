"""The registry of messages: what is whole is let through, and every fault is named by its place."""

import json
from typing import Any

import jsonschema_rs
import pytest

from toolboxai.platform.content.model.package import Summary
from toolboxai.platform.content.records.sessions import STAGES, EventType, SessionError, Stage
from toolboxai.platform.content.run.events import failure, generation_complete, progress_update, safe_form
from toolboxai.platform.content.run.events import stage_complete as stage_complete_draft
from toolboxai.platform.messages.message import Sender
from toolboxai.platform.messages.registry import FAMILIES, MESSAGES, json_schema, validate
from toolboxai.platform.runs.events import Draft, StoredEvent, envelope

AT = "2025-01-21T10:01:00.000Z"

RESULTS: dict[Stage, dict[str, Any]] = {
    Stage.ANALYSIS: {
        "concepts_identified": 15,
        "difficulty_level": "medium",
        "sentences": 160,
        "definitions": 6,
        "reading_grade": 7.2,
        "warnings": 0,
    },
    Stage.LESSON: {"sections": 4, "duration_minutes": 45, "vocabulary": 12, "warnings": 0},
    Stage.QUIZ: {"questions": 10, "requested": 10, "by_type": {"multiple_choice": 10}, "warnings": 0},
    Stage.PACKAGING: {"files": 5, "bytes": 91_000, "warnings": 1},
}


def sent(draft: Draft) -> StoredEvent:
    return StoredEvent(7, draft.type, draft.data, AT)


def events() -> list[StoredEvent]:
    error = SessionError("GENERATION_FAILED", "too few sentences", Stage.QUIZ, retry_possible=True)
    drafts = [
        progress_update("gen_1", Stage.ANALYSIS, 0, "Reading", None),
        progress_update("gen_1", Stage.PACKAGING, 100, "Done", 1_737_453_660.0),
        *(stage_complete_draft("gen_1", stage, RESULTS[stage]) for stage in STAGES),
        generation_complete("gen_1", "content_1", Summary(4, 10, 45)),
        failure("gen_1", error),
    ]
    return [sent(draft) for draft in drafts]


def progress(**changes: Any) -> dict[str, Any]:
    data = {**progress_update("gen_1", Stage.QUIZ, 50, "Writing", None).data, **changes}
    return {"type": "progress_update", "data": data, "timestamp": AT, "seq": 3}


@pytest.mark.parametrize("event", events(), ids=lambda event: event.type)
def test_what_a_generation_sends_is_whole_in_both_forms(event: StoredEvent) -> None:
    assert validate(envelope(event)) == []
    assert validate(envelope(safe_form(event))) == []


def test_every_type_of_a_generation_is_known() -> None:
    assert {kind.value for kind in EventType} <= MESSAGES.keys()


def test_every_fault_is_told_with_its_place() -> None:
    message = progress(progress_percent=101, stage="lunch", extra=1)
    del message["data"]["message"]
    message["seq"] = 0
    places = [fault.partition(":")[0] for fault in validate(message)]
    assert sorted(places) == ["data.extra", "data.message", "data.progress_percent", "data.stage", "seq"]


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (None, "a message is an object"),
        ([], "a message is an object"),
        ({"type": 3}, "a message is an object"),
        ({"type": "lunch"}, "there is no 'lunch'"),
        ({"type": "progress_update"}, "data: it is missing"),
        ({"type": "progress_update", "data": []}, "data: Expected `object`"),
        (progress(progress_percent="25"), "data.progress_percent: Expected `int`"),
        (progress(progress_percent=True), "data.progress_percent: Expected `int`"),
        (progress(session_id="123"), "data.session_id: Expected `str` matching"),
        (progress(estimated_completion="soon"), "data.estimated_completion: Expected `str` matching"),
        ({"type": "auth"}, "token: it is missing"),
        ({"type": "subscribe", "environment_id": "env_1", "color": "red"}, "color: Subscribe has no such"),
    ],
    ids=str,
)
def test_a_fault_says_what_was_expected(message: Any, fault: str) -> None:
    assert [said for said in validate(message) if fault in said] != []


def test_a_stage_is_followed_by_its_own_next_one_and_brings_its_own_results() -> None:
    message = envelope(sent(stage_complete_draft("gen_1", Stage.LESSON, RESULTS[Stage.QUIZ])))
    assert (
        "stage_results of lesson_generation: Object contains unknown field `questions`"
        in validate(message)[0]
    )
    message["data"]["stage_results"] = RESULTS[Stage.LESSON]
    assert validate(message) == []
    message["data"]["next_stage"] = "packaging"
    assert validate(message) == ["data: after lesson_generation comes quiz_generation, not packaging"]


def test_a_script_comes_as_text_or_as_a_link() -> None:
    data = {"environment_id": "env_1", "script_type": "server", "checksum": "0" * 64}
    link = {"content_url": "/api/v1/x", "size": 90_000}

    def said(**more: Any) -> list[str]:
        return validate({"type": "script_update", "data": {**data, **more}})

    assert said(script_content="local x = 1") == []
    assert said(**link) == []
    assert said() == []
    assert said(script_content="local x = 1", **link) != []
    assert said(content_url="/api/v1/x") != []


def test_names_are_unique_and_each_family_has_its_own() -> None:
    names = [row.name for family in FAMILIES.values() for row in family]
    assert len(names) == len(set(names)) == len(MESSAGES)


def test_every_type_goes_somewhere() -> None:
    for row in MESSAGES.values():
        assert row.endpoints or row.channels, row.name
        assert row.sender is not Sender.SERVER or "data" in row.struct.__struct_fields__, row.name


def test_the_json_schema_says_the_same() -> None:
    schema = json_schema()
    json.dumps(schema)
    judge = jsonschema_rs.validator_for(schema)
    good = [envelope(event) for event in events()] + [{"type": "ping", "timestamp": AT}]
    bad = [progress(progress_percent=101), progress(stage="lunch"), progress(extra=1), {"type": "lunch"}]
    assert [message for message in good if not judge.is_valid(message)] == []
    assert [message for message in bad if judge.is_valid(message)] == []
    assert {row.struct.__name__ for row in MESSAGES.values()} <= schema["$defs"].keys()
