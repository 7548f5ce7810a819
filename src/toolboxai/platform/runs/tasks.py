"""What a run asks of agents: each piece of its work is a task of one of them, told beside the run's own record.

A run knows this port alone; ``platform.agents`` has the other end.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

__all__ = ["NOBODY", "RunTask", "RunTasks", "TaskInHand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTask:
    """One piece of a run's work. Run, attempt and type say which task it is; the rest is for a new one.

    Args:
        run_id: of the session or the world.
        attempt: of the run, from 1.
        task_type: what is done; it says which agent does it.
        owner_id: whose run it is, and so whose agent.
        organization_id: of the owner.
        input: what it is about, for whoever looks at the task.
    """

    run_id: str
    attempt: int
    task_type: str
    owner_id: str
    organization_id: str
    input: Mapping[str, Any] = field(default_factory=dict)


class TaskInHand(Protocol):
    """A task while it is worked on."""

    def progress(self, percent: int, message: str) -> None:
        """Say how far it is, in percent of the run; told soon, and only the newest of what is said too fast."""
        ...

    async def begun(self) -> None:
        """Return once the task is written down: what comes of it goes on record after that, and not before."""
        ...


class RunTasks(Protocol):
    """Tasks of runs, in the queue of the agents.

    What is said of one run is written down in the order in which it was said, while the run goes on; where the database
    takes nothing, as soon as it does. What a process that dies did not come to write, the next one finds by `open`.
    """

    async def wait(self, task: RunTask) -> None:
        """The task waits; one that is known already stays as it is."""
        ...

    def take(self, task: RunTask) -> AbstractAsyncContextManager[TaskInHand]:
        """Work on a task, whoever held it before: runs see to it that nobody else works on the same piece.

        Left without an end, as when the process is told to stop, the task stays for whoever takes it next.
        """
        ...

    async def complete(self, task: RunTask, result: Mapping[str, Any]) -> None:
        """The task ends well; one that has ended, or that nobody knows, stays as it is."""
        ...

    async def fail(self, task: RunTask, error_code: str, message: str) -> None:
        """The task ends without success and is not tried again; one that has ended stays as it is."""
        ...

    async def cancel(self, tasks: Sequence[RunTask]) -> None:
        """Those of them that wait or are worked on end as cancelled; all others stay as they are. Returns once they have."""
        ...

    async def open(self, task_types: Sequence[str], *, run_id: str | None = None) -> Sequence[RunTask]:
        """All tasks of runs, or of one run, of these types, that wait or are worked on."""
        ...

    async def forget(self, run_ids: Sequence[str]) -> None:
        """These runs are deleted, and what has ended of their tasks with them."""
        ...


class _NoTask:
    def progress(self, percent: int, message: str) -> None:
        """See the port."""

    async def begun(self) -> None:
        """See the port."""


class _Nobody:
    async def wait(self, task: RunTask) -> None:
        """See the port."""

    @asynccontextmanager
    async def take(self, task: RunTask) -> AsyncIterator[TaskInHand]:
        """See the port."""
        yield _NoTask()

    async def complete(self, task: RunTask, result: Mapping[str, Any]) -> None:
        """See the port."""

    async def fail(self, task: RunTask, error_code: str, message: str) -> None:
        """See the port."""

    async def cancel(self, tasks: Sequence[RunTask]) -> None:
        """See the port."""

    async def open(self, task_types: Sequence[str], *, run_id: str | None = None) -> Sequence[RunTask]:
        """See the port."""
        return ()

    async def forget(self, run_ids: Sequence[str]) -> None:
        """See the port."""


NOBODY: Final[RunTasks] = _Nobody()
"""For runs that stand alone, without agents: nothing is told of their pieces."""
