"""The four stages on a real store, with the offline engine: what is written, what is told, and in which order."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import Engine, Listener, a_request, a_session
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.errors import ContentFailed
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.quiz import Quiz
from toolboxai.platform.content.model.report import Report
from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.content.records.forecast import Forecast
from toolboxai.platform.content.records.sessions import STAGES, Change, Session, SessionError, Stage, Status
from toolboxai.platform.content.run.events import SessionNames, private_channel, public_channel, safe_form
from toolboxai.platform.content.run.limits import RunLimits
from toolboxai.platform.content.run.meter import stage_end
from toolboxai.platform.content.run.pipeline import Pipeline
from toolboxai.platform.content.run.stage_work import words_of
from toolboxai.platform.runs.events import PublicCompat
from toolboxai.platform.runs.ledger import Ledger
from toolboxai.testing.clock import ManualClock

PRIVATE, PUBLIC = private_channel("gen_1"), public_channel("gen_1")


@dataclass
class Room:
    """A pipeline with everything around it."""

    store: DatabaseContentStore
    listener: Listener
    engine: Engine
    ledger: Ledger[Change]
    pipeline: Pipeline

    async def run(self, stages: tuple[Stage, ...] = STAGES) -> None:
        for stage in stages:
            await self.pipeline.run_stage(stage, "gen_1")

    async def session(self) -> Session:
        session = await self.store.session("gen_1")
        assert session is not None
        return session

    async def change(self, **values: Any) -> None:
        session = await self.session()
        await self.ledger.record("gen_1", Change(attempt=session.attempt, at=1_790_000_000.0, **values))


@pytest.fixture
def make(database: AsyncEngine) -> Callable[..., Room]:
    def room(**options: Any) -> Room:
        store, listener, engine = DatabaseContentStore(database), Listener(), Engine()
        ledger = Ledger(store, listener, SessionNames(options.pop("compat", PublicCompat.SAFE)))
        return Room(
            store, listener, engine, ledger, Pipeline(store, ledger, engine, SystemClock(), **options)
        )

    return room


@pytest.fixture
async def room(make: Callable[..., Room]) -> AsyncIterator[Room]:
    room = make()
    await room.store.create(a_session(), active_limit=5)
    yield room
    room.engine.go.set()
    await room.pipeline.close()


def types(said: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in said]


async def test_a_generation_is_told_from_the_first_stage_to_the_files(room: Room) -> None:
    await room.run()
    said = room.listener.on(PRIVATE)
    assert [event["seq"] for event in said] == list(range(1, len(said) + 1))
    ended = [event["data"] for event in said if event["type"] == "stage_complete"]
    assert [data["completed_stage"] for data in ended] == [stage.value for stage in STAGES]
    assert [data["next_stage"] for data in ended] == [*(stage.value for stage in STAGES[1:]), None]
    updates = [event["data"] for event in said if event["type"] == "progress_update"]
    assert {data["stage"] for data in updates} == {stage.value for stage in STAGES}
    percents = [data["progress_percent"] for data in updates]
    assert percents == sorted(percents)
    assert all(type(percent) is int and 0 <= percent <= 100 for percent in percents)
    assert percents.count(100) == 1
    assert types(said)[-3:] == ["progress_update", "stage_complete", "generation_complete"]
    assert types(said).count("generation_complete") == 1
    timestamps = [event["timestamp"] for event in said]
    assert timestamps == sorted(timestamps)
    assert all(stamp.endswith("Z") for stamp in timestamps)
    session = await room.session()
    assert (session.status, session.percent, session.last_seq) == (Status.COMPLETE, 100, len(said))
    assert session.announced_seq == len(said)


async def test_every_count_that_was_told_is_that_of_what_is_kept(room: Room) -> None:
    await room.run()
    said = room.listener.on(PRIVATE)
    results = {
        event["data"]["completed_stage"]: event["data"]["stage_results"]
        for event in said
        if event["type"] == "stage_complete"
    }
    analysis = msgspec.json.decode(await room.store.artefact("gen_1", Stage.ANALYSIS) or b"", type=Analysis)
    quiz = msgspec.json.decode(await room.store.artefact("gen_1", Stage.QUIZ) or b"", type=Quiz)
    assert results["content_analysis"]["concepts_identified"] == len(analysis.concepts) > 0
    assert results["content_analysis"]["difficulty_level"] == analysis.difficulty_level
    data = said[-1]["data"]
    assert data["content_id"] == "content_1"
    file = await room.store.file("content_1", "json", "teacher")
    assert file is not None
    content = msgspec.json.decode(file.content)
    assert data["summary"] == {
        "lesson_sections": len(content["lesson"]["sections"]),
        "quiz_questions": len(content["quiz"]["questions"]),
        "duration_minutes": sum(section["duration_minutes"] for section in content["lesson"]["sections"]),
    }
    assert len(quiz.questions) == data["summary"]["quiz_questions"] > 0


async def test_the_public_channel_hears_the_same_types_numbers_and_times_without_the_text(room: Room) -> None:
    await room.run()
    private, public = room.listener.on(PRIVATE), room.listener.on(PUBLIC)
    outer = ("type", "timestamp", "seq")
    assert [[event[name] for name in outer] for event in public] == [
        [event[name] for name in outer] for event in private
    ]
    stored = await room.store.events("gen_1")
    assert [event["data"] for event in public] == [safe_form(event).data for event in stored]
    assert [event["data"] for event in private] == [event.data for event in stored]


@pytest.mark.parametrize("compat", [PublicCompat.FULL, PublicCompat.OFF])
async def test_the_public_channel_can_be_full_or_off(make: Callable[..., Room], compat: PublicCompat) -> None:
    room = make(compat=compat)
    await room.store.create(a_session(), active_limit=5)
    await room.run()
    await room.pipeline.close()
    expected = room.listener.on(PRIVATE) if compat is PublicCompat.FULL else []
    assert room.listener.on(PUBLIC) == expected
    assert room.listener.on(PRIVATE)


@pytest.mark.parametrize("stage", STAGES)
async def test_a_fault_in_a_stage_is_one_last_error_that_names_it_and_a_retry_goes_on_there(
    room: Room, stage: Stage
) -> None:
    room.engine.faults[stage] = ContentFailed("PROVIDER_UNAVAILABLE", "the provider is away", retryable=True)
    with pytest.raises(ContentFailed, match="the provider is away"):
        await room.run()
    said = room.listener.on(PRIVATE)
    assert types(said).count("error") == 1
    assert said[-1]["data"] == {
        "session_id": "gen_1",
        "error_code": "PROVIDER_UNAVAILABLE",
        "message": "the provider is away",
        "details": {"stage": stage.value, "retry_possible": True, "terminal": True},
    }
    session = await room.session()
    assert session.status is Status.FAILED
    assert session.error == SessionError(
        "PROVIDER_UNAVAILABLE", "the provider is away", stage, retry_possible=True
    )
    with pytest.raises(ContentFailed, match="the provider is away"):
        await room.pipeline.run_stage(stage, "gen_1")  # run again by the engine: nothing is told twice
    assert room.listener.on(PRIVATE) == said

    room.engine.faults.clear()
    await room.change(expected=frozenset({Status.FAILED}), status=Status.QUEUED, clear_error=True, retry=True)
    await room.run(STAGES[STAGES.index(stage) :])
    assert room.engine.calls.count(stage) == 2
    assert all(room.engine.calls.count(other) == 1 for other in STAGES if other is not stage)
    said = room.listener.on(PRIVATE)
    assert said[-1]["type"] == "generation_complete"
    assert [event["seq"] for event in said] == list(range(1, len(said) + 1))
    percents = [event["data"]["progress_percent"] for event in said if event["type"] == "progress_update"]
    assert percents == sorted(percents)


async def test_an_unexpected_fault_tells_its_kind_and_not_its_inside(room: Room) -> None:
    room.engine.faults[Stage.QUIZ] = KeyError("pupil name")
    with pytest.raises(ContentFailed):
        await room.run()
    data = room.listener.on(PRIVATE)[-1]["data"]
    assert data["error_code"] == "GENERATION_FAILED"
    assert "KeyError" in data["message"]
    assert "pupil" not in data["message"]
    assert data["details"]["retry_possible"] is True


async def test_a_text_too_short_for_a_lesson_is_said_and_a_retry_cannot_help(
    make: Callable[..., Room],
) -> None:
    room = make()
    await room.store.create(a_session(request=a_request(source_text="Water is wet.")), active_limit=5)
    with pytest.raises(ContentFailed):
        await room.run()
    await room.pipeline.close()
    data = room.listener.on(PRIVATE)[-1]["data"]
    assert data["error_code"] == "SOURCE_TOO_SHORT"
    assert data["details"] == {"stage": "content_analysis", "retry_possible": False, "terminal": True}


async def test_a_stage_that_hangs_ends_with_a_timeout(make: Callable[..., Room]) -> None:
    room = make(limits=RunLimits(stage_limit_s=0.0))
    await room.store.create(a_session(), active_limit=5)
    with pytest.raises(ContentFailed, match="longer than 0 s"):
        await room.run()
    await room.pipeline.close()
    data = room.listener.on(PRIVATE)[-1]["data"]
    assert (data["error_code"], data["details"]["retry_possible"]) == ("GENERATION_TIMEOUT", True)


async def test_a_stage_that_says_nothing_is_told_every_second_with_the_same_percent_and_ends_in_time(
    make: Callable[..., Room],
) -> None:
    room = make(limits=RunLimits(stage_limit_s=2.5))
    room.engine.waits_in, room.engine.speaks = Stage.LESSON, False
    await room.store.create(a_session(), active_limit=5)
    with pytest.raises(ContentFailed, match="lesson_generation took longer than 2 s"):
        await room.run()
    session = await room.session()
    assert (session.error or SessionError("", "", Stage.QUIZ, False)).error_code == "GENERATION_TIMEOUT"
    said = room.listener.on(PRIVATE)
    silent = [event for event in said if event["data"].get("stage") == Stage.LESSON]
    # How many there are depends on when the stage before was last told of: they come in its pace.
    assert {event["data"]["progress_percent"] for event in silent} == {stage_end(Stage.ANALYSIS)}
    times = [datetime.fromisoformat(event["timestamp"]) for event in said]
    assert max(after - before for before, after in pairwise(times)) < timedelta(seconds=1.5)
    beats = [datetime.fromisoformat(event["timestamp"]) for event in silent]
    assert len(beats) >= 2
    assert min(after - before for before, after in pairwise(beats)) > timedelta(seconds=0.8)
    assert types(said)[-1] == "error"
    assert said[-1]["data"]["details"] == {
        "stage": "lesson_generation",
        "retry_possible": True,
        "terminal": True,
    }
    room.engine.go.set()
    await room.pipeline.close()
    assert room.listener.on(PRIVATE) == said, "what the thread made after all is nobody's"


class Swift(Engine):
    """Reports three times and lets a second go by after each, while the first report is still being written down."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock
        self.said = threading.Event()
        self.kept = threading.Event()

    def analyse(self, request: GenerationRequest, report: Report) -> Analysis:
        report(0, 10, "first")
        assert self.kept.wait(10)  # the first is being written down
        for done in (1, 5):
            self._clock.advance(1)
            report(done, 10, str(done))
        self._clock.advance(1)
        self.said.set()
        return super().analyse(request, report)


