"""What the events of a generation have to be, from the first to the last."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

__all__ = ["STAGES", "assert_whole", "long_text", "stages_done"]

STAGES = ["content_analysis", "lesson_generation", "quiz_generation", "packaging"]
RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")

Envelope = Mapping[str, Any]


def moment(text: str) -> datetime:
    assert RFC3339.fullmatch(text), text
    return datetime.fromisoformat(text)


def of_type(events: Sequence[Envelope], kind: str) -> list[Mapping[str, Any]]:
    return [event["data"] for event in events if event["type"] == kind]


def stages_done(events: Sequence[Envelope]) -> list[str]:
    return [data["completed_stage"] for data in of_type(events, "stage_complete")]


def assert_whole(events: Sequence[Envelope], session_id: str) -> Mapping[str, Any]:
    """All events of a session that went well, each once and in order; the data of the last one."""
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert all(set(event) == {"type", "data", "timestamp", "seq"} for event in events)
    assert all(event["data"]["session_id"] == session_id for event in events)
    times = [moment(event["timestamp"]) for event in events]
    assert times == sorted(times)

    updates = of_type(events, "progress_update")
    percents = [data["progress_percent"] for data in updates]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 100)
    assert list(dict.fromkeys(data["stage"] for data in updates)) == STAGES
    assert all(data["message"] for data in updates)
    for data in updates:
        if data["estimated_completion"] is not None:
            moment(data["estimated_completion"])

    assert stages_done(events) == STAGES
    following = [data["next_stage"] for data in of_type(events, "stage_complete")]
    assert following == [*STAGES[1:], None]

    terminal = [event["type"] for event in events if event["type"] in ("generation_complete", "error")]
    assert terminal == ["generation_complete"]
    assert events[-1]["type"] == "generation_complete"
    last: Mapping[str, Any] = events[-1]["data"]
    return last


def long_text(characters: int) -> str:
    """A text that takes seconds to work through: sentences in which things of many kinds meet."""
    kinds = [
        "river",
        "valley",
        "forest",
        "harbour",
        "mountain",
        "island",
        "desert",
        "glacier",
        "meadow",
        "canal",
    ]
    traits = [
        "northern",
        "quiet",
        "famous",
        "narrow",
        "ancient",
        "fertile",
        "stony",
        "distant",
        "warm",
        "hidden",
    ]
    sentences: list[str] = []
    size = 0
    while size < characters:
        number = len(sentences)
        kind, trait, other = kinds[number % 10], traits[number // 10 % 10], kinds[(number * 7 + 3) % 10]
        sentence = (
            f"The {trait} {kind} number {number} is a place that lies {number + 12} kilometres from the {other} "
            f"and was described in {1700 + number % 300} by travellers."
        )
        sentences.append(sentence)
        size += len(sentence) + 1
    return " ".join(sentences)[:characters]
