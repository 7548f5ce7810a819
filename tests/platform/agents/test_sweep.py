"""When it is looked for leases that are over."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from content_parts import Listener
from toolboxai.platform.agents.ledger import AgentLedger
from toolboxai.platform.agents.model import NewTask, Task
from toolboxai.platform.agents.queue import submitted
from toolboxai.platform.agents.store import AgentStore, Moved, Step
from toolboxai.platform.agents.sweep import Sweeper
from toolboxai.platform.runs.bell import Bell
from toolboxai.testing.clock import ManualClock


class BusyStore:
    """Nothing is due; while that is found out, a worker beats.

    Args:
        clock: the time.
        lease_s: seconds until that worker's lease is over.
    """

    def __init__(self, clock: ManualClock, lease_s: float) -> None:
        self.clock, self.lease_s = clock, lease_s
        self.looks = 0
        self.beat: Callable[[float], None] = lambda _at: None

    async def due(self, at: float, *, limit: int) -> Sequence[Task]:
        self.looks += 1
        self.beat(self.clock.now() + self.lease_s)
        return ()

    async def silent(self, *, since: float) -> Sequence[str]:
        return ()

    async def next_due(self, *, after: float) -> float | None:
        return None


class NotingLedger(AgentLedger):
    """Beats of the store are noted like any other."""

    def when_due(self, call: Callable[[float], None]) -> None:
        cast(Any, self._store).beat = call


async def looks(lease_s: float) -> int:
    """How often it is looked in a moment in which nobody says anything but while it is looked."""
    clock = ManualClock()
    store = BusyStore(clock, lease_s)
    kept = cast(AgentStore, store)
    ledger = NotingLedger(kept, Listener(), clock, Bell(), event_bytes=lambda: 10_000)
    looking = asyncio.create_task(Sweeper(kept, ledger, clock).run())
    for _ in range(100):
        await asyncio.sleep(0)
    looking.cancel()
    await asyncio.wait([looking])
    return store.looks


async def test_a_beat_while_it_is_looked_is_no_reason_to_look_again() -> None:
    assert await looks(30.0) == 1


async def test_what_is_due_at_once_is_seen_even_where_it_came_while_it_was_looked() -> None:
    assert await looks(0.0) > 1


class DueStore:
    """Tasks whose time has come; those that are seen to are due no more."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = {task.id: task for task in tasks}
        self.asked_after: list[float] = []

    async def due(self, at: float, *, limit: int) -> Sequence[Task]:
        return list(self.tasks.values())[:limit]

    async def silent(self, *, since: float) -> Sequence[str]:
        return ()

    async def next_due(self, *, after: float) -> float | None:
        self.asked_after.append(after)
        return None


class FaultyLedger(AgentLedger):
    """Steps of tasks whose ids say so raise."""

    tried: list[str]

    async def change(
        self,
        task: Task,
        step: Step,
        *,
        heard: bool = False,
        quiet: bool = False,
        open_most: int | None = None,
    ) -> Moved | None:
        self.tried.append(task.id)
        if "broken" in task.id:
            raise ValueError(task.id)
        del cast(Any, self._store).tasks[task.id]
        return None


async def test_a_task_that_cannot_be_seen_to_keeps_no_other_waiting_and_is_tried_once_a_look(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = ManualClock()
    names = [*(f"task_broken_{number}" for number in range(150)), *(f"task_{number}" for number in range(50))]
    tasks = [
        replace(
            submitted(
                NewTask(
                    id=name,
                    agent_id="agent_1",
                    organization_id="org_1",
                    submitted_by="user_1",
                    task_type="grade",
                    input="{}",
                    at=clock.now(),
                )
            ),
            wakes_at=clock.now(),
        )
        for name in names
    ]
    kept = DueStore(tasks)
    store = cast(AgentStore, kept)
    ledger = FaultyLedger(store, Listener(), clock, Bell(), event_bytes=lambda: 10_000)
    ledger.tried = []
    looking = asyncio.create_task(Sweeper(store, ledger, clock).run())
    with caplog.at_level(logging.ERROR):
        for _ in range(100):
            await asyncio.sleep(0)
    looking.cancel()
    await asyncio.wait([looking])
    assert ledger.tried == names  # and the next look comes later: not at once, for what is due still
    assert set(kept.tasks) == set(names[:150])
    assert kept.asked_after == [clock.now()]
    assert [vars(record)["task_id"] for record in caplog.records] == names[:150]
