"""No session is left without somebody who works on it.

A job that cannot write down what it made, since the database was away or busy for too long, ends without the session
knowing. Such a session would say for ever that it runs.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import StorageUnavailable
from toolboxai.platform.content.records.sessions import Change, Session, SessionError, Stage, Status
from toolboxai.platform.content.records.store import ContentStore, Superseded
from toolboxai.platform.content.run.events import failure
from toolboxai.platform.content.run.ledger import Ledger
from toolboxai.platform.content.run.queue import Queue
from toolboxai.platform.ports import JobEngine, JobState

__all__ = ["WATCH_S", "Watch"]

log = logging.getLogger(__name__)

WATCH_S: Final = 15.0  # between two looks; one indexed query when nothing is under way
_TIMES: Final = 3  # each of them is all the tries of the job engine; what fails then does not pass by itself


class Watch:
    """Sets sessions going again whose job was lost or ended without them; in the end it lets them fail.

    Args:
        store: knows which sessions wait or run.
        queue: has those that wait.
        jobs: has those whose turn has come.
        ledger: through which a session fails.
        clock: for the time of the failure.
        kind: of the jobs.
        every_s: seconds between two looks.
    """

    def __init__(
        self,
        store: ContentStore,
        queue: Queue,
        jobs: JobEngine,
        ledger: Ledger,
        clock: Clock,
        *,
        kind: str,
        every_s: float,
    ) -> None:
        self._store = store
        self._queue = queue
        self._jobs = jobs
        self._ledger = ledger
        self._clock = clock
        self._kind = kind
        self._every_s = every_s
        self._revived: dict[tuple[str, int], int] = {}  # how often, by session and attempt

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.look()
            except StorageUnavailable:
                continue  # told by whoever looks after the database; the next look is soon
            except Exception:  # ours, and no reason to look no more
                log.exception("could not look after the sessions that wait or run; will look again")

    async def look(self) -> None:
        """Look once at every session that waits or runs."""
        known = self._queue.known()
        sessions = await self._store.unfinished()
        for gone in known - {session.id for session in sessions}:
            self._queue.leave(gone)
        for session in sessions:
            await self._queue.enter(session)
            if self._queue.waits(session.id):
                continue
            job = await self._jobs.status(session.id)
            if job is None:
                await self._jobs.start(self._kind, session.id)
            elif job.state in (JobState.FAILED, JobState.CANCELLED):
                await self._revive(session)
        self._forget_all_but(sessions)

    async def _revive(self, session: Session) -> None:
        key = (session.id, session.attempt)
        times = self._revived.get(key, 0)
        if times >= _TIMES:
            await self._fail(session)
            return
        self._revived[key] = times + 1
        log.warning(
            "the job of a session ended without it; it is set going again",
            extra={"session_id": session.id, "times": times + 1},
        )
        await self._jobs.retry(session.id)

    async def _fail(self, session: Session) -> None:
        error = SessionError(
            "GENERATION_FAILED",
            "The work could not be completed, tried again and again; the server's log has the details",
            session.stage or Stage.ANALYSIS,
            retry_possible=True,
        )
        change = Change(
            attempt=session.attempt,
            at=self._clock.now(),
            status=Status.FAILED,
            error=error,
            events=(failure(session.id, error),),
        )
        try:
            await self._ledger.record(session.id, change)
        except Superseded:
            return  # it ended in the same moment
        log.error("a session was given up", extra={"session_id": session.id})

    def _forget_all_but(self, sessions: Sequence[Session]) -> None:
        there = {(session.id, session.attempt) for session in sessions}
        self._revived = {key: times for key, times in self._revived.items() if key in there}
