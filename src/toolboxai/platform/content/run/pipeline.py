"""The four stages of a generation, as steps that a job engine may run twice.

A stage's result, its events and the session's new state are one transaction. A step that runs again finds what is
already there and makes nothing anew; a step that was cut goes on from the percent it had reached.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Event as Flag
from typing import Any, Final
from weakref import WeakValueDictionary

from toolboxai.clock import Clock
from toolboxai.errors import ContentFailed
from toolboxai.platform.content.engine import stage_results
from toolboxai.platform.content.model.package import Package
from toolboxai.platform.content.model.report import Report
from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.content.records.forecast import Forecast, Timing
from toolboxai.platform.content.records.sessions import (
    STAGES,
    Change,
    Session,
    SessionError,
    Stage,
    Status,
)
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.content.run.events import (
    content_delta,
    failure,
    generation_complete,
    progress_update,
    stage_complete,
)
from toolboxai.platform.content.run.limits import USUAL_LIMITS, RunLimits
from toolboxai.platform.content.run.live_words import EngineReport, LiveWords, Piece
from toolboxai.platform.content.run.meter import Meter, Reading, stage_end
from toolboxai.platform.content.run.stage_tasks import StageTasks
from toolboxai.platform.content.run.stage_work import (
    ContentEngine,
    Result,
    cause_of,
    encode_result,
    stage_call,
    words_of,
)
from toolboxai.platform.ports import Step
from toolboxai.platform.runs.events import Draft
from toolboxai.platform.runs.ledger import Ledger
from toolboxai.platform.runs.records import Superseded
from toolboxai.platform.runs.tasks import NOBODY, TaskInHand

__all__ = ["Pipeline"]

_CLOSE_S: Final = 10.0


class _Stopped(Exception):
    """Raised inside the engine's thread when nobody wants its result any more."""


@dataclass(slots=True)
class _Run:
    """One stage of one session, while its thread works.

    Args:
        session: as it was when the stage began.
        stage: which.
        pace: of the session in this process.
        task: the stage as an agent's task.
        stop: set from outside; the engine notices with its next report.
        updates: what is to be told, in order; None when the thread has ended.
    """

    session: Session
    stage: Stage
    pace: "_Pace"
    task: TaskInHand
    stop: Flag = field(default_factory=Flag)
    updates: "asyncio.Queue[Reading | Piece | None]" = field(default_factory=asyncio.Queue)


@dataclass(slots=True)
class _Pace:
    """A session in this process, from stage to stage.

    Args:
        words: of its source.
        meter: tells how far it is.
        seconds: what each stage took that ran here from its beginning to its end.
        generator: who made it, known at its end.
    """

    words: int
    meter: Meter
    seconds: dict[Stage, float] = field(default_factory=dict)
    generator: str = ""


