"""What every job engine promises, shown on DBOS with SQLite and with Postgres."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext

from databases import backends
from storage_faults import fault_of, may_fail
from toolboxai.adapters import jobs_dbos
from toolboxai.adapters.jobs_dbos import DbosJobs, jobs_database_url
from toolboxai.errors import ContentFailed, StorageUnavailable
from toolboxai.platform.ports import JobState, Step

pytestmark = pytest.mark.timeout(60)  # an engine takes a second to start and one to end


class Steps:
    """Steps that remember that they ran, and do as they are told."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []
        self.faults: dict[str, list[Exception]] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.cancelled = 0
        self._news = asyncio.Event()

    def step(self, name: str) -> Step:
        async def run(job_id: str) -> Mapping[str, Any]:
            self.ran.append((job_id, name))
            self._news.set()
            try:
                if name == "second":
                    await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
            if self.faults.get(name):
                raise self.faults[name].pop(0)
            return {"step": name}

        return run

    def of(self, job_id: str) -> list[str]:
        return [name for job, name in self.ran if job == job_id]

    async def until(self, test: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not test():
                self._news.clear()
                await self._news.wait()


@pytest.fixture(params=backends("sqlite"))
def database_backend(request: pytest.FixtureRequest) -> str:
    """The journeys of crashes and backups have the engine on Postgres."""
    return str(request.param)


@pytest.fixture
def steps() -> Steps:
    return Steps()


def engine_of(url: str, steps: Steps) -> DbosJobs:
    jobs = DbosJobs(url, retry_interval_s=0.01)
    jobs.register("lesson", [(name, steps.step(name)) for name in ("first", "second", "third")])
    return jobs


@pytest.fixture
async def jobs(database_url: str, steps: Steps) -> AsyncIterator[DbosJobs]:
    jobs = engine_of(database_url, steps)
    await jobs.launch()
    yield jobs
    await jobs.close()


async def reaches(jobs: DbosJobs, job_id: str, state: JobState) -> str | None:
    """Wait for a state; the port has no news of its own, so it is asked again and again."""
    async with asyncio.timeout(20):
        while True:
            status = await jobs.status(job_id)
            if status is not None and status.state is state:
                return status.error
            await asyncio.sleep(0.01)


async def test_the_steps_run_once_each_in_order(jobs: DbosJobs, steps: Steps) -> None:
    await jobs.start("lesson", "j1")
    await reaches(jobs, "j1", JobState.SUCCEEDED)
    assert steps.of("j1") == ["first", "second", "third"]


async def test_steps_run_in_the_loop_of_the_application(database_url: str) -> None:
    loops = []

    async def step(_job_id: str) -> Mapping[str, Any]:
        loops.append(asyncio.get_running_loop())
        return {}

    jobs = DbosJobs(database_url)
    jobs.register("one", [("step", step)])
    await jobs.launch()
    await jobs.start("one", "j1")
    await reaches(jobs, "j1", JobState.SUCCEEDED)
    await jobs.close()
    assert loops == [asyncio.get_running_loop()]


async def test_a_second_start_with_the_same_id_does_nothing(jobs: DbosJobs, steps: Steps) -> None:
    await asyncio.gather(jobs.start("lesson", "j1"), jobs.start("lesson", "j1"))
    await reaches(jobs, "j1", JobState.SUCCEEDED)
    await jobs.start("lesson", "j1")
    assert steps.of("j1") == ["first", "second", "third"]


async def test_an_unknown_job_has_no_status_and_an_unknown_kind_is_refused(jobs: DbosJobs) -> None:
    assert await jobs.status("j1") is None
    with pytest.raises(LookupError, match="known: lesson"):
        await jobs.start("essay", "j1")
    with pytest.raises(LookupError, match="no job 'j1'"):
        await jobs.retry("j1")
    await jobs.cancel("j1")
    assert await jobs.status("j1") is None


async def test_a_meant_failure_ends_the_job_with_its_text_and_is_not_tried_again(
    jobs: DbosJobs, steps: Steps
) -> None:
    steps.faults["second"] = [
        ContentFailed("SOURCE_TOO_SHORT", "three sentences are missing", retryable=False)
    ]
    await jobs.start("lesson", "j1")
    assert await reaches(jobs, "j1", JobState.FAILED) == "three sentences are missing"
    assert steps.of("j1") == ["first", "second"]


async def test_a_passing_fault_is_tried_again(jobs: DbosJobs, steps: Steps) -> None:
    steps.faults["second"] = [OSError("busy"), OSError("busy")]
    await jobs.start("lesson", "j1")
    await reaches(jobs, "j1", JobState.SUCCEEDED)
    assert steps.of("j1") == ["first", "second", "second", "second", "third"]


async def test_a_fault_that_stays_fails_the_job(jobs: DbosJobs, steps: Steps) -> None:
    steps.faults["first"] = [OSError("gone")] * 9
    await jobs.start("lesson", "j1")
    await reaches(jobs, "j1", JobState.FAILED)
    assert steps.of("j1") == ["first"] * 3


async def test_a_retry_begins_at_the_step_that_failed(jobs: DbosJobs, steps: Steps) -> None:
    steps.faults["second"] = [ContentFailed("PROVIDER_UNAVAILABLE", "away", retryable=True)]
    await jobs.start("lesson", "j1")
    await reaches(jobs, "j1", JobState.FAILED)
    await jobs.retry("j1")
    await reaches(jobs, "j1", JobState.SUCCEEDED)
    assert steps.of("j1") == ["first", "second", "second", "third"]


async def test_a_retry_that_comes_while_the_job_is_failing_is_not_lost(jobs: DbosJobs, steps: Steps) -> None:
    steps.gate.clear()
    steps.faults["second"] = [ContentFailed("PROVIDER_UNAVAILABLE", "away", retryable=True)]
    await jobs.start("lesson", "j1")
    await steps.until(lambda: "second" in steps.of("j1"))
    await jobs.retry("j1")
    steps.gate.set()
    await reaches(jobs, "j1", JobState.SUCCEEDED)
    assert steps.of("j1") == ["first", "second", "second", "third"]


async def test_a_retry_of_a_job_that_runs_or_went_well_does_nothing(jobs: DbosJobs, steps: Steps) -> None:
    steps.gate.clear()
    await jobs.start("lesson", "j1")
    await steps.until(lambda: "second" in steps.of("j1"))
    await jobs.retry("j1")
    steps.gate.set()
    await reaches(jobs, "j1", JobState.SUCCEEDED)
    await jobs.retry("j1")
    await reaches(jobs, "j1", JobState.SUCCEEDED)
    assert steps.of("j1") == ["first", "second", "third"]


async def test_a_cancelled_job_ends_before_its_next_step_and_can_be_tried_again(
    jobs: DbosJobs, steps: Steps
) -> None:
    steps.gate.clear()
    await jobs.start("lesson", "j1")
    await steps.until(lambda: "second" in steps.of("j1"))
    await jobs.cancel("j1")
    await jobs.cancel("j1")
    assert (await jobs.status("j1")).state is JobState.CANCELLED  # type: ignore[union-attr]
    steps.gate.set()
    await jobs.retry("j1")
    await reaches(jobs, "j1", JobState.SUCCEEDED)
    assert steps.of("j1").count("first") == 1
    assert steps.of("j1")[-1] == "third"
    await jobs.cancel("j1")
    await reaches(jobs, "j1", JobState.SUCCEEDED)


async def test_jobs_run_side_by_side(jobs: DbosJobs, steps: Steps) -> None:
    steps.gate.clear()
    for number in range(4):
        await jobs.start("lesson", f"j{number}")
    await steps.until(lambda: [name for _, name in steps.ran].count("second") == 4)
    steps.gate.set()
    for number in range(4):
        await reaches(jobs, f"j{number}", JobState.SUCCEEDED)


async def test_what_a_closed_engine_left_is_taken_up_by_the_next_one(database_url: str, steps: Steps) -> None:
    steps.gate.clear()
    jobs = engine_of(database_url, steps)
    await jobs.launch()
    await jobs.start("lesson", "j1")
    await steps.until(lambda: "second" in steps.of("j1"))
    await jobs.close()
    assert steps.cancelled == 1

    steps.gate.set()
    jobs = engine_of(database_url, steps)
    await jobs.launch()
    await reaches(jobs, "j1", JobState.SUCCEEDED)
    await jobs.close()
    assert steps.of("j1") == ["first", "second", "second", "third"]


async def test_a_process_has_one_engine_and_it_answers_while_it_runs(
    jobs: DbosJobs, steps: Steps, tmp_path: Path
) -> None:
    other = engine_of(f"sqlite:///{tmp_path / 'other.db'}", steps)
    with pytest.raises(RuntimeError, match="already running"):
        await other.launch()
    with pytest.raises(RuntimeError, match="launch it first"):
        await other.status("j1")
    with pytest.raises(RuntimeError, match="before launch"):
        jobs.register("late", [])
    await other.close()  # it never ran; the other one still does
    await jobs.start("lesson", "j1")
    await reaches(jobs, "j1", JobState.SUCCEEDED)


DIES = """
    import asyncio, os, sys
    from toolboxai.adapters.jobs_dbos import DbosJobs

    url, mode = sys.argv[1:]

    async def main():
        over = asyncio.Event()

        def step(name):
            async def run(job_id):
                print(name, flush=True)
                if mode == "dies" and name == "second":
                    await asyncio.Event().wait()  # until it is killed
                if name == "third":
                    over.set()
                return {}
            return run

        jobs = DbosJobs(url)
        jobs.register("lesson", [(name, step(name)) for name in ("first", "second", "third")])
        await jobs.launch()
        if mode == "dies":
            await jobs.start("lesson", "j1")
        await over.wait()
        await jobs.close()

    asyncio.run(main())
"""


def test_a_killed_process_is_followed_by_one_that_repeats_no_finished_step(
    database_url: str, tmp_path: Path
) -> None:
    script = tmp_path / "dies.py"
    script.write_text(textwrap.dedent(DIES))

    def run(mode: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, script, database_url, mode], stdout=subprocess.PIPE, text=True
        )

    with run("dies") as first:
        assert first.stdout is not None
        assert [first.stdout.readline(), first.stdout.readline()] == ["first\n", "second\n"]
        os.kill(first.pid, signal.SIGKILL)
    with run("lives") as second:
        assert second.communicate(timeout=30)[0].split() == ["second", "third"]
        assert second.returncode == 0


