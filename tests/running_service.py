"""The service of contents as it runs: a real store and job engine, with someone who listens."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from content_parts import Engine, Listener, a_request, a_teacher
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.jobs_dbos import DbosJobs
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.model import Principal

StoreT = TypeVar("StoreT", bound=DatabaseContentStore)
RunningT = TypeVar("RunningT", bound="Running[Any]")

ANNA, BEN = a_teacher("user_1"), a_teacher("user_2")


class Running(Generic[StoreT]):
    """A service with everything around it; `options` are its own."""

    def __init__(self, store: StoreT, url: str, **options: Any) -> None:
        self.store, self.listener, self.engine = store, Listener(), Engine()
        self.jobs = DbosJobs(url, retry_interval_s=0.01)
        self.service = ContentService(
            store=store,
            jobs=self.jobs,
            publisher=self.listener,
            engine=self.engine,
            clock=SystemClock(),
            dice=random.Random(7),
            link_keys=lambda: [b"k" * 32],
            **options,
        )

    async def generate(self, who: Principal = ANNA, **changes: Any) -> str:
        """Hand in a request; answers the session's id."""
        return (await self.service.generate(who, a_request(**changes))).id


@asynccontextmanager
async def running(there: RunningT) -> AsyncIterator[RunningT]:
    """Begin as a server does, and end in order, whoever still waits in a stage."""
    await there.service.recover()
    await there.jobs.launch()
    try:
        async with there.service.watching():
            yield there
    finally:
        there.engine.go.set()
        await there.jobs.close()
        await there.service.close()
