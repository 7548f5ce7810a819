"""One task, from its lease to its end, in time that stands still."""

import asyncio
import threading
from dataclasses import replace
from typing import Any

import pytest

from manual_time import ManualTime, settled
from task_queues import FaultyQueue
from toolboxai.agent import (
    AgentRefused,
    LeaseLost,
    Outcome,
    OutcomeKind,
    QueueUnavailable,
    Result,
    ResultRefused,
    Task,
    TaskCancelled,
    TaskFailed,
)
from toolboxai.agent.handlers import Handler
from toolboxai.agent.results import RESULT_BYTES
from toolboxai.agent.running import Running
from toolboxai.agent.testing import LocalQueue

LESSON: dict[str, Any] = {"lesson_title": "Tides", "content_sections": []}


class Bench:
    """One task under way."""

    def __init__(self, time: ManualTime, queue: FaultyQueue, running: Running) -> None:
        self.time = time
        self.queue = queue
        self.running = running
        self.work = asyncio.create_task(running.work())

    async def outcome(self) -> Outcome:
        async with asyncio.timeout(5):
            return await self.work

    @property
    def task(self) -> Any:
        return self.queue.queue.task("task_1")


async def begun(time: ManualTime, handler: Handler, **submitted: Any) -> Bench:
    queue = FaultyQueue(LocalQueue(monotonic=time.monotonic))
    queue.queue.submit("lesson_generation", {"topic": "Tides"}, **submitted)
    held = await queue.queue.claim("w", ("lesson_generation",), wait_s=0)
    assert held is not None
    return Bench(time, queue, Running(queue, held, handler, time.timing))


async def for_ever(_task: Task) -> Result:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def lesson(_task: Task) -> Result:
    return LESSON


# ---- results --------------------------------------------------------------------------------------------------


async def test_what_a_function_returns_is_the_result(time: ManualTime) -> None:
    bench = await begun(time, lesson)
    assert await bench.outcome() == Outcome("task_1", "lesson_generation", OutcomeKind.COMPLETED)
    assert (bench.task.status, bench.task.result) == ("completed", LESSON)


async def test_a_plain_function_has_a_thread_of_its_own(time: ManualTime) -> None:
    threads = []

    def plain(task: Task) -> Result:
        threads.append(threading.current_thread().name)
        return {"topic": task.input["topic"]}

    bench = await begun(time, plain)
    assert (await bench.outcome()).kind is OutcomeKind.COMPLETED
    assert bench.task.result == {"topic": "Tides"}
    assert threads == ["task_1"]


async def test_an_exception_fails_the_attempt_and_asks_for_another(time: ManualTime) -> None:
    async def breaks(_task: Task) -> Result:
        raise OSError("the disk is full")

    bench = await begun(time, breaks)
    assert await bench.outcome() == Outcome(
        "task_1", "lesson_generation", OutcomeKind.FAILED, "HANDLER_ERROR"
    )
    assert bench.queue.told("fail") == [("HANDLER_ERROR", "OSError: the disk is full", True)]
    assert bench.task.status == "queued"


async def test_a_function_says_itself_why_it_fails_and_whether_again(time: ManualTime) -> None:
    def refuses(_task: Task) -> Result:
        raise TaskFailed("SOURCE_UNREADABLE", "the file is empty")

    bench = await begun(time, refuses)
    await bench.outcome()
    assert bench.queue.told("fail") == [("SOURCE_UNREADABLE", "the file is empty", False)]
    assert bench.task.status == "failed"


async def test_a_function_that_leaves_its_thread_does_not_end_the_worker(time: ManualTime) -> None:
    def leaves(_task: Task) -> Result:
        raise SystemExit(3)

    bench = await begun(time, leaves)
    await bench.outcome()
    assert bench.queue.told("fail") == [
        ("HANDLER_ERROR", "RuntimeError: the handler raised SystemExit(3)", True)
    ]


