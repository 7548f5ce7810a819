"""Stages and components in the queue of the agents, on a real store: taken over, told, and ended once."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import Listener
from toolboxai.adapters.database.run_tasks import DatabaseRunTaskStore
from toolboxai.platform.agents.built_in import BUILT_IN, BuiltInAgents, agent_id
from toolboxai.platform.agents.ledger import AgentLedger
from toolboxai.platform.agents.model import NewTask, Task
from toolboxai.platform.agents.run_tasks import AgentRunTasks, task_id
from toolboxai.platform.agents.sweep import Sweeper
from toolboxai.platform.content.records.sessions import STAGES
from toolboxai.platform.messages.agent import TaskStatus
from toolboxai.platform.roblox.run.world_tasks import Piece
from toolboxai.platform.runs.bell import Bell
from toolboxai.platform.runs.tasks import RunTask
from toolboxai.testing.clock import ManualClock

LESSON = agent_id("lesson", "user_1")


class Room:
    """One process's agents over a database."""

    def __init__(self, database: AsyncEngine, clock: ManualClock, listener: Listener) -> None:
        self.clock, self.listener = clock, listener
        self.store = DatabaseRunTaskStore(database)
        self.ledger = AgentLedger(self.store, listener, clock, Bell(), event_bytes=lambda: 10_000)
        self.agents = BuiltInAgents(self.store, clock)
        self.tasks = AgentRunTasks(
            self.agents,
            self.store,
            self.ledger,
            clock,
            random.SystemRandom(),
        )
        self.sweeper = Sweeper(self.store, self.ledger, clock)

    def said(self, kind: str, channel: str = f"private-agent-{LESSON}") -> list[Any]:
        return [event["data"] for event in self.listener.on(channel) if event["type"] == kind]

    async def written(self) -> None:
        """Wait until all that was said is written down."""
        await self.tasks.close()

    async def task(self, **changes: Any) -> Task:
        task = await self.store.task(_id(a_task(**changes)))
        assert task is not None
        return task


def a_task(**changes: Any) -> RunTask:
    values: dict[str, Any] = {
        "run_id": "gen_1",
        "attempt": 1,
        "task_type": "lesson_generation",
        "owner_id": "user_1",
        "organization_id": "org_1",
        "input": {"content_id": "content_1"},
    }
    return RunTask(**{**values, **changes})


def _id(task: RunTask) -> str:
    return task_id(task.run_id, task.attempt, task.task_type)


@pytest.fixture
async def room(database: AsyncEngine) -> AsyncIterator[Room]:
    room = Room(database, ManualClock(), Listener())
    yield room
    await room.written()
    await room.ledger.close()


def test_each_stage_and_each_component_has_one_agent() -> None:
    done = [task_type for one in BUILT_IN for task_type in one.task_types]
    assert sorted(done) == sorted([*STAGES, *Piece])
    assert len({one.kind for one in BUILT_IN}) == len(BUILT_IN) == 7


async def test_the_seven_are_made_once_whoever_comes_first(room: Room, database: AsyncEngine) -> None:
    other = Room(database, room.clock, room.listener)
    await asyncio.gather(
        *(agents.ensure("user_1", "org_1") for agents in (room.agents, other.agents, room.agents))
    )
    found = await room.store.agents(organization_id="org_1", user_id="user_1", limit=20)
    assert sorted(facts.agent.id for facts in found) == sorted(
        agent_id(one.kind, "user_1") for one in BUILT_IN
    )
    assert all(facts.agent.built_in for facts in found)
    assert await room.store.agents(organization_id="org_1", user_id="user_2", limit=20) == []


