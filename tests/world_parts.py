"""Parts that tests of worlds share: a wish, a lesson, an engine with a hand on it, a service that runs."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from msgspec.structs import replace

from content_parts import Listener, a_teacher
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.adapters.jobs_dbos import DbosJobs
from toolboxai.adapters.luau_check import LuauCheck
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.errors import ResourceNotFound
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.roblox.engine import OfflineWorlds
from toolboxai.platform.roblox.limits import USUAL_WORLD_LIMITS, WorldLimits
from toolboxai.platform.roblox.model.files import WorldFile
from toolboxai.platform.roblox.model.instances import Script
from toolboxai.platform.roblox.model.plan import Land, WorldPlan
from toolboxai.platform.roblox.model.spec import (
    Features,
    LessonBoard,
    Size,
    StationQuestion,
    Theme,
    WorldLesson,
    WorldSpec,
)
from toolboxai.platform.roblox.records.environments import Wish
from toolboxai.platform.roblox.run.uploads import AssetUploader
from toolboxai.platform.roblox.service import WorldService
from toolboxai.platform.runs.tasks import NOBODY, RunTasks

__all__ = ["LESSON", "RunningWorlds", "Worlds", "a_wish", "running_worlds"]

LESSON = WorldLesson(
    content_id="content_1",
    revision=1,
    title="The water cycle",
    language="en",
    boards=(
        LessonBoard("Evaporation", ("Liquid water turns into vapour.", "The sun heats the sea.")),
        LessonBoard("Clouds", ("Vapour cools and becomes drops.",)),
    ),
    questions=(
        StationQuestion(
            id="q1",
            type="multiple_choice",
            question="What turns water into vapour?",
            options=("evaporation", "snow", "wind"),
            prompts=(),
            correct_answer="evaporation",
            accepted=(),
            tolerance=0.0,
            unit="",
            rationale="The text says so.",
        ),
        StationQuestion(
            id="q2",
            type="true_false",
            question="Clouds are drops.",
            options=("True", "False"),
            prompts=(),
            correct_answer="True",
            accepted=(),
            tolerance=0.0,
            unit="",
            rationale="The text says so.",
        ),
    ),
)


def a_wish(**changes: Any) -> Wish:
    values: dict[str, Any] = {
        "content_id": None,
        "name": "Water world",
        "theme": Theme.CLASSROOM,
        "size": Size.SMALL,
        "features": Features(),
        "seed": 1,
        "max_players": 20,
    }
    return Wish(**{**values, **changes})


class OneLesson:
    """One lesson that everybody of one school may teach."""

    def __init__(self, organization_id: str) -> None:
        self.organization_id = organization_id
        self.now = LESSON

    async def lesson(self, principal: Principal, content_id: str) -> WorldLesson:
        if content_id != LESSON.content_id or principal.organization_id != self.organization_id:
            raise ResourceNotFound(f"no content {content_id!r}")
        return self.now


_PLANS: dict[WorldSpec, WorldPlan] = {}
"""The same wish gives the same plan, which is proved elsewhere; so each is computed once."""


def _planned(spec: WorldSpec) -> WorldPlan:
    wish = replace(spec, environment_id="")
    if wish not in _PLANS:
        _PLANS[wish] = OfflineWorlds().buildings(spec, None)
    return _PLANS[wish]


class Worlds(OfflineWorlds):
    """The real engine, with a hand on it: it can be made to fail, or to wait, in the part that is named."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.faults: dict[str, Exception] = {}
        self.fails_once: dict[str, Exception] = {}
        self.waits_in: str | None = None
        self.waiting = asyncio.Event()
        self.go = threading.Event()
        self._loop = asyncio.get_running_loop()

    def _touch(self, part: str) -> None:
        self.calls.append(part)
        if self.waits_in == part:
            self._loop.call_soon_threadsafe(self.waiting.set)
            assert self.go.wait(10)
        if part in self.faults:
            raise self.faults[part]
        if part in self.fails_once:
            raise self.fails_once.pop(part)

    def terrain(self, spec: WorldSpec) -> Land:
        self._touch("terrain")
        return _planned(spec).land

    def buildings(self, spec: WorldSpec, land: Land | None) -> WorldPlan:
        self._touch("buildings")
        plan = _planned(spec)
        return plan if land is None else replace(plan, land=land)

    def scripts(self, spec: WorldSpec, plan: WorldPlan) -> Sequence[Script]:
        self._touch("scripts")
        return super().scripts(spec, plan)

    def files(self, spec: WorldSpec, plan: WorldPlan, scripts: Sequence[Script]) -> Sequence[WorldFile]:
        self._touch("files")
        return super().files(spec, plan, scripts)


class RunningWorlds:
    """A service with everything around it."""

    def __init__(
        self,
        store: DatabaseEnvironmentStore,
        url: str,
        *,
        limits: WorldLimits = USUAL_WORLD_LIMITS,
        event_bytes: int = 10_240,
        uploader: AssetUploader | None = None,
        organization_id: str = "org_1",
        tasks: RunTasks = NOBODY,
    ) -> None:
        self.store = store
        self.lessons = OneLesson(organization_id)
        self.listener = Listener()
        self.engine = Worlds()
        self.checker = LuauCheck()
        self.jobs = DbosJobs(url, retry_interval_s=0.01)
        self.service = WorldService(
            store=store,
            jobs=self.jobs,
            publisher=self.listener,
            engine=self.engine,
            checker=self.checker,
            lessons=self.lessons,
            clock=SystemClock(),
            dice=random.SystemRandom(),
            link_keys=lambda: [b"key"],
            limits=limits,
            event_bytes=lambda: event_bytes,
            watch_s=0.2,
            uploader=uploader,
            upload_pauses_s=(0.01,),
            tasks=tasks,
        )

    def told(self, environment_id: str) -> list[dict[str, Any]]:
        return self.listener.on(f"private-roblox-sync-{environment_id}")

    def states(self, environment_id: str) -> list[tuple[str, int, str]]:
        """Status, progress and the first letters of the components, as they were told."""
        return [
            (
                said["data"]["status"],
                said["data"]["progress"],
                " ".join(state for state in said["data"]["components"].values()),
            )
            for said in self.told(environment_id)
            if said["type"] == "environment_status"
        ]

    async def until(self, environment_id: str, status: str) -> list[dict[str, Any]]:
        def reached() -> bool:
            told = self.states(environment_id)
            return bool(told) and told[-1][0] == status

        await self.listener.until(reached)
        return self.told(environment_id)


@asynccontextmanager
async def running_worlds(there: RunningWorlds) -> AsyncIterator[RunningWorlds]:
    await there.service.recover()
    await there.jobs.launch()
    try:
        async with there.service.watching():
            yield there
    finally:
        there.engine.go.set()
        await there.jobs.close()
        there.checker.close()
        await there.service.close()


ANNA = a_teacher()
