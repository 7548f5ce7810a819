"""No run is left without somebody who works on it.

A job that cannot write down what it made, since the database was away or busy for too long, ends without the run
knowing. Such a run would say for ever that it is under way.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

from toolboxai.errors import StorageUnavailable
from toolboxai.platform.ports import JobEngine, JobState

__all__ = ["WATCH_S", "Run", "Waiting", "Watch"]

log = logging.getLogger(__name__)

WATCH_S: Final = 15.0  # between two looks; one indexed query when nothing is under way
_TIMES: Final = 3  # each of them is all the tries of the job engine; what fails then does not pass by itself


class Run(Protocol):
    """What all runs have."""

    @property
    def id(self) -> str:
        """Unique among all runs."""
        ...

    @property
    def attempt(self) -> int:
        """1, and one more with each retry."""
        ...


R = TypeVar("R", bound=Run)
R_contra = TypeVar("R_contra", bound=Run, contravariant=True)


class Waiting(Protocol[R_contra]):
    """The runs that wait for their turn, or have it."""

    def known(self) -> frozenset[str]:
        """All of them."""
        ...

    def waits(self, run_id: str, /) -> bool:
        """Whether one waits for its turn."""
        ...

    def leave(self, run_id: str, /) -> None:
        """One is over."""
        ...

    async def enter(self, run: R_contra, /) -> None:
        """Let one wait for its turn; one that is there already stays where it is, one that is over stays out."""
        ...


class Watch(Generic[R]):
    """Sets runs going again whose job was lost or ended without them; in the end it lets them fail.

    Args:
        unfinished: the runs that wait or are under way.
        queue: has those that wait.
        jobs: has those whose turn has come.
        give_up: lets a run fail.
        kind: of the jobs.
        job_of: id of a run's job.
        every_s: seconds between two looks.
    """

    def __init__(
        self,
        unfinished: Callable[[], Awaitable[Sequence[R]]],
        queue: Waiting[R],
        jobs: JobEngine,
        give_up: Callable[[R], Awaitable[None]],
        *,
        kind: str,
        job_of: Callable[[R], str],
        every_s: float,
    ) -> None:
        self._unfinished = unfinished
        self._queue = queue
        self._jobs = jobs
        self._give_up = give_up
        self._kind = kind
        self._job_of = job_of
        self._every_s = every_s
        self._revived: dict[tuple[str, int], int] = {}  # how often, by run and attempt

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.look()
            except StorageUnavailable:
                continue  # told by whoever looks after the database; the next look is soon
            except Exception:  # ours, and no reason to look no more
                log.exception("could not look after the runs that wait or are under way; will look again")

    async def look(self) -> None:
        """Look once at every run that waits or is under way."""
        known = self._queue.known()
        runs = await self._unfinished()
        for gone in known - {run.id for run in runs}:
            self._queue.leave(gone)
        for run in runs:
            await self._queue.enter(run)
            if self._queue.waits(run.id):
                continue
            job = await self._jobs.status(self._job_of(run))
            if job is None:
                await self._jobs.start(self._kind, self._job_of(run))
            elif job.state in (JobState.FAILED, JobState.CANCELLED):
                await self._revive(run)
        self._forget_all_but(runs)

    async def _revive(self, run: R) -> None:
        key = (run.id, run.attempt)
        times = self._revived.get(key, 0)
        if times >= _TIMES:
            await self._give_up(run)
            return
        self._revived[key] = times + 1
        log.warning(
            "the job of a run ended without it; it is set going again",
            extra={"run_id": run.id, "times": times + 1},
        )
        await self._jobs.retry(self._job_of(run))

    def _forget_all_but(self, runs: Sequence[R]) -> None:
        there = {(run.id, run.attempt) for run in runs}
        self._revived = {key: times for key, times in self._revived.items() if key in there}
