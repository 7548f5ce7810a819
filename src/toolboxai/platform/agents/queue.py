"""What may happen to a task, and what it is after that. No I/O, no clock, no dice.

::

    queued ──claimed──> running ──completed──> completed
      ^  ^                 │ ├────failed───> failed        no attempt is left, or none is wanted
      │  └─failed, lapsed, ┘ └──cancelled──> cancelled     from queued, too
      │      given back
      └──────requeued── failed

A task runs exactly while somebody holds a lease on it. Each step is asked for with the lease, and refused without it.
"""

from dataclasses import replace
from typing import Final

from toolboxai.errors import Conflict
from toolboxai.platform.agents.model import NewTask, Task, TaskFailure
from toolboxai.platform.messages.agent import TaskStatus

__all__ = [
    "ATTEMPTS_USED",
    "GIVEN_BACK",
    "GIVEN_BACK_MOST",
    "LEVEL_S",
    "TIMEOUT",
    "LeaseLost",
    "beaten",
    "cancelled",
    "claimed",
    "completed",
    "failed",
    "given_back",
    "lapsed",
    "rank",
    "released",
    "requeued",
    "submitted",
]

ATTEMPTS_USED: Final = "TASK_ATTEMPTS_USED"
TIMEOUT: Final = "TASK_TIMEOUT"
GIVEN_BACK: Final = "TASK_GIVEN_BACK"
GIVEN_BACK_MOST: Final = 10  # times that a task may go back for nothing: no two workers hand it on for ever
LEVEL_S: Final = 30.0  # whoever has waited so long stands one level higher
_PAUSE_S: Final = 1.0  # before the second attempt; twice as long before each further one
_LONGEST_PAUSE_S: Final = 60.0


class LeaseLost(Conflict):
    """Whoever speaks does not hold the task, or not any more; ``details.reason`` says why."""

    def __init__(self, task_id: str, reason: str) -> None:
        why = {
            "cancelled": "was cancelled",
            "ended": "has ended",
            "deleted": "was deleted with its agent",
        }.get(reason, "is not held under this lease any more: its time was over before the next beat")
        super().__init__(
            f"task {task_id} {why}; drop what was made of it, and claim the next", details={"reason": reason}
        )


def rank(priority: int, created_at: float) -> float:
    """The place in line: lower goes first.

    A level counts as much as 30 s of waiting. Whoever waits rises by one level in 30 s, and all of them alike: so the
    order of two tasks never changes, and this number can stand in an index.
    """
    return created_at - LEVEL_S * priority


def submitted(new: NewTask) -> Task:
    """A task that waits."""
    return Task(
        id=new.id,
        agent_id=new.agent_id,
        organization_id=new.organization_id,
        submitted_by=new.submitted_by,
        task_type=new.task_type,
        input=new.input,
        priority=new.priority,
        timeout_s=new.timeout_s,
        max_attempts=new.max_attempts,
        created_at=new.at,
    )


def claimed(task: Task, *, now: float, lease_id: str, lease_s: float, worker: str) -> Task:
    """A worker takes a task that waits.

    Args:
        task: queued, and not in a pause.
        now: Unix seconds.
        lease_id: by which the worker will speak of it.
        lease_s: seconds until the next beat has to come.
        worker: its name.
    """
    assert task.status is TaskStatus.QUEUED, task
    expires, deadline = now + lease_s, now + task.timeout_s
    return replace(
        task,
        status=TaskStatus.RUNNING,
        percent=0,
        message="",
        worker=worker,
        lease_id=lease_id,
        lease_expires_at=expires,
        deadline=deadline,
        wakes_at=min(expires, deadline),
        started_at=now,
    )


def beaten(
    task: Task,
    *,
    now: float,
    lease_id: str,
    lease_s: float,
    percent: int | None = None,
    message: str | None = None,
) -> Task:
    """The worker is still there, and may say how far it is.

    Raises:
        LeaseLost: it does not hold the task.
    """
    _held(task, lease_id, now)
    expires = now + lease_s
    assert task.deadline is not None  # it runs
    return replace(
        task,
        lease_expires_at=expires,
        wakes_at=min(expires, task.deadline),
        percent=task.percent if percent is None else percent,
        message=task.message if message is None else message,
    )


def released(task: Task, *, lease_id: str) -> Task:
    """Nobody is there any more to be told of a claim: as if it had not been made."""
    if task.status is not TaskStatus.RUNNING or task.lease_id != lease_id:
        return task
    return replace(_free(task), status=TaskStatus.QUEUED, lease_id=None)


def given_back(task: Task, *, now: float, lease_id: str, execution_ms: int) -> Task:
    """The worker leaves before it is done. The task waits again at once, and the attempt is none; the eleventh time it is one.

    Raises:
        LeaseLost: it does not hold the task.
    """
    _held(task, lease_id, now)
    if task.given_back < GIVEN_BACK_MOST:
        free = released(task, lease_id=lease_id)
        return replace(free, percent=0, message="", given_back=task.given_back + 1)
    failure = TaskFailure(GIVEN_BACK, f"workers gave it back {task.given_back + 1} times before it was done")
    return failed(task, now=now, lease_id=lease_id, failure=failure, retry=True, execution_ms=execution_ms)