class Pipeline:
    """Runs stages in threads and keeps what they make.

    Args:
        store: where earlier stages' results are read.
        ledger: through which everything is written and told.
        engine: does the work; must be callable from several threads.
        clock: for times and speeds.
        limits: how many stages run at once, and how long they may take.
        forecast: says how long they will take, and learns how long they took.
        tasks: tell the agents what they work on.
    """

    def __init__(
        self,
        store: ContentStore,
        ledger: Ledger[Change],
        engine: ContentEngine,
        clock: Clock,
        *,
        limits: RunLimits = USUAL_LIMITS,
        forecast: Forecast | None = None,
        tasks: StageTasks | None = None,
    ) -> None:
        self._store = store
        self._tasks = tasks or StageTasks(NOBODY, store)
        self._ledger = ledger
        self._engine = engine
        self._clock = clock
        self._limits = limits
        self._forecast = forecast or Forecast(engine.generator)
        self._threads = ThreadPoolExecutor(max_workers=limits.at_once, thread_name_prefix="content")
        self._runs: dict[str, _Run] = {}
        self._paces: dict[str, _Pace] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        ledger.when_over(self._over)

    def steps(self) -> Sequence[tuple[str, Step]]:
        """The stages for ``JobEngine.register``; the job id is the session id."""
        return [(stage.value, partial(self.run_stage, stage)) for stage in STAGES]

    def stop(self, session_id: str) -> None:
        """Let the running stage of this session end at its next report, if one runs."""
        run = self._runs.get(session_id)
        if run is not None:
            run.stop.set()

    async def let_go(self, session_id: str) -> None:
        """Return when no stage of this session runs; after `stop` that is soon."""
        turn = self._turns.get(session_id)
        if turn is not None:
            async with turn:
                pass

    async def close(self) -> None:
        """End all threads; what they did not finish is begun again by the next process."""
        for run in self._runs.values():
            run.stop.set()
        async with asyncio.timeout(_CLOSE_S):
            await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    async def run_stage(self, stage: Stage, session_id: str) -> Mapping[str, Any]:
        """One step.

        Raises:
            ContentFailed: the session failed or was cancelled; it is on record.
        """
        # After a cancel and a retry the stage may be asked for while its former thread is still on its way out.
        turn = self._turns.get(session_id)
        if turn is None:
            turn = self._turns[session_id] = asyncio.Lock()
        async with turn:
            session = await self._store.session(session_id)
            if session is None:
                raise ContentFailed("GENERATION_FAILED", f"session {session_id} is gone", retryable=False)
            if session.error is not None:
                raise ContentFailed(session.error.error_code, session.error.message, retryable=False)
            if await self._store.artefact(session_id, stage) is None:
                async with self._tasks.take(session, stage) as task:
                    await self._stage(session, stage, task)
            return {"stage": stage.value}

    async def _stage(self, session: Session, stage: Stage, task: TaskInHand) -> None:
        request = await self._store.request(session.id)
        run = self._runs[session.id] = _Run(session, stage, self._pace(session, request), task)
        goes_on = False
        try:
            began_at = self._clock.monotonic()
            result, artefact = await self._work(run, await self._inputs(session, stage, request))
            await task.begun()
            await self._finish(run, result, artefact)
            run.pace.seconds[stage] = self._clock.monotonic() - began_at
            if isinstance(result, Package):
                run.pace.generator = result.generator
            goes_on = stage is not STAGES[-1]
            await self._tasks.complete(session, stage, result)
        except Superseded:
            await self._tasks.cancel(session)
            raise ContentFailed(
                "GENERATION_CANCELLED", "the session was cancelled", retryable=False
            ) from None
        except _Failed as failed:
            await self._fail(run, failed.error)
            await self._tasks.fail(session, failed.error)
            raise ContentFailed(failed.error.error_code, failed.error.message, retryable=False) from failed
        finally:
            run.stop.set()  # whatever went wrong here, the thread is not to go on for nobody
            del self._runs[session.id]
            if not goes_on:
                self._learn(self._paces.pop(session.id))

    def _pace(self, session: Session, request: GenerationRequest) -> _Pace:
        pace = self._paces.get(session.id)
        if pace is None:
            words = words_of(request)
            meter = Meter(self._clock, session.percent, expected=self._forecast.seconds(words))
            pace = self._paces[session.id] = _Pace(words, meter)
        return pace

    def _over(self, session_id: str) -> None:
        """Between two stages no run is there to forget the pace; the next attempt has one of its own."""
        if session_id not in self._runs:
            self._paces.pop(session_id, None)

    def _learn(self, pace: _Pace) -> None:
        if len(pace.seconds) == len(STAGES):
            self._forecast.learn([Timing(pace.words, pace.seconds, pace.generator)])

    # ---- the thread ---------------------------------------------------------------------------------------------

    async def _inputs(
        self, session: Session, stage: Stage, request: GenerationRequest
    ) -> Callable[[Report], Result]:
        """What the engine is to be called with; decoded in its thread, for a long text takes a while."""
        earlier = [await self._made(session, before) for before in STAGES[: STAGES.index(stage)]]
        return stage_call(self._engine, stage, request, earlier, session.content_id)

    async def _made(self, session: Session, stage: Stage) -> bytes:
        artefact = await self._store.artefact(session.id, stage)
        if artefact is None:
            raise RuntimeError(f"session {session.id} has no result of {stage}: the stages run in order")
        return artefact

    async def _work(self, run: _Run, call: Callable[[Report], Result]) -> tuple[Result, bytes]:
        """Run the engine in a thread and tell its progress until it ends.

        Raises:
            Superseded: the session was cancelled.
            _Failed: the engine did not get through.
        """
        loop = asyncio.get_running_loop()
        meter = run.pace.meter

        def check() -> None:
            if run.stop.is_set():
                raise _Stopped

        def put(update: Reading | Piece) -> None:
            loop.call_soon_threadsafe(run.updates.put_nowait, update)

        def read(done: int, total: int, message: str) -> Reading | None:
            return meter.read(run.stage, done, total, message)

        def body() -> tuple[Result, bytes]:
            try:
                result = call(EngineReport(check, read, put))
                return result, encode_result(result)
            finally:
                loop.call_soon_threadsafe(run.updates.put_nowait, None)

        future = loop.run_in_executor(self._threads, body)
        future.add_done_callback(
            _seen
        )  # when this coroutine is cancelled, nobody else asks how the thread ended
        await self._tell_until_it_ends(run)
        try:
            return await future
        except _Stopped:
            raise Superseded("the session was cancelled") from None
        except Exception as fault:  # whatever the engine dies of is the session's failure, with its cause
            raise _Failed(cause_of(run.stage, fault)) from fault

    async def _tell_until_it_ends(self, run: _Run) -> None:
        """Tell what the engine reports, and when it is silent for a second, that work goes on all the same.

        Raises:
            _Failed: the time is up; the thread is left to its next report.
        """
        meter, loop = run.pace.meter, asyncio.get_running_loop()
        words = LiveWords(partial(self._tell_live, run), self._clock)
        # In seconds of the meter: a stage that waits for a processor is not late.
        deadline_s = min(meter.spent_s + self._limits.stage_limit_s, self._limits.run_limit_s)
        while (left_s := deadline_s - meter.spent_s) > 0:
            beat = meter.beat(run.stage)
            if beat is not None:  # behind what was reported before it and is not told yet
                loop.call_soon(run.updates.put_nowait, beat)
            try:
                async with asyncio.timeout(min(meter.quiet_s(), left_s)):
                    update = await run.updates.get()
            except TimeoutError:
                continue
            if update is None:
                return
            await (words.tell(update) if isinstance(update, Piece) else self._tell(run, update))
        run.stop.set()
        raise _Failed(self._too_late(run))

    def _too_late(self, run: _Run) -> SessionError:
        limits = self._limits
        whole = run.pace.meter.spent_s >= limits.run_limit_s
        what = (
            f"the generation took longer than {limits.run_limit_s:.0f} s"
            if whole
            else f"{run.stage} took longer than {limits.stage_limit_s:.0f} s"
        )
        return SessionError("GENERATION_TIMEOUT", what, run.stage, retry_possible=True)

    # ---- what is written ----------------------------------------------------------------------------------------

    async def _tell(self, run: _Run, reading: Reading) -> None:
        told = progress_update(
            run.session.id, run.stage, reading.percent, reading.message, reading.estimated_completion
        )
        await self._record(
            run, status=Status.RUNNING, stage=run.stage, percent=reading.percent, events=(told,)
        )
        run.task.progress(reading.percent, reading.message)

    async def _tell_live(self, run: _Run, text: str, offset: int) -> None:
        if not run.stop.is_set():
            told = content_delta(run.session.id, run.stage, text, offset, self._clock.now())
            await self._ledger.tell_live(run.session.id, told)

    async def _finish(self, run: _Run, result: Result, artefact: bytes) -> None:
        session_id = run.session.id
        ended = stage_complete(session_id, run.stage, stage_results(result))
        if not isinstance(result, Package):
            await self._record(
                run, stage=run.stage, percent=stage_end(run.stage), artefact=artefact, events=(ended,)
            )
            return
        now = self._clock.now()
        await self._record(
            run,
            status=Status.COMPLETE,
            stage=run.stage,
            percent=100,
            artefact=artefact,
            files=result.files,
            events=(
                progress_update(session_id, run.stage, 100, f"Ready: {len(result.files)} files", now),
                ended,
                generation_complete(
                    session_id,
                    result.content_id,
                    result.summary,
                    environment_id=run.session.environment_id,
                ),
            ),
        )

    async def _fail(self, run: _Run, error: SessionError) -> None:
        await self._record(run, status=Status.FAILED, error=error, events=(failure(run.session.id, error),))

    async def _record(self, run: _Run, *, events: tuple[Draft, ...], **values: Any) -> None:
        change = Change(attempt=run.session.attempt, at=self._clock.now(), events=events, **values)
        await self._ledger.record(run.session.id, change)


class _Failed(Exception):
    """The engine did not get through; the cause goes on record."""

    def __init__(self, error: SessionError) -> None:
        super().__init__(error.message)
        self.error = error


def _seen(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()
