"""The simulator keeps the rules of the queue."""

import asyncio

import pytest

from manual_time import ManualTime
from toolboxai.agent import Agent, LeaseLost, OutcomeKind, Result, Task, TaskFailed
from toolboxai.agent.testing import LocalQueue

TYPES = ("lesson_generation",)


@pytest.fixture
def queue(time: ManualTime) -> LocalQueue:
    return LocalQueue(monotonic=time.monotonic)


def test_an_agent_is_tried_without_a_server() -> None:
    agent, queue = Agent(), LocalQueue()

    @agent.task("lesson_generation")
    def lesson(task: Task) -> Result:
        task.progress(40, "reading")
        task.progress(80)
        return {"lesson_title": task.input["topic"], "content_sections": []}

    task_id = queue.submit("lesson_generation", {"topic": "Tides"})
    assert [outcome.kind for outcome in queue.run(agent)] == [OutcomeKind.COMPLETED]
    task = queue.task(task_id)
    assert (task.status, task.attempt) == ("completed", 1)
    assert task.result == {"lesson_title": "Tides", "content_sections": []}
    assert task.progress == [(40, "reading"), (80, None)]
    assert lesson.__name__ == "lesson"  # the function itself stays as it was


def test_an_attempt_that_fails_is_followed_by_others_until_there_are_none() -> None:
    agent, queue = Agent(), LocalQueue()

    @agent.task("quiz_generation")
    async def quiz(task: Task) -> Result:
        if task.attempt < 3:
            raise OSError("not yet")
        return {}

    enough, few = (
        queue.submit("quiz_generation", max_attempts=3),
        queue.submit("quiz_generation", max_attempts=2),
    )
    queue.run(agent)
    assert (queue.task(enough).status, queue.task(enough).attempt) == ("completed", 3)
    assert (queue.task(few).status, queue.task(few).attempt) == ("failed", 2)
    assert queue.task(few).error == ("HANDLER_ERROR", "OSError: not yet")


def test_a_failure_for_good_has_no_other_attempt() -> None:
    agent, queue = Agent(), LocalQueue()

    @agent.task("quiz_generation")
    def quiz(_task: Task) -> Result:
        raise TaskFailed("NO_SOURCE", "there is nothing to ask about")

    task_id = queue.submit("quiz_generation")
    queue.run(agent)
    assert (queue.task(task_id).status, queue.task(task_id).attempt) == ("failed", 1)


async def test_the_highest_priority_is_first_and_among_equals_the_oldest(queue: LocalQueue) -> None:
    for priority in (1, 9, 5, 9):
        queue.submit("lesson_generation", priority=priority)
    queue.submit("another_type", priority=9)
    order = []
    while (held := await queue.claim("w", TYPES, wait_s=0)) is not None:
        order.append(held.task_id)
    assert order == ["task_2", "task_4", "task_3", "task_1"]


async def test_a_lease_that_is_over_gives_the_task_to_the_next(queue: LocalQueue) -> None:
    task_id = queue.submit("lesson_generation")
    first = await queue.claim("one", TYPES, wait_s=0)
    assert first is not None
    queue.advance(29)
    await queue.progress(first, None, None)
    queue.advance(29)
    assert queue.task(task_id).status == "running"
    queue.advance(1)
    second = await queue.claim("two", TYPES, wait_s=0)
    assert second is not None
    assert (second.task_id, second.attempt) == (task_id, 2)
    with pytest.raises(LeaseLost) as lost:
        await queue.complete(first, {})
    assert lost.value.reason == "expired"
    await queue.complete(second, {})
    assert queue.task(task_id).workers == ["one", "two"]


async def test_what_ended_or_was_cancelled_takes_no_more_words(queue: LocalQueue) -> None:
    done, cancelled = queue.submit("lesson_generation"), queue.submit("lesson_generation")
    held = [await queue.claim("w", TYPES, wait_s=0) for _ in range(2)]
    assert held[0] is not None
    assert held[1] is not None
    await queue.complete(held[0], {})
    queue.cancel(cancelled)
    queue.cancel(done)  # too late: nothing happens
    assert [task.status for task in queue.tasks] == ["completed", "cancelled"]
    for each, reason in zip(held, ("ended", "cancelled"), strict=True):
        assert each is not None
        with pytest.raises(LeaseLost) as lost:
            await queue.fail(each, "LATE", "late", retry=True)
        assert lost.value.reason == reason


async def test_an_attempt_has_its_time(queue: LocalQueue) -> None:
    task_id = queue.submit("lesson_generation", timeout_s=20, max_attempts=1)
    assert await queue.claim("w", TYPES, wait_s=0) is not None
    queue.advance(20)
    assert queue.task(task_id).status == "failed"
    assert queue.task(task_id).error == ("TASK_TIMEOUT", "no end within 20 s")


async def test_a_claim_waits_for_what_is_submitted() -> None:
    queue = LocalQueue()
    claim = asyncio.create_task(queue.claim("w", TYPES, wait_s=5))
    await asyncio.sleep(0)
    queue.submit("lesson_generation")
    held = await claim
    assert held is not None
    assert held.task_id == "task_1"
