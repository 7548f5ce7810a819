"""Agents and tasks, on SQLite and on Postgres."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.agent_rows import task_values
from toolboxai.adapters.database.agent_statements import NEXT
from toolboxai.adapters.database.agent_steps import EVENTS_KEPT
from toolboxai.adapters.database.agent_tables import AgentLineRow, AgentTaskRow
from toolboxai.adapters.database.agents import DatabaseAgentStore
from toolboxai.errors import Conflict
from toolboxai.platform.agents.model import Agent, AgentFacts, NewTask, Task
from toolboxai.platform.agents.queue import requeued, submitted
from toolboxai.platform.agents.store import Lease, Step, TooManyOpen
from toolboxai.platform.agents.telling import agent_status
from toolboxai.platform.messages.agent import TaskStatus
from toolboxai.platform.runs.events import Draft

NOW = 1_780_000_000.0
AGENT = Agent(
    id="agent_1",
    organization_id="org_1",
    owner_id="user_1",
    name="grader",
    task_types=("grade", "draw"),
    concurrency=50,
    created_at=NOW,
)


def tell(_task: Task | None, facts: AgentFacts) -> Sequence[Draft]:
    return [agent_status(facts, now=NOW)]


def a_task(number: int, who: str = "user_1", priority: int = 5) -> NewTask:
    return NewTask(
        id=f"task_{number}",
        agent_id=AGENT.id,
        organization_id="org_1",
        submitted_by=who,
        task_type="grade",
        input="{}",
        priority=priority,
        at=NOW + number,
    )


@pytest.fixture
async def store(database: AsyncEngine) -> DatabaseAgentStore:
    store = DatabaseAgentStore(database)
    assert await store.add(AGENT, most=1)
    return store


async def claim(store: DatabaseAgentStore, lease: str) -> str | None:
    moved = await store.claim(AGENT.id, ["grade"], Lease(lease, "w", 30.0), tell, at=NOW, announced=0)
    return None if moved is None else moved.task.id


async def test_an_agent_is_kept_with_its_row_of_resources_and_goes_with_it(store: DatabaseAgentStore) -> None:
    facts = await store.agent(AGENT.id)
    assert facts == AgentFacts(AGENT)
    with pytest.raises(Conflict, match=r"agent_1, .* is taken; try again"):
        await store.add(replace(AGENT, name="another"), most=9)
    assert await store.who(AGENT.id) == AGENT
    assert await store.ids_of("user_1") == [AGENT.id]
    await store.submit(a_task(1), tell, open_most=9, announced=0)
    assert [await store.remove(AGENT.id) for _ in range(2)] == [True, False]
    assert await store.agent(AGENT.id) is None
    assert await store.events(AGENT.id) == []
    assert await store.events(AGENT.id, after=2**53) == []
    kept = await store.task("task_1")
    assert kept is not None
    assert await store.due(NOW + 1e9, limit=9) == []


async def test_of_many_claims_at_once_each_gets_another_task(store: DatabaseAgentStore) -> None:
    for number in range(12):
        await store.submit(a_task(number, f"user_{number % 3}"), tell, open_most=99, announced=0)
    got = await asyncio.gather(*(claim(store, f"lease_{at}") for at in range(20)))
    tasks = [each for each in got if each is not None]
    assert sorted(tasks) == sorted(f"task_{number}" for number in range(12))
    events = await store.events(AGENT.id)
    assert [event.seq for event in events] == list(range(1, 25))
    facts = await store.agent(AGENT.id)
    assert facts is not None
    assert (facts.waiting, facts.running, facts.current_task) == (0, 12, "grade")


async def test_of_many_tasks_at_once_no_more_than_fit_are_kept(store: DatabaseAgentStore) -> None:
    async def submit(number: int) -> bool:
        try:
            await store.submit(a_task(number), tell, open_most=3, announced=0)
        except TooManyOpen:
            return False
        return True

    assert sum(await asyncio.gather(*(submit(number) for number in range(6)))) == 3
    assert len(await store.open_tasks(AGENT.id)) == 3


async def test_of_failed_tasks_set_going_anew_at_once_no_more_than_fit_are_open(
    store: DatabaseAgentStore,
) -> None:
    def fails(task: Task) -> Task:
        return replace(task, status=TaskStatus.FAILED, ended_at=NOW)

    async def step(number: int, step: Step, open_most: int | None = None) -> bool:
        try:
            await store.change(
                AGENT.id, f"task_{number}", step, tell, at=NOW, announced=0, open_most=open_most
            )
        except TooManyOpen:
            return False
        return True

    for number in range(6):
        await store.submit(a_task(number), tell, open_most=9, announced=0)
        assert await step(number, fails)
    assert sum(await asyncio.gather(*(step(number, requeued, 3) for number in range(6)))) == 3
    left = await store.open_tasks(AGENT.id)
    assert len(left) == 3
    facts = await store.agent(AGENT.id)
    assert facts is not None
    assert (facts.waiting, facts.running) == (3, 0)
    assert await step(int(left[0].removeprefix("task_")), fails, 1)  # an end opens nothing


async def test_old_events_go_once_they_were_told(store: DatabaseAgentStore, database: AsyncEngine) -> None:
    many = [Draft("agent_status", {"n": number}) for number in range(EVENTS_KEPT // 2)]
    for announced in (0, 0, 0, EVENTS_KEPT):
        await store.heard(AGENT.id, lambda _task, _facts: many, at=NOW, announced=announced)
    kept = await store.events(AGENT.id)
    assert (kept[0].seq, kept[-1].seq) == (EVENTS_KEPT + 1, 2 * EVENTS_KEPT)


async def test_a_start_takes_up_those_alone_that_told_something_lately_or_have_something_to_tell(
    store: DatabaseAgentStore,
) -> None:
    assert await store.to_take_up(since=0.0) == []  # it never told anything
    await store.heard(AGENT.id, tell, at=NOW, announced=0)
    assert await store.to_take_up(since=NOW + 1) == [AGENT.id]
    await store.announced(AGENT.id, 1)
    assert await store.to_take_up(since=NOW + 1) == []
    assert await store.to_take_up(since=NOW) == [AGENT.id]


async def test_the_next_task_is_found_by_an_index(store: DatabaseAgentStore, database: AsyncEngine) -> None:
    """However many wait: the plan has no look through all tasks, and no sorting of them."""
    waiting = [a_task(number, f"user_{number % 3}") for number in range(3000)]
    async with database.begin() as connection:
        await connection.execute(
            insert(AgentTaskRow), [task_values(submitted(task), task) for task in waiting]
        )
        for who in range(3):
            line = {"agent_id": AGENT.id, "submitted_by": f"user_{who}", "waiting": 1000, "running": 0}
            await connection.execute(insert(AgentLineRow).values(**line, served_at=0.0))
    query = NEXT.params(of_agent=AGENT.id, kinds=["grade"])
    words = query.compile(database.sync_engine, compile_kwargs={"literal_binds": True})
    sqlite = database.dialect.name == "sqlite"
    async with database.connect() as connection:
        if not sqlite:
            await connection.execute(text("ANALYZE agent_tasks"))
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        plan = "\n".join(str(row) for row in await connection.execute(text(f"{explain} {words}")))
    assert "ix_agent_tasks_line" in plan, plan
    assert "SCAN agent_tasks" not in plan, plan
    assert "Seq Scan on agent_tasks" not in plan, plan
    assert await claim(store, "lease_1") == "task_0"


async def test_what_is_due_next_is_asked_for_after_what_was_looked_at(store: DatabaseAgentStore) -> None:
    for number in range(2):
        await store.submit(a_task(number), tell, open_most=9, announced=0)
    for lease_s in (30.0, 40.0):
        lease = Lease(f"lease_{lease_s}", "w", lease_s)
        await store.claim(AGENT.id, ["grade"], lease, tell, at=NOW, announced=0)
    due = [await store.next_due(after=NOW + after) for after in (0, 29, 30, 40)]
    assert due == [NOW + 30, NOW + 30, NOW + 40, None]
