"""What may happen to a task, and what may not."""

from dataclasses import replace
from typing import Any

import pytest

from toolboxai.errors import Conflict
from toolboxai.platform.agents import queue
from toolboxai.platform.agents.model import NewTask, Task, TaskFailure
from toolboxai.platform.messages.agent import TaskStatus

NOW = 1_780_000_000.0
NO = TaskFailure("NO_MODEL", "the model is away")


def waits(**changes: Any) -> Task:
    new = NewTask(
        id="task_1",
        agent_id="agent_1",
        organization_id="org_1",
        submitted_by="user_1",
        task_type="grade",
        input="{}",
        timeout_s=100.0,
        at=NOW,
    )
    return replace(queue.submitted(new), **changes)


def runs(lease_id: str = "lease_1", **changes: Any) -> Task:
    return queue.claimed(waits(**changes), now=NOW, lease_id=lease_id, lease_s=30.0, worker="w")


def reason_of(fault: pytest.ExceptionInfo[queue.LeaseLost]) -> str:
    return str(fault.value.details["reason"])


def test_a_level_is_worth_thirty_seconds_of_waiting() -> None:
    assert queue.rank(5, NOW) == queue.rank(4, NOW - 30)
    assert queue.rank(9, NOW) < queue.rank(0, NOW)
    assert queue.rank(0, NOW - 271) < queue.rank(9, NOW)


def test_a_beat_begins_the_lease_anew_but_not_the_attempt() -> None:
    task = queue.beaten(runs(), now=NOW + 29, lease_id="lease_1", lease_s=30.0, percent=5)
    assert (task.lease_expires_at, task.deadline, task.wakes_at) == (NOW + 59, NOW + 100, NOW + 59)
    task = queue.beaten(replace(task, wakes_at=NOW + 99), now=NOW + 90, lease_id="lease_1", lease_s=30.0)
    assert task.wakes_at == NOW + 100
    assert (task.percent, task.message) == (5, "")


@pytest.mark.parametrize("lease_id", ["lease_2", "lease_1"])
def test_what_is_not_held_is_refused_with_the_reason(lease_id: str) -> None:
    late = NOW + (30 if lease_id == "lease_1" else 1)
    for task, reason in (
        (runs(), "expired"),
        (waits(), "expired"),
        (queue.cancelled(runs(), now=NOW, execution_ms=1), "cancelled"),
        (replace(runs(), status=TaskStatus.FAILED, lease_id="lease_9"), "ended"),
    ):
        with pytest.raises(queue.LeaseLost) as fault:
            queue.completed(task, now=late, lease_id=lease_id, result="{}", execution_ms=1)
        assert reason_of(fault) == reason
        with pytest.raises(queue.LeaseLost):
            queue.beaten(task, now=late, lease_id=lease_id, lease_s=30.0)
        with pytest.raises(queue.LeaseLost):
            queue.failed(task, now=late, lease_id=lease_id, failure=NO, retry=True, execution_ms=1)
        with pytest.raises(queue.LeaseLost):
            queue.given_back(task, now=late, lease_id=lease_id, execution_ms=1)


def test_what_is_said_twice_holds_once() -> None:
    done = queue.completed(runs(), now=NOW, lease_id="lease_1", result="{}", execution_ms=1)
    again = queue.completed(done, now=NOW + 99, lease_id="lease_1", result='{"other":1}', execution_ms=9)
    assert again is done
    dead = queue.failed(runs(), now=NOW, lease_id="lease_1", failure=NO, retry=False, execution_ms=1)
    assert queue.failed(dead, now=NOW, lease_id="lease_1", failure=NO, retry=True, execution_ms=1) is dead
    gone = queue.cancelled(waits(), now=NOW, execution_ms=None)
    assert queue.cancelled(gone, now=NOW + 1, execution_ms=None) is gone


