"""Runs that wait for their turn; the job engine gets only those that have one."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from toolboxai.errors import StorageUnavailable
from toolboxai.platform.ports import JobEngine
from toolboxai.platform.runs.turns import Turns

__all__ = ["Line"]

log = logging.getLogger(__name__)


class Line:
    """The line before the job engine.

    Args:
        turns: decide who is next.
        jobs: get a run when its turn has come.
        kind: of the jobs.
        moved: called with each run whose turn comes, and with None after each change.
    """

    def __init__(
        self, turns: Turns, jobs: JobEngine, *, kind: str, moved: Callable[[str | None], None] | None = None
    ) -> None:
        self._turns = turns
        self._jobs = jobs
        self._kind = kind
        self._moved = moved
        self._job_ids: dict[str, str] = {}
        self._begun: asyncio.Queue[str] = asyncio.Queue()

    @property
    def load(self) -> tuple[int, int]:
        """How many runs are under way, and how many wait for their turn."""
        return self._turns.load

    def known(self) -> frozenset[str]:
        """The runs that wait or are under way."""
        return frozenset(self._job_ids)

    def waits(self, run_id: str) -> bool:
        """Whether this run waits for its turn."""
        return self._turns.waits(run_id)

    def enter(self, run_id: str, owner_id: str, job_id: str) -> None:
        """Let a run wait for its turn; one that is there already stays where it is.

        Args:
            run_id: of the run.
            owner_id: whose it is.
            job_id: under which the job engine is to have it.
        """
        if not self._turns.knows(run_id):
            self._job_ids[run_id] = job_id
            self._turns.enter(run_id, owner_id)
            self._advance()

    def leave(self, run_id: str) -> None:
        """A run is over."""
        self._turns.leave(run_id)
        self._job_ids.pop(run_id, None)
        self._advance()

    def restore(
        self, running: Iterable[tuple[str, str, str]], waiting: Iterable[tuple[str, str, str]]
    ) -> None:
        """Take over what a former process knew, as run, owner and job; those who wait keep this order."""
        running, waiting = list(running), list(waiting)
        self._job_ids = {run_id: job_id for run_id, _, job_id in (*running, *waiting)}
        self._turns.restore([one[:2] for one in running], [one[:2] for one in waiting])
        self._advance()

    async def run(self) -> None:
        """Start what has its turn, until cancelled."""
        while True:
            run_id = await self._begun.get()
            job_id = self._job_ids.get(run_id)
            if job_id is None:  # it is over already
                continue
            try:
                if await self._jobs.status(job_id) is None:
                    await self._jobs.start(self._kind, job_id)
                else:
                    await self._jobs.retry(job_id)
            except StorageUnavailable:
                continue  # the watch sees to it when the database is there again
            except Exception:  # ours, and no reason to start no more
                log.exception("the job of a run could not be started", extra={"run_id": run_id})

    def _advance(self) -> None:
        for run_id in self._turns.take():
            self._begun.put_nowait(run_id)
            if self._moved is not None:
                self._moved(run_id)
        if self._moved is not None:
            self._moved(None)