def completed(task: Task, *, now: float, lease_id: str, result: str, execution_ms: int) -> Task:
    """The worker has done it. Said twice, as after an answer that was lost, it changes nothing.

    Args:
        task: running.
        now: Unix seconds.
        lease_id: by which the worker speaks.
        result: JSON text of an object.
        execution_ms: milliseconds that the attempt took.

    Raises:
        LeaseLost: it does not hold the task.
    """
    if task.status is TaskStatus.COMPLETED and task.lease_id == lease_id:
        return task
    _held(task, lease_id, now)
    done = _ended(task, TaskStatus.COMPLETED, now, execution_ms)
    return replace(done, result=result, failure=None, percent=100)


def failed(
    task: Task, *, now: float, lease_id: str, failure: TaskFailure, retry: bool, execution_ms: int
) -> Task:
    """The worker could not do it. Where attempts are left and `retry` says so, the task waits again after a pause.

    Raises:
        LeaseLost: it does not hold the task.
    """
    if task.status is TaskStatus.FAILED and task.lease_id == lease_id:
        return task
    _held(task, lease_id, now)
    if retry and task.attempt < task.max_attempts:
        pause_s = min(_LONGEST_PAUSE_S, _PAUSE_S * 2 ** (task.attempt - 1))
        return _again(task, failure, execution_ms, wakes_at=now + pause_s)
    return replace(_ended(task, TaskStatus.FAILED, now, execution_ms), failure=failure)


def lapsed(task: Task, *, now: float, execution_ms: int) -> Task:
    """Time has gone by: a lease or an attempt may be over, or a pause. What is in time is left as it is."""
    if task.wakes_at is None or now < task.wakes_at or task.over:
        return task
    if task.status is TaskStatus.QUEUED:
        return replace(task, wakes_at=None)
    assert task.deadline is not None  # it runs
    again = task.attempt < task.max_attempts
    failure: TaskFailure | None
    if now >= task.deadline:
        failure = TaskFailure(
            TIMEOUT, f"an attempt took longer than {task.timeout_s:g} s, or was not heard of"
        )
    elif again:
        failure = None  # nothing is known to be wrong with it, and attempts are left
    else:
        failure = TaskFailure(
            ATTEMPTS_USED,
            f"the worker {task.worker!r} was not heard of any more; {task.max_attempts} attempts were made in all",
        )
    if again:
        return _again(task, failure, execution_ms, wakes_at=None)
    return replace(_ended(task, TaskStatus.FAILED, now, execution_ms), failure=failure)


def cancelled(task: Task, *, now: float, execution_ms: int | None) -> Task:
    """Whoever may does not want it any more; one that was cancelled stays so.

    Raises:
        Conflict: it has ended in another way.
    """
    if task.status is TaskStatus.CANCELLED:
        return task
    if task.over:
        raise Conflict(
            f"task {task.id} is {task.status}; only one that is queued or running can be cancelled",
            details={"reason": "ended"},
        )
    return replace(_ended(task, TaskStatus.CANCELLED, now, execution_ms), failure=None)


def requeued(task: Task) -> Task:
    """A task that failed waits again, with all its attempts before it.

    Raises:
        Conflict: it has not failed.
    """
    if task.status is not TaskStatus.FAILED:
        raise Conflict(f"task {task.id} is {task.status}; only one that failed can be set going anew")
    return replace(
        task,
        status=TaskStatus.QUEUED,
        attempt=1,
        given_back=0,
        percent=0,
        message="",
        lease_id=None,
        failure=None,
        execution_ms=None,
        started_at=None,
        ended_at=None,
    )


def _held(task: Task, lease_id: str, now: float) -> None:
    if task.status is TaskStatus.CANCELLED:
        raise LeaseLost(task.id, "cancelled")
    if task.over:
        raise LeaseLost(task.id, "ended")
    running = task.status is TaskStatus.RUNNING and task.lease_id == lease_id
    if not running or task.wakes_at is None or now >= task.wakes_at:
        raise LeaseLost(task.id, "expired")


def _free(task: Task) -> Task:
    return replace(task, lease_expires_at=None, deadline=None, wakes_at=None)


def _ended(task: Task, status: TaskStatus, now: float, execution_ms: int | None) -> Task:
    return replace(_free(task), status=status, ended_at=now, execution_ms=execution_ms)


def _again(task: Task, failure: TaskFailure | None, execution_ms: int, *, wakes_at: float | None) -> Task:
    return replace(
        _free(task),
        status=TaskStatus.QUEUED,
        attempt=task.attempt + 1,
        percent=0,
        message="",
        lease_id=None,
        wakes_at=wakes_at,
        failure=failure,
        execution_ms=execution_ms,
    )