def test_pauses_double_and_have_a_longest() -> None:
    task, pauses = waits(max_attempts=10), []
    for attempt in range(1, 10):
        task = replace(task, wakes_at=None)
        held = queue.claimed(task, now=NOW, lease_id=f"lease_{attempt}", lease_s=30.0, worker="w")
        task = queue.failed(
            held, now=NOW, lease_id=f"lease_{attempt}", failure=NO, retry=True, execution_ms=1
        )
        assert task.wakes_at is not None
        pauses.append(task.wakes_at - NOW)
        assert queue.lapsed(task, now=NOW + 0.5, execution_ms=0) is task
        assert queue.lapsed(task, now=task.wakes_at, execution_ms=0).wakes_at is None
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_the_end_of_time_is_a_failed_attempt() -> None:
    lost = queue.lapsed(runs(), now=NOW + 30, execution_ms=30_000)
    assert (lost.status, lost.attempt, lost.wakes_at) == (TaskStatus.QUEUED, 2, None)
    assert lost.failure is None  # it has attempts left: none of its own is known to be at fault
    slow = queue.lapsed(replace(runs(), wakes_at=NOW + 100), now=NOW + 100, execution_ms=100_000)
    assert slow.failure is not None
    assert slow.failure.error_code == queue.TIMEOUT
    last = queue.lapsed(runs(max_attempts=1), now=NOW + 30, execution_ms=30_000)
    assert (last.status, last.ended_at, last.execution_ms) == (TaskStatus.FAILED, NOW + 30, 30_000)
    assert last.failure is not None
    assert last.failure.error_code == queue.ATTEMPTS_USED
    assert queue.lapsed(runs(), now=NOW + 29, execution_ms=1) == runs()


def test_only_what_failed_is_set_going_anew_and_only_what_is_open_is_cancelled() -> None:
    dead = queue.failed(runs(), now=NOW, lease_id="lease_1", failure=NO, retry=False, execution_ms=1)
    again = queue.requeued(dead)
    assert again == waits(worker="w")
    for task in (waits(), runs(), queue.cancelled(waits(), now=NOW, execution_ms=None)):
        with pytest.raises(Conflict):
            queue.requeued(task)
    with pytest.raises(Conflict):
        queue.cancelled(dead, now=NOW, execution_ms=None)
    tried = queue.failed(runs(), now=NOW, lease_id="lease_1", failure=NO, retry=True, execution_ms=1)
    assert tried.failure == NO
    assert queue.cancelled(tried, now=NOW, execution_ms=None).failure is None  # it did not end by a fault


def test_a_claim_that_nobody_learned_of_is_as_if_it_had_not_been_made() -> None:
    back = queue.released(runs(), lease_id="lease_1")
    assert (back.status, back.attempt, back.lease_id, back.wakes_at) == (TaskStatus.QUEUED, 1, None, None)
    assert queue.released(runs(), lease_id="lease_2") == runs()


def test_what_is_given_back_waits_at_once_and_only_the_eleventh_time_is_an_attempt() -> None:
    task = queue.beaten(
        runs(max_attempts=2), now=NOW, lease_id="lease_1", lease_s=30.0, percent=5, message="x"
    )
    for times in range(1, queue.GIVEN_BACK_MOST + 1):
        task = queue.given_back(task, now=NOW, lease_id="lease_1", execution_ms=1)
        assert (task.status, task.attempt, task.given_back) == (TaskStatus.QUEUED, 1, times)
        assert (task.percent, task.message, task.lease_id, task.wakes_at) == (0, "", None, None)
        task = queue.claimed(task, now=NOW, lease_id="lease_1", lease_s=30.0, worker="w")
    task = queue.given_back(task, now=NOW, lease_id="lease_1", execution_ms=1)
    assert (task.status, task.attempt) == (TaskStatus.QUEUED, 2)
    last = queue.claimed(replace(task, wakes_at=None), now=NOW, lease_id="lease_2", lease_s=30.0, worker="w")
    dead = queue.given_back(last, now=NOW, lease_id="lease_2", execution_ms=1)
    assert (dead.status, dead.failure and dead.failure.error_code) == (TaskStatus.FAILED, queue.GIVEN_BACK)
    assert (
        queue.given_back(
            queue.claimed(queue.requeued(dead), now=NOW, lease_id="lease_3", lease_s=30.0, worker="w"),
            now=NOW,
            lease_id="lease_3",
            execution_ms=1,
        ).given_back
        == 1
    )