async def test_what_is_no_result_is_not_sent(time: ManualTime) -> None:
    for returned, code in (
        ("a text", "RESULT_INVALID"),
        ({"n": float("nan")}, "RESULT_INVALID"),
        ({"o": object()}, "RESULT_INVALID"),
        ({"a": "\ud800"}, "RESULT_INVALID"),
        ({"a": "é" * (RESULT_BYTES // 2)}, "RESULT_TOO_LARGE"),
    ):

        async def gives(_task: Task, returned: Any = returned) -> Any:
            return returned

        bench = await begun(time, gives)
        assert (await bench.outcome()).reason == code
        assert bench.task.status == "failed"
        assert bench.queue.told("complete") == []


async def test_a_result_that_the_server_does_not_take_fails_the_task(time: ManualTime) -> None:
    bench = await begun(time, lesson)
    bench.queue.faults["complete"] = [ResultRefused("RESULT_TOO_LARGE", "65536 bytes are kept")]
    assert (await bench.outcome()).reason == "RESULT_TOO_LARGE"
    assert bench.task.error == ("RESULT_TOO_LARGE", "65536 bytes are kept")


async def test_as_many_bytes_are_sent_as_the_server_counts(time: ManualTime) -> None:
    result = {"numbers": [1] * 100_000}

    async def counts(_task: Task) -> Result:
        return result

    bench = await begun(time, counts)
    await bench.outcome()
    assert bench.task.result == result


# ---- the lease ------------------------------------------------------------------------------------------------


async def test_the_lease_is_kept_while_the_function_runs(time: ManualTime) -> None:
    bench = await begun(time, for_ever)
    await time.advance(95)
    assert bench.queue.told("progress") == [(None, None)] * 9  # 30 s: every ten
    assert bench.task.status == "running"
    bench.work.cancel()


async def test_the_lease_is_kept_while_a_thread_does_not_answer(time: ManualTime) -> None:
    free = threading.Event()

    def blocks(_task: Task) -> Result:
        free.wait(5)
        return LESSON

    bench = await begun(time, blocks)
    await time.advance(95)
    assert bench.task.status == "running"
    free.set()
    assert (await bench.outcome()).kind is OutcomeKind.COMPLETED


async def test_four_words_a_second_are_sent_and_always_the_newest(time: ManualTime) -> None:
    async def talks(task: Task) -> Result:
        for percent in range(101):
            await task.progress(percent, f"step {percent}")
            await time.sleep(0.01)
        await asyncio.Event().wait()
        return None

    bench = await begun(time, talks)
    await time.advance(3)
    sent = [percent for percent, _ in bench.queue.told("progress")]
    assert sent[0] == 0
    assert sent[-1] == 100
    assert len(sent) in (5, 6)  # in a second and a bit
    assert sent == sorted(sent)
    bench.work.cancel()


async def test_a_percentage_and_a_text_that_wait_go_together(time: ManualTime) -> None:
    async def talks(task: Task) -> Result:
        await task.progress(1)
        await settled()
        await task.progress(2)
        await task.progress(message="packing")
        await asyncio.Event().wait()
        return None

    bench = await begun(time, talks)
    await time.advance(1)
    assert bench.queue.told("progress") == [(1, None), (2, "packing")]
    bench.work.cancel()


async def test_a_percentage_is_one(time: ManualTime) -> None:
    async def talks(task: Task) -> Result:
        await task.progress(101)
        return None

    bench = await begun(time, talks)
    await bench.outcome()
    assert bench.queue.told("fail") == [
        ("HANDLER_ERROR", "ValueError: progress 101: it is a percentage, 0 to 100", True)
    ]


async def test_what_could_not_be_told_is_told_later_unless_there_is_something_newer(time: ManualTime) -> None:
    step = asyncio.Event()

    async def talks(task: Task) -> Result:
        await task.progress(10, "reading")
        await step.wait()
        await task.progress(20)
        await asyncio.Event().wait()
        return None

    bench = await begun(time, talks)
    bench.queue.down = True
    await settled()
    step.set()
    await settled()
    bench.queue.down = False
    await time.advance(2)
    assert bench.queue.told("progress") == [(20, "reading")]
    bench.work.cancel()


async def test_a_cut_line_loses_the_task_only_when_its_lease_is_over(time: ManualTime) -> None:
    ended = asyncio.Event()

    async def works(_task: Task) -> Result:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return None

    bench = await begun(time, works)
    await time.advance(10.5)
    bench.queue.down = True
    await time.advance(29)
    assert not ended.is_set()
    await time.advance(1)
    assert (await bench.outcome()).reason == "expired"
    assert ended.is_set()
    assert bench.task.status == "queued"


async def test_a_line_that_comes_back_in_time_keeps_the_lease(time: ManualTime) -> None:
    bench = await begun(time, for_ever)
    bench.queue.down = True
    await time.advance(25)
    bench.queue.down = False
    await time.advance(40)
    assert bench.task.status == "running"
    bench.work.cancel()


async def test_a_function_that_holds_the_loop_is_told_of(
    time: ManualTime, caplog: pytest.LogCaptureFixture
) -> None:
    bench = await begun(time, for_ever)
    await settled()
    time.skip(17)  # nothing had a turn for so long
    await time.advance(0)
    assert "the loop was held" in caplog.text
    assert bench.queue.told("progress") == [(None, None)]
    bench.work.cancel()


# ---- cancelled, out of time -----------------------------------------------------------------------------------


async def test_a_cancelled_task_ends_its_function_and_tells_nothing(time: ManualTime) -> None:
    bench = await begun(time, for_ever)
    bench.queue.queue.cancel("task_1")
    await time.advance(10)
    assert await bench.outcome() == Outcome("task_1", "lesson_generation", OutcomeKind.LOST, "cancelled")
    assert {verb for verb, _ in bench.queue.said} == {"progress"}
    assert bench.task.status == "cancelled"


async def test_a_thread_sees_a_flag_and_its_next_word_ends_it(time: ManualTime) -> None:
    looked = threading.Event()
    raised = []

    def loops(task: Task) -> Result:
        while not task.cancelled:
            looked.set()
        try:
            task.progress(50)
        except TaskCancelled as cancelled:
            raised.append(str(cancelled))
            raise
        return LESSON

    bench = await begun(time, loops)
    await asyncio.to_thread(looked.wait, 5)
    bench.queue.queue.cancel("task_1")
    await time.advance(10)
    assert (await bench.outcome()).reason == "cancelled"
    assert raised == ["task task_1 is no longer this worker's"]
    assert bench.queue.told("complete") == bench.queue.told("fail") == []


async def test_a_late_result_is_not_sent_a_second_time(time: ManualTime) -> None:
    bench = await begun(time, lesson)
    bench.queue.faults["complete"] = [LeaseLost("cancelled")]
    assert (await bench.outcome()).reason == "cancelled"
    assert len(bench.queue.told("complete")) == 1


async def test_a_function_ends_with_its_time(time: ManualTime) -> None:
    bench = await begun(time, for_ever, timeout_s=45)
    await time.advance(44)
    assert not bench.work.done()
    await time.advance(1)
    assert (await bench.outcome()).reason == "timed_out"
    assert bench.task.error == ("TASK_TIMEOUT", "no end within 45 s")


# ---- a result on a bad line -----------------------------------------------------------------------------------


async def test_a_result_waits_for_a_server_that_is_away_for_longer_than_a_lease(time: ManualTime) -> None:
    queue = FaultyQueue(LocalQueue(monotonic=time.monotonic, lease_s=1000))  # it begins anew with the server
    queue.queue.submit("lesson_generation", timeout_s=300)
    held = await queue.queue.claim("w", ("lesson_generation",), wait_s=0)
    assert held is not None
    queue.down = True
    bench = Bench(time, queue, Running(queue, replace(held, lease_s=30.0), lesson, time.timing))
    await time.advance(120)
    queue.down = False
    await time.advance(8)
    assert (await bench.outcome()).kind is OutcomeKind.COMPLETED
    assert bench.task.status == "completed"


async def test_a_result_that_cannot_be_told_is_left_when_its_time_is_over(time: ManualTime) -> None:
    bench = await begun(time, lesson)
    bench.queue.down = True
    await time.advance(299)
    assert not bench.work.done()
    await time.advance(1)
    assert (await bench.outcome()).reason == "timed_out"


async def test_a_result_whose_answer_is_lost_is_sent_again_and_counts(time: ManualTime) -> None:
    bench = await begun(time, lesson)
    bench.queue.lost_answers["complete"] = [QueueUnavailable("no answer", answered=False)]
    await time.advance(5)
    assert (await bench.outcome()).kind is OutcomeKind.COMPLETED
    assert bench.queue.told("complete") == [LESSON, LESSON]
    assert bench.queue.told("fail") == []
    assert bench.task.status == "completed"


async def test_a_failure_whose_answer_is_lost_is_no_other_end(time: ManualTime) -> None:
    async def breaks(_task: Task) -> Result:
        raise OSError("full")

    bench = await begun(time, breaks)
    bench.queue.lost_answers["fail"] = [QueueUnavailable("no answer", answered=False)]
    await time.advance(5)
    assert (await bench.outcome()).kind is OutcomeKind.FAILED
    assert len(bench.queue.told("fail")) == 2
    assert (bench.task.status, bench.task.attempt) == ("queued", 1)


async def test_a_result_waits_as_long_as_the_server_asks(time: ManualTime) -> None:
    bench = await begun(time, lesson)
    bench.queue.faults["complete"] = [QueueUnavailable("busy", retry_after_s=7)]
    await time.advance(6.9)
    assert not bench.work.done()
    await time.advance(0.2)
    assert (await bench.outcome()).kind is OutcomeKind.COMPLETED


async def test_a_worker_that_is_refused_says_so(time: ManualTime) -> None:
    bench = await begun(time, lesson)
    bench.queue.faults["complete"] = [AgentRefused("revoked", status=401)]
    assert (await bench.outcome()).reason == "refused"
    bench = await begun(time, for_ever)
    bench.queue.faults["progress"] = [AgentRefused("revoked", status=401)]
    await time.advance(10)
    assert (await bench.outcome()).reason == "refused"


# ---- a worker that ends ---------------------------------------------------------------------------------------


async def test_a_task_is_given_back_when_its_worker_ends(time: ManualTime) -> None:
    bench = await begun(time, for_ever, max_attempts=1)
    await settled()
    bench.running.stop()
    assert (await bench.outcome()).kind is OutcomeKind.STOPPED
    assert (bench.queue.told("release"), bench.queue.told("fail")) == (["task_1.1"], [])
    assert bench.task.status == "queued"  # that was no attempt


async def test_a_task_that_cannot_be_given_back_is_left_to_its_lease(time: ManualTime) -> None:
    for fault in (QueueUnavailable("busy"), LeaseLost("cancelled"), AgentRefused("revoked", status=401)):
        bench = await begun(time, for_ever)
        bench.queue.faults["release"] = [fault]
        await settled()
        bench.running.stop()
        assert (await bench.outcome()).kind is OutcomeKind.STOPPED


async def test_a_thread_that_does_not_end_is_left_behind(time: ManualTime) -> None:
    free = threading.Event()

    def blocks(_task: Task) -> Result:
        free.wait(5)
        return None

    bench = await begun(time, blocks)
    await settled()
    bench.queue.queue.cancel("task_1")
    await time.advance(10)
    assert not bench.work.done()  # its place stays taken
    bench.running.stop()
    assert (await bench.outcome()).reason == "cancelled"
    free.set()


async def test_a_result_that_is_made_goes_out_before_a_worker_ends(time: ManualTime) -> None:
    bench = await begun(time, lesson)
    bench.queue.faults["complete"] = [QueueUnavailable("busy")]
    await settled()
    bench.running.stop()
    await time.advance(1)
    assert (await bench.outcome()).kind is OutcomeKind.COMPLETED


async def test_a_function_that_cancels_itself_has_failed(time: ManualTime) -> None:
    async def gives_up(_task: Task) -> Result:
        raise asyncio.CancelledError

    bench = await begun(time, gives_up)
    assert (await bench.outcome()).kind is OutcomeKind.FAILED
    assert bench.queue.told("fail") == [("HANDLER_ERROR", "the handler cancelled itself", True)]
