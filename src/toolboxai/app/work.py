"""Lessons and worlds, joined to what makes them: engines in processes, jobs, what is told of them."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.adapters.engine_process import EngineProcesses
from toolboxai.adapters.jobs_dbos import DbosJobs
from toolboxai.adapters.luau_check import LuauCheck
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.app.content_engine import content_engine
from toolboxai.app.worlds import make_worlds, open_cloud
from toolboxai.config import Settings
from toolboxai.platform.content.run.limits import RunLimits
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.keys import KeyRing
from toolboxai.platform.ports import Publisher
from toolboxai.platform.roblox.after_lessons import WorldsAfterLessons
from toolboxai.platform.roblox.service import WorldService
from toolboxai.platform.runs.events import PublicCompat
from toolboxai.platform.runs.tasks import RunTasks

__all__ = ["Work", "at_work"]


class Work(NamedTuple):
    """What is made here.

    Args:
        content: lessons.
        worlds: for Roblox.
        jobs: the engine that runs them.
    """

    content: ContentService
    worlds: WorldService
    jobs: DbosJobs


@asynccontextmanager
async def at_work(
    settings: Settings,
    engine: AsyncEngine,
    store: DatabaseContentStore,
    publisher: Publisher,
    ring: KeyRing,
    tasks: RunTasks,
    *,
    event_bytes: Callable[[], int],
) -> AsyncIterator[Work]:
    """Content sessions and worlds; those that an earlier process left unfinished go on."""
    jobs = DbosJobs(settings.database.url)
    limits = RunLimits(**settings.content.model_dump())
    processes, checker = EngineProcesses(stage_limit_s=limits.stage_limit_s), LuauCheck()
    uploader = open_cloud(settings)
    writer, close_engine = await asyncio.to_thread(content_engine, settings.llm, processes)
    content = ContentService(
        store=store,
        jobs=jobs,
        publisher=publisher,
        engine=writer,
        clock=SystemClock(),
        dice=random.SystemRandom(),
        link_keys=ring.derived("download links"),
        public_compat=PublicCompat(settings.channels.public_compat),
        limits=limits,
        source_needed=settings.llm.provider is None,
        tasks=tasks,
    )
    worlds = make_worlds(
        settings,
        DatabaseEnvironmentStore(engine),
        publisher,
        jobs,
        processes,
        checker,
        content,
        ring,
        tasks,
        uploader=uploader,
        event_bytes=event_bytes,
    )
    try:
        await content.recover()
        await worlds.recover()
        await jobs.launch()
        try:
            async with content.watching(), worlds.watching():
                following = asyncio.create_task(
                    WorldsAfterLessons(content, store, worlds, SystemClock()).run(),
                    name="worlds after lessons",
                )
                try:
                    yield Work(content, worlds, jobs)
                finally:
                    following.cancel()
                    await asyncio.wait([following])
        finally:
            await jobs.close()
    finally:
        # First: what hangs lets go of its thread with that.
        await asyncio.to_thread(close_engine)
        await asyncio.to_thread(checker.close)
        await content.close()
        await worlds.close()
        if uploader is not None:
            await uploader.close()
