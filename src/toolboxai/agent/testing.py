"""A queue in memory: an agent's functions are tried without a server, in tests or by hand.

::

    queue = LocalQueue()
    task_id = queue.submit("lesson_generation", {"topic": "Tides"})
    queue.run(agent)
    assert queue.task(task_id).status == "completed"

It keeps the server's rules: priorities, leases, attempts, cancelling, time limits. What is told of a task whose lease
is not held is refused. It leaves out what a test would have to wait for, or has no second user for: the pause before
another attempt, that waiting raises a task's priority, and the turns of users.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from toolboxai.agent.agent import Agent
from toolboxai.agent.errors import LeaseLost, LossReason
from toolboxai.agent.outcome import Outcome
from toolboxai.agent.queue import Assignment

__all__ = ["LocalQueue", "LocalTask"]

GIVEN_BACK_MOST = 10  # as on the server; what is given back more often uses up an attempt
Status = Literal["queued", "running", "completed", "failed", "cancelled"]


@dataclass(slots=True)
class LocalTask:
    """What became of a task.

    Args:
        task_id: ``task_1`` and so on.
        task_type: which function it is for.
        input: what was submitted.
        priority: 0 to 9, 9 first.
        timeout_s: seconds for each attempt.
        max_attempts: after so many it has failed.
        status: as the server says it.
        attempt: how often it was begun; what was given back does not count.
        given_back: how often that was.
        result: of a completed task.
        error: code and message of the last attempt that failed.
        progress: percent and message, as the function said them.
        workers: who began it, in order.
    """

    task_id: str
    task_type: str
    input: dict[str, Any]
    priority: int
    timeout_s: float
    max_attempts: int
    status: Status = "queued"
    attempt: int = 0
    given_back: int = 0
    result: dict[str, Any] | None = None
    error: tuple[str, str] | None = None
    progress: list[tuple[int | None, str | None]] = field(default_factory=list)
    workers: list[str] = field(default_factory=list)
    lease_id: str | None = None
    lease_until: float = 0.0
    time_until: float = 0.0


class LocalQueue:
    """A TaskQueue for tests.

    Args:
        lease_s: of each claim.
        monotonic: seconds since an arbitrary start; leases and time limits are measured with it.
    """

    def __init__(self, *, lease_s: float = 30.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._lease_s = lease_s
        self._monotonic = monotonic
        self._ahead_s = 0.0
        self._tasks: dict[str, LocalTask] = {}
        self._waiting: set[asyncio.Future[None]] = set()

    # ---- the submitter's side -------------------------------------------------------------------------------

    def submit(
        self,
        task_type: str,
        input: Mapping[str, Any] | None = None,
        *,
        priority: int = 5,
        timeout_s: float = 300.0,
        max_attempts: int = 3,
    ) -> str:
        """Queue a task; returns its id."""
        task_id = f"task_{len(self._tasks) + 1}"
        self._tasks[task_id] = LocalTask(
            task_id, task_type, dict(input or {}), priority, timeout_s, max_attempts
        )
        self._ring()
        return task_id

    def cancel(self, task_id: str) -> None:
        """Nobody waits for it any more; nothing happens to one that has ended."""
        task = self.task(task_id)
        if task.status in ("queued", "running"):
            self._end(task, "cancelled")

    def task(self, task_id: str) -> LocalTask:
        """How it stands now.

        Raises:
            KeyError: it was not submitted here.
        """
        self._look_at_the_clock()
        return self._tasks[task_id]

    @property
    def tasks(self) -> list[LocalTask]:
        """All, in the order of their submission."""
        self._look_at_the_clock()
        return list(self._tasks.values())

    def advance(self, seconds: float) -> None:
        """Let time go by for leases and limits; they end as they would on the server."""
        self._ahead_s += seconds
        self._look_at_the_clock()

    # ---- having it worked on ----------------------------------------------------------------------------------

    def run(self, agent: Agent) -> list[Outcome]:
        """Have the agent do all that waits for it, one after the other; returns how each attempt ended."""
        return asyncio.run(self.serve(agent))

    async def serve(self, agent: Agent) -> list[Outcome]:
        """As `run`, inside a loop."""
        outcomes = []
        while (outcome := await agent.serve_once(queue=self, told=self._told)) is not None:
            outcomes.append(outcome)
        return outcomes

    def _told(self, task_id: str, percent: int | None, message: str | None) -> None:
        self._tasks[task_id].progress.append((percent, message))

    # ---- the worker's side ------------------------------------------------------------------------------------

    async def claim(self, worker: str, task_types: Sequence[str], *, wait_s: int) -> Assignment | None:
        """See TaskQueue."""
        ends = self._now() + wait_s
        while (task := self._next(task_types)) is None:
            if (left_s := ends - self._now()) <= 0:
                return None
            await self._bell(left_s)
        task.status = "running"
        task.attempt += 1
        task.workers.append(worker)
        task.lease_id = f"{task.task_id}.{len(task.workers)}"
        task.lease_until = self._now() + self._lease_s
        task.time_until = self._now() + task.timeout_s
        return Assignment(
            task_id=task.task_id,
            task_type=task.task_type,
            input=dict(task.input),
            attempt=task.attempt,
            priority=task.priority,
            lease_id=task.lease_id,
            lease_s=self._lease_s,
            time_s=task.timeout_s,
        )

    async def progress(self, held: Assignment, percent: int | None, message: str | None) -> None:
        """See TaskQueue; the words themselves are taken down as the function says them."""
        del percent, message
        self._held(held).lease_until = self._now() + self._lease_s

    async def complete(self, held: Assignment, result: Mapping[str, Any]) -> None:
        """See TaskQueue."""
        if self._told_before(held, "completed"):
            return
        task = self._held(held)
        task.result = dict(result)
        self._end(task, "completed")

    async def fail(self, held: Assignment, error_code: str, message: str, *, retry: bool) -> None:
        """See TaskQueue."""
        if not self._told_before(held, "failed"):
            self._failed(self._held(held), error_code, message, retry=retry)

    async def release(self, held: Assignment) -> None:
        """See TaskQueue."""
        task = self._held(held)
        task.given_back += 1
        if task.given_back > GIVEN_BACK_MOST:
            told = f"workers gave it back {task.given_back} times before it was done"
            self._failed(task, "TASK_GIVEN_BACK", told, retry=True)
            return
        task.status, task.lease_id = "queued", None
        task.attempt -= 1
        self._ring()

    async def aclose(self) -> None:
        """See TaskQueue; there is nothing to let go, and it may be used again."""

    # ---- rules ------------------------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._monotonic() + self._ahead_s

    def _next(self, task_types: Sequence[str]) -> LocalTask | None:
        self._look_at_the_clock()
        waiting = [
            task for task in self._tasks.values() if task.status == "queued" and task.task_type in task_types
        ]
        return max(waiting, key=lambda task: task.priority, default=None)  # the first of the highest

    def _told_before(self, held: Assignment, status: Status) -> bool:
        """Whether the same worker said the same before, and its answer was lost."""
        task = self.task(held.task_id)
        return task.status == status and task.lease_id == held.lease_id

    def _held(self, held: Assignment) -> LocalTask:
        task = self.task(held.task_id)
        if task.status == "running" and task.lease_id == held.lease_id:
            return task
        reasons: dict[Status, LossReason] = {
            "cancelled": "cancelled",
            "completed": "ended",
            "failed": "ended",
        }
        raise LeaseLost(reasons.get(task.status, "expired"))

    def _look_at_the_clock(self) -> None:
        for task in self._tasks.values():
            if task.status != "running":
                continue
            if self._now() >= task.time_until:
                self._failed(task, "TASK_TIMEOUT", f"no end within {task.timeout_s:g} s", retry=True)
            elif self._now() >= task.lease_until:
                self._failed(task, "TASK_ATTEMPTS_USED", "its worker was not heard of any more", retry=True)

    def _failed(self, task: LocalTask, error_code: str, message: str, *, retry: bool) -> None:
        task.error = (error_code, message)
        if not retry or task.attempt >= task.max_attempts:
            self._end(task, "failed")
            return
        task.status, task.lease_id = "queued", None
        self._ring()

    def _end(self, task: LocalTask, status: Status) -> None:
        task.status = status

    # ---- whoever waits ----------------------------------------------------------------------------------------

    def _ring(self) -> None:
        for bell in self._waiting:
            if not bell.done():
                bell.set_result(None)

    async def _bell(self, timeout_s: float) -> None:
        bell = asyncio.get_running_loop().create_future()
        self._waiting.add(bell)
        try:
            await asyncio.wait((bell,), timeout=timeout_s)
        finally:
            self._waiting.discard(bell)
