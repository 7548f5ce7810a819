"""What the built-in agents do: each stage of a lesson and each component of a world is a task in the one queue.

The run's own record is right. A task follows it: it is told of a step once the step is on record, while the run goes on;
where a process died between the two, the next start tells it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any, Final

import msgspec

from toolboxai.clock import Clock
from toolboxai.ids import Dice, new_token
from toolboxai.platform.agents import queue
from toolboxai.platform.agents.built_in import BuiltInAgents, agent_id, agent_of
from toolboxai.platform.agents.ledger import AgentLedger
from toolboxai.platform.agents.model import LEASE_S, NewTask, Task, TaskFailure
from toolboxai.platform.agents.run_tasks_store import RunTaskStore
from toolboxai.platform.agents.sayings import Sayings
from toolboxai.platform.agents.store import Moved, Step, Tell
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
_BEGUN_S: Final = 5.0
_CANCEL_S: Final = 2.0


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
        ledger: writes steps and tells of them.
        clock, dice: time and chance.
        lease_s: seconds after which a task is free again that nobody has beaten for.
    """

    def __init__(
        self,
        agents: BuiltInAgents,
        store: RunTaskStore,
        ledger: AgentLedger,
        clock: Clock,
        dice: Dice,
        *,
        lease_s: float = LEASE_S,
    ) -> None:
        self.lease_s = lease_s
        self._agents = agents
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._dice = dice
        self._sayings = Sayings()
        self.close = self._sayings.close

    async def wait(self, task: RunTask) -> None:
        """See the port."""
        new = self._new(task)
        self._sayings.say(task.run_id, lambda: self._begin(new, lambda one: one))

    @asynccontextmanager
    async def take(self, task: RunTask) -> AsyncIterator[TaskInHand]:
        """See the port."""
        hand = _Hand(self, self._new(task), task.run_id, new_token(self._dice, "lease_", bits=128))
        beats = asyncio.create_task(hand.run(), name=f"beats of {task.task_type}")
        try:
            yield hand
        finally:
            beats.cancel()
            await asyncio.wait([beats])

    def hold(self, run_id: str, new: NewTask, lease_id: str) -> "asyncio.Future[None]":
        """Have the server hold a task; done when it is written down."""
        step = self._taking(lease_id)
        return self._sayings.say(run_id, lambda: self._begin(new, step, lease_id=lease_id))

    def beat(
        self, run_id: str, new: NewTask, lease_id: str, said: tuple[int, str] | None
    ) -> "asyncio.Future[None]":
        """The server still works on a task, and may say how far it is."""
        percent, message = said or (None, None)

        def step(one: Task) -> Task:
            return queue.beaten(
                one,
                now=self._clock.now(),
                lease_id=lease_id,
                lease_s=self.lease_s,
                percent=percent,
                message=message,
            )

        async def write() -> None:
            try:
                await self._change(new, step, quiet=said is None)
            except queue.LeaseLost as lost:
                if lost.details["reason"] == "expired":
                    # The process stood still for longer than a lease. The run is ours all the same.
                    await self._begin(new, self._taking(lease_id), lease_id=lease_id)

        return self._sayings.say(run_id, write)

    async def complete(self, task: RunTask, result: Mapping[str, Any]) -> None:
        """See the port."""
        text = msgspec.json.encode(result).decode()

        def step(one: Task) -> Task:
            return queue.completed(
                one,
                now=self._clock.now(),
                lease_id=one.lease_id or "",
                result=text,
                execution_ms=self._ledger.took_ms(one) or 0,
            )

        self._end(task, step)

    async def fail(self, task: RunTask, error_code: str, message: str) -> None:
        """See the port."""
        failure = TaskFailure(error_code, message)

        def step(one: Task) -> Task:
            return queue.failed(
                one,
                now=self._clock.now(),
                lease_id=one.lease_id or "",
                failure=failure,
                retry=False,
                execution_ms=self._ledger.took_ms(one) or 0,
            )

        self._end(task, step)

    async def cancel(self, tasks: Sequence[RunTask]) -> None:
        """See the port."""

        def step(one: Task) -> Task:
            return queue.cancelled(one, now=self._clock.now(), execution_ms=self._ledger.took_ms(one))

        async def end(new: NewTask) -> None:
            kept = await self._store.task(new.id)
            if kept is not None and not kept.over:
                await self._change(new, lambda one: one if one.over else step(one))

        said = [self._sayings.say(task.run_id, partial(end, self._new(task))) for task in tasks]
        if said:  # whoever cancels is told when it is so, unless the database takes nothing now
            await asyncio.wait(said, timeout=_CANCEL_S)

    async def open(self, task_types: Sequence[str], *, run_id: str | None = None) -> Sequence[RunTask]:
        """See the port."""
        return [_run_task(task) for task in await self._store.open(task_types, run_id=run_id)]

    async def forget(self, run_ids: Sequence[str]) -> None:
        """See the port."""
        if run_ids:  # after all that is said of them, or an end that is not written yet would outlive its run
            said = self._sayings.say_of_all(run_ids, partial(self._store.forget, tuple(run_ids)))
            await asyncio.wait([said], timeout=_CANCEL_S)  # it is written as soon as the database takes it

    # ---- inside -------------------------------------------------------------------------------------------------
    def _end(self, task: RunTask, step: Step) -> None:
        def ended(one: Task) -> Task:
            if one.over:
                return one
            now = self._clock.now()
            held = taken(one, now=now, lease_id=one.lease_id or "told late", lease_s=self.lease_s)
            # An end is told by whoever has the run, whether the lease has run out by then or not.
            return step(
                replace(held, started_at=one.started_at or now, percent=one.percent, message=one.message)
            )

        new = self._new(task)
        self._sayings.say(task.run_id, lambda: self._change(new, ended))

    def _taking(self, lease_id: str) -> Step:
        return lambda one: taken(one, now=self._clock.now(), lease_id=lease_id, lease_s=self.lease_s)

    async def _change(self, new: NewTask, step: Step, *, quiet: bool = False) -> None:
        await self._ledger.change(queue.submitted(new), step, quiet=quiet)

    async def _begin(self, new: NewTask, step: Step, *, lease_id: str = "") -> None:
        async def write(tell: Tell, announced: int) -> Moved | None:
            return await self._store.begin(new, step, tell, at=self._clock.now(), announced=announced)

        for _ in range(2):
            await self._agents.ensure(new.submitted_by, new.organization_id)
            if await self._ledger.write(new.agent_id, write, lease_id=lease_id) is not None:
                return
            self._agents.forget(new.submitted_by)  # they were there once
        log.error("a built-in agent is not there", extra={"agent_id": new.agent_id})

    def _new(self, task: RunTask) -> NewTask:
        return NewTask(
            id=task_id(task.run_id, task.attempt, task.task_type),
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
            run_id=task.run_id,
        )


