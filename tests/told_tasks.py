"""Who remembers what runs tell of their tasks, as the agents would."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from toolboxai.platform.runs.tasks import RunTask, TaskInHand

Key = tuple[str, int, str]


@dataclass
class ToldTask:
    """What is known of one."""

    task: RunTask
    status: str
    told: list[tuple[int, str]] = field(default_factory=list)
    result: Mapping[str, Any] | None = None
    error: tuple[str, str] | None = None

    def progress(self, percent: int, message: str) -> None:
        self.told.append((percent, message))

    async def begun(self) -> None:
        """It is, as soon as it is taken."""


class ToldTasks:
    """Satisfies ``RunTasks``; how tasks end is lost while `deaf` is set."""

    def __init__(self) -> None:
        self.by_key: dict[Key, ToldTask] = {}
        self.taken: list[str] = []
        self.deaf = False
        self._moved = asyncio.Event()

    def of(self, task_type: str, attempt: int = 1) -> ToldTask:
        [found] = [
            one
            for one in self.by_key.values()
            if (one.task.task_type, one.task.attempt) == (task_type, attempt)
        ]
        return found

    def states(self, attempt: int = 1) -> dict[str, str]:
        """Status of each task of an attempt, by type, in the order in which they came."""
        return {one.task.task_type: one.status for one in self.by_key.values() if one.task.attempt == attempt}

    async def until_over(self, task_types: Sequence[str]) -> None:
        """Wait until none of these types is open: a run's last task ends right after the run."""
        async with asyncio.timeout(10):
            while await self.open(task_types):
                self._moved.clear()
                await self._moved.wait()

    async def wait(self, task: RunTask) -> None:
        self.by_key.setdefault(_key(task), ToldTask(task, "queued"))

    @asynccontextmanager
    async def take(self, task: RunTask) -> AsyncIterator[TaskInHand]:
        told = self.by_key.setdefault(_key(task), ToldTask(task, "queued"))
        if told.status in ("queued", "running"):
            told.status = "running"
            self.taken.append(task.task_type)
        yield told

    async def complete(self, task: RunTask, result: Mapping[str, Any]) -> None:
        if (told := self._open(task)) is not None:
            told.status, told.result = "completed", result

    async def fail(self, task: RunTask, error_code: str, message: str) -> None:
        if (told := self._open(task)) is not None:
            told.status, told.error = "failed", (error_code, message)

    async def cancel(self, tasks: Sequence[RunTask]) -> None:
        for task in tasks:
            if (told := self._open(task)) is not None:
                told.status = "cancelled"

    async def open(self, task_types: Sequence[str], *, run_id: str | None = None) -> Sequence[RunTask]:
        return [
            told.task
            for told in self.by_key.values()
            if told.status in ("queued", "running")
            and told.task.task_type in task_types
            and run_id in (None, told.task.run_id)
        ]

    async def forget(self, run_ids: Sequence[str]) -> None:
        self.by_key = {key: told for key, told in self.by_key.items() if key[0] not in run_ids}

    def _open(self, task: RunTask) -> ToldTask | None:
        if self.deaf:
            return None
        told = self.by_key.get(_key(task))
        self._moved.set()
        return told if told is not None and told.status in ("queued", "running") else None


def _key(task: RunTask) -> Key:
    return task.run_id, task.attempt, task.task_type
