"""A generation as people and programs see it."""

import json
from collections.abc import AsyncIterator

import pytest

from toolboxai.cli.exits import CommandFailed
from toolboxai.cli.follow import Finished, View, follow, line, showing
from toolboxai.cli.output import Output
from toolboxai.client import Event


def event(name: str, seq: int = 1, **data: object) -> Event:
    envelope = {"type": name, "data": data, "timestamp": "2025-01-21T10:01:00Z", "seq": seq}
    return Event(name, "private-content-generation-gen_1", envelope, seq)


PROGRESS = event(
    "progress_update",
    stage="content_analysis",
    progress_percent=25,
    message="Analyzing learning objectives...",
    estimated_completion="2025-01-21T10:03:00Z",
)
COMPLETE = event("generation_complete", content_id="content_456", summary={"quiz_questions": 10})
FAILED = event(
    "error",
    error_code="GENERATION_FAILED",
    message="The source is too short",
    details={"stage": "quiz_generation", "retry_possible": True},
)


class Told:
    """A client whose one channel holds these events."""

    def __init__(self, *events: Event) -> None:
        self.events = events
        self.asked: list[tuple[str, int | None]] = []

    async def subscribe(self, name: str, *, since: int | None = None) -> AsyncIterator[Event]:
        self.asked.append((name, since))
        return self._all()

    async def _all(self) -> AsyncIterator[Event]:
        for each in self.events:
            yield each


async def following(told: Told, channel: str, view: View) -> Finished:
    return await follow(told, channel, view)  # type: ignore[arg-type]  # it asks for nothing but subscribe


def test_progress_is_the_line_of_the_guide() -> None:
    assert line(PROGRESS) == "Progress: 25% - Analyzing learning objectives..."


def test_the_other_events_are_lines_too() -> None:
    stage = event(
        "stage_complete", completed_stage="content_analysis", stage_results={"concepts_identified": 15}
    )
    assert line(stage) == "Stage complete: content_analysis (concepts_identified 15)"
    assert line(COMPLETE) == "Complete: content_456 (quiz_questions 10)"
    assert line(FAILED) == (
        "Error: The source is too short [GENERATION_FAILED in quiz_generation; it can be tried again]"
    )
    assert line(Event("new_kind", "c", {"a": 1})) == 'new_kind: {"a": 1}'


@pytest.mark.parametrize(
    "data", [None, "text", 5, [], {}, {"data": 5}, {"data": {"summary": None, "details": 5}}]
)
@pytest.mark.parametrize(
    "name", ["progress_update", "stage_complete", "generation_complete", "error", "other"]
)
def test_no_shape_of_an_event_raises(name: str, data: object) -> None:
    line(Event(name, "c", data))


async def test_it_follows_from_the_first_event_to_the_last(capsys: pytest.CaptureFixture[str]) -> None:
    client = Told(PROGRESS, COMPLETE, event("progress_update", 3))
    with showing(Output()) as view:
        finished = await following(client, "private-content-generation-gen_1", view)
    assert finished == Finished("content_456", {"quiz_questions": 10})
    assert client.asked == [("private-content-generation-gen_1", 0)]
    assert capsys.readouterr().out.splitlines() == [line(PROGRESS), line(COMPLETE)]


async def test_programs_get_the_events_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    with showing(Output(as_json=True)) as view:
        await following(Told(PROGRESS, COMPLETE), "c", view)
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [row["event"] for row in rows] == ["progress_update", "generation_complete"]
    assert rows[0]["data"] == PROGRESS.data


async def test_a_failed_generation_fails_the_command_with_the_cause(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(CommandFailed, match="The source is too short"), showing(Output()) as view:
        await following(Told(PROGRESS, FAILED), "c", view)


async def test_a_rejected_message_is_no_end(capsys: pytest.CaptureFixture[str]) -> None:
    rejected = event("error", error_code="INVALID_JSON", message="no", details={"terminal": False})
    with showing(Output()) as view:
        finished = await following(Told(rejected, COMPLETE), "c", view)
    assert finished.content_id == "content_456"


def test_at_a_terminal_there_is_a_bar_with_the_raw_events_below_it() -> None:
    import io

    from rich.console import Console

    from toolboxai.cli.follow import _Bar

    bar = _Bar()
    bar.show(PROGRESS)
    page = io.StringIO()
    Console(file=page, width=120).print(bar.render())
    above, below = page.getvalue().split("Analyzing learning objectives...", 1)
    assert "content_analysis" in above
    assert "25%" in above
    assert "ready about" in above
    assert '"type": "progress_update"' in below
