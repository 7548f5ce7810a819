"""Whatever happens to tasks in whatever order: one holder, none lost, none done twice, counts that hold, no gap.

The queue, its store on SQLite and its ledger are the real ones; a restart drops all that is in memory.
"""

import asyncio
import random
import shutil
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from content_parts import Listener
from forms import FULL
from toolboxai.adapters.database import migrate
from toolboxai.adapters.database.agent_tables import AgentLineRow, AgentTaskRow
from toolboxai.adapters.database.agents import DatabaseAgentStore
from toolboxai.adapters.database.engine import open_engine
from toolboxai.errors import Conflict
from toolboxai.platform.agents import queue
from toolboxai.platform.agents.ledger import AgentLedger
from toolboxai.platform.agents.model import LEASE_S, Agent, NewTask, Task, TaskFailure
from toolboxai.platform.agents.store import Lease, Moved
from toolboxai.platform.agents.sweep import Sweeper
from toolboxai.platform.messages.agent import TaskStatus
from toolboxai.platform.runs.bell import Bell
from toolboxai.testing.clock import ManualClock

AGENT, CHANNEL, CONCURRENCY = "agent_1", "private-agent-agent_1", 2
KINDS = ("grade", "draw")
USERS = st.sampled_from(["user_a", "user_b", "user_c"])
ANY = st.integers(0, 9)

_empty = Path(tempfile.mkdtemp(prefix="agent-queue-")) / "empty.db"


def _fresh(folder: Path) -> str:
    """A database with the schema, which is made once."""
    if not _empty.exists():
        migrate.upgrade(f"sqlite:///{_empty}")
    shutil.copy(_empty, folder / "queue.db")
    return f"sqlite:///{folder / 'queue.db'}"


