"""A world follows a lesson that was asked for with one: once, and also when the server ended in between."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import a_session
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.errors import RateLimitExceeded
from toolboxai.platform.content.records.sessions import Change, Status
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.roblox.after_lessons import WorldsAfterLessons
from toolboxai.platform.roblox.model.spec import Theme
from toolboxai.platform.roblox.records.environments import Environment, Wish
from toolboxai.platform.roblox.service import WorldService
from toolboxai.testing.clock import ManualClock
from world_parts import ANNA, RunningWorlds, running_worlds

pytestmark = pytest.mark.timeout(60)


class Lessons:
    """Tells which sessions have ended."""

    def __init__(self) -> None:
        self.calls: list[Callable[[str], None]] = []

    def when_over(self, call: Callable[[str], None]) -> None:
        self.calls.append(call)


class Full:
    """Worlds of an owner who has too many at work, for a while."""

    def __init__(self, worlds: WorldService, refusals: int) -> None:
        self.worlds, self.refusals = worlds, refusals

    async def build(
        self, principal: Principal, wish: Wish, *, idempotency_key: str | None = None
    ) -> Environment:
        if self.refusals:
            self.refusals -= 1
            raise RateLimitExceeded("too many", retry_after_s=1)
        return await self.worlds.build(principal, wish, idempotency_key=idempotency_key)


async def test_a_finished_lesson_with_a_theme_has_one_world(database: AsyncEngine, migrated_url: str) -> None:
    store, clock = DatabaseContentStore(database), ManualClock()
    for number, theme in enumerate(("fantasy", None, "fantasy"), 1):
        await store.create(a_session(number, environment_theme=theme), active_limit=9)
    for session_id, status in (("gen_1", "complete"), ("gen_2", "complete"), ("gen_3", "failed")):
        await store.record(session_id, Change(attempt=1, at=clock.now(), status=Status(status)))
    async with running_worlds(RunningWorlds(DatabaseEnvironmentStore(database), migrated_url)) as there:
        lessons = Lessons()
        after = WorldsAfterLessons(
            cast(ContentService, lessons),
            store,
            cast(WorldService, Full(there.service, refusals=1)),
            clock,
            again_s=0.01,
        )
        following = asyncio.create_task(after.run())

        def told() -> set[Any]:
            return {said["data"]["environment_id"] for _, said in there.listener.heard}

        await there.listener.until(lambda: len(told()) == 1)
        [environment_id] = told()
        await there.until(environment_id, "ready")
        for call in lessons.calls:
            call("gen_1")  # once more: it is known by its key
            call("gen_2")
        [world] = await there.service.environments(ANNA, limit=9)
        assert (world.wish.theme, world.wish.content_id) == (Theme.FANTASY, "content_1")
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        assert len(await there.service.environments(ANNA, limit=9)) == 1
