"""One task, from its lease to its end."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum

from toolboxai.agent.errors import AgentRefused, LeaseLost, QueueUnavailable, ResultRefused
from toolboxai.agent.handlers import Handler, in_thread, is_asynchronous
from toolboxai.agent.outcome import Completed, End, Failed, Outcome, OutcomeKind
from toolboxai.agent.progress import Newest
from toolboxai.agent.queue import Assignment, TaskQueue
from toolboxai.agent.results import ended_with, failed_with
from toolboxai.agent.task import Task
from toolboxai.agent.timing import Timing

__all__ = ["Running"]

log = logging.getLogger("toolboxai.agent")

PROGRESS_EVERY_S = 0.25  # four words a second are more than anybody reads
FIRST_PAUSE_S = 0.25
PAUSE_CAP_S = 5.0  # short beside a lease: the next attempt has to come before that is over
BEATS_PER_LEASE = 3  # two of them may be lost on the way


class _Over(StrEnum):
    """Why a task is over before its handler is."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ENDED = "ended"
    DELETED = "deleted"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    STOPPED = "stopped"


class Running:
    """Calls the handler, keeps the lease meanwhile, and tells the end once.

    Args:
        queue: where the task is from.
        held: the task and its lease.
        handler: does it.
        timing: measures and waits.
        told: hears each word of progress as the handler says it, from whichever thread.
    """

    def __init__(
        self,
        queue: TaskQueue,
        held: Assignment,
        handler: Handler,
        timing: Timing,
        told: Callable[[str, int | None, str | None], None] | None = None,
    ) -> None:
        self._queue = queue
        self._held = held
        self._handler = handler
        self._timing = timing
        self._told = told
        self._lease_until = timing.monotonic() + held.lease_s
        self._time_until = timing.monotonic() + held.time_s
        self._newest = Newest()
        self._task = Task(held, self._note)
        self._over: asyncio.Future[_Over] = asyncio.get_running_loop().create_future()
        self._stop = asyncio.Event()
        self._ended = False

    def stop(self) -> None:
        """The worker ends: give the task back."""
        self._stop.set()
        if not self._ended:  # a result that is made goes out first
            self._is_over(_Over.STOPPED)

    async def work(self) -> Outcome:
        """Do the task to its end, whatever that is."""
        async with asyncio.TaskGroup() as parts:
            beating = parts.create_task(self._beat())
            watching = parts.create_task(self._watch())
            handling = parts.create_task(self._handle(), name=f"task-{self._held.task_id}")
            try:
                await asyncio.wait((handling, self._over), return_when=asyncio.FIRST_COMPLETED)
                if not handling.done():
                    return await self._left(handling)
                self._ended = True
                beating.cancel()
                sending = parts.create_task(self._send(_end_of(handling)))
                await asyncio.wait((sending, self._over), return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    return sending.result()
                sending.cancel()
                return self._lost(self._over.result())
            finally:
                for part in (beating, watching, handling):
                    part.cancel()

    # ---- the handler ----------------------------------------------------------------------------------------

    async def _handle(self) -> End:
        try:
            if is_asynchronous(self._handler):
                returned = self._handler(self._task)
            else:
                returned = await in_thread(lambda: self._handler(self._task), name=self._held.task_id)
            return ended_with(await returned if inspect.isawaitable(returned) else returned)
        except Exception as fault:
            return failed_with(fault, self._task)

    async def _left(self, handling: "asyncio.Task[End]") -> Outcome:
        """It is over, and the handler still runs: have it end, and tell nothing unless the task is to be given back."""
        over = self._over.result()
        self._task.cancel()
        if is_asynchronous(self._handler):
            handling.cancel()
        else:
            # A thread cannot be ended from outside. Its place stays taken, or threads would pile up.
            log.info(
                "a task is over, and its thread still runs",
                extra={"task_id": self._held.task_id, "reason": over.value},
            )
            stopped = asyncio.ensure_future(self._stop.wait())
            await asyncio.wait((handling, stopped), return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
        if over is not _Over.STOPPED:
            return self._lost(over)
        with suppress(QueueUnavailable, LeaseLost, AgentRefused):  # then its lease runs out
            await self._queue.release(self._held)
        return self._outcome(OutcomeKind.STOPPED, over)

    def _note(self, percent: int | None, message: str | None) -> None:
        if self._told is not None:
            self._told(self._held.task_id, percent, message)
        self._newest.note(percent, message)

    # ---- the lease ------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Nobody's task is worked on: it is over here when its lease or its time is, whatever the network does.

        What is made already is offered longer: a server that comes back lets all leases hold anew, and refuses what it
        has given to another.
        """
        while (left_s := self._until() - self._timing.monotonic()) > 0:
            await self._timing.sleep(left_s)
        timed_out = self._timing.monotonic() >= self._time_until
        self._is_over(_Over.TIMED_OUT if timed_out else _Over.EXPIRED)

    def _until(self) -> float:
        return self._time_until if self._ended else min(self._lease_until, self._time_until)

    async def _beat(self) -> None:
        """Tell what is new, at most four times a second, and that we live, three times in a lease."""
        beat_s = self._held.lease_s / BEATS_PER_LEASE
        pauses = self._timing.pauses(first_s=min(FIRST_PAUSE_S, beat_s), cap_s=min(PAUSE_CAP_S, beat_s))
        due = self._timing.monotonic() + beat_s
        while True:
            await self._news_or(due)
            said = self._newest.take()
            begun = self._timing.monotonic()
            if begun - due > beat_s / 2 and not pauses.begun:
                log.warning(
                    "the loop was held, and the lease nearly lost: mark a plain function instead, which has a thread",
                    extra={
                        "task_id": self._held.task_id,
                        "task_type": self._held.task_type,
                        "held_s": round(begun - due),
                    },
                )
            if said == (None, None) and begun < due:
                continue  # the news was taken before its bell rang
            try:
                await self._queue.progress(self._held, *said)
            except QueueUnavailable as fault:
                self._newest.put_back(*said)
                await self._timing.sleep(pauses.next_s(fault.retry_after_s))
                due = begun
                continue
            except LeaseLost as lost:
                return self._is_over(_Over(lost.reason))
            except AgentRefused:
                return self._is_over(_Over.REFUSED)
            pauses.over()
            self._lease_until = begun + self._held.lease_s
            due = begun + beat_s
            await self._timing.sleep(min(PROGRESS_EVERY_S, beat_s))

    async def _news_or(self, due: float) -> None:
        """Until there is something to tell, or it is time to."""
        news = asyncio.ensure_future(self._newest.news.wait())
        pause = asyncio.ensure_future(self._timing.sleep(max(due - self._timing.monotonic(), 0.0)))
        try:
            await asyncio.wait((news, pause), return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
            pause.cancel()

    def _is_over(self, why: _Over) -> None:
        if not self._over.done():
            self._over.set_result(why)

    # ---- the end --------------------------------------------------------------------------------------------

    async def _send(self, end: End) -> Outcome:
        """Tell the end until there is an answer. The end of the attempt's time stops this from outside."""
        pauses = self._timing.pauses(first_s=FIRST_PAUSE_S, cap_s=PAUSE_CAP_S)
        unanswered = False
        while True:
            try:
                await self._tell(end)
                return self._outcome_of(end)
            except QueueUnavailable as fault:
                unanswered = unanswered or not fault.answered
                await self._timing.sleep(pauses.next_s(fault.retry_after_s))
            except ResultRefused as refused:
                end = Failed(refused.error_code, refused.message, False)
            except LeaseLost as lost:
                if unanswered and _says_that_it_was_taken(lost, end):
                    return self._outcome_of(end)
                return self._lost(_Over(lost.reason))
            except AgentRefused:
                return self._lost(_Over.REFUSED)

    def _tell(self, end: End) -> Awaitable[None]:
        if isinstance(end, Completed):
            return self._queue.complete(self._held, end.result)
        return self._queue.fail(self._held, end.error_code, end.message, retry=end.retry)

    def _outcome_of(self, end: End) -> Outcome:
        if isinstance(end, Completed):
            return self._outcome(OutcomeKind.COMPLETED)
        return self._outcome(OutcomeKind.FAILED, end.error_code)

    def _lost(self, why: _Over) -> Outcome:
        log.warning("a task was left", extra={"task_id": self._held.task_id, "reason": why.value})
        return self._outcome(OutcomeKind.LOST, why)

    def _outcome(self, kind: OutcomeKind, reason: str = "") -> Outcome:
        return Outcome(self._held.task_id, self._held.task_type, kind, str(reason))


def _says_that_it_was_taken(lost: LeaseLost, end: End) -> bool:
    """Whether a refusal is what follows when the answer to the same word was lost: by then it ended, or waits again."""
    return lost.reason == "ended" or (lost.reason == "expired" and isinstance(end, Failed) and end.retry)


def _end_of(handling: "asyncio.Task[End]") -> End:
    """What the handler made of it; one that cancelled itself has failed."""
    if handling.cancelled():
        return Failed("HANDLER_ERROR", "the handler cancelled itself", True)
    return handling.result()