async def test_after_a_start_the_seven_are_looked_for_once_and_only_the_missing_are_made(
    room: Room, database: AsyncEngine
) -> None:
    await room.agents.ensure("user_1", "org_1")
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement.split()[0])

    event.listen(database.sync_engine, "before_cursor_execute", note)
    for _ in range(2):
        await Room(database, room.clock, room.listener).agents.ensure("user_1", "org_1")
    assert asked == ["SELECT", "SELECT"]
    await room.store.remove(LESSON)
    asked.clear()
    await Room(database, room.clock, room.listener).agents.ensure("user_1", "org_1")
    assert asked.count("INSERT") == 2  # the agent, and whose it is
    assert await room.store.who(LESSON) is not None


async def test_a_task_waits_is_worked_on_and_ends_as_the_guide_tells_it(room: Room) -> None:
    task = a_task()
    await room.tasks.wait(task)
    await room.tasks.wait(task)  # known already
    async with room.tasks.take(task) as hand:
        hand.progress(43, "Building the lesson: part 2 of 5")
        await room.listener.until(lambda: bool(room.said("task_progress")))
        room.clock.advance(2.5)
        await room.tasks.complete(task, {"lesson_title": "Rain", "content_sections": []})
    await room.written()
    assert [
        (status["status"], status["current_task"], status["queue_length"])
        for status in room.said("agent_status")
    ] == [("idle", None, 1), ("active", "lesson_generation", 0), ("idle", None, 0)]
    [progress] = room.said("task_progress")
    assert (progress["progress_percent"], progress["message"]) == (43, "Building the lesson: part 2 of 5")
    [result] = room.said("task_result")
    assert result == {
        "agent_id": LESSON,
        "task_id": _id(task),
        "status": "completed",
        "result": {"lesson_title": "Rain", "content_sections": []},
        "execution_time_ms": 2500,
    }
    assert room.said("task_result", "private-user-user_1") == [result]
    told = [event["seq"] for event in room.listener.on(f"private-agent-{LESSON}")]
    assert told == list(range(1, len(told) + 1))


async def test_a_process_that_died_had_it_and_the_next_takes_it_at_once(
    room: Room, database: AsyncEngine
) -> None:
    task = a_task()
    async with room.tasks.take(task) as hand:
        await hand.begun()  # and there the process is killed
    first = await room.task()
    assert first.status is TaskStatus.RUNNING
    room.clock.advance(300)
    next_one = Room(database, room.clock, room.listener)
    await next_one.sweeper.recover()
    await next_one.sweeper.sweep()
    assert [one.run_id for one in await next_one.tasks.open(["lesson_generation"])] == ["gen_1"]
    async with next_one.tasks.take(task) as hand:
        await hand.begun()
        held = await room.task()
        assert (held.status, held.attempt) == (TaskStatus.RUNNING, 1)
        assert held.lease_id != first.lease_id
        await next_one.tasks.complete(task, {"lesson_title": "Rain"})
    await next_one.written()
    assert [result["status"] for result in room.said("task_result")] == ["completed"]
    assert await next_one.tasks.open(["lesson_generation"]) == []
    await next_one.ledger.close()


async def test_a_task_ends_once_whatever_is_told_afterwards(room: Room) -> None:
    task = a_task()
    await room.tasks.complete(task, {"nobody": "knows it"})
    await room.written()
    assert await room.store.task(_id(task)) is None
    async with room.tasks.take(task) as hand:
        await room.tasks.complete(task, {"sections": 5})
        hand.progress(99, "too late")
    await room.tasks.complete(task, {"sections": 6})
    await room.tasks.fail(task, "GENERATION_FAILED", "no")
    await room.tasks.cancel([task, a_task(attempt=2)])
    async with room.tasks.take(task) as hand:
        hand.progress(1, "again")
        await hand.begun()
    ended = await room.task()
    assert (ended.status, ended.result) == (TaskStatus.COMPLETED, '{"sections":5}')
    assert [result["result"] for result in room.said("task_result")] == [{"sections": 5}]


