"""A queue that fails as a test decides, and takes down what it is told."""

from collections.abc import Mapping, Sequence
from typing import Any

from toolboxai.agent import Assignment, QueueUnavailable
from toolboxai.agent.testing import LocalQueue

__all__ = ["FaultyQueue", "assignment"]


def assignment(**other: Any) -> Assignment:
    """A lease of 30 s on a task that has 300."""
    facts: dict[str, Any] = {
        "task_id": "task_1",
        "task_type": "lesson_generation",
        "input": {"topic": "Tides"},
        "attempt": 1,
        "priority": 5,
        "lease_id": "task_1.1",
        "lease_s": 30.0,
        "time_s": 300.0,
    }
    return Assignment(**(facts | other))


class FaultyQueue:
    """The simulator, with a line that a test cuts.

    Attributes:
        said: each word that arrived, as (verb, what).
        faults: by verb, what the next calls raise, before anything is done.
        lost_answers: by verb, what the next calls raise after it was done.
        down: whether nothing arrives at all.
        lets_wait: whether a claim may wait for a task.
    """

    def __init__(self, queue: LocalQueue) -> None:
        self.queue = queue
        self.said: list[tuple[str, Any]] = []
        self.faults: dict[str, list[Exception]] = {}
        self.lost_answers: dict[str, list[Exception]] = {}
        self.down = False
        self.lets_wait = True

    def _arrives(self, verb: str, what: Any) -> None:
        if self.down:
            raise QueueUnavailable("the line is cut", answered=False)
        self.said.append((verb, what))
        if faults := self.faults.get(verb):
            raise faults.pop(0)

    def _answers(self, verb: str) -> None:
        if lost := self.lost_answers.get(verb):
            raise lost.pop(0)

    async def claim(self, worker: str, task_types: Sequence[str], *, wait_s: int) -> Assignment | None:
        self._arrives("claim", tuple(task_types))
        return await self.queue.claim(worker, task_types, wait_s=wait_s if self.lets_wait else 0)

    async def progress(self, held: Assignment, percent: int | None, message: str | None) -> None:
        self._arrives("progress", (percent, message))
        await self.queue.progress(held, percent, message)
        self._answers("progress")

    async def complete(self, held: Assignment, result: Mapping[str, Any]) -> None:
        self._arrives("complete", dict(result))
        await self.queue.complete(held, result)
        self._answers("complete")

    async def fail(self, held: Assignment, error_code: str, message: str, *, retry: bool) -> None:
        self._arrives("fail", (error_code, message, retry))
        await self.queue.fail(held, error_code, message, retry=retry)
        self._answers("fail")

    async def release(self, held: Assignment) -> None:
        self._arrives("release", held.lease_id)
        await self.queue.release(held)
        self._answers("release")

    async def aclose(self) -> None:
        self.said.append(("close", None))

    def told(self, verb: str) -> list[Any]:
        """What was said with this verb."""
        return [what for each, what in self.said if each == verb]
