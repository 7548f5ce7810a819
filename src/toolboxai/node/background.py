"""The owner of every task of a node: they end with it, and none dies unseen."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any

from toolboxai.metrics import Metrics

__all__ = ["Background"]

log = logging.getLogger(__name__)


class Background:
    """An async context manager around a TaskGroup. What is still running at its end is cancelled and waited for.

    Args:
        metrics: its ``faults_total`` counts what failed.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Background":
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace  # of the body: they go on as they are, the group would wrap them
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(None, None, None)

    def spawn(self, work: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
        """Run one piece of work; its failure is logged and counted, and ends nothing else."""
        task = self._group.create_task(self._guarded(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _task: work.close())  # a task that is cancelled early never began it
        return task

    def every(
        self, period_s: float | Callable[[], float], work: Callable[[], Awaitable[None]], *, name: str
    ) -> None:
        """Run `work` again and again, `period_s` seconds after it last ended; asked anew each time, if it is a call."""

        async def repeat() -> None:
            while True:
                await asyncio.sleep(period_s() if callable(period_s) else period_s)
                await self._guarded(work(), name)

        self.spawn(repeat(), name=name)

    async def _guarded(self, work: Awaitable[None], name: str) -> None:
        try:
            await work
        except Exception:  # the one place where a fault of a task ends: counted, and logged with its trace
            self._metrics.faults_total += 1
            log.exception("background task failed", extra={"task": name})
