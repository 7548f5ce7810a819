"""A process that works: it claims while it has a place free, and leaves in order."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from toolboxai.agent.errors import QueueUnavailable
from toolboxai.agent.handlers import Handlers
from toolboxai.agent.outcome import Outcome
from toolboxai.agent.queue import Assignment, TaskQueue
from toolboxai.agent.running import Running
from toolboxai.agent.timing import Timing
from toolboxai.client.waiting import unless

__all__ = ["Worker", "WorkerSettings"]

log = logging.getLogger("toolboxai.agent")

CLAIM_WAIT_S = 25  # as long as the server lets a claim wait
LEAST_WAIT_S = 1.0  # between two claims of which the first found nothing
FIRST_PAUSE_S = 1.0
PAUSE_CAP_S = 30.0
GIVE_BACK_S = 2.0  # for telling the server which tasks are given back


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How one process works.

    Args:
        name: under which it claims.
        concurrency: tasks at once.
        drain_s: seconds that running tasks have to end in, once the worker is told to stop.
    """

    name: str
    concurrency: int
    drain_s: float


class Worker:
    """Claims one task after the other, and works on several at once.

    Args:
        queue: where tasks are from.
        handlers: what is done with them.
        settings: see there.
        timing: measures and waits.
        ended: told how each task ended.
    """

    def __init__(
        self,
        queue: TaskQueue,
        handlers: Handlers,
        settings: WorkerSettings,
        timing: Timing,
        *,
        ended: Callable[[Outcome], None] | None = None,
    ) -> None:
        self._queue = queue
        self._handlers = handlers
        self._settings = settings
        self._timing = timing
        self._ended = ended or (lambda _outcome: None)
        self._running: dict[asyncio.Task[None], Running] = {}
        self._places = asyncio.Semaphore(settings.concurrency)

    async def run(self, leave: asyncio.Event, hurry: asyncio.Event) -> None:
        """Work until `leave` is set; then what runs has ``drain_s`` to end, or until `hurry` is set.

        Raises:
            AgentRefused: the server does not want this worker; what ran was given up.
        """
        try:
            await self._claiming(leave)
            await self._drain(hurry)
        finally:
            await self._end_all()

    async def _claiming(self, leave: asyncio.Event) -> None:
        pauses = self._timing.pauses(first_s=FIRST_PAUSE_S, cap_s=PAUSE_CAP_S)
        while not leave.is_set() and await unless(leave, self._places.acquire()):
            held = None
            try:
                held = await unless(leave, self._claim())
                if pauses.begun:
                    log.info("the server answers again")
                pauses.over()
            except QueueUnavailable as fault:
                wait_s = pauses.next_s(fault.retry_after_s)
                log.warning("no task could be claimed", extra={"reason": str(fault), "again_in_s": wait_s})
                await unless(leave, self._timing.sleep(wait_s))
            finally:
                if held is None:
                    self._places.release()
            if held is not None:
                self._begin(held)

    async def _claim(self) -> Assignment | None:
        begun = self._timing.monotonic()
        types = self._handlers.task_types
        held = await self._queue.claim(self._settings.name, types, wait_s=CLAIM_WAIT_S)
        if (
            held is None
        ):  # whoever says so at once, as a proxy may that lets nothing wait, is not asked without a pause
            await self._timing.sleep(max(begun + LEAST_WAIT_S - self._timing.monotonic(), 0.0))
        return held

    def _begin(self, held: Assignment) -> None:
        running = Running(self._queue, held, self._handlers.of(held.task_type), self._timing)
        work = asyncio.create_task(self._work(running), name=f"work-{held.task_id}")
        self._running[work] = running
        work.add_done_callback(self._done)

    async def _work(self, running: Running) -> None:
        self._ended(await running.work())

    def _done(self, work: "asyncio.Task[None]") -> None:
        del self._running[work]
        self._places.release()
        if not work.cancelled() and (fault := work.exception()) is not None:
            # Ours, as handlers' faults are results. Its lease runs out and another has the task; the others go on.
            log.error("the worker kit failed in a task", exc_info=fault)

    async def _drain(self, hurry: asyncio.Event) -> None:
        """Until what runs has ended by itself, or there is no more time for it."""
        if not self._running:
            return
        log.info("a worker leaves; what runs may end first", extra={"running": len(self._running)})
        waits = [
            asyncio.ensure_future(asyncio.wait(set(self._running))),
            asyncio.ensure_future(self._timing.sleep(self._settings.drain_s)),
            asyncio.ensure_future(hurry.wait()),
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _end_all(self) -> None:
        """What still runs is given back, and cut off when even that takes long."""
        for running in self._running.values():
            running.stop()
        if self._running:
            await asyncio.wait(set(self._running), timeout=GIVE_BACK_S)
        left = set(self._running)
        for work in left:
            work.cancel()
        await asyncio.gather(*left, return_exceptions=True)
