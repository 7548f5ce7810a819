"""Any line between a worker and its queue: what is lost, before or after it was done, is made good."""

import asyncio
from enum import Enum

from hypothesis import given, settings
from hypothesis import strategies as st

from forms import FULL
from manual_time import ManualTime, settled
from task_queues import FaultyQueue
from toolboxai.agent import Agent, QueueUnavailable, Result, Task
from toolboxai.agent.testing import LocalQueue

LOST_MOST = 12
END_S = 3600


class Loss(Enum):
    """What becomes of one request."""

    NONE = "none"
    REQUEST = "request"  # it never arrives
    ANSWER = "answer"  # it was done, and nobody hears of it
    BUSY = "busy"  # the server asks to come back


LOSSES = st.lists(st.sampled_from(Loss), max_size=LOST_MOST)


class BadLine(FaultyQueue):
    """Loses what is drawn, request by request; when nothing is left to lose it is a good line."""

    def __init__(self, queue: LocalQueue, losses: list[Loss]) -> None:
        super().__init__(queue)
        self._losses = list(reversed(losses))

    def _arrives(self, verb: str, what: object) -> None:
        super()._arrives(verb, what)
        loss = self._losses.pop() if self._losses else Loss.NONE
        if loss is Loss.REQUEST:
            raise QueueUnavailable("lost on its way", answered=False)
        if loss is Loss.BUSY:
            raise QueueUnavailable("busy", retry_after_s=7)
        if (
            loss is Loss.ANSWER and verb != "claim"
        ):  # of a claim the server itself learns that nobody is there
            self.lost_answers.setdefault(verb, []).append(QueueUnavailable("no answer", answered=False))


@given(
    losses=LOSSES,
    tasks=st.integers(1, 4),
    concurrency=st.integers(1, 3),
    works_s=st.sampled_from([0.0, 1.0, 12.0, 45.0]),
    fails=st.integers(0, 2),
)
@settings(max_examples=200 if FULL else 25, deadline=None)
def test_whatever_gets_lost_every_task_is_done_and_counts_once(
    losses: list[Loss], tasks: int, concurrency: int, works_s: float, fails: int
) -> None:
    async def play() -> None:
        time = ManualTime()
        queue = BadLine(LocalQueue(monotonic=time.monotonic), losses)
        agent = Agent(concurrency=concurrency, timing=time.timing)

        @agent.task("lesson_generation")
        async def lesson(task: Task) -> Result:
            await task.progress(10, "begun")
            await time.sleep(works_s)
            if task.attempt <= fails:
                raise OSError("not yet")
            return {"done_by_attempt": task.attempt}

        for _ in range(tasks):
            # Each attempt that is lost costs a lost word at least, so these are enough for any drawn line.
            queue.queue.submit("lesson_generation", max_attempts=LOST_MOST + fails + 1)
        leave = asyncio.Event()
        work = asyncio.create_task(agent.serve(leave, queue=queue))
        passed = 0
        while any(task.status != "completed" for task in queue.queue.tasks):
            assert passed < END_S, [(task.status, task.attempt) for task in queue.queue.tasks]
            await time.advance(5)
            passed += 5
        for task in queue.queue.tasks:
            assert task.result == {"done_by_attempt": task.attempt}
            assert fails < task.attempt <= fails + 1 + len(losses)  # on a good line no lease is ever lost
        leave.set()
        await settled()
        await time.advance(30)  # one whose result is in may not know it yet
        async with asyncio.timeout(5):
            await work

    asyncio.run(play())
