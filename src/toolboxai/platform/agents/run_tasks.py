"""What the built-in agents do: each stage of a lesson and each component of a world is a task in the one queue.

The run's own record is right. A task follows it: it is told of a step after the step is on record, and where a process
died between the two, the step that runs again, or the next start, tells it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import StorageUnavailable
from toolboxai.ids import Dice, new_token
from toolboxai.platform.agents import queue
from toolboxai.platform.agents.built_in import BuiltInAgents, agent_id, agent_of
from toolboxai.platform.agents.ledger import AgentLedger
from toolboxai.platform.agents.model import LEASE_S, NewTask, Task, TaskFailure
from toolboxai.platform.agents.run_tasks_store import RunTaskStore
from toolboxai.platform.agents.store import AgentStore, Step
from toolboxai.platform.messages.agent import TaskStatus
from toolboxai.platform.runs.tasks import RunTask, TaskInHand

__all__ = ["AgentRunTasks", "taken", "task_id"]

log = logging.getLogger(__name__)

_WORKER: Final = "this server"
_DIGITS: Final = 32
_PROGRESS_S: Final = 0.25  # between two tellings, as for agents elsewhere
# Stages and components have limits of their own, which end them; a task waits for those and sets none.
_TIMEOUT_S: Final = 24 * 3600.0
_ATTEMPTS: Final = 10  # the process stood still for longer than a lease, again and again
_NO_BOUND: Final = 1_000_000  # open lessons and worlds of one user are bounded where they begin


def task_id(run_id: str, attempt: int, task_type: str) -> str:
    """Of a piece of a run: always the same, so that a step that runs again finds its task."""
    return "task_" + sha256(f"{run_id}\n{attempt}\n{task_type}".encode()).hexdigest()[:_DIGITS]


def taken(task: Task, *, now: float, lease_id: str, lease_s: float) -> Task:
    """The server works on it from now on, whether it waits or a process that died had it; one that has ended stays.

    Args:
        task: in any state.
        now: Unix seconds.
        lease_id: by which it will be held.
        lease_s: seconds until the next beat has to come.
    """
    if task.over:
        return task
    waiting = replace(task, status=TaskStatus.QUEUED, lease_id=None)
    return queue.claimed(waiting, now=now, lease_id=lease_id, lease_s=lease_s, worker=_WORKER)


class AgentRunTasks:
    """Satisfies ``platform.runs.tasks.RunTasks``.

    Args:
        agents: are made when they are first needed.
        store: keeps tasks.
        runs: finds those that are open, and forgets them.
        ledger: writes steps and tells of them.
        clock, dice: time and chance.
        lease_s: seconds after which a task is free again that nobody has beaten for.
    """

    def __init__(
        self,
        agents: BuiltInAgents,
        store: AgentStore,
        runs: RunTaskStore,
        ledger: AgentLedger,
        clock: Clock,
        dice: Dice,
        *,
        lease_s: float = LEASE_S,
    ) -> None:
        self.lease_s = lease_s
        self._agents = agents
        self._store = store
        self._runs = runs
        self._ledger = ledger
        self._clock = clock
        self._dice = dice

    async def wait(self, task: RunTask) -> None:
        """See the port."""
        await self._kept(task)

    @asynccontextmanager
    async def take(self, task: RunTask) -> AsyncIterator[TaskInHand]:
        """See the port."""
        kept = await self._kept(task)
        lease_id = new_token(self._dice, "lease_", bits=128)
        held = None if kept is None else await self.hold(kept, lease_id)
        hand = _Hand(self, self._ledger, self._clock, held, lease_id)
        beats = asyncio.create_task(hand.run(), name=f"beats of {task.task_type}")
        try:
            yield hand
        finally:
            beats.cancel()
            await asyncio.wait([beats])

    async def hold(self, task: Task, lease_id: str) -> Task | None:
        """Have the server hold a task; None where it is gone, or has ended."""
        moved = await self._ledger.take(
            task,
            lambda one: taken(one, now=self._clock.now(), lease_id=lease_id, lease_s=self.lease_s),
            lease_id,
        )
        return None if moved is None or moved.task.over else moved.task

    async def complete(self, task: RunTask, result: Mapping[str, Any]) -> None:
        """See the port."""
        text = msgspec.json.encode(result).decode()

        def done(one: Task) -> Task:
            ms = self._ledger.took_ms(one) or 0
            now, held = self._held(one)
            return queue.completed(held, now=now, lease_id=held.lease_id or "", result=text, execution_ms=ms)

        await self._end(task, done)

    async def fail(self, task: RunTask, error_code: str, message: str) -> None:
        """See the port."""
        failure = TaskFailure(error_code, message)

        def done(one: Task) -> Task:
            ms = self._ledger.took_ms(one) or 0
            now, held = self._held(one)
            return queue.failed(
                held, now=now, lease_id=held.lease_id or "", failure=failure, retry=False, execution_ms=ms
            )

        await self._end(task, done)

    async def cancel(self, tasks: Sequence[RunTask]) -> None:
        """See the port."""

        def done(one: Task) -> Task:
            return queue.cancelled(one, now=self._clock.now(), execution_ms=self._ledger.took_ms(one))

        for task in tasks:
            kept = await self._store.task(task_id(task.run_id, task.attempt, task.task_type))
            if kept is not None and not kept.over:
                await self._end(task, done)

    async def open(self, task_types: Sequence[str]) -> Sequence[RunTask]:
        """See the port."""
        return [_run_task(task) for task in await self._runs.open(task_types)]

    async def forget(self, run_ids: Sequence[str]) -> None:
        """See the port."""
        for run_id in run_ids:
            await self._runs.remove(_key(run_id))

    # ---- inside -------------------------------------------------------------------------------------------------
    def _held(self, task: Task) -> tuple[float, Task]:
        """Now, and the task as one that the server holds: an end is told by whoever has the run, lease or not."""
        now = self._clock.now()
        held = taken(task, now=now, lease_id=task.lease_id or "told late", lease_s=self.lease_s)
        return now, replace(
            held, started_at=task.started_at or now, percent=task.percent, message=task.message
        )

    async def _end(self, task: RunTask, step: Step) -> None:
        await self._ledger.change(
            queue.submitted(self._new(task)), lambda one: one if one.over else step(one)
        )

    async def _kept(self, task: RunTask) -> Task | None:
        """The task as it is kept, made where there is none yet; None: its agent went in the same moment."""
        new = self._new(task)
        for _ in range(2):
            await self._agents.ensure(task.owner_id, task.organization_id)
            done = await self._ledger.submit(new, open_most=_NO_BOUND)
            if done is not None:
                return done.moved.task
            self._agents.forget(task.owner_id)  # they were there once
        log.error("a built-in agent is not there", extra={"agent_id": new.agent_id})
        return None

    def _new(self, task: RunTask) -> NewTask:
        own = task_id(task.run_id, task.attempt, task.task_type)
        return NewTask(
            id=own,
            agent_id=agent_id(agent_of(task.task_type).kind, task.owner_id),
            organization_id=task.organization_id,
            submitted_by=task.owner_id,
            task_type=task.task_type,
            input=msgspec.json.encode(
                {"run_id": task.run_id, "attempt": task.attempt, **task.input}
            ).decode(),
            timeout_s=_TIMEOUT_S,
            max_attempts=_ATTEMPTS,
            at=self._clock.now(),
            idempotency_key=_key(task.run_id) + f"{task.attempt} {task.task_type}",
        )


class _Hand:
    """A task in the server's hands: beats for it, and tells how far it is.

    Args:
        work: takes it up again.
        ledger: writes beats.
        clock: the time.
        task: as it is held; None: there is nothing to tell.
        lease_id: by which it is held.
    """

    def __init__(
        self, work: AgentRunTasks, ledger: AgentLedger, clock: Clock, task: Task | None, lease_id: str
    ) -> None:
        self._work = work
        self._ledger = ledger
        self._clock = clock
        self._task = task
        self._lease_id = lease_id
        self._said: tuple[int, str] | None = None
        self._news = asyncio.Event()

    def progress(self, percent: int, message: str) -> None:
        """See the port."""
        self._said = percent, message
        self._news.set()

    async def run(self) -> None:
        """Beat until the task has ended, or nobody works on it any more."""
        while self._task is not None:
            try:
                async with asyncio.timeout(self._work.lease_s / 3):
                    await self._news.wait()
            except TimeoutError:
                pass  # a beat without news
            self._news.clear()
            said, self._said = self._said, None
            try:
                await self._beat(self._task, said)
            except StorageUnavailable:
                pass  # the next beat comes in time, or the task is taken up again
            except Exception:  # ours, and no reason to end a lesson
                log.exception("a beat of a built-in agent failed", extra={"task_id": self._task.id})
            await asyncio.sleep(_PROGRESS_S)

    async def _beat(self, task: Task, said: tuple[int, str] | None) -> None:
        percent, message = said or (None, None)
        try:
            moved = await self._ledger.change(
                task,
                lambda one: queue.beaten(
                    one,
                    now=self._clock.now(),
                    lease_id=self._lease_id,
                    lease_s=self._work.lease_s,
                    percent=percent,
                    message=message,
                ),
                quiet=said is None,
            )
            self._task = None if moved is None else moved.task
        except queue.LeaseLost as lost:
            # The process stood still for longer than a lease. The run is ours all the same.
            again = lost.details["reason"] == "expired"
            self._task = await self._work.hold(task, self._lease_id) if again else None


def _key(run_id: str) -> str:
    """How the keys of a run's tasks begin."""
    return f"{run_id} "


def _run_task(task: Task) -> RunTask:
    given = msgspec.json.decode(task.input)
    return RunTask(
        run_id=given.pop("run_id"),
        attempt=given.pop("attempt"),
        task_type=task.task_type,
        owner_id=task.submitted_by,
        organization_id=task.organization_id,
        input=given,
    )
