"""Worlds joined to what is around them."""

import random
from collections.abc import Callable

from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.adapters.engine_process import EngineProcesses
from toolboxai.adapters.jobs_dbos import DbosJobs
from toolboxai.adapters.luau_check import LuauCheck
from toolboxai.adapters.open_cloud import OpenCloud
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.adapters.world_processes import WorldProcesses
from toolboxai.config import Settings
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.keys import KeyRing
from toolboxai.platform.ports import Publisher
from toolboxai.platform.roblox.lesson import ContentLessons
from toolboxai.platform.roblox.limits import WorldLimits
from toolboxai.platform.roblox.service import WorldService
from toolboxai.platform.runs.tasks import RunTasks

__all__ = ["make_worlds", "open_cloud"]


def open_cloud(settings: Settings) -> OpenCloud | None:
    """The way to Roblox, where the operator has a key for it."""
    table = settings.roblox
    if table.open_cloud_key is None:
        return None
    return OpenCloud(
        table.open_cloud_key.get_secret_value(),
        user_id=table.open_cloud_user_id,
        group_id=table.open_cloud_group_id,
        url=table.open_cloud_url,
    )


def make_worlds(
    settings: Settings,
    store: DatabaseEnvironmentStore,
    publisher: Publisher,
    jobs: DbosJobs,
    processes: EngineProcesses,
    checker: LuauCheck,
    content: ContentService,
    ring: KeyRing,
    tasks: RunTasks,
    *,
    uploader: OpenCloud | None,
    event_bytes: Callable[[], int],
) -> WorldService:
    """The service, before the job engine is launched.

    Args:
        settings: limits.
        store: keeps worlds.
        publisher: the way out.
        jobs: gets its kind of job.
        processes: do the work.
        checker: reads scripts.
        content: has the lessons.
        ring: signs links.
        tasks: tell the built-in agents what they work on.
        uploader: takes models to Roblox; None: they stay here.
        event_bytes: that an event may have.
    """
    return WorldService(
        store=store,
        jobs=jobs,
        publisher=publisher,
        engine=WorldProcesses(processes),
        checker=checker,
        lessons=ContentLessons(content.downloads),
        clock=SystemClock(),
        dice=random.SystemRandom(),
        link_keys=ring.derived("world links"),
        limits=WorldLimits(
            **settings.roblox.model_dump(include={"at_once", "at_once_per_user", "active_per_user"})
        ),
        event_bytes=event_bytes,
        uploader=uploader,
        tasks=tasks,
    )
