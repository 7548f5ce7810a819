"""A process that works: how much at once, what it does when the server asks it to wait, and how it leaves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from manual_time import ManualTime, settled
from task_queues import FaultyQueue
from toolboxai.agent import Agent, AgentRefused, Outcome, OutcomeKind, QueueUnavailable, Result, Task
from toolboxai.agent.testing import LocalQueue


class Shift:
    """An agent at work; its function goes on when the test lets it."""

    def __init__(self, time: ManualTime, **settings: Any) -> None:
        self.time = time
        self.queue = FaultyQueue(LocalQueue(monotonic=time.monotonic))
        self.agent = Agent(timing=time.timing, **settings)
        self.agent.task("lesson_generation")(self.lesson)
        self.begun: list[str] = []
        self.go = asyncio.Event()
        self.leave, self.hurry = asyncio.Event(), asyncio.Event()
        self.outcomes: list[Outcome] = []
        self.serving = asyncio.create_task(
            self.agent.serve(self.leave, hurry=self.hurry, queue=self.queue, ended=self.outcomes.append)
        )

    async def lesson(self, task: Task) -> Result:
        self.begun.append(task.id)
        await self.go.wait()
        return {"lesson_title": task.input.get("topic")}

    def submit(self, count: int) -> None:
        for _ in range(count):
            self.queue.queue.submit("lesson_generation", {"topic": "Tides"})

    @property
    def statuses(self) -> list[str]:
        return [task.status for task in self.queue.queue.tasks]

    async def over(self) -> None:
        async with asyncio.timeout(5):
            await self.serving


@contextlib.asynccontextmanager
async def shift(time: ManualTime, **settings: Any) -> AsyncIterator[Shift]:
    at_work = Shift(time, **settings)
    try:
        yield at_work
    finally:
        at_work.serving.cancel()
        await asyncio.gather(at_work.serving, return_exceptions=True)


async def test_no_more_tasks_are_claimed_than_may_run_at_once(time: ManualTime) -> None:
    async with shift(time, concurrency=3) as at_work:
        at_work.submit(5)
        await settled()
        assert at_work.begun == ["task_1", "task_2", "task_3"]
        assert at_work.statuses == ["running"] * 3 + ["queued"] * 2
        at_work.go.set()
        await settled()
        await settled()
        assert at_work.statuses == ["completed"] * 5
        assert [outcome.kind for outcome in at_work.outcomes] == [OutcomeKind.COMPLETED] * 5


async def test_a_task_that_comes_later_is_taken_at_once(time: ManualTime) -> None:
    async with shift(time) as at_work:
        await settled()
        assert at_work.queue.told("claim") == [("lesson_generation",)]
        at_work.submit(1)
        await settled()
        assert at_work.begun == ["task_1"]
        assert len(at_work.queue.told("claim")) == 1


async def test_a_server_that_asks_to_wait_is_left_alone_so_long(time: ManualTime) -> None:
    async with shift(time) as at_work:
        at_work.queue.faults["claim"] = [QueueUnavailable("too many requests", retry_after_s=40)]
        at_work.submit(1)
        await time.advance(39.9)
        assert len(at_work.queue.told("claim")) == 1
        await time.advance(0.2)
        assert at_work.begun == ["task_1"]


async def test_a_server_that_is_away_is_asked_less_and_less_and_found_again(time: ManualTime) -> None:
    async with shift(time) as at_work:
        await settled()
        at_work.queue.faults["claim"] = [QueueUnavailable("away", answered=False) for _ in range(30)]
        at_work.submit(1)  # ends the claim that waits; the second place asks again
        at_work.go.set()
        await time.advance(600)
        assert 12 < len(at_work.queue.told("claim")) < 32  # not more than one in fifteen seconds at the end
        at_work.queue.faults.clear()
        at_work.submit(1)
        await time.advance(45)
        assert at_work.statuses == ["completed", "completed"]


async def test_a_claim_that_is_not_let_wait_is_not_made_again_at_once(time: ManualTime) -> None:
    async with shift(time) as at_work:
        at_work.queue.lets_wait = False
        await time.advance(60)
        assert 50 < len(at_work.queue.told("claim")) < 63


async def test_a_refused_worker_ends_and_says_why(time: ManualTime) -> None:
    async with shift(time, concurrency=2) as at_work:
        at_work.queue.faults["claim"] = []
        at_work.submit(1)
        at_work.queue.queue.submit("other")
        at_work.queue.faults["progress"] = [AgentRefused("revoked", status=401)]
        await settled()
        at_work.queue.faults["claim"] = [AgentRefused("revoked", status=401)]
        at_work.submit(1)
        await settled()
        at_work.go.set()
        with pytest.raises(AgentRefused, match="revoked"):
            await at_work.over()


async def test_what_runs_may_end_before_a_worker_leaves(time: ManualTime) -> None:
    async with shift(time, drain_s=20) as at_work:
        at_work.submit(2)
        await settled()
        at_work.leave.set()
        await time.advance(19)
        assert not at_work.serving.done()
        at_work.go.set()
        await at_work.over()
        assert at_work.statuses == ["completed", "queued"]
        assert at_work.queue.said[-1] == ("close", None)


async def test_what_does_not_end_in_time_is_given_back(time: ManualTime) -> None:
    async with shift(time, drain_s=20) as at_work:
        at_work.submit(1)
        await settled()
        at_work.leave.set()
        await time.advance(21)
        await at_work.over()
        assert at_work.statuses == ["queued"]
        assert at_work.outcomes[0].kind is OutcomeKind.STOPPED


async def test_a_second_signal_gives_everything_back_at_once(time: ManualTime) -> None:
    async with shift(time, drain_s=20) as at_work:
        at_work.submit(1)
        await settled()
        at_work.leave.set()
        at_work.hurry.set()
        await at_work.over()
        assert at_work.statuses == ["queued"]


async def test_a_worker_with_nothing_to_do_leaves_at_once(time: ManualTime) -> None:
    async with shift(time, drain_s=20) as at_work:
        await settled()
        at_work.leave.set()
        await at_work.over()
        assert at_work.outcomes == []


async def test_a_fault_of_the_kit_in_one_task_leaves_the_others(
    time: ManualTime, caplog: pytest.LogCaptureFixture
) -> None:
    async with shift(time) as at_work:
        at_work.queue.faults["complete"] = [RuntimeError("a bug")]
        at_work.go.set()
        at_work.submit(2)
        await settled()
        await settled()
        assert at_work.statuses == ["running", "completed"]
        assert "the worker kit failed in a task" in caplog.text
