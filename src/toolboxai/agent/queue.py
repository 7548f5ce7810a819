"""What a worker needs of a queue, and what it gets from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Assignment", "TaskQueue"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A task with the lease on it.

    Args:
        task_id: of the task.
        task_type: which handler it is for.
        input: what its submitter gave.
        attempt: 1 at the first.
        priority: 0 to 9, 9 before all others.
        lease_id: proves that the task is ours; a part of whatever is told of it.
        lease_s: seconds from one word of ours to the moment in which the task may go to another.
        time_s: seconds that are left for this attempt as a whole.
    """

    task_id: str
    task_type: str
    input: dict[str, Any]
    attempt: int
    priority: int
    lease_id: str
    lease_s: float
    time_s: float


class TaskQueue(Protocol):
    """Where tasks come from and results go to: the server, or a simulator in memory.

    Every call raises QueueUnavailable when it may be tried again, and AgentRefused when that does not help.
    """

    async def claim(self, worker: str, task_types: Sequence[str], *, wait_s: int) -> Assignment | None:
        """The next task of these types, waited for up to 25 seconds; None when there is none.

        Args:
            worker: a name for the log, the same for all claims of one process.
            task_types: those that are taken.
            wait_s: whole seconds; 0 answers at once.
        """
        ...

    async def progress(self, held: Assignment, percent: int | None, message: str | None) -> None:
        """Keep the lease, and tell how far the task is unless both are None.

        Raises:
            LeaseLost: it is no longer ours.
        """
        ...

    async def complete(self, held: Assignment, result: Mapping[str, Any]) -> None:
        """The task is done. Safe to be sent again when there was no answer.

        Raises:
            LeaseLost: it is no longer ours.
            ResultRefused: the result cannot be kept; the task is still ours, and has to be failed.
        """
        ...

    async def fail(self, held: Assignment, error_code: str, message: str, *, retry: bool) -> None:
        """This attempt has failed; with `retry` the task waits for another, if it has any left.

        Raises:
            LeaseLost: it is no longer ours.
        """
        ...

    async def release(self, held: Assignment) -> None:
        """This worker leaves: the task waits for another one, and the attempt does not count.

        Raises:
            LeaseLost: it is no longer ours.
        """
        ...

    async def aclose(self) -> None:
        """Let connections go."""
        ...
