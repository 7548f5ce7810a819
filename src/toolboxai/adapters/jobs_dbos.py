"""Durable jobs on DBOS, embedded: one SQLite file beside the application's, or a schema of the same Postgres.

DBOS swaps the default executor of the loop it runs in, and blocks that loop while it starts and ends. So it gets a
thread and a loop of its own; only the steps themselves hop into the application's loop. It is imported when the
engine is launched, for it takes more than a second.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from toolboxai.adapters.database.engine import sync_url
from toolboxai.adapters.database.faults import reason_of, unavailable
from toolboxai.adapters.loop_thread import LoopThread
from toolboxai.errors import StorageUnavailable, ToolboxaiError
from toolboxai.platform.ports import JobState, JobStatus, Step

if TYPE_CHECKING:
    from dbos import DBOSConfig

__all__ = ["JOBS_SCHEMA", "DbosJobs", "jobs_database_url"]

T = TypeVar("T")

log = logging.getLogger(__name__)

# Jobs of an older layout of steps are not picked up by a newer one: raise this when a kind's steps change.
_LAYOUT: Final = "1"
JOBS_SCHEMA: Final = "toolboxai_jobs"  # on Postgres; on SQLite they have a file of their own
_TRIES: Final = 3
_PAUSES_S: Final = (1.0, 2.0)  # while the database takes nothing; from then on:
_PAUSE_S: Final = 4.0
_CLOSE_S: Final = 5.0  # a step that is told to end and does not within this is left to the end of the process
_STATES: Final = {
    "SUCCESS": JobState.SUCCEEDED,
    "ERROR": JobState.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": JobState.FAILED,
    "CANCELLED": JobState.CANCELLED,
}


class StepEnded(Exception):
    """A step ended its job on purpose. One string, so that it can be written down and read back."""


def jobs_database_url(app_url: str) -> str:
    """Where the jobs of this application's database live.

    Raises:
        ValueError: the database is SQLite in memory; jobs are to outlive the process.
    """
    url = make_url(sync_url(app_url))
    if url.get_backend_name() != "sqlite":
        return url.render_as_string(hide_password=False)
    if not url.database or url.database == ":memory:":
        raise ValueError(
            "jobs need a database that outlives the process; use sqlite:///PATH instead of memory"
        )
    stem = url.database.removesuffix(".db")
    return url.set(database=f"{stem}.jobs.db").render_as_string(hide_password=False)


class DbosJobs:
    """Satisfies ``platform.ports.JobEngine``. DBOS is one per process, so this is too while it is launched.

    Every job that is started runs at once: how many may, and whose turn it is, is for those to say who start them. While
    the database takes nothing, steps wait and jobs are not over: they go on when it does.

    Args:
        app_url: the application's database, as in the settings.
        executor_id: names this process among those on one database; the one that comes back after a crash must have
            the same, for it takes up only its own jobs.
        retry_interval_s: wait before the second try of a step, doubled before the third.
    """

    _launched: ClassVar["DbosJobs | None"] = None

    def __init__(self, app_url: str, *, executor_id: str = "main", retry_interval_s: float = 0.5) -> None:
        self._url = jobs_database_url(app_url)
        self._executor_id = executor_id
        self._retry_interval_s = retry_interval_s
        self._kinds: dict[str, tuple[tuple[str, Step], ...]] = {}
        self._thread: LoopThread | None = None
        self._app_loop: asyncio.AbstractEventLoop | None = None
        self._steps: set[asyncio.Task[Any]] = set()  # in the application's loop
        self._running: dict[asyncio.Task[Any], str] = {}  # in DBOS's loop; so are the next two
        self._again: set[str] = set()
        self._retries: set[asyncio.Task[Any]] = set()  # and what takes up lost jobs
        self._stopping = False
        self._workflow: Any = None

    def register(self, kind: str, steps: Sequence[tuple[str, Step]]) -> None:
        """Name a kind of job and its steps, in order, before ``launch``."""
        if self._thread is not None:
            raise RuntimeError(
                f"register {kind!r} before launch: jobs of an earlier process may begin at once"
            )
        self._kinds[kind] = tuple(steps)

    async def launch(self) -> None:
        """Start, and take up the jobs that a process with this executor id left unfinished.

        Raises:
            RuntimeError: an engine is already running in this process.
        """
        if DbosJobs._launched is not None:
            raise RuntimeError("a job engine is already running in this process; close it first")
        DbosJobs._launched = self
        self._app_loop = asyncio.get_running_loop()
        self._thread = LoopThread("jobs")
        try:
            await asyncio.to_thread(self._thread.start)
            await self._thread.call(self._launch())
        except BaseException:  # cancelled included: a thread that was started must end
            await self.close()
            raise

    async def _launch(self) -> None:
        """In DBOS's own loop, which it then adopts."""
        from dbos import DBOS

        if self._url.startswith("sqlite"):
            # The file remembers it: readers no longer wait for the writer, and a commit costs one sync, not three.
            connection = sqlite3.connect(make_url(self._url).database or "")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.close()
        engine = DBOS(config=self._config())
        self._stopping = False

        @DBOS.workflow(name="toolboxai.job")
        async def job(kind: str, job_id: str) -> None:
            await self._run(kind, job_id)

        self._workflow = job
        DBOS.launch()
        # Otherwise a call waits inside, in a thread that nobody can end, until its database is there again: requests
        # would hang, and so would the end of the process. What waits is done here: `_hop` and `_take_up`.
        engine._sys_db._retry_connection_errors = False

    def _config(self) -> "DBOSConfig":
        return {
            "name": "toolboxai",
            "system_database_url": self._url,
            "dbos_system_schema": JOBS_SCHEMA,
            "application_version": _LAYOUT,
            "executor_id": self._executor_id,
            "enable_otlp": False,
            "log_level": "CRITICAL",  # what matters is logged here, with our own words
            "use_listen_notify": False,  # we wait for nothing through the database
            "notification_listener_polling_interval_sec": 0.1,  # asks nothing then; the thread's end waits for it
            "sys_db_pool_size": 5,
            "scheduler_polling_interval_sec": 3600.0,  # we schedule nothing
        }

    async def close(self) -> None:
        """Stop: running steps are cancelled; unfinished jobs stay for the next ``launch``."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            if self._workflow is not None:
                await thread.call(self._stop_jobs())
                if self._steps:
                    await asyncio.wait(self._steps, timeout=_CLOSE_S)
            from dbos import DBOS

            await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        finally:
            await asyncio.to_thread(thread.stop)
            self._workflow = None
            DbosJobs._launched = None

    async def _stop_jobs(self) -> None:
        self._stopping = True
        tasks = {*self._running, *self._retries}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSE_S)

    async def start(self, kind: str, job_id: str) -> None:
        """Begin a job; a second call with the same id does nothing."""
        if kind not in self._kinds:
            raise LookupError(f"no kind of job is named {kind!r}; known: {', '.join(sorted(self._kinds))}")
        await self._call(self._start(kind, job_id))

    async def _start(self, kind: str, job_id: str) -> None:
        from dbos import DBOS, SetWorkflowID

        if await DBOS.get_workflow_status_async(job_id) is not None:
            return
        with SetWorkflowID(job_id):
            await DBOS.start_workflow_async(self._workflow, kind, job_id)

    async def retry(self, job_id: str) -> None:
        """Run a failed or cancelled job again from the first step that did not finish.

        Raises:
            LookupError: there is no such job.
        """
        await self._call(self._retry(job_id))

    async def _retry(self, job_id: str) -> None:
        from dbos import DBOS

        # A step tells the world that it failed a moment before DBOS has written that down; a retry that comes in
        # between is kept until the job's task is done.
        self._again.add(job_id)
        status = await self._status(job_id)
        if status is None:
            self._again.discard(job_id)
            raise LookupError(f"no job {job_id!r}; start it")
        if job_id not in self._again:
            return  # the task was done meanwhile, and has begun the retry
        if status.state is JobState.RUNNING and job_id in self._running.values():
            return
        self._again.discard(job_id)
        if status.state in (JobState.FAILED, JobState.CANCELLED):
            steps = await DBOS.list_workflow_steps_async(job_id)
            done = [step["function_id"] for step in steps if step["error"] is None]
            await DBOS.rewind_workflow_async(job_id, start_step=max(done, default=0) + 1)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        """A job's task is done, and its end is on record."""
        job_id = self._running.pop(task)
        if task.cancelled() or self._stopping:
            return
        if job_id in self._again:
            self._again.discard(job_id)
            self._later(self._retry(job_id), name=f"retry {job_id}")
        elif isinstance(task.exception(), DBAPIError | PoolTimeout):
            self._later(self._take_up(job_id), name=f"take up {job_id}")

    def _later(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._retries.add(task)
        task.add_done_callback(self._retries.discard)

    async def _take_up(self, job_id: str) -> None:
        """What a job had reached, or its end, could not be put on record: run it again once that is possible."""
        from dbos import DBOS

        for pause_s in _pauses():
            await asyncio.sleep(pause_s)
            try:
                status = await self._status(job_id)
                if status is not None and status.state is JobState.RUNNING:
                    await DBOS.resume_workflow_async(job_id)
                return
            except (DBAPIError, PoolTimeout):
                continue

    async def cancel(self, job_id: str) -> None:
        """Let a job end before its next step; on a job that is over, or unknown, this does nothing."""
        await self._call(self._cancel(job_id))

    async def _cancel(self, job_id: str) -> None:
        from dbos import DBOS

        status = await self._status(job_id)
        if status is not None and status.state in (JobState.QUEUED, JobState.RUNNING):
            await DBOS.cancel_workflow_async(job_id)

    async def forget(self, job_ids: Sequence[str]) -> None:
        """Remove all that is kept of these jobs; unknown ones are forgotten already."""
        if job_ids:
            await self._call(self._forget(list(job_ids)))

    async def _forget(self, job_ids: list[str]) -> None:
        from dbos import DBOS

        await DBOS.delete_workflows_async(job_ids)

    async def answers(self) -> None:
        """Return when the engine's loop has had a turn.

        Raises:
            RuntimeError: it does not run.
        """
        if self._thread is None or not self._thread.alive:
            raise RuntimeError("the job engine is not running")
        await self._thread.call(asyncio.sleep(0))

    async def status(self, job_id: str) -> JobStatus | None:
        """What is known of a job; None when it was never started."""
        return await self._call(self._status(job_id))

    async def _status(self, job_id: str) -> JobStatus | None:
        from dbos import DBOS

        found = await DBOS.get_workflow_status_async(job_id)
        if found is None:
            return None
        waiting = JobState.QUEUED if found.status in ("ENQUEUED", "DELAYED") else JobState.RUNNING
        error = str(found.error) if found.error is not None else None
        return JobStatus(job_id, _STATES.get(found.status, waiting), error)

    async def _run(self, kind: str, job_id: str) -> None:
        """One job, in DBOS's loop. DBOS leaves out the steps whose end it has on record."""
        from dbos import DBOS

        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a job runs in a task of the launched engine")
        self._running[task] = job_id
        task.add_done_callback(self._ended)
        if self._stopping:  # it was begun just before, and is left for the next launch like the others
            raise asyncio.CancelledError
        for name, step in self._kinds[kind]:
            await DBOS.run_step_async(
                {
                    "name": name,
                    "retries_allowed": True,
                    "max_attempts": _TRIES,
                    "interval_seconds": self._retry_interval_s,
                    "should_retry": _passing,
                },
                self._hop,
                name,
                step,
                job_id,
            )

    async def _hop(self, name: str, step: Step, job_id: str) -> dict[str, Any]:
        """Run a step in the application's loop; from this one it can be cancelled."""
        if self._app_loop is None:
            raise RuntimeError("the engine is not launched")
        for pause_s in _pauses():
            try:
                inside = asyncio.run_coroutine_threadsafe(self._step(step, job_id), self._app_loop)
                made = await asyncio.wrap_future(inside)
                return dict(made)
            except StorageUnavailable as fault:  # the step has not failed: it waits
                log.debug(
                    "a step of a job waits", extra={"job_id": job_id, "step": name, "reason": fault.reason}
                )
            except ToolboxaiError as fault:
                raise StepEnded(str(fault)) from None
            except Exception:  # told here with its trace; the engine only sees that it is to be tried again
                log.exception("a step of a job failed unexpectedly", extra={"job_id": job_id, "step": name})
                raise
            await asyncio.sleep(pause_s)
        raise AssertionError("the pauses have no end")

    async def _step(self, step: Step, job_id: str) -> Mapping[str, Any]:
        task = asyncio.current_task()
        if task is not None:
            self._steps.add(task)
            task.add_done_callback(self._steps.discard)
        return await step(job_id)

    async def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if self._thread is None:
            coroutine.close()
            raise RuntimeError("the job engine is not running; launch it first")
        try:
            return await self._thread.call(coroutine)
        except DBAPIError as fault:
            reason = reason_of(fault)
            if reason is None:
                raise
            raise unavailable(reason) from fault


def _pauses() -> Iterator[float]:
    return chain(_PAUSES_S, repeat(_PAUSE_S))


def _passing(fault: BaseException) -> bool:
    return not isinstance(fault, StepEnded)
