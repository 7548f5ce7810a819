"""Sessions that wait for their turn, and are told their place; the job engine gets only those that have one.

The line is nobody's memory alone: who waits is a session of status queued, and its place is its newest event.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from toolboxai.clock import Clock
from toolboxai.errors import StorageUnavailable
from toolboxai.platform.content.records.forecast import Forecast
from toolboxai.platform.content.records.sessions import ACTIVE, Change, Session, Status
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.content.run.events import progress_update
from toolboxai.platform.content.run.stage_work import stage_in_work, words_of
from toolboxai.platform.ports import JobEngine, JobState
from toolboxai.platform.runs.ledger import Ledger
from toolboxai.platform.runs.line import Line
from toolboxai.platform.runs.records import Superseded
from toolboxai.platform.runs.turns import Turns

__all__ = ["Queue"]

log = logging.getLogger(__name__)

_TELL_S: Final = 1.0  # places are told once a second at most


@dataclass(slots=True)
class _Length:
    """How long a session's text is, and since when it runs, by the monotonic clock."""

    words: int
    since: float | None = None


class Queue:
    """The line before the job engine.

    Args:
        turns: decide who is next.
        store: knows who waits.
        ledger: through which places are told; tells in turn which sessions are over.
        jobs: get a session when its turn has come; its id is the job's.
        forecast: how long those ahead will take.
        clock: for estimates.
        kind: of the jobs.
        at_once: sessions that run at once, for the estimates.

    Attributes:
        finished: sessions that were in the line or ran, and are over, since the start.
    """

    def __init__(
        self,
        turns: Turns,
        store: ContentStore,
        ledger: Ledger[Change],
        jobs: JobEngine,
        forecast: Forecast,
        clock: Clock,
        *,
        kind: str,
        at_once: int,
    ) -> None:
        self._turns = turns
        self._line = Line(turns, jobs, kind=kind, moved=self._advanced)
        self._store = store
        self._ledger = ledger
        self._jobs = jobs
        self._forecast = forecast
        self._clock = clock
        self._at_once = at_once
        self.finished = 0
        self._lengths: dict[str, _Length] = {}
        self._told: dict[str, int] = {}
        self._entering: dict[str, object] = {}  # sessions that are looked at before they enter
        self._moved = asyncio.Event()
        ledger.when_over(self.leave)

    @property
    def load(self) -> tuple[int, int]:
        """How many sessions run, and how many wait for their turn."""
        return self._turns.load

    def known(self) -> frozenset[str]:
        """The sessions that wait or run."""
        return frozenset(self._lengths)

    def waits(self, session_id: str) -> bool:
        """Whether this session waits for its turn."""
        return self._turns.waits(session_id)

    async def enter(self, session: Session) -> None:
        """Let a session wait for its turn; one that is there already stays where it is, one that is over stays out."""
        if self._turns.knows(session.id):
            return
        mark = self._entering[session.id] = object()
        try:
            words = words_of(await self._store.request(session.id))
            # Whoever was told of the session may know it as it was; it may also end while it is looked at.
            now = await self._store.session(session.id)
            if now is None or now.status not in ACTIVE or self._entering.get(session.id) is not mark:
                return
        finally:
            if self._entering.get(session.id) is mark:
                del self._entering[session.id]
        self._lengths.setdefault(session.id, _Length(words))
        self._line.enter(session.id, session.owner_id, session.id)

    def leave(self, session_id: str) -> None:
        """A session is over."""
        self.finished += session_id in self._lengths
        self._entering.pop(session_id, None)
        self._lengths.pop(session_id, None)
        self._told.pop(session_id, None)
        self._line.leave(session_id)

    async def restore(self) -> None:
        """After the job engine is launched, which took up what had its turn: the others wait in the order of their places."""
        running: list[Session] = []
        waiting: list[tuple[float, float, Session]] = []
        sessions = await self._store.unfinished()
        self._lengths = {session.id: _Length(0) for session in sessions}
        for session in sessions:
            words = words_of(await self._store.request(session.id))
            if session.id in self._lengths:  # what runs already may end meanwhile
                self._lengths[session.id].words = words
            if session.status is Status.RUNNING or await self._has_a_job(session):
                running.append(session)
                continue
            place = await self._last_place(session)
            if place is not None:
                self._told[session.id] = place
            waiting.append((float("inf") if place is None else place, session.updated_at, session))
        waiting.sort(key=lambda each: each[:2])
        running = [session for session in running if session.id in self._lengths]
        for session in running:
            self._lengths[session.id].since = self._clock.monotonic()
        self._line.restore(
            _owned(running), _owned(session for _, _, session in waiting if session.id in self._lengths)
        )

    async def run(self) -> None:
        """Start what has its turn, and tell the others their places, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._line.run(), name="turns of content sessions")
            group.create_task(self._tell(), name="places of content sessions")

    # ---- inside -------------------------------------------------------------------------------------------------

    def _advanced(self, begun: str | None) -> None:
        if begun is not None:
            self._lengths[begun].since = self._clock.monotonic()
            self._told.pop(begun, None)
        self._moved.set()

    async def _has_a_job(self, session: Session) -> bool:
        job = await self._jobs.status(session.id)
        return job is not None and job.state in (JobState.QUEUED, JobState.RUNNING)

    async def _last_place(self, session: Session) -> int | None:
        events = await self._store.events(session.id, after=session.last_seq - 1)
        place = events[-1].data.get("queue_position") if events else None
        return place if isinstance(place, int) else None

    async def _tell(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            for session_id, place in self._turns.positions().items():
                # The line may have moved since the positions were taken, and others were told.
                if self._turns.waits(session_id) and self._told.get(session_id) != place:
                    await self._tell_one(session_id, place)
            await asyncio.sleep(_TELL_S)

    async def _tell_one(self, session_id: str, place: int) -> None:
        try:
            session = await self._store.session(session_id)
            stage = await stage_in_work(self._store, session_id)
            if session is None or not self._turns.waits(session_id):
                return
            told = progress_update(
                session_id,
                stage,
                session.percent,
                "Waiting for a turn: next in line"
                if place == 1
                else f"Waiting for a turn: number {place} in line",
                self._estimate(session_id),
                queue_position=place,
            )
            change = Change(
                attempt=session.attempt,
                expected=frozenset({Status.QUEUED}),
                at=self._clock.now(),
                events=(told,),
            )
            self._told[session_id] = place
            with suppress(Superseded):  # it ended, or its turn came, in the same moment
                await self._ledger.record(session_id, change)
        except StorageUnavailable:
            self._told.pop(session_id, None)
            self._moved.set()
        except Exception:
            log.exception("a session could not be told its place", extra={"session_id": session_id})

    def _estimate(self, session_id: str) -> float | None:
        """When it will be done, in Unix seconds: after what runs and those ahead of it."""
        ahead = 0.0
        for other in self._turns.running:
            ahead += max(0.0, self._seconds(other) - self._ran_s(other))
        for other in self._turns.positions():
            if other == session_id:
                break
            ahead += self._seconds(other)
        own = self._seconds(session_id)
        return self._clock.now() + ahead / self._at_once + own if own > 0 else None

    def _seconds(self, session_id: str) -> float:
        expected: Mapping[Any, float] | None = self._forecast.seconds(self._lengths[session_id].words)
        return 0.0 if expected is None else sum(expected.values())

    def _ran_s(self, session_id: str) -> float:
        since = self._lengths[session_id].since
        return 0.0 if since is None else self._clock.monotonic() - since


def _owned(sessions: Iterable[Session]) -> list[tuple[str, str, str]]:
    return [(session.id, session.owner_id, session.id) for session in sessions]
