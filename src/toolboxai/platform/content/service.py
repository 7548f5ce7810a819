"""Generations as the application offers them: start, watch, cancel, try again, download."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, RateLimitExceeded, ResourceNotFound
from toolboxai.ids import Dice, new_token
from toolboxai.platform.content.downloads import Downloads
from toolboxai.platform.content.model.proposal import Proposals
from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.content.records.access import may_see
from toolboxai.platform.content.records.editions import Editions
from toolboxai.platform.content.records.forecast import Forecast
from toolboxai.platform.content.records.sessions import (
    ACTIVE,
    Change,
    NewSession,
    Session,
    SessionError,
    Stage,
    Status,
    is_id,
)
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.content.revising.changes import Revising
from toolboxai.platform.content.run.engine_calls import EngineCalls
from toolboxai.platform.content.run.events import SessionNames, failure, session_channel
from toolboxai.platform.content.run.limits import USUAL_LIMITS, RunLimits
from toolboxai.platform.content.run.pipeline import Pipeline
from toolboxai.platform.content.run.queue import Queue
from toolboxai.platform.content.run.stage_tasks import StageTasks
from toolboxai.platform.content.run.stage_work import ContentEngine, stage_in_work
from toolboxai.platform.content.validation import check_request, check_source
from toolboxai.platform.identity.keys import DerivedKeys
from toolboxai.platform.identity.model import Principal, User
from toolboxai.platform.ports import JobEngine, Publisher
from toolboxai.platform.runs.events import PublicCompat, StoredEvent
from toolboxai.platform.runs.ledger import Ledger
from toolboxai.platform.runs.records import Superseded, TooManyActive
from toolboxai.platform.runs.tasks import NOBODY, RunTasks
from toolboxai.platform.runs.turns import Turns
from toolboxai.platform.runs.watch import WATCH_S, Watch

__all__ = ["HISTORY_S", "ContentService"]

log = logging.getLogger(__name__)

_KIND: Final = "content"
_LEARNT_FROM: Final = 200  # finished sessions that tell at a start how long one takes
_RETRY_AFTER_S: Final = 10  # about the time that one generation takes when all turns are taken
_LET_GO_S: Final = 5.0  # a stage notices with its next report that it is to end
_ALL: Final = 1000  # more than one user may have waiting and running
HISTORY_S: Final = (
    3600.0  # who comes back within the hour finds the end of the session in the channel's history
)


class ContentService:
    """The one door to content sessions.

    Args:
        store: keeps everything.
        jobs: runs the stages; this registers its kind of job, the owner of the engine launches it.
        publisher: tells subscribers.
        engine: does the work.
        clock, dice: time and chance.
        link_keys: sign download links.
        public_compat: what the public channel names carry.
        limits: how many run at once, wait, and for how long.
        watch_s: seconds between two looks for sessions whose job was lost.
        source_needed: False where the engine writes a text that a request does not have.
        tasks: tell the built-in agents what they work on.
    """

    def __init__(
        self,
        *,
        store: ContentStore,
        jobs: JobEngine,
        publisher: Publisher,
        engine: ContentEngine,
        clock: Clock,
        dice: Dice,
        link_keys: DerivedKeys,
        public_compat: PublicCompat = PublicCompat.SAFE,
        limits: RunLimits = USUAL_LIMITS,
        watch_s: float = WATCH_S,
        source_needed: bool = True,
        tasks: RunTasks = NOBODY,
    ) -> None:
        self._store = store
        self._tasks = StageTasks(tasks, store)
        self._jobs = jobs
        self._clock = clock
        self._dice = dice
        self._active_limit = limits.active_per_user
        self._source_needed = source_needed
        self._names = SessionNames(public_compat)
        self._ledger = Ledger(store, publisher, self._names)
        self._forecast = Forecast(engine.generator)
        self._pipeline = Pipeline(
            store, self._ledger, engine, clock, limits=limits, forecast=self._forecast, tasks=self._tasks
        )
        self._queue = Queue(
            Turns(at_once=limits.at_once, at_once_per_user=limits.at_once_per_user),
            store,
            self._ledger,
            jobs,
            self._forecast,
            clock,
            kind=_KIND,
            at_once=limits.at_once,
        )
        self._watch = Watch(
            self._unfinished,
            self._queue,
            jobs,
            self._give_up,
            kind=_KIND,
            job_of=lambda session: session.id,
            every_s=watch_s,
        )
        self._calls = EngineCalls(engine)
        editions = Editions(store)
        self.downloads = Downloads(store, editions, self._calls, clock, link_keys)
        self.revising = Revising(store, editions, self.downloads, self._calls, clock)
        jobs.register(_KIND, self._pipeline.steps())

    # ---- the life of the service --------------------------------------------------------------------------------

    async def recover(self) -> None:
        """Before the job engine is launched: give the channels back the history that a former process left.

        That of unfinished sessions, and of those that ended within the last hour.
        """
        self._forecast.learn(await self._store.timings(limit=_LEARNT_FROM))
        sessions = [
            *await self._store.unfinished(),
            *await self._store.finished_since(self._clock.now() - HISTORY_S),
        ]
        for session in sessions:
            events = await self._store.events(session.id)
            await self._ledger.take_up(
                session.id, events, announced=session.announced_seq, over=session.status.over
            )
        await self._tasks.settle()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """While the job engine runs: sessions get their turns, and one whose job was lost is set going again.

        Those that a former process left are on their way, or in line, before this begins.
        """
        await self._queue.restore()
        await self._watch.look()
        tasks = [
            asyncio.create_task(self._queue.run(), name="queue of content sessions"),
            asyncio.create_task(self._watch.run(), name="watch over content sessions"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def when_over(self, call: Callable[[str], None]) -> None:
        """Have this called with the id of each session that has ended, whichever way."""
        self._ledger.when_over(call)

    @property
    def load(self) -> tuple[int, int]:
        """How many sessions run, and how many wait for their turn."""
        return self._queue.load

    @property
    def finished(self) -> int:
        """How many sessions have ended in this process, however they did."""
        return self._queue.finished

    async def close(self) -> None:
        """After the job engine is closed: end the threads, and the telling."""
        await self._calls.close()
        await self._pipeline.close()
        await self._ledger.close()

    # ---- before a session -----------------------------------------------------------------------------------------

    async def propose(self, principal: Principal, source_text: str, language: str | None) -> Proposals:
        """What a text offers for a lesson: subject, grade and objectives, all found in it.

        Args:
            principal: who asks; the caller has checked ``content:generate``.
            source_text: of the lesson.
            language: BCP 47 tag; None has it found out.

        Raises:
            ValidationError: ``details.fields`` names what is wrong.
            SourceRequired: there is no text.
            SourceTooShort: the text does not carry a lesson.
            RateLimitExceeded, ProviderUnavailable: see ``EngineCalls``.
        """
        check_source(source_text, language)
        return await self._calls.run(
            principal.user_id, lambda engine: engine.propose(source_text, language, _unheard)
        )

    # ---- sessions -----------------------------------------------------------------------------------------------

    async def generate(
        self,
        principal: Principal,
        request: GenerationRequest,
        *,
        idempotency_key: str | None = None,
        environment_theme: str | None = None,
    ) -> Session:
        """Begin a generation.

        Args:
            principal: becomes the owner; the caller has checked ``content:generate``.
            request: what is wanted.
            idempotency_key: of the caller; the same key leads to the same session.
            environment_theme: of the world that is to be built when the lesson is done.

        Raises:
            ValidationError: ``details.fields`` names what is wrong.
            SourceRequired: there is no text.
            Conflict: the key was used for another request.
            RateLimitExceeded: too many of this user's sessions wait or run.
        """
        check_request(request, source_needed=self._source_needed)
        new = NewSession(
            id=new_token(self._dice, "gen_"),
            content_id=new_token(self._dice, "content_"),
            organization_id=principal.organization_id,
            owner_id=principal.user_id,
            request=request,
            idempotency_key=idempotency_key,
            environment_theme=environment_theme,
            environment_id=None if environment_theme is None else new_token(self._dice, "env_"),
            at=self._clock.now(),
        )
        creation = await self._store.create(new, active_limit=self._active_limit)
        if creation is None:
            raise self._too_many()
        if not creation.same_request:
            raise Conflict(
                f"the Idempotency-Key was used for another request, session {creation.session.id}; use a new key",
                details={"session_id": creation.session.id},
            )
        # Also for a known key: whoever comes back after a crash between the two lines sets the session going.
        if creation.session.status in ACTIVE:
            await self._tasks.wait(creation.session)
            await self._queue.enter(creation.session)
        return creation.session

    async def session(self, principal: Principal, session_id: str) -> Session:
        """One session.

        Raises:
            ResourceNotFound: there is none, or it is not this principal's to see.
        """
        session = await self._store.session(session_id) if is_id(session_id) else None
        if session is None or not await may_see(self._store, principal, session):
            raise ResourceNotFound(f"no content session {session_id!r}")
        return session

    async def sessions(
        self,
        principal: Principal,
        *,
        limit: int,
        before: tuple[float, str] | None = None,
        status: Status | None = None,
    ) -> Sequence[Session]:
        """The principal's own sessions, newest first; `before` is ``(created_at, id)`` of the last one seen."""
        return await self._store.sessions(
            organization_id=principal.organization_id,
            owner_id=principal.user_id,
            limit=limit,
            before=before,
            status=status,
        )

    async def events(
        self, principal: Principal, session_id: str, *, after: int, limit: int
    ) -> Sequence[StoredEvent]:
        """Events with a number above `after`.

        Raises:
            ResourceNotFound: as for ``session``.
        """
        await self.session(principal, session_id)
        return await self._store.events(session_id, after=after, limit=limit)

    async def cancel(self, principal: Principal, session_id: str) -> Session:
        """End a session that waits or runs; on a cancelled one this does nothing.

        Raises:
            ResourceNotFound: as for ``session``; only the owner may cancel.
            Conflict: it is over already.
        """
        return await self._cancel(await self._own(principal, session_id))

    async def _cancel(self, session: Session) -> Session:
        if session.status is Status.CANCELLED:
            return session
        session_id = session.id
        error = SessionError(
            "GENERATION_CANCELLED",
            "The generation was cancelled",
            await stage_in_work(self._store, session_id),
            retry_possible=True,
        )
        try:
            await self._ledger.record(
                session_id,
                Change(
                    attempt=session.attempt,
                    at=self._clock.now(),
                    status=Status.CANCELLED,
                    error=error,
                    events=(failure(session_id, error),),
                ),
            )
        except Superseded:
            session = await self._store.session(session_id) or session
            if session.status is Status.CANCELLED:  # in the same moment, by somebody else
                return session
            raise Conflict(
                f"session {session_id} is over; only one that is queued or running can be cancelled"
            ) from None
        self._pipeline.stop(session_id)
        await self._tasks.cancel(session)
        await self._jobs.cancel(session_id)
        return await self._store.session(session_id) or session

    async def retry(self, principal: Principal, session_id: str) -> Session:
        """Try again from the stage that failed; what earlier stages made is kept.

        Raises:
            ResourceNotFound: as for ``session``; only the owner may retry.
            Conflict: it is not failed or cancelled, or trying again cannot help.
            RateLimitExceeded: too many of this user's sessions wait or run.
        """
        session = await self._own(principal, session_id)
        if session.error is None:
            raise Conflict(
                f"session {session_id} is {session.status}; only a failed or cancelled one can be retried"
            )
        if not session.error.retry_possible:
            raise Conflict(f"a retry cannot help: {session.error.message}; send another request")
        change = Change(
            attempt=session.attempt,
            expected=frozenset({Status.FAILED, Status.CANCELLED}),
            at=self._clock.now(),
            status=Status.QUEUED,
            clear_error=True,
            retry=True,
            active_limit=self._active_limit,
        )
        try:
            await self._ledger.record(session_id, change)
        except TooManyActive:
            raise self._too_many() from None
        except Superseded:
            raise Conflict(f"session {session_id} was retried at the same time; look at its status") from None
        again = await self._own(principal, session_id)
        await self._tasks.wait(again)
        await self._queue.enter(again)
        return again

    async def channel_history(self, channel: str, *, after: int, limit: int) -> Sequence[StoredEvent]:
        """Events as a channel carried them; the caller has checked that the channel may be read.

        Raises:
            ResourceNotFound: no history is kept for this channel.
        """
        named = session_channel(channel)
        if named is None or await self._store.session(named[0]) is None:
            raise ResourceNotFound(f"no history is kept for channel {channel[:200]!r}")
        session_id, private = named
        events = await self._store.events(session_id, after=after, limit=limit)
        if private:
            return events
        return [self._names.form(event) for event in events] if self._names.public(session_id) else []

    # ---- the end of an owner ------------------------------------------------------------------------------------

    async def stop_all(self, owner: User) -> None:
        """Cancel what waits or runs of an owner, and wait a moment until it has let go."""
        for status in ACTIVE:
            for session in await self._store.sessions(
                organization_id=owner.organization_id, owner_id=owner.id, limit=_ALL, status=status
            ):
                with suppress(Conflict):  # it ended by itself in the same moment
                    await self._cancel(session)
                with suppress(TimeoutError):  # it waits for a language model, and finds out after that
                    async with asyncio.timeout(_LET_GO_S):
                        await self._pipeline.let_go(session.id)

    async def forget(self, session_ids: Sequence[str]) -> None:
        """Remove what the job engine and the agents keep of sessions that are deleted."""
        await self._jobs.forget(session_ids)
        await self._tasks.forget(session_ids)

    # ---- inside -------------------------------------------------------------------------------------------------

    async def _unfinished(self) -> Sequence[Session]:
        return await self._store.unfinished()

    async def _give_up(self, session: Session) -> None:
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
        await self._tasks.fail(session, error)
        log.error("a session was given up", extra={"session_id": session.id})

    async def _own(self, principal: Principal, session_id: str) -> Session:
        session = await self.session(principal, session_id)
        if session.owner_id != principal.user_id:
            raise ResourceNotFound(f"no content session {session_id!r} of yours")
        return session

    def _too_many(self) -> RateLimitExceeded:
        return RateLimitExceeded(
            f"{self._active_limit} of your generations wait or run already; wait for one to end, or cancel one",
            retry_after_s=_RETRY_AFTER_S,
            details={"limit": self._active_limit},
        )


def _unheard(done: int, total: int, message: str) -> None:
    """A report to nobody."""
