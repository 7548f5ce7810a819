"""The messages of the guide, field for field, and what of them may be public."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolboxai.platform.content.model.package import Summary
from toolboxai.platform.content.records.sessions import STAGES, EventType, SessionError, Stage
from toolboxai.platform.content.run.events import (
    failure,
    generation_complete,
    private_channel,
    progress_update,
    public_channel,
    safe_form,
    session_channel,
    stage_complete,
)
from toolboxai.platform.runs.events import Draft, StoredEvent, envelope, stamp, wire

AT = 1_737_453_660.0  # 2025-01-21T10:01:00Z
SECRET = "Photosynthesis by Ms. Weber"


def stored(draft: Draft, seq: int = 7) -> StoredEvent:
    return StoredEvent(seq, draft.type, draft.data, stamp(AT))


def test_progress_update_has_the_fields_of_the_guide() -> None:
    draft = progress_update("gen_abc123", Stage.ANALYSIS, 25, "Analyzing learning objectives...", AT + 120)
    assert envelope(stored(draft)) == {
        "type": "progress_update",
        "data": {
            "session_id": "gen_abc123",
            "stage": "content_analysis",
            "progress_percent": 25,
            "message": "Analyzing learning objectives...",
            "estimated_completion": "2025-01-21T10:03:00.000Z",
        },
        "timestamp": "2025-01-21T10:01:00.000Z",
        "seq": 7,
    }


def test_an_unknown_estimate_is_null() -> None:
    assert progress_update("gen_1", Stage.QUIZ, 60, "m", None).data["estimated_completion"] is None


def test_stage_complete_has_the_fields_of_the_guide_and_names_the_next_stage() -> None:
    results = {"concepts_identified": 15, "difficulty_level": "medium"}
    assert stage_complete("gen_abc123", Stage.ANALYSIS, results).data == {
        "session_id": "gen_abc123",
        "completed_stage": "content_analysis",
        "next_stage": "lesson_generation",
        "stage_results": results,
    }
    following = [stage_complete("gen_1", stage, {}).data["next_stage"] for stage in STAGES]
    assert following == ["lesson_generation", "quiz_generation", "packaging", None]


def test_generation_complete_has_the_fields_of_the_guide() -> None:
    draft = generation_complete("gen_abc123", "content_456", Summary(4, 10, 45))
    assert draft.data == {
        "session_id": "gen_abc123",
        "content_id": "content_456",
        "download_url": "/api/v1/content/download/content_456",
        "summary": {"lesson_sections": 4, "quiz_questions": 10, "duration_minutes": 45},
    }


def test_error_has_the_fields_of_the_guide_and_says_that_it_is_the_end() -> None:
    error = SessionError("GENERATION_FAILED", "no questions fit", Stage.QUIZ, retry_possible=True)
    assert failure("gen_abc123", error).data == {
        "session_id": "gen_abc123",
        "error_code": "GENERATION_FAILED",
        "message": "no questions fit",
        "details": {"stage": "quiz_generation", "retry_possible": True, "terminal": True},
    }


def test_on_the_wire_the_name_is_the_type_and_the_data_is_the_envelope() -> None:
    event = stored(progress_update("gen_1", Stage.LESSON, 45, "Ä ✓", None))
    assert wire(event).name == "progress_update"
    assert json.loads(wire(event).data) == envelope(event)


@pytest.mark.parametrize(
    "draft",
    [
        progress_update("gen_1", Stage.QUIZ, 60, f"Writing about {SECRET}", AT),
        stage_complete("gen_1", Stage.ANALYSIS, {"concepts_identified": 3, "difficulty_level": "hard", "terms": [SECRET], "top": SECRET, "by_type": {"true_false": 2, "note": SECRET}}),
        generation_complete("gen_1", "content_1", Summary(4, 10, 45)),
        failure("gen_1", SessionError("SOURCE_TOO_SHORT", SECRET, Stage.ANALYSIS, retry_possible=False)),
        failure("gen_1", SessionError("SOMETHING_NEW", SECRET, Stage.ANALYSIS, retry_possible=False)),
    ],
)  # fmt: skip
def test_the_public_form_keeps_type_number_and_time_and_no_free_text(draft: Draft) -> None:
    event = stored(draft)
    public = safe_form(event)
    assert (public.type, public.seq, public.timestamp) == (event.type, event.seq, event.timestamp)
    assert public.data.keys() == event.data.keys()
    assert SECRET not in wire(public).data


def test_the_public_form_keeps_counts_and_levels() -> None:
    results = {"concepts_identified": 3, "difficulty_level": "hard", "by_type": {"true_false": 2}}
    event = stored(stage_complete("gen_1", Stage.ANALYSIS, results))
    assert safe_form(event).data["stage_results"] == results


@given(st.text(min_size=1), st.sampled_from(STAGES))
def test_no_message_of_any_length_comes_through_or_grows_the_event(text: str, stage: Stage) -> None:
    event = stored(progress_update("gen_1", stage, 5, text * 100, None))
    assert len(wire(event).data.encode()) < 10_000
    assert (
        safe_form(event).data["message"]
        == safe_form(stored(progress_update("gen_1", stage, 5, "", None))).data["message"]
    )


@given(st.floats(0, 4e9), st.floats(0, 4e9))
def test_stamps_sort_as_the_times_do(one: float, other: float) -> None:
    assert (stamp(one) <= stamp(other)) or one > other


def test_channels_name_their_session() -> None:
    assert session_channel(private_channel("gen_1")) == ("gen_1", True)
    assert session_channel(public_channel("gen_1")) == ("gen_1", False)
    assert session_channel("content-generation-") is None
    assert session_channel("roblox-sync") is None


def test_the_types_are_those_of_the_guide() -> None:
    assert {kind.value for kind in EventType} == {
        "progress_update",
        "stage_complete",
        "generation_complete",
        "error",
    }


@given(st.floats(-(10.0**9), 10.0**10))
@example(0.9999996)
@example(1_763_000_000.999_999_7)
@example(-0.0000001)
@example(1_763_000_000.0005)
def test_a_time_is_written_as_the_library_writes_it(at: float) -> None:
    library = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    assert stamp(at) == library.replace("+00:00", "Z")
