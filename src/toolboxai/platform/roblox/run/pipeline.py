"""A world is built in three components and packed, as steps that a job engine may run twice.

What a component made, its events and the world's new state are one transaction. A step that runs again finds what is
there and makes nothing anew. A component that fails leaves the others their work.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

from toolboxai.errors import ContentFailed, StorageUnavailable
from toolboxai.platform.messages.environment import ComponentState, EnvironmentStatus
from toolboxai.platform.ports import Step
from toolboxai.platform.roblox.engine import BUILD_FAILED, WorldEngine
from toolboxai.platform.roblox.luau.report import ScriptChecker, UncheckedScript
from toolboxai.platform.roblox.model.files import WorldFile
from toolboxai.platform.roblox.model.instances import Script
from toolboxai.platform.roblox.model.plan import WorldPlan
from toolboxai.platform.roblox.model.spec import Component
from toolboxai.platform.roblox.records.environments import (
    Asset,
    Environment,
    EnvironmentChange,
    KeptScript,
    ScriptChangeKind,
)
from toolboxai.platform.roblox.records.store import EnvironmentStore
from toolboxai.platform.roblox.run.changes import begun, cause, complete, failed, gave_up, written
from toolboxai.platform.roblox.run.events import asset_ready, progress_of, script_update
from toolboxai.platform.roblox.run.scribe import Scribe, told
from toolboxai.platform.roblox.run.world_tasks import (
    Counts,
    Piece,
    WorldTasks,
    building_counts,
    file_counts,
    review_counts,
    script_counts,
    terrain_counts,
    words_of,
)
from toolboxai.platform.runs.records import Superseded
from toolboxai.platform.runs.tasks import TaskInHand

__all__ = ["CALLS_OUT", "WorldPipeline", "asset_of", "kept_script"]

T = TypeVar("T")
Made = tuple[Callable[[Environment, float], EnvironmentChange], Counts]
"""What a component does to the world, and what its agent tells of it."""

_CLOSE_S: Final = 10.0
_ENDED: Final = (ComponentState.COMPLETE, ComponentState.SKIPPED, ComponentState.FAILED)
CALLS_OUT: Final = "score_reporter"
"""The script that posts scores, and so may speak to another server."""


class WorldPipeline:
    """Runs the components in threads and keeps what they make.

    Args:
        store: where what is made already is read.
        scribe: through which everything is written and told.
        engine: does the work; must be callable from several threads.
        checker: reads scripts before they are told.
        tasks: tell the agents what they work on.
        at_once: components that are worked on at once.
        event_bytes: how long an event may be.
    """

    def __init__(
        self,
        store: EnvironmentStore,
        scribe: Scribe,
        engine: WorldEngine,
        checker: ScriptChecker,
        tasks: WorldTasks,
        *,
        at_once: int,
        event_bytes: Callable[[], int],
    ) -> None:
        self._store = store
        self._scribe = scribe
        self._engine = engine
        self._checker = checker
        self._tasks = tasks
        self._event_bytes = event_bytes
        self._threads = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="worlds")
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def steps(self) -> Sequence[tuple[str, Step]]:
        """For ``JobEngine.register``; the job id is ``Environment.job_id``."""
        return [
            (Component.TERRAIN.value, partial(self._step, Component.TERRAIN, self._terrain)),
            (Component.BUILDINGS.value, partial(self._step, Component.BUILDINGS, self._buildings)),
            (Component.SCRIPTS.value, partial(self._step, Component.SCRIPTS, self._scripts)),
            ("packing", self._packing_step),
        ]

    async def let_go(self, environment_id: str) -> None:
        """Return when no step of this world runs."""
        turn = self._turns.get(environment_id)
        if turn is not None:
            async with turn:
                pass

    async def close(self) -> None:
        """End all threads; what they did not finish is begun again by the next process."""
        async with asyncio.timeout(_CLOSE_S):
            await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    # ---- steps --------------------------------------------------------------------------------------------------

    async def _step(
        self, component: Component, work: Callable[[Environment], Awaitable[Made]], job_id: str
    ) -> Mapping[str, Any]:
        environment_id = job_id.rpartition(".")[0]
        async with self._turns.setdefault(environment_id, asyncio.Lock()):
            there = await self._current(job_id)
            if there.components[component] not in _ENDED:
                there = await self._changed(there, partial(begun, component))
                async with self._tasks.take(there, Piece.of(component)) as task:
                    task.progress(there.progress, words_of(Piece.of(component)))
                    await self._component(there, component, work, task)
        return {"component": component.value}

    async def _component(
        self,
        there: Environment,
        component: Component,
        work: Callable[[Environment], Awaitable[Made]],
        task: TaskInHand,
    ) -> None:
        piece = Piece.of(component)
        try:
            change, counts = await work(there)
        except (Superseded, StorageUnavailable):
            raise
        except Exception as fault:  # whatever it dies of is the component's failure, with its cause
            error = cause(component, fault)
            await task.begun()
            await self._changed(there, partial(failed, error))
            await self._tasks.fail(there, piece, error)
        else:
            await task.begun()
            await self._changed(there, change)
            await self._tasks.complete(there, piece, counts)

    async def _packing_step(self, job_id: str) -> Mapping[str, Any]:
        environment_id = job_id.rpartition(".")[0]
        async with self._turns.setdefault(environment_id, asyncio.Lock()):
            there = await self._current(job_id)
            if ComponentState.FAILED not in there.components.values():
                async with self._tasks.take(there, Piece.PACKING) as task:
                    task.progress(there.progress, words_of(Piece.PACKING))
                    try:
                        change, counts = await self._packing(there)
                        await task.begun()
                        await self._changed(there, change)
                        await self._tasks.complete(there, Piece.PACKING, counts)
                        return {"component": "packing"}
                    except (Superseded, StorageUnavailable):
                        raise
                    except Exception as fault:  # likewise
                        # The scripts are complete when they stand in the files.
                        error = cause(Component.SCRIPTS, fault)
                        there = await self._changed(there, partial(failed, error))
                        await self._tasks.fail(there, Piece.PACKING, error)
            there = await self._changed(there, gave_up)
            why = there.error.message if there.error else "a component failed"
            raise ContentFailed(BUILD_FAILED, why, retryable=False)

    async def _current(self, job_id: str) -> Environment:
        """The world, while this job is the one that builds it.

        Raises:
            ContentFailed: it is not.
        """
        environment_id = job_id.rpartition(".")[0]
        there = await self._store.environment(environment_id)
        if there is None or there.job_id != job_id or there.over:
            await self._tasks.settle(
                environment_id
            )  # what became of it, the agents may not have been told yet
            raise ContentFailed(
                "GENERATION_CANCELLED", f"environment {environment_id} is not built any more", retryable=False
            )
        return there

    async def _changed(
        self, there: Environment, make: Callable[[Environment, float], EnvironmentChange]
    ) -> Environment:
        try:
            return await self._scribe.change(there.id, there.attempt, make)
        except Superseded:
            await self._tasks.cancel(there)
            raise ContentFailed(
                "GENERATION_CANCELLED", f"environment {there.id} was cancelled", retryable=False
            ) from None

    # ---- components ---------------------------------------------------------------------------------------------

    async def _terrain(self, there: Environment) -> Made:
        spec = await self._store.spec(there.id, there.build)
        land = await self._call(lambda: self._engine.terrain(spec))
        return (lambda now, at: complete(Component.TERRAIN, now, at, land=land)), terrain_counts(land)

    async def _buildings(self, there: Environment) -> Made:
        plan = await self._plan(there)
        return (lambda now, at: complete(Component.BUILDINGS, now, at, plan=plan)), building_counts(plan)

    async def _scripts(self, there: Environment) -> Made:
        former = await self._store.scripts(there.id, there.build)
        if former:  # an earlier attempt kept all of them in one step
            return partial(written, plan=None, scripts=(), updates=()), script_counts(former)
        spec = await self._store.spec(there.id, there.build)
        plan = await self._store.plan(there.id, there.build) or await self._plan(there)
        scripts = await self._call(lambda: self._engine.scripts(spec, plan))
        async with self._tasks.take(there, Piece.REVIEW) as review:
            review.progress(there.progress, words_of(Piece.REVIEW))
            await self._check(there, scripts)
        newest = {script.id: await self._store.script(there.id, script.id) for script in scripts}

        def change(now: Environment, at: float) -> EnvironmentChange:
            kept = tuple(
                kept_script(
                    script,
                    revision=1 + (last.revision if (last := newest[script.id]) else 0),
                    build=now.build,
                    how=ScriptChangeKind.GENERATED,
                    author_id=now.owner_id,
                    at=at,
                )
                for script in scripts
            )
            updates = [script_update(now.id, script, event_bytes=self._event_bytes()) for script in kept]
            return written(now, at, plan=plan, scripts=kept, updates=updates)

        return change, script_counts(scripts)

    async def _packing(self, there: Environment) -> Made:
        files = await self.packed(there, there.build)
        assets = [asset_of(file) for file in files]

        def change(now: Environment, at: float) -> EnvironmentChange:
            components = {**now.components, Component.SCRIPTS: ComponentState.COMPLETE}
            ready = EnvironmentChange(
                attempt=now.attempt,
                at=at,
                status=EnvironmentStatus.READY,
                progress=progress_of(components),
                components=components,
                clear_error=True,
                files=tuple(files),
            )
            return told(now, ready, *(asset_ready(now.id, asset) for asset in assets))

        return change, file_counts(assets)

    async def packed(
        self, there: Environment, build: int, *, instead: KeptScript | None = None
    ) -> Sequence[WorldFile]:
        """All files of a build.

        Args:
            there: the world.
            build: number of the build.
            instead: takes the place of the script with its id.

        Raises:
            LookupError: the build has no plan.
        """
        spec = await self._store.spec(there.id, build)
        plan = await self._store.plan(there.id, build)
        if plan is None:
            raise LookupError(f"build {build} of {there.id} has no plan")
        kept = await self._store.scripts(there.id, build)
        scripts = [(instead if instead and instead.id == one.id else one).script for one in kept]
        return await self._call(lambda: self._engine.files(spec, plan, scripts))

    async def _plan(self, there: Environment) -> WorldPlan:
        spec = await self._store.spec(there.id, there.build)
        land = await self._store.land(there.id, there.build)
        return await self._call(lambda: self._engine.buildings(spec, land))

    async def _check(self, there: Environment, scripts: Sequence[Script]) -> None:
        unchecked = [UncheckedScript(script.source, script.id == CALLS_OUT) for script in scripts]
        try:
            reports = await self._checker.check(unchecked)
        except Exception as fault:  # the review ends with it, and so do the scripts
            await self._tasks.fail(there, Piece.REVIEW, cause(Component.SCRIPTS, fault))
            raise
        await self._tasks.complete(there, Piece.REVIEW, review_counts(reports))
        for script, report in zip(scripts, reports, strict=True):
            if report.faults:
                first = report.faults[0]
                raise ContentFailed(
                    BUILD_FAILED,
                    f"the script {script.id} is no Luau, line {first.line}: {first.message}",
                    retryable=False,
                )

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def kept_script(
    script: Script, *, revision: int, build: int, how: ScriptChangeKind, author_id: str, at: float
) -> KeptScript:
    """A script as a revision of itself."""
    return KeptScript(
        id=script.id,
        revision=revision,
        build=build,
        kind=script.kind,
        name=script.name,
        parent=script.parent,
        source=script.source,
        sha256=sha256(script.source.encode()).hexdigest(),
        how=how,
        author_id=author_id,
        at=at,
    )


def asset_of(file: WorldFile) -> Asset:
    """What is told of a file."""
    return Asset(
        id=f"{file.format.value}_{file.sha256[:16]}",
        format=file.format.value,
        name=file.name,
        media_type=file.media_type,
        size=len(file.content),
        sha256=file.sha256,
        notes=file.notes,
    )
