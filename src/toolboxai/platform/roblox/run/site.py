"""Where worlds are built: turns, jobs, and a watch over them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import Conflict
from toolboxai.platform.content.service import HISTORY_S
from toolboxai.platform.messages.environment import EnvironmentStatus
from toolboxai.platform.ports import JobEngine, JobState
from toolboxai.platform.roblox.engine import BUILD_FAILED
from toolboxai.platform.roblox.limits import WorldLimits
from toolboxai.platform.roblox.records.environments import Environment, EnvironmentError
from toolboxai.platform.roblox.records.store import EnvironmentStore
from toolboxai.platform.roblox.run.changes import ends
from toolboxai.platform.roblox.run.pipeline import WorldPipeline
from toolboxai.platform.roblox.run.scribe import Scribe
from toolboxai.platform.roblox.run.uploads import Uploads
from toolboxai.platform.roblox.run.world_tasks import WorldTasks
from toolboxai.platform.runs.line import Line
from toolboxai.platform.runs.records import Superseded
from toolboxai.platform.runs.turns import Turns
from toolboxai.platform.runs.watch import Watch

__all__ = ["BuildingSite"]

log = logging.getLogger(__name__)

_KIND: Final = "environment"
_LET_GO_S: Final = 5.0  # a component ends by itself within that, and its result is left


class BuildingSite:
    """Satisfies ``platform.runs.watch.Waiting``.

    Args:
        store: keeps worlds.
        jobs: runs the components; this registers its kind of job, the owner of the engine launches it.
        scribe: through which worlds change.
        pipeline: does the work.
        tasks: tell the agents what waits for them.
        clock: for how far back to look after a start.
        limits: how many are built at once.
        watch_s: seconds between two looks for worlds whose job was lost.
    """

    def __init__(
        self,
        store: EnvironmentStore,
        jobs: JobEngine,
        scribe: Scribe,
        pipeline: WorldPipeline,
        tasks: WorldTasks,
        clock: Clock,
        *,
        limits: WorldLimits,
        watch_s: float,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._scribe = scribe
        self._pipeline = pipeline
        self._tasks = tasks
        self._clock = clock
        turns = Turns(at_once=limits.at_once, at_once_per_user=limits.at_once_per_user)
        self._line = Line(turns, jobs, kind=_KIND)
        scribe.when_over(self._line.leave)
        self._watch = Watch(
            store.unfinished,
            self,
            jobs,
            self._give_up,
            kind=_KIND,
            job_of=lambda world: world.job_id,
            every_s=watch_s,
        )
        jobs.register(_KIND, pipeline.steps())

    async def recover(self) -> None:
        """Before the job engine is launched: give the channels back the history that a former process left."""
        worlds = [
            *await self._store.unfinished(),
            *await self._store.changed_since(self._clock.now() - HISTORY_S),
        ]
        for world in worlds:
            await self._scribe.take_up(world, await self._store.events(world.id))
        await self._tasks.settle()

    @asynccontextmanager
    async def watching(self, uploads: Uploads | None) -> AsyncIterator[None]:
        """While the job engine runs: worlds get their turns, and one whose job was lost is set going again.

        Args:
            uploads: take what gets ready to Roblox.
        """
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
        if uploads is not None:
            tasks.append(asyncio.create_task(uploads.run(), name="uploads of worlds"))
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

    def known(self) -> frozenset[str]:
        """See the port."""
        return self._line.known()

    def waits(self, run_id: str, /) -> bool:
        """See the port."""
        return self._line.waits(run_id)

    def leave(self, run_id: str, /) -> None:
        """See the port."""
        self._line.leave(run_id)

    async def enter(self, run: Environment, /) -> None:
        """See the port."""
        now = await self._store.environment(run.id)  # whoever was told of it may know it as it was
        if now is not None and not now.over and now.id not in self.known():
            await self._tasks.wait(now)
            self._line.enter(now.id, now.owner_id, now.job_id)

    async def cancel(self, world: Environment) -> Environment:
        """End a build that waits or is under way; on a cancelled one this does nothing.

        Raises:
            Conflict: it is over already.
        """
        if world.status is EnvironmentStatus.CANCELLED:
            return world
        error = EnvironmentError(
            "GENERATION_CANCELLED", "The building of the world was cancelled", None, retry_possible=True
        )
        try:
            after = await self._scribe.change(
                world.id, world.attempt, ends(EnvironmentStatus.CANCELLED, error)
            )
        except Superseded:
            now = await self._store.environment(world.id)
            if now is not None and now.status is EnvironmentStatus.CANCELLED:  # in the same moment
                return now
            raise Conflict(
                f"environment {world.id} is over; only one that is queued or generating can be cancelled"
            ) from None
        await self._tasks.cancel(world)
        await self._jobs.cancel(world.job_id)
        return after

    async def stop(self, world: Environment) -> None:
        """Cancel a build that is not over, and wait a moment until nothing of it runs."""
        if not world.over:
            with suppress(Conflict):  # it ended by itself in the same moment
                await self.cancel(world)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LET_GO_S):
                await self._pipeline.let_go(world.id)

    async def forget(self, world: Environment) -> None:
        """Remove what the job engine and the agents keep of a world."""
        attempts = range(1, world.attempt + 1)
        await self._jobs.forget([replace(world, attempt=attempt).job_id for attempt in attempts])
        await self._tasks.forget(world)

    async def _give_up(self, world: Environment) -> None:
        error = EnvironmentError(
            BUILD_FAILED,
            "The world could not be completed, tried again and again; the server's log has the details",
            None,
            retry_possible=True,
        )
        with suppress(Superseded):  # it ended in the same moment
            await self._scribe.change(world.id, world.attempt, ends(EnvironmentStatus.FAILED, error))
            await self._tasks.settle(world.id)
            log.error("a world was given up", extra={"environment_id": world.id})
