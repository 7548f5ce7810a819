"""Worlds as the application offers them: begin, watch, cancel, try again, build anew, delete."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, RateLimitExceeded
from toolboxai.ids import Dice, new_token
from toolboxai.platform.content.records.sessions import is_id
from toolboxai.platform.content.service import HISTORY_S
from toolboxai.platform.identity.keys import DerivedKeys
from toolboxai.platform.identity.model import Principal, User
from toolboxai.platform.messages.environment import ComponentState, EnvironmentStatus
from toolboxai.platform.ports import JobEngine, JobState, Publisher
from toolboxai.platform.roblox.downloads import WorldDownloads
from toolboxai.platform.roblox.engine import BUILD_FAILED, WorldEngine
from toolboxai.platform.roblox.lesson import Lessons
from toolboxai.platform.roblox.limits import USUAL_WORLD_LIMITS, WorldLimits
from toolboxai.platform.roblox.luau.report import ScriptChecker
from toolboxai.platform.roblox.model.spec import Size, Theme, WorldLesson, WorldSpec
from toolboxai.platform.roblox.records.access import Access
from toolboxai.platform.roblox.records.environments import (
    ACTIVE,
    BuildFacts,
    Environment,
    EnvironmentChange,
    EnvironmentError,
    NewEnvironment,
    Wish,
    components_of,
)
from toolboxai.platform.roblox.records.store import EnvironmentStore
from toolboxai.platform.roblox.run.events import environment_status, progress_of
from toolboxai.platform.roblox.run.pipeline import WorldPipeline
from toolboxai.platform.roblox.run.scribe import Scribe, told
from toolboxai.platform.roblox.scripts import Scripts
from toolboxai.platform.roblox.uploads import PAUSES_S, AssetUploader, Uploads
from toolboxai.platform.runs.events import StoredEvent
from toolboxai.platform.runs.line import Line
from toolboxai.platform.runs.records import Superseded, TooManyActive
from toolboxai.platform.runs.turns import Turns
from toolboxai.platform.runs.watch import WATCH_S, Watch

__all__ = ["WorldService"]

log = logging.getLogger(__name__)

_KIND: Final = "environment"
_RETRY_AFTER_S: Final = 10
_LET_GO_S: Final = 5.0
_ALL: Final = 1000  # more than one user may have waiting and in work
_OVER: Final = frozenset(EnvironmentStatus) - ACTIVE
_AGAIN: Final = frozenset({EnvironmentStatus.FAILED, EnvironmentStatus.CANCELLED})


class WorldService:
    """The one door to worlds.

    Args:
        store: keeps everything.
        jobs: runs the components; this registers its kind of job, the owner of the engine launches it.
        publisher: tells subscribers.
        engine: does the work.
        checker: reads scripts.
        lessons: what is taught in worlds.
        clock, dice: time and chance.
        link_keys: sign download links.
        limits: how many are built at once, and wait.
        event_bytes: how long an event may be.
        uploader: where models go when they are ready; None: they stay here.
        upload_pauses_s: between tries to upload.
        watch_s: seconds between two looks for worlds whose job was lost.
    """

    def __init__(
        self,
        *,
        store: EnvironmentStore,
        jobs: JobEngine,
        publisher: Publisher,
        engine: WorldEngine,
        checker: ScriptChecker,
        lessons: Lessons,
        clock: Clock,
        dice: Dice,
        link_keys: DerivedKeys,
        limits: WorldLimits = USUAL_WORLD_LIMITS,
        event_bytes: Callable[[], int],
        uploader: AssetUploader | None = None,
        upload_pauses_s: Sequence[float] = PAUSES_S,
        watch_s: float = WATCH_S,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._lessons = lessons
        self._clock = clock
        self._dice = dice
        self._active_limit = limits.active_per_user
        self._access = Access(store)
        self._scribe = Scribe(store, publisher, clock)
        self._pipeline = WorldPipeline(
            store, self._scribe, engine, checker, at_once=limits.at_once, event_bytes=event_bytes
        )
        turns = Turns(at_once=limits.at_once, at_once_per_user=limits.at_once_per_user)
        self._line = Line(turns, jobs, kind=_KIND)
        self._scribe.when_over(self._line.leave)
        self._watch = Watch(
            store.unfinished,
            self,
            jobs,
            self._give_up,
            kind=_KIND,
            job_of=lambda environment: environment.job_id,
            every_s=watch_s,
        )
        self._uploads = (
            None
            if uploader is None
            else Uploads(uploader, store, self._scribe, clock, pauses_s=upload_pauses_s)
        )
        self.downloads = WorldDownloads(store, self._access, clock, link_keys)
        self.scripts = Scripts(
            store, self._access, self._scribe, self._pipeline, checker, event_bytes=event_bytes
        )
        jobs.register(_KIND, self._pipeline.steps())

    # ---- the life of the service --------------------------------------------------------------------------------

    async def recover(self) -> None:
        """Before the job engine is launched: give the channels back the history that a former process left."""
        worlds = [
            *await self._store.unfinished(),
            *await self._store.finished_since(self._clock.now() - HISTORY_S),
        ]
        for world in worlds:
            await self._scribe.take_up(world, await self._store.events(world.id))

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """While the job engine runs: worlds get their turns, and one whose job was lost is set going again."""
        running: list[tuple[str, str, str]] = []
        waiting: list[tuple[str, str, str]] = []
        for world in await self._store.unfinished():
            job = await self._jobs.status(world.job_id)
            at_work = job is not None and job.state in (JobState.QUEUED, JobState.RUNNING)
            (running if at_work else waiting).append((world.id, world.owner_id, world.job_id))
        self._line.restore(running, waiting)
        await self._watch.look()
        tasks = [
            asyncio.create_task(self._line.run(), name="turns of worlds"),
            asyncio.create_task(self._watch.run(), name="watch over worlds"),
        ]
        if self._uploads is not None:
            tasks.append(asyncio.create_task(self._uploads.run(), name="uploads of worlds"))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    @property
    def load(self) -> tuple[int, int]:
        """How many worlds are built, and how many wait for their turn."""
        return self._line.load

    async def close(self) -> None:
        """After the job engine is closed: end the threads, and the telling."""
        await self._pipeline.close()
        await self._scribe.close()

    # ---- for the watch ------------------------------------------------------------------------------------------

    def known(self) -> frozenset[str]:
        """See ``Waiting``."""
        return self._line.known()

    def waits(self, run_id: str, /) -> bool:
        """See ``Waiting``."""
        return self._line.waits(run_id)

    def leave(self, run_id: str, /) -> None:
        """See ``Waiting``."""
        self._line.leave(run_id)

    async def enter(self, run: Environment, /) -> None:
        """See ``Waiting``."""
        now = await self._store.environment(run.id)  # whoever was told of it may know it as it was
        if now is not None and not now.over:
            self._line.enter(now.id, now.owner_id, now.job_id)

    async def _give_up(self, world: Environment) -> None:
        error = EnvironmentError(
            BUILD_FAILED,
            "The world could not be completed, tried again and again; the server's log has the details",
            None,
            retry_possible=True,
        )
        with suppress(Superseded):  # it ended in the same moment
            await self._scribe.change(world.id, world.attempt, _ends(EnvironmentStatus.FAILED, error))
            log.error("a world was given up", extra={"environment_id": world.id})

    # ---- worlds -------------------------------------------------------------------------------------------------

    async def build(
        self, principal: Principal, wish: Wish, *, idempotency_key: str | None = None
    ) -> Environment:
        """Begin a world.

        Args:
            principal: becomes the owner; the caller has checked ``roblox:write``.
            wish: what is wanted; an empty name becomes that of the lesson.
            idempotency_key: of the caller; the same key leads to the same world.

        Raises:
            ResourceNotFound: there is no such content that is the principal's to teach.
            Conflict: the key was used for another request.
            RateLimitExceeded: too many of this user's worlds wait or are built.
        """
        lesson = None if wish.content_id is None else await self._lessons.lesson(principal, wish.content_id)
        if not wish.name:
            wish = msgspec.structs.replace(wish, name="World" if lesson is None else lesson.title)
        environment_id = new_token(self._dice, "env_")
        new = NewEnvironment(
            id=environment_id,
            organization_id=principal.organization_id,
            owner_id=principal.user_id,
            wish=wish,
            spec=_spec(environment_id, wish, lesson),
            idempotency_key=idempotency_key,
            at=self._clock.now(),
        )
        creation = await self._store.create(new, active_limit=self._active_limit)
        if creation is None:
            raise self._too_many()
        world = creation.environment
        if not creation.same_request:
            raise Conflict(
                f"the Idempotency-Key was used for another request, environment {world.id}; use a new key",
                details={"environment_id": world.id},
            )
        # Also for a known key: whoever comes back after a crash between these lines sets the world going.
        if world.last_seq == 0:
            with suppress(Superseded):
                world = await self._scribe.change(world.id, world.attempt, _queued_first)
        if not world.over:
            await self.enter(world)
        return world

    async def environment(self, principal: Principal, environment_id: str) -> Environment:
        """One world.

        Raises:
            ResourceNotFound: there is none, or it is not this principal's to see.
        """
        return await self._access.seen_by(principal, environment_id)

    async def environments(
        self,
        principal: Principal,
        *,
        limit: int,
        before: tuple[float, str] | None = None,
        content_id: str | None = None,
    ) -> Sequence[Environment]:
        """The principal's own worlds, newest first; `before` is ``(created_at, id)`` of the last one seen."""
        if content_id is not None and not is_id(content_id):
            return ()
        return await self._store.environments(
            organization_id=principal.organization_id,
            owner_id=principal.user_id,
            limit=limit,
            before=before,
            content_id=content_id,
        )

    async def builds(self, principal: Principal, environment_id: str) -> Sequence[BuildFacts]:
        """All builds of a world, newest first.

        Raises:
            ResourceNotFound: as for ``environment``.
        """
        await self._access.taught_by(principal, environment_id)
        return await self._store.builds(environment_id)

    async def events(
        self, principal: Principal, environment_id: str, *, after: int, limit: int
    ) -> Sequence[StoredEvent]:
        """Events with a number above `after`.

        Raises:
            ResourceNotFound: as for ``environment``.
        """
        await self._access.seen_by(principal, environment_id)
        return await self._store.events(environment_id, after=after, limit=limit)

    async def cancel(self, principal: Principal, environment_id: str) -> Environment:
        """End a build that waits or is under way; on a cancelled one this does nothing.

        Raises:
            ResourceNotFound: as for ``environment``; only the owner may cancel.
            Conflict: it is over already.
        """
        return await self._cancel(await self._access.own(principal, environment_id))

    async def _cancel(self, world: Environment) -> Environment:
        if world.status is EnvironmentStatus.CANCELLED:
            return world
        error = EnvironmentError(
            "GENERATION_CANCELLED", "The building of the world was cancelled", None, retry_possible=True
        )
        try:
            after = await self._scribe.change(
                world.id, world.attempt, _ends(EnvironmentStatus.CANCELLED, error)
            )
        except Superseded:
            now = await self._store.environment(world.id)
            if now is not None and now.status is EnvironmentStatus.CANCELLED:  # in the same moment
                return now
            raise Conflict(
                f"environment {world.id} is over; only one that is queued or generating can be cancelled"
            ) from None
        await self._jobs.cancel(world.job_id)
        return after

    async def retry(self, principal: Principal, environment_id: str) -> Environment:
        """Build again what failed or was not reached; what the other components made is kept.

        Raises:
            ResourceNotFound: as for ``environment``; only the owner may retry.
            Conflict: it is not failed or cancelled, or trying again cannot help.
            RateLimitExceeded: too many of this user's worlds wait or are built.
        """
        world = await self._access.own(principal, environment_id)
        if world.status not in _AGAIN:
            raise Conflict(
                f"environment {world.id} is {world.status}; only a failed or cancelled one can be retried"
            )
        if world.error is not None and not world.error.retry_possible:
            raise Conflict(f"a retry cannot help: {world.error.message}; build it anew with another seed")

        def change(now: Environment, at: float) -> EnvironmentChange:
            components = {
                component: ComponentState.PENDING if state is ComponentState.FAILED else state
                for component, state in now.components.items()
            }
            return self._queued(
                now, EnvironmentChange(attempt=now.attempt, at=at, expected=_AGAIN, components=components)
            )

        return await self._again(world, change)

    async def rebuild(
        self,
        principal: Principal,
        environment_id: str,
        *,
        seed: int | None = None,
        theme: Theme | None = None,
        size: Size | None = None,
    ) -> Environment:
        """Build a world anew, with the same lesson; what it was can be fetched until the new one is ready.

        Args:
            principal: its owner.
            environment_id: which.
            seed: another one; None leaves it, as with the next two.
            theme: another look.
            size: another size.

        Raises:
            ResourceNotFound: as for ``environment``; only the owner may.
            Conflict: it is being built.
            RateLimitExceeded: too many of this user's worlds wait or are built.
        """
        world = await self._access.own(principal, environment_id)
        given = {"seed": seed, "theme": theme, "size": size}
        wish = msgspec.structs.replace(
            world.wish, **{name: value for name, value in given.items() if value is not None}
        )
        former = await self._store.spec(world.id, world.build)
        spec = _spec(world.id, wish, former.lesson)

        def change(now: Environment, at: float) -> EnvironmentChange:
            facts = BuildFacts(number=now.build + 1, wish=wish, author_id=principal.user_id, at=at)
            return self._queued(
                now,
                EnvironmentChange(
                    attempt=now.attempt,
                    at=at,
                    expected=_OVER,
                    components=components_of(wish.features),
                    build=(facts, spec),
                ),
            )

        return await self._again(world, change)

    async def delete(self, principal: Principal, environment_id: str) -> None:
        """Delete a world with its scripts, files, events and shares; one that is being built is cancelled first.

        Raises:
            ResourceNotFound: as for ``environment``; only the owner may.
        """
        world = await self._access.own(principal, environment_id)
        await self._stop(world)
        await self._store.remove(world.id)
        await self._forget(world)

    # ---- the end of an owner ------------------------------------------------------------------------------------

    async def stop_all(self, owner: User) -> None:
        """Cancel what waits or is built of an owner, and have the job engine forget their worlds."""
        for world in await self._store.environments(
            organization_id=owner.organization_id, owner_id=owner.id, limit=_ALL
        ):
            await self._stop(world)
            await self._forget(world)

    # ---- inside -------------------------------------------------------------------------------------------------

    async def _stop(self, world: Environment) -> None:
        if not world.over:
            with suppress(Conflict):  # it ended by itself in the same moment
                await self._cancel(world)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LET_GO_S):
                await self._pipeline.let_go(world.id)

    async def _forget(self, world: Environment) -> None:
        attempts = range(1, world.attempt + 1)
        await self._jobs.forget([replace(world, attempt=attempt).job_id for attempt in attempts])

    async def _again(
        self, world: Environment, change: Callable[[Environment, float], EnvironmentChange]
    ) -> Environment:
        try:
            after = await self._scribe.change(world.id, world.attempt, change)
        except TooManyActive:
            raise self._too_many() from None
        except Superseded:
            raise Conflict(
                f"environment {world.id} is being built, or was set going at the same time; look at its status"
            ) from None
        await self.enter(after)
        return after

    def _queued(self, now: Environment, change: EnvironmentChange) -> EnvironmentChange:
        """The change that begins a new attempt."""
        assert change.components is not None
        return told(
            now,
            replace(
                change,
                status=EnvironmentStatus.QUEUED,
                progress=progress_of(change.components),
                clear_error=True,
                retry=True,
                active_limit=self._active_limit,
            ),
        )

    def _too_many(self) -> RateLimitExceeded:
        return RateLimitExceeded(
            f"{self._active_limit} of your worlds wait or are built already; wait for one to end, or cancel one",
            retry_after_s=_RETRY_AFTER_S,
            details={"limit": self._active_limit},
        )


def _spec(environment_id: str, wish: Wish, lesson: WorldLesson | None) -> WorldSpec:
    return WorldSpec(
        environment_id=environment_id,
        name=wish.name,
        theme=wish.theme,
        size=wish.size,
        features=wish.features,
        seed=wish.seed,
        max_players=wish.max_players,
        lesson=lesson,
    )


def _queued_first(now: Environment, at: float) -> EnvironmentChange:
    first = environment_status(now.id, now.status, now.progress, now.components)
    return EnvironmentChange(
        attempt=now.attempt, at=at, expected=frozenset({EnvironmentStatus.QUEUED}), events=(first,)
    )


def _ends(
    status: EnvironmentStatus, error: EnvironmentError
) -> Callable[[Environment, float], EnvironmentChange]:
    def change(now: Environment, at: float) -> EnvironmentChange:
        left = ComponentState.FAILED if status is EnvironmentStatus.FAILED else ComponentState.PENDING
        components = {
            component: left if state is ComponentState.IN_PROGRESS else state
            for component, state in now.components.items()
        }
        ended = EnvironmentChange(
            attempt=now.attempt, at=at, status=status, components=components, error=error
        )
        return told(now, ended)

    return change