class Slow(Ledger[Change]):
    """Writes its first line down only when more was said."""

    engine: Swift

    async def record(self, session_id: str, change: Change) -> Any:
        if not self.engine.kept.is_set():
            self.engine.kept.set()
            assert await asyncio.to_thread(self.engine.said.wait, 10)
        return await super().record(session_id, change)


async def test_what_was_reported_first_is_told_first_also_when_telling_takes_long(
    database: AsyncEngine,
) -> None:
    store, listener, clock = DatabaseContentStore(database), Listener(), ManualClock()
    ledger = Slow(store, listener, SessionNames(PublicCompat.SAFE))
    ledger.engine = Swift(clock)
    pipeline = Pipeline(store, ledger, ledger.engine, clock)
    await store.create(a_session(), active_limit=5)
    await pipeline.run_stage(Stage.ANALYSIS, "gen_1")
    await pipeline.close()
    said = [event["data"] for event in listener.on(PRIVATE) if event["type"] == "progress_update"]
    percents = [data["progress_percent"] for data in said]
    assert percents == sorted(percents)
    assert [data["message"] for data in said][:2] == ["first", "1"]


class InLine(Engine):
    """Waits for a quarter of an hour before each stage, and says so; then it may hang."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock
        self.hangs = threading.Event()

    def _touch(self, stage: Stage, report: Report) -> None:
        for _ in range(90):
            report(0, 0, "Waiting for a processor")
            self._clock.advance(10)
        report(0, 0, "Waiting for a processor")
        if self.hangs.is_set():
            self._clock.advance(1000)
        super()._touch(stage, report)


async def test_the_time_in_which_a_stage_waits_for_a_processor_is_not_counted(database: AsyncEngine) -> None:
    store, listener, clock = DatabaseContentStore(database), Listener(), ManualClock()
    ledger, engine = Ledger(store, listener, SessionNames(PublicCompat.SAFE)), InLine(clock)
    pipeline = Pipeline(store, ledger, engine, clock)
    await store.create(a_session(), active_limit=5)
    for stage in STAGES[:-1]:
        await pipeline.run_stage(stage, "gen_1")
    engine.hangs.set()
    engine.waits_in, engine.speaks = STAGES[-1], False
    with pytest.raises(ContentFailed, match="took longer than"):
        await pipeline.run_stage(STAGES[-1], "gen_1")
    engine.go.set()
    await pipeline.close()


async def test_all_stages_together_have_a_limit_too(make: Callable[..., Room]) -> None:
    room = make(limits=RunLimits(run_limit_s=1.0))
    room.engine.waits_in, room.engine.speaks = Stage.QUIZ, False
    await room.store.create(a_session(), active_limit=5)
    with pytest.raises(ContentFailed, match="the generation took longer than 1 s"):
        await room.run()
    room.engine.go.set()
    await room.pipeline.close()
    assert room.listener.on(PRIVATE)[-1]["data"]["details"]["stage"] == Stage.QUIZ


async def test_the_estimate_is_learnt_from_those_that_went_before(
    room: Room, make: Callable[..., Room]
) -> None:
    first = [event["data"] for event in await told_by(room) if event["type"] == "progress_update"]
    assert first[0]["estimated_completion"] is None, "there is nothing to go by"
    [timing] = await room.store.timings(limit=9)
    assert set(timing.seconds) == set(STAGES)
    assert all(seconds >= 0 for seconds in timing.seconds.values())
    assert timing.words == pytest.approx(words_of(a_request()), rel=0.2)

    forecast = Forecast()
    forecast.learn([timing])
    after = make(forecast=forecast)
    await after.store.create(a_session(2), active_limit=5)
    for stage in STAGES:
        await after.pipeline.run_stage(stage, "gen_2")
    await after.pipeline.close()
    said = after.listener.on(private_channel("gen_2"))
    updates = [event["data"] for event in said if event["type"] == "progress_update"]
    assert all(data["estimated_completion"] is not None for data in updates)
    assert len(await room.store.timings(limit=9)) == 2
    assert len(await room.store.timings(limit=1)) == 1


async def told_by(room: Room) -> list[dict[str, Any]]:
    await room.run()
    return room.listener.on(PRIVATE)


async def test_a_finished_stage_that_runs_again_makes_and_tells_nothing(room: Room) -> None:
    await room.run()
    said = list(room.listener.heard)
    await room.run()
    assert room.listener.heard == said
    assert room.engine.calls == list(STAGES)


async def test_a_stage_that_was_cut_goes_on_from_the_percent_it_had_reached(
    room: Room, make: Callable[..., Room]
) -> None:
    room.engine.waits_in = Stage.QUIZ
    task = asyncio.create_task(room.run())
    await room.engine.waiting.wait()
    task.cancel()  # as the job engine does when the process ends
    with pytest.raises(asyncio.CancelledError):
        await task
    reached = (await room.session()).percent
    assert reached > stage_end(Stage.LESSON) - 1

    after = make()
    await after.run(STAGES[2:])
    await after.pipeline.close()
    said = room.listener.on(PRIVATE) + after.listener.on(PRIVATE)
    assert [event["seq"] for event in said] == list(range(1, len(said) + 1))
    percents = [event["data"]["progress_percent"] for event in said if event["type"] == "progress_update"]
    assert percents == sorted(percents)
    assert types(said).count("stage_complete") == 4
    assert types(said)[-1] == "generation_complete"


@pytest.mark.parametrize("stage", STAGES)
async def test_a_cancelled_session_says_so_at_once_and_leaves_no_file(room: Room, stage: Stage) -> None:
    room.engine.waits_in = stage
    task = asyncio.create_task(room.run())
    await room.engine.waiting.wait()
    error = SessionError("GENERATION_CANCELLED", "cancelled", stage, retry_possible=True)
    await room.change(status=Status.CANCELLED, error=error)
    room.pipeline.stop("gen_1")
    heard = len(room.listener.heard)
    room.engine.go.set()
    with pytest.raises(ContentFailed, match="cancelled"):
        await task
    assert len(room.listener.heard) == heard
    assert await room.store.files("content_1") == []
    assert await room.store.artefact("gen_1", stage) is None
    assert room.engine.calls[-1] is stage
    assert (await room.session()).status is Status.CANCELLED


async def test_what_was_cancelled_between_two_stages_has_all_its_time_when_it_is_tried_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.run(STAGES[:2])
    error = SessionError("GENERATION_CANCELLED", "cancelled", Stage.QUIZ, retry_possible=True)
    await room.change(status=Status.CANCELLED, error=error)
    later = SystemClock().monotonic() + 10_000
    monkeypatch.setattr(SystemClock, "monotonic", lambda clock: later)
    await room.change(
        expected=frozenset({Status.CANCELLED}), status=Status.QUEUED, clear_error=True, retry=True
    )
    await room.run(STAGES[2:])
    assert types(room.listener.on(PRIVATE))[-1] == "generation_complete"


async def test_a_cancel_that_comes_while_the_last_stage_is_written_wins_or_loses_as_a_whole(
    room: Room,
) -> None:
    await room.run(STAGES[:3])
    error = SessionError("GENERATION_CANCELLED", "cancelled", Stage.PACKAGING, retry_possible=True)
    ends = await asyncio.gather(
        room.run(STAGES[3:]), room.change(status=Status.CANCELLED, error=error), return_exceptions=True
    )
    session = await room.session()
    assert sum(isinstance(end, Exception) for end in ends) == 1
    assert (session.status is Status.COMPLETE) == bool(await room.store.files("content_1"))


async def test_the_same_stage_asked_for_twice_at_once_is_done_once(room: Room) -> None:
    await asyncio.gather(*(room.pipeline.run_stage(Stage.ANALYSIS, "gen_1") for _ in range(3)))
    assert room.engine.calls == [Stage.ANALYSIS]


async def test_the_loop_goes_on_while_the_engine_works(room: Room) -> None:
    room.engine.waits_in = Stage.ANALYSIS
    task = asyncio.create_task(room.run())
    await room.listener.until(lambda: bool(room.listener.on(PRIVATE)))
    assert (await room.session()).status is Status.RUNNING  # the database answers, the thread still waits
    room.engine.go.set()
    await task


async def test_closing_lets_the_thread_end_at_its_next_report(room: Room) -> None:
    room.engine.waits_in = Stage.LESSON
    task = asyncio.create_task(room.run())
    await room.engine.waiting.wait()
    closing = asyncio.create_task(room.pipeline.close())
    await asyncio.sleep(0)
    room.engine.go.set()
    await closing
    with pytest.raises(ContentFailed):
        await task
    assert (await room.session()).status is Status.RUNNING


async def test_a_session_that_is_gone_ends_its_job(room: Room) -> None:
    with pytest.raises(ContentFailed, match="is gone"):
        await room.pipeline.run_stage(Stage.ANALYSIS, "gen_9")