async def test_a_failure_has_the_runs_own_words_and_a_cancel_ends_what_is_open(room: Room) -> None:
    failing, waiting = a_task(), a_task(run_id="gen_2")
    await room.tasks.wait(waiting)
    async with room.tasks.take(failing):
        await room.tasks.fail(failing, "PROVIDER_UNAVAILABLE", "nobody answers")
    await room.tasks.cancel([failing, waiting])
    await room.written()
    by_task = {result["task_id"]: result for result in room.said("task_result")}
    assert by_task[_id(failing)]["status"] == "failed"
    assert by_task[_id(failing)]["error"] == {
        "error_code": "PROVIDER_UNAVAILABLE",
        "message": "nobody answers",
    }
    assert by_task[_id(waiting)]["status"] == "cancelled"
    facts = await room.store.agent(LESSON)
    assert facts is not None
    assert (facts.waiting, facts.running) == (0, 0)


async def test_a_process_that_stood_still_for_longer_than_a_lease_keeps_its_task(room: Room) -> None:
    task = a_task()
    async with room.tasks.take(task) as hand:
        await hand.begun()
        room.clock.advance(31)
        await room.sweeper.sweep()
        assert (await room.task()).status is TaskStatus.QUEUED
        hand.progress(44, "on we go")
        await room.listener.until(lambda: room.said("agent_status")[-1]["status"] == "active")
        hand.progress(45, "and on")
        await room.listener.until(lambda: bool(room.said("task_progress")))
        await room.tasks.complete(task, {})
    await room.written()
    assert [result["status"] for result in room.said("task_result")] == ["completed"]


async def test_what_is_deleted_takes_its_tasks_along_and_no_others(room: Room, database: AsyncEngine) -> None:
    tasks = [a_task(), a_task(attempt=2), a_task(run_id="gen_10"), a_task(run_id="gen-1")]
    tasks += [a_task(run_id="gen_2"), a_task(run_id="gen_3")]
    for task in tasks:
        await room.tasks.wait(task)
    await room.written()
    outside = NewTask(
        id="task_other",
        agent_id=LESSON,
        organization_id="org_1",
        submitted_by="user_1",
        task_type="lesson_generation",
        input="{}",
        at=room.clock.now(),
    )
    await room.ledger.submit(outside, open_most=100)
    opened = await room.tasks.open(["lesson_generation"], run_id="gen_1")
    assert [(one.run_id, one.attempt) for one in opened] == [("gen_1", 1), ("gen_1", 2)]
    await room.tasks.cancel(tasks[:5])
    await room.written()
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(database.sync_engine, "before_cursor_execute", note)
    await room.tasks.forget([])
    await room.tasks.forget(["gen_1", "gen_2", "gen_3"])
    await room.written()
    assert len(asked) == 1, asked
    left = [await room.store.task(one) for one in [*map(_id, tasks), "task_other"]]
    # What still waits ends by itself.
    assert [one is not None for one in left] == [False, False, True, True, False, True, True]


async def test_a_runs_tasks_are_found_by_an_index(room: Room, database: AsyncEngine) -> None:
    await room.tasks.wait(a_task())
    await room.written()
    explain = "EXPLAIN QUERY PLAN" if database.dialect.name == "sqlite" else "EXPLAIN"
    async with database.begin() as connection:
        if database.dialect.name != "sqlite":
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        of_one = f"{explain} DELETE FROM agent_tasks WHERE run_id IN ('gen_1', 'gen_2') AND status NOT IN ('queued')"
        plan = "\n".join(str(row) for row in await connection.execute(text(of_one)))
    assert "ix_agent_tasks_run_id" in plan, plan


async def test_a_task_whose_end_is_not_written_yet_goes_with_its_run(room: Room) -> None:
    async with room.tasks.take(a_task()) as hand:
        await hand.begun()
        await room.tasks.complete(a_task(), {"lesson_title": "Tides"})
    await room.tasks.forget(["gen_1"])
    await room.written()
    assert await room.store.task(_id(a_task())) is None
