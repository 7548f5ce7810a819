"""The stages of a generation as tasks of agents: one story, told on both sides with the same words."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import Engine, Listener, a_request, a_session
from told_tasks import ToldTasks
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.errors import ContentFailed
from toolboxai.platform.content.records.sessions import STAGES, Change, Session, SessionError, Stage, Status
from toolboxai.platform.content.run.events import SessionNames, private_channel
from toolboxai.platform.content.run.pipeline import Pipeline
from toolboxai.platform.content.run.stage_tasks import StageTasks
from toolboxai.platform.runs.events import PublicCompat
from toolboxai.platform.runs.ledger import Ledger


class Room:
    """A pipeline with everything around it, and who hears of its tasks."""

    def __init__(self, database: AsyncEngine) -> None:
        self.store, self.listener, self.engine = DatabaseContentStore(database), Listener(), Engine()
        self.ledger = Ledger(self.store, self.listener, SessionNames(PublicCompat.OFF))
        self.told = ToldTasks()
        self.tasks = StageTasks(self.told, self.store)
        self.pipeline = Pipeline(self.store, self.ledger, self.engine, SystemClock(), tasks=self.tasks)

    async def run(self, *stages: Stage) -> None:
        for stage in stages or STAGES:
            await self.pipeline.run_stage(stage, "gen_1")

    async def session(self) -> Session:
        session = await self.store.session("gen_1")
        assert session is not None
        return session

    async def cancel(self) -> None:
        session = await self.session()
        error = SessionError("GENERATION_CANCELLED", "no", Stage.QUIZ, retry_possible=True)
        change = Change(attempt=session.attempt, at=1_790_000_000.0, status=Status.CANCELLED, error=error)
        await self.ledger.record("gen_1", change)


@pytest.fixture
async def room(database: AsyncEngine) -> AsyncIterator[Room]:
    room = Room(database)
    await room.store.create(a_session(), active_limit=5)
    yield room
    room.engine.go.set()
    await room.pipeline.close()


async def test_each_stage_is_a_task_that_says_what_the_session_says(room: Room) -> None:
    await room.tasks.wait(await room.session())
    assert room.told.states() == {"content_analysis": "queued"}
    await room.run()
    assert room.told.states() == {stage.value: "completed" for stage in STAGES}
    assert room.told.taken == [stage.value for stage in STAGES]
    said = room.listener.on(private_channel("gen_1"))
    for stage in STAGES:
        updates = [
            (event["data"]["progress_percent"], event["data"]["message"])
            for event in said
            if event["type"] == "progress_update" and event["data"]["stage"] == stage.value
        ]
        if stage is Stage.PACKAGING:
            updates.pop()  # that all is ready is the end of the task
        assert room.told.of(stage.value).told == updates
        [ended] = [event["data"] for event in said if event["data"].get("completed_stage") == stage.value]
        result = room.told.of(stage.value).result
        assert result is not None
        assert ended["stage_results"].items() <= result.items()


async def test_a_lesson_ends_in_the_guides_shape_and_names_its_sections(room: Room) -> None:
    await room.run()
    result = room.told.of("lesson_generation").result
    assert result is not None
    assert isinstance(result["lesson_title"], str)
    sections = result["content_sections"]
    assert len(sections) == result["sections"] > 1
    assert sum(section["duration_minutes"] for section in sections) == result["duration_minutes"]
    assert all(set(section) == {"id", "kind", "title", "duration_minutes"} for section in sections)
    package = room.told.of("packaging").result
    assert package is not None
    assert (package["content_id"], package["download_url"]) == (
        "content_1",
        "/api/v1/content/download/content_1",
    )


async def test_a_stage_that_fails_fails_its_task_with_the_same_words_and_a_retry_is_another(
    room: Room,
) -> None:
    room.engine.faults[Stage.QUIZ] = ContentFailed("PROVIDER_UNAVAILABLE", "nobody answers", retryable=True)
    with pytest.raises(ContentFailed):
        await room.run()
    assert room.told.states() == {
        "content_analysis": "completed",
        "lesson_generation": "completed",
        "quiz_generation": "failed",
    }
    assert room.told.of("quiz_generation").error == ("PROVIDER_UNAVAILABLE", "nobody answers")
    room.engine.faults.clear()
    retry = Change(
        attempt=1,
        expected=frozenset({Status.FAILED}),
        at=1_790_000_000.0,
        status=Status.QUEUED,
        clear_error=True,
        retry=True,
    )
    await room.ledger.record("gen_1", retry)
    await room.tasks.wait(await room.session())
    assert room.told.states(attempt=2) == {"quiz_generation": "queued"}
    await room.run()
    assert room.told.states(attempt=2) == {"quiz_generation": "completed", "packaging": "completed"}
    assert room.told.of("quiz_generation").status == "failed"


async def test_a_session_that_is_cancelled_while_a_stage_runs_cancels_its_task(room: Room) -> None:
    room.engine.waits_in = Stage.LESSON
    await room.run(Stage.ANALYSIS)
    running = asyncio.create_task(room.pipeline.run_stage(Stage.LESSON, "gen_1"))
    await room.engine.waiting.wait()
    await room.cancel()
    room.pipeline.stop("gen_1")
    room.engine.go.set()
    with pytest.raises(ContentFailed):
        await running
    assert room.told.states() == {"content_analysis": "completed", "lesson_generation": "cancelled"}


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled", "gone", "running"])
async def test_after_a_start_tasks_say_what_the_record_says(room: Room, end: str) -> None:
    if end == "completed":
        room.told.deaf = True
        await room.run(Stage.ANALYSIS)
        room.told.deaf = False
    else:
        session = await room.session()
        await room.tasks.wait(session if end != "gone" else replace(session, id="gen_9"))
    if end == "failed":
        error = SessionError("GENERATION_TIMEOUT", "too long", Stage.ANALYSIS, retry_possible=True)
        change = Change(attempt=1, at=1_790_000_000.0, status=Status.FAILED, error=error)
        await room.ledger.record("gen_1", change)
    elif end == "cancelled":
        await room.cancel()
    await room.tasks.settle()
    told = room.told.of("content_analysis")
    assert told.status == {"gone": "cancelled", "running": "queued"}.get(end, end)
    assert told.error == (("GENERATION_TIMEOUT", "too long") if end == "failed" else None)
    assert (told.result is not None) == (end == "completed")


async def test_a_request_is_no_part_of_what_a_task_says(room: Room) -> None:
    """The text of a teacher stands in the session alone: with that it goes."""
    await room.run()
    for told in room.told.by_key.values():
        assert a_request().source_text[:60] not in str((told.task, told.result))