class _Hand:
    """A task in the server's hands: beats for it, and tells how far it is.

    Args:
        work: writes it down.
        task: the task.
        run_id: of its run.
        lease_id: by which it is held.
    """

    def __init__(self, work: AgentRunTasks, task: NewTask, run_id: str, lease_id: str) -> None:
        self._work = work
        self._task = task
        self._run_id = run_id
        self._lease_id = lease_id
        self._said: tuple[int, str] | None = None
        self._news = asyncio.Event()
        self._begun = work.hold(run_id, task, lease_id)

    def progress(self, percent: int, message: str) -> None:
        """See the port."""
        self._said = percent, message
        self._news.set()

    async def begun(self) -> None:
        """See the port."""
        if (
            not self._begun.done()
        ):  # where the database takes nothing, what comes of the task is not taken either
            await asyncio.wait([self._begun], timeout=_BEGUN_S)

    async def run(self) -> None:
        """Beat, until nobody works on it any more."""
        while True:
            # What is over sooner than anybody reads is told by its end alone.
            await asyncio.sleep(_PROGRESS_S)
            with suppress(TimeoutError):  # then it is a beat without news
                async with asyncio.timeout(self._work.lease_s / 3):
                    await self._news.wait()
            self._news.clear()
            said, self._said = self._said, None
            await self._work.beat(self._run_id, self._task, self._lease_id, said)


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
