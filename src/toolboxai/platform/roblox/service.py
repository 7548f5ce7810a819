"""Worlds as the application offers them: begin, watch, cancel, delete. Each other idea has a part of its own."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import Conflict
from toolboxai.ids import Dice, new_token
from toolboxai.platform.content.records.sessions import is_id
from toolboxai.platform.identity.keys import DerivedKeys
from toolboxai.platform.identity.model import Principal, User
from toolboxai.platform.ports import JobEngine, Publisher
from toolboxai.platform.resources.model import ResourceKind
from toolboxai.platform.roblox.builds import Builds, spec_of, too_many
from toolboxai.platform.roblox.downloads import WorldDownloads
from toolboxai.platform.roblox.engine import WorldEngine
from toolboxai.platform.roblox.lesson import Lessons
from toolboxai.platform.roblox.limits import USUAL_WORLD_LIMITS, WorldLimits
from toolboxai.platform.roblox.luau.report import ScriptChecker
from toolboxai.platform.roblox.records.access import Access, WorldPart
from toolboxai.platform.roblox.records.environments import Environment, NewEnvironment, Wish
from toolboxai.platform.roblox.records.store import EnvironmentStore
from toolboxai.platform.roblox.run.changes import queued_first
from toolboxai.platform.roblox.run.pipeline import WorldPipeline
from toolboxai.platform.roblox.run.scribe import Scribe
from toolboxai.platform.roblox.run.site import BuildingSite
from toolboxai.platform.roblox.run.uploads import PAUSES_S, AssetUploader, Uploads
from toolboxai.platform.roblox.run.world_tasks import WorldTasks
from toolboxai.platform.roblox.scripts import Scripts
from toolboxai.platform.runs.events import StoredEvent
from toolboxai.platform.runs.records import Superseded
from toolboxai.platform.runs.tasks import NOBODY, RunTasks
from toolboxai.platform.runs.watch import WATCH_S

__all__ = ["WorldService"]

_ALL: Final = 1000  # more than one user may have waiting and in work


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
        tasks: tell the built-in agents what they work on.

    Attributes:
        builds: a world set going again.
        downloads: its files and pictures.
        scripts: read and changed.
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
        tasks: RunTasks = NOBODY,
    ) -> None:
        self._store = store
        world_tasks = WorldTasks(tasks, store)
        self._lessons = lessons
        self._clock = clock
        self._dice = dice
        self._active_limit = limits.active_per_user
        self._access = Access(store)
        self._scribe = Scribe(store, publisher, clock)
        self._pipeline = WorldPipeline(
            store,
            self._scribe,
            engine,
            checker,
            world_tasks,
            at_once=limits.at_once,
            event_bytes=event_bytes,
        )
        self._site = BuildingSite(
            store, jobs, self._scribe, self._pipeline, world_tasks, clock, limits=limits, watch_s=watch_s
        )
        uploads = (
            None
            if uploader is None
            else Uploads(uploader, store, self._scribe, clock, pauses_s=upload_pauses_s)
        )
        self.recover = self._site.recover
        self.watching = partial(self._site.watching, uploads)
        self.close = self._site.close
        self.builds = Builds(
            store, self._access, self._scribe, self._site, lessons, active_limit=limits.active_per_user
        )
        self.downloads = WorldDownloads(store, self._access, clock, link_keys)
        self.scripts = Scripts(
            store, self._access, self._scribe, self._pipeline, checker, event_bytes=event_bytes
        )

    @property
    def load(self) -> tuple[int, int]:
        """How many worlds are built, and how many wait for their turn."""
        return self._site.load

    # ---- worlds -------------------------------------------------------------------------------------------------

    async def build(
        self,
        principal: Principal,
        wish: Wish,
        *,
        idempotency_key: str | None = None,
        environment_id: str | None = None,
    ) -> Environment:
        """Begin a world.

        Args:
            principal: becomes the owner; the caller has checked ``roblox:write``.
            wish: what is wanted; an empty name becomes that of the lesson.
            idempotency_key: of the caller; the same key leads to the same world.
            environment_id: which a new one gets, where it is known already.

        Raises:
            ResourceNotFound: there is no such content that is the principal's to teach.
            Conflict: the key was used for another request.
            RateLimitExceeded: too many of this user's worlds wait or are built.
        """
        lesson = None if wish.content_id is None else await self._lessons.lesson(principal, wish.content_id)
        if not wish.name:
            wish = msgspec.structs.replace(wish, name="World" if lesson is None else lesson.title)
        environment_id = environment_id or new_token(self._dice, "env_")
        new = NewEnvironment(
            id=environment_id,
            organization_id=principal.organization_id,
            owner_id=principal.user_id,
            wish=wish,
            spec=spec_of(environment_id, wish, lesson),
            idempotency_key=idempotency_key,
            at=self._clock.now(),
        )
        creation = await self._store.create(new, active_limit=self._active_limit)
        if creation is None:
            raise too_many(self._active_limit)
        world = creation.environment
        if not creation.same_request:
            raise Conflict(
                f"the Idempotency-Key was used for another request, environment {world.id}; use a new key",
                details={"environment_id": world.id},
            )
        # Also for a known key: whoever comes back after a crash between these lines sets the world going.
        if world.last_seq == 0:
            with suppress(Superseded):
                world = await self._scribe.change(world.id, world.attempt, queued_first)
        if not world.over:
            await self._site.enter(world)
        return world

    async def environment(self, principal: Principal, environment_id: str) -> Environment:
        """One world.

        Raises:
            ResourceNotFound: there is none, or it is not this principal's to see.
        """
        return await self._access.seen_by(principal, environment_id)

    async def part_in(self, principal: Principal, world: Environment) -> WorldPart:
        """What the principal is to a world that they may see."""
        return await self._access.part_in(principal, world)

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

    async def events(
        self, principal: Principal, environment_id: str, *, after: int, limit: int
    ) -> Sequence[StoredEvent]:
        """Events with a number above `after`.

        Raises:
            ResourceNotFound: as for ``environment``.
        """
        await self._access.seen_by(principal, environment_id)
        return await self._store.events(environment_id, after=after, limit=limit)

    async def told(self, environment_id: str, *, after: int, limit: int) -> Sequence[StoredEvent] | None:
        """As ``events``, for whoever may read the channel, which the caller has checked; None: no world of ours."""
        known = ResourceKind.ENVIRONMENT.fits(environment_id)
        if not known or await self._store.environment(environment_id) is None:
            return None
        return await self._store.events(environment_id, after=after, limit=limit)

    async def cancel(self, principal: Principal, environment_id: str) -> Environment:
        """End a build that waits or is under way; on a cancelled one this does nothing.

        Raises:
            ResourceNotFound: there is no such world of which they are owner or editor.
            Conflict: it is over already.
        """
        return await self._site.cancel(await self._access.changed_by(principal, environment_id))

    async def delete(self, principal: Principal, environment_id: str) -> None:
        """Delete a world with its scripts, files, events and shares; one that is being built is cancelled first.

        Raises:
            ResourceNotFound: as for ``environment``; only the owner may.
        """
        world = await self._access.own(principal, environment_id)
        await self._site.stop(world)
        await self._store.remove(world.id)
        await self._site.forget(world)

    # ---- the end of an owner ------------------------------------------------------------------------------------

    async def stop_all(self, owner: User) -> None:
        """Cancel what waits or is built of an owner, and have the job engine forget their worlds."""
        for world in await self._store.environments(
            organization_id=owner.organization_id, owner_id=owner.id, limit=_ALL
        ):
            await self._site.stop(world)
            await self._site.forget(world)

    async def forget(self, worlds: Sequence[Environment]) -> None:
        """Have the job engine forget worlds that are deleted."""
        for world in worlds:
            await self._site.forget(world)