class QueueMachine(RuleBasedStateMachine):
    """Submitters, workers and time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="agent-queue-"))
        self.runner, self.stack = asyncio.Runner(), AsyncExitStack()
        self.clock, self.listener, self.dice = ManualClock(), Listener(), random.Random(3)
        self.submitted: list[str] = []
        self.claims: list[Task] = []  # of all workers, also those that hold nothing any more
        self.completed: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self.keys: dict[tuple[str, int], str] = {}

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        self.url = _fresh(self.folder)
        self.run(self._open())
        agent = Agent(
            id=AGENT,
            organization_id="org_1",
            owner_id="user_a",
            name="",
            task_types=KINDS,
            concurrency=CONCURRENCY,
            created_at=self.clock.now(),
        )
        assert self.run(self.store.add(agent, most=1))

    async def _open(self) -> None:
        self.engine = await self.stack.enter_async_context(open_engine(self.url))
        self.store = DatabaseAgentStore(self.engine)
        self.ledger = AgentLedger(self.store, self.listener, self.clock, Bell(), event_bytes=lambda: 10_240)
        self.sweeper = Sweeper(self.store, self.ledger, self.clock)
        await self.sweeper.recover()

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.drain()
        self.run(self.stack.aclose())
        self.runner.close()
        shutil.rmtree(self.folder)

    def drain(self) -> None:
        """Whatever is open comes to an end, by workers that do what they get."""
        for _ in range(3 * len(self.submitted) + 3):
            self.pass_time(120.0)
            while (claim := self.claimed(list(KINDS))) is not None:
                self.done(claim)
            if not self.run(self.store.open_tasks(AGENT)):
                return
        raise AssertionError("a task was lost: nobody gets it any more")

    # ---- what happens -------------------------------------------------------------------------------------------
    @rule(
        who=USERS,
        kind=st.sampled_from(KINDS),
        priority=ANY,
        attempts=st.integers(1, 3),
        key=st.integers(0, 3),
    )
    def submit(self, who: str, kind: str, priority: int, attempts: int, key: int) -> None:
        self.clock.advance(0.01)
        new = NewTask(
            id=f"task_{len(self.submitted)}",
            agent_id=AGENT,
            organization_id="org_1",
            submitted_by=who,
            task_type=kind,
            input="{}",
            priority=priority,
            timeout_s=100.0,
            max_attempts=attempts,
            at=self.clock.now(),
            idempotency_key=str(key) if key else None,
        )
        done = self.run(self.ledger.submit(new, open_most=1000))
        assert done is not None
        known = self.keys.get((who, key)) if key else None
        if known is None:
            assert done.fresh
            self.submitted.append(new.id)
            if key:
                self.keys[who, key] = new.id
        else:
            assert not done.fresh
            assert done.moved.task.id == known

    @rule(kinds=st.lists(st.sampled_from(KINDS), min_size=1, unique=True))
    def claim(self, kinds: list[str]) -> None:
        self.claimed(kinds)

    def claimed(self, kinds: list[str]) -> Task | None:
        lease = Lease(f"lease_{len(self.claims)}", "w", LEASE_S)
        moved: Moved | None = self.run(self.ledger.claim(AGENT, kinds, lease))
        if moved is None:
            return None
        assert moved.task.task_type in kinds
        task: Task = moved.task
        self.claims.append(task)
        return task

    @precondition(lambda self: self.claims)
    @rule(which=ANY)
    def beat(self, which: int) -> None:
        claim = self._claim(which)
        assert claim.lease_id is not None
        lease_id = claim.lease_id
        self._says(
            claim,
            lambda task: queue.beaten(
                task, now=self.clock.now(), lease_id=lease_id, lease_s=LEASE_S, percent=7
            ),
        )

    @precondition(lambda self: self.claims)
    @rule(which=ANY)
    def complete(self, which: int) -> None:
        self.done(self._claim(which))

    def done(self, claim: Task) -> None:
        assert claim.lease_id is not None
        lease_id = claim.lease_id
        before = self._now(claim.id)
        if self._says(
            claim,
            lambda task: queue.completed(
                task, now=self.clock.now(), lease_id=lease_id, result="{}", execution_ms=1
            ),
        ):
            again = before.status is TaskStatus.COMPLETED
            self.completed[claim.id] += not again
            self.ends[claim.id] += not again

    @precondition(lambda self: self.claims)
    @rule(which=ANY, retry=st.booleans())
    def fail(self, which: int, retry: bool) -> None:
        claim = self._claim(which)
        assert claim.lease_id is not None
        lease_id, failure = claim.lease_id, TaskFailure("NO", "no")
        before = self._now(claim.id)
        said = self._says(
            claim,
            lambda task: queue.failed(
                task,
                now=self.clock.now(),
                lease_id=lease_id,
                failure=failure,
                retry=retry,
                execution_ms=1,
            ),
        )
        if said and before.status is TaskStatus.RUNNING:
            self.ends[claim.id] += self._now(claim.id).over

    @precondition(lambda self: self.claims)
    @rule(which=ANY)
    def give_back(self, which: int) -> None:
        claim = self._claim(which)
        assert claim.lease_id is not None
        lease_id = claim.lease_id
        if self._says(
            claim,
            lambda task: queue.given_back(task, now=self.clock.now(), lease_id=lease_id, execution_ms=1),
        ):
            self.ends[claim.id] += self._now(claim.id).over

    @precondition(lambda self: self.submitted)
    @rule(which=ANY)
    def cancel(self, which: int) -> None:
        task = self._now(self.submitted[which % len(self.submitted)])
        try:
            self.run(
                self.ledger.change(
                    task, lambda one: queue.cancelled(one, now=self.clock.now(), execution_ms=None)
                )
            )
        except Conflict:
            assert task.status in (TaskStatus.COMPLETED, TaskStatus.FAILED)
        else:
            self.ends[task.id] += not task.over

    @precondition(lambda self: self.submitted)
    @rule(which=ANY)
    def requeue(self, which: int) -> None:
        task = self._now(self.submitted[which % len(self.submitted)])
        try:
            self.run(self.ledger.change(task, queue.requeued))
        except Conflict:
            assert task.status is not TaskStatus.FAILED

    @rule(seconds=st.sampled_from([0.5, 3.0, 31.0, 101.0]))
    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        before = {task.id: task for task in self._all()}
        self.run(self.sweeper.sweep())
        for task in self._all():
            self.ends[task.id] += task.over and not before[task.id].over
            if task.status is TaskStatus.RUNNING:
                assert task.wakes_at is not None
                assert task.wakes_at > self.clock.now(), "a lease that is over was left"

    @rule()
    def comes_late(self) -> None:
        """Whoever was silent for too long speaks again, perhaps once the next one has the task."""
        self.submit("user_b", "grade", 9, 3, 0)
        first = self.claimed(list(KINDS))
        self.pass_time(31.0)
        self.claimed(list(KINDS))
        if first is not None:
            self.done(first)

    @rule(told=st.booleans())
    def restart(self, told: bool) -> None:
        """The process is killed, perhaps before it could tell of the last step; then the next one does."""
        self.listener.failing = not told
        self.submit("user_a", "grade", 5, 1, 0)
        self.run(self._kill())
        self.listener.failing = False
        self.run(self._open())

    async def _kill(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.stack.aclose()
        self.stack = AsyncExitStack()

    # ---- what holds ---------------------------------------------------------------------------------------------
    @invariant()
    def everything_holds(self) -> None:
        if not hasattr(self, "store"):
            return
        tasks = self._all()
        assert {task.id for task in tasks} == set(self.submitted)
        runs = [task for task in tasks if task.status is TaskStatus.RUNNING]
        waits = [task for task in tasks if task.status is TaskStatus.QUEUED]
        assert len(runs) <= CONCURRENCY
        assert len({task.lease_id for task in runs}) == len(runs)
        for task in tasks:
            assert (task.lease_expires_at is not None) == (task.status is TaskStatus.RUNNING)
        assert max(self.completed.values(), default=0) <= 1
        assert self._lines() == {
            who: (count_of(waits, who), count_of(runs, who)) for who in {task.submitted_by for task in tasks}
        }
        told = self.listener.on(CHANNEL)
        newest = 0
        for event in told:
            assert event["seq"] <= newest + 1, "an event was left out"
            newest = max(newest, event["seq"])
        once = {event["seq"]: event for event in told}
        facts = self.run(self.store.agent(AGENT))
        assert newest == facts.agent.last_seq
        ends = Counter(event["data"]["task_id"] for event in once.values() if event["type"] == "task_result")
        assert ends == +self.ends
        status = [event["data"] for _, event in sorted(once.items()) if event["type"] == "agent_status"]
        if status:
            assert status[-1]["queue_length"] == len(waits) == facts.waiting
            assert (status[-1]["status"] == "active") == bool(runs)

    def _claim(self, which: int) -> Task:
        return self.claims[-1 - which % len(self.claims)]

    def _says(self, claim: Task, step: Any) -> bool:
        """Whether what a worker says was taken: that is exactly when it holds the task, or repeats itself."""
        before = self._now(claim.id)
        holds = before.status is TaskStatus.RUNNING and before.lease_id == claim.lease_id
        try:
            self.run(self.ledger.change(claim, step, heard=True))
        except queue.LeaseLost:
            assert not holds
            return False
        assert before.lease_id == claim.lease_id
        return True

    def _now(self, task_id: str) -> Task:
        found: Task = self.run(self.store.task(task_id))
        return found

    def _all(self) -> list[Task]:
        return [self._now(task_id) for task_id in self.run(self._ids())]

    async def _ids(self) -> list[str]:
        async with self.engine.connect() as connection:
            return list(await connection.scalars(select(AgentTaskRow.id)))

    def _lines(self) -> dict[str, tuple[int, int]]:
        async def read() -> dict[str, tuple[int, int]]:
            async with self.engine.connect() as connection:
                rows = await connection.execute(select(AgentLineRow.__table__))
                return {row.submitted_by: (row.waiting, row.running) for row in rows}

        found: dict[str, tuple[int, int]] = self.run(read())
        return found


def count_of(tasks: list[Task], who: str) -> int:
    return sum(task.submitted_by == who for task in tasks)


def test_whatever_happens_in_whatever_order_the_queue_stays_whole() -> None:
    run_state_machine_as_test(
        QueueMachine,
        settings=settings(
            max_examples=300 if FULL else 12,
            stateful_step_count=60 if FULL else 25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
