"""A world follows a lesson that was asked for with one: once, and also when the server ended in between."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import a_session
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.errors import RateLimitExceeded, StorageUnavailable
from toolboxai.platform.content.records.sessions import Change, Session, Status
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


async def ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


class Full:
    """Worlds of an owner who has too many at work, for a while."""

    def __init__(self, worlds: WorldService | None, refusals: int) -> None:
        self.worlds, self.refusals = worlds, refusals
        self.asked: asyncio.Queue[str] = asyncio.Queue()

    async def build(
        self, principal: Principal, wish: Wish, *, idempotency_key: str, environment_id: str
    ) -> Environment:
        self.asked.put_nowait(environment_id)
        if self.refusals:
            self.refusals -= 1
            raise RateLimitExceeded("too many", retry_after_s=1)
        assert self.worlds is not None
        return await self.worlds.build(
            principal, wish, idempotency_key=idempotency_key, environment_id=environment_id
        )


async def test_a_finished_lesson_with_a_theme_has_one_world(database: AsyncEngine, migrated_url: str) -> None:
    store, clock = DatabaseContentStore(database), ManualClock()
    for number, theme in enumerate(("fantasy", None, "fantasy"), 1):
        world = None if theme is None else f"env_after_{number}"
        new = a_session(number, environment_theme=theme, environment_id=world)
        await store.create(new, active_limit=9)
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
        assert environment_id == "env_after_1"
        await there.until(environment_id, "ready")
        for call in lessons.calls:
            call("gen_1")  # once more: it is known by its key
            call("gen_2")
        [built] = await there.service.environments(ANNA, limit=9)
        assert (built.wish.theme, built.wish.content_id) == (Theme.FANTASY, "content_1")
        await there.service.delete(ANNA, environment_id)
        await ended(following)
        # The next process begins what is new, and not what somebody has deleted.
        await store.create(
            a_session(4, environment_theme="fantasy", environment_id="env_after_4"), active_limit=9
        )
        await store.record("gen_4", Change(attempt=1, at=clock.now() + 1, status=Status.COMPLETE))
        worlds = Full(there.service, refusals=0)
        next_one = WorldsAfterLessons(
            cast(ContentService, Lessons()), store, cast(WorldService, worlds), clock
        )
        again = asyncio.create_task(next_one.run())
        assert await worlds.asked.get() == "env_after_4"
        await ended(again)
        assert await there.service.environments(ANNA, limit=9) == []


class Away(DatabaseContentStore):
    """A database that is not there when it is first asked."""

    asked = False

    async def finished_since(self, at: float) -> Sequence[Session]:
        if not self.asked:
            self.asked = True
            raise StorageUnavailable("away", reason="gone")
        return await super().finished_since(at)


@pytest.mark.parametrize(("kind", "again_s"), [(DatabaseContentStore, 60.0), (Away, 0.01)])
async def test_neither_a_full_owner_nor_a_database_that_was_away_keeps_others_waiting(
    database: AsyncEngine, kind: type[DatabaseContentStore], again_s: float
) -> None:
    store, clock = kind(database), ManualClock()
    for number in (1, 2):
        new = a_session(number, environment_theme="fantasy", environment_id=f"env_after_{number}")
        await store.create(new, active_limit=9)
        await store.record(f"gen_{number}", Change(attempt=1, at=clock.now(), status=Status.COMPLETE))
    worlds = Full(None, refusals=99)
    after = WorldsAfterLessons(
        cast(ContentService, Lessons()), store, cast(WorldService, worlds), clock, again_s=again_s
    )
    following = asyncio.create_task(after.run())
    async with asyncio.timeout(5):
        assert {await worlds.asked.get(), await worlds.asked.get()} == {"env_after_1", "env_after_2"}
    await ended(following)