def test_the_jobs_live_beside_the_application() -> None:
    assert jobs_database_url("sqlite:///./toolboxai.db") == "sqlite:///./toolboxai.jobs.db"
    assert jobs_database_url("sqlite:////srv/data") == "sqlite:////srv/data.jobs.db"
    assert jobs_database_url("postgresql://u:p@h/app") == "postgresql+psycopg://u:p@h/app"
    with pytest.raises(ValueError, match="outlives the process"):
        jobs_database_url("sqlite://")


def test_the_library_is_not_imported_before_the_engine_is_launched() -> None:
    code = "import sys, toolboxai.adapters.jobs_dbos; sys.exit('dbos' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---- a database that takes nothing --------------------------------------------------------------------------------


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for the database looks often."""
    monkeypatch.setattr(jobs_dbos, "_PAUSES_S", (0.01,))
    monkeypatch.setattr(jobs_dbos, "_PAUSE_S", 0.05)


@contextmanager
def refusals() -> Iterator[list[str]]:
    """What databases refuse meanwhile, whoever asks."""
    found: list[str] = []

    def note(context: ExceptionContext) -> None:
        found.append(str(context.original_exception))

    event.listen(Engine, "handle_error", note)
    try:
        yield found
    finally:
        event.remove(Engine, "handle_error", note)


async def reach(found: Sized, number: int) -> None:
    """Wait until there are so many, of what is noted in whatever thread."""
    async with asyncio.timeout(20):
        while True:
            if len(found) >= number:
                return
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("soon")
async def test_a_step_that_cannot_write_waits_and_has_not_failed(jobs: DbosJobs, steps: Steps) -> None:
    steps.faults["second"] = [StorageUnavailable("full", reason="disk_full") for _ in range(9)]
    await jobs.start("lesson", "j1")
    await reaches(jobs, "j1", JobState.SUCCEEDED)
    assert steps.of("j1") == ["first", *["second"] * 10, "third"]


@pytest.mark.usefixtures("soon")
async def test_a_job_whose_progress_cannot_be_put_on_record_is_taken_up_again(
    jobs: DbosJobs, steps: Steps, database_url: str
) -> None:
    steps.gate.clear()
    with may_fail(), refusals() as refused:
        await jobs.start("lesson", "j1")
        await steps.until(lambda: "second" in steps.of("j1"))
        # What these steps have to say still fits into a file of SQLite's that may not grow.
        fault = "read_only" if database_url.startswith("sqlite") else "disk_full"
        with fault_of(jobs_database_url(database_url), fault)():
            steps.gate.set()
            await reach(refused, 2)  # the step's end, and the job's
            with pytest.raises(StorageUnavailable):
                await jobs.start("lesson", "j2")
        await reaches(jobs, "j1", JobState.SUCCEEDED)
        await jobs.start("lesson", "j2")
        await reaches(jobs, "j2", JobState.SUCCEEDED)
    assert set(steps.of("j1")) == {"first", "second", "third"}
    assert steps.of("j1").count("first") == 1, "what is on record is not done again"
    assert steps.of("j2") == ["first", "second", "third"]


async def test_the_engine_ends_while_its_database_is_gone(steps: Steps, database_url: str) -> None:
    jobs = engine_of(database_url, steps)
    await jobs.launch()
    steps.gate.clear()
    await jobs.start("lesson", "j1")
    await steps.until(lambda: "second" in steps.of("j1"))
    url = jobs_database_url(database_url)
    with fault_of(url, "read_only" if url.startswith("sqlite") else "gone")():
        async with asyncio.timeout(15):
            await jobs.close()
