"""The stages of a generation as tasks of the built-in agents: one story, told on both sides with the same words."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from toolboxai.platform.content.engine import stage_results
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.records.sessions import STAGES, Session, SessionError, Stage, Status
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.content.run.events import download_url
from toolboxai.platform.content.run.stage_work import Result, decode_result, stage_in_work
from toolboxai.platform.runs.tasks import RunTask, RunTasks, TaskInHand

__all__ = ["StageTasks", "task_result"]


class StageTasks:
    """What agents are told of sessions.

    Args:
        tasks: the agents' side.
        store: the record, which is right wherever the two differ.
    """

    def __init__(self, tasks: RunTasks, store: ContentStore) -> None:
        self._tasks = tasks
        self._store = store

    async def wait(self, session: Session) -> None:
        """The session waits for its turn, and so does the first of its stages that is not done."""
        await self._tasks.wait(_task(session, await stage_in_work(self._store, session.id)))

    def take(self, session: Session, stage: Stage) -> AbstractAsyncContextManager[TaskInHand]:
        """A stage is worked on."""
        return self._tasks.take(_task(session, stage))

    async def complete(self, session: Session, stage: Stage, result: Result) -> None:
        """A stage is done, and on record."""
        await self._tasks.complete(_task(session, stage), task_result(session, result))

    async def fail(self, session: Session, error: SessionError) -> None:
        """The session has failed, and it is on record: nothing of it waits or is worked on any more."""
        await self._tasks.fail(_task(session, error.stage), error.error_code, error.message)
        await self.cancel(session)

    async def cancel(self, session: Session) -> None:
        """The session was cancelled, or is to be gone: nothing of it waits or is worked on any more."""
        await self._tasks.cancel([_task(session, stage) for stage in STAGES])

    async def forget(self, session_ids: Sequence[str]) -> None:
        """These sessions are deleted."""
        await self._tasks.forget(session_ids)

    async def settle(self) -> None:
        """Before the jobs of a former process go on: what it put on record and did not come to tell is told now."""
        for task in await self._tasks.open([stage.value for stage in STAGES]):
            await self._settle(task)

    async def _settle(self, task: RunTask) -> None:
        stage = Stage(task.task_type)
        session = await self._store.session(task.run_id)
        if session is None or task.attempt != session.attempt or session.status is Status.CANCELLED:
            await self._tasks.cancel([task])
        elif (artefact := await self._store.artefact(task.run_id, stage)) is not None:
            await self.complete(session, stage, await asyncio.to_thread(decode_result, stage, artefact))
        elif session.error is not None:
            await self._tasks.fail(_task(session, stage), session.error.error_code, session.error.message)


def task_result(session: Session, result: Result) -> Mapping[str, Any]:
    """What ``task_result`` carries of a stage: the guide's fields for a lesson, and the counts of ``stage_complete``.

    A lesson's sections are named, not copied: so the result fits into an event, and with the lesson's text goes the
    only place where it stands.
    """
    told: dict[str, Any] = {"session_id": session.id}
    if isinstance(result, Lesson):
        told["lesson_title"] = result.title
        told["content_sections"] = [
            {
                "id": section.id,
                "kind": section.kind.value,
                "title": section.title,
                "duration_minutes": section.duration_minutes,
            }
            for section in result.sections
        ]
    told |= stage_results(result)
    if "files" in told:
        told |= {"content_id": session.content_id, "download_url": download_url(session.content_id)}
    return told


def _task(session: Session, stage: Stage) -> RunTask:
    return RunTask(
        run_id=session.id,
        attempt=session.attempt,
        task_type=stage.value,
        owner_id=session.owner_id,
        organization_id=session.organization_id,
        input={"content_id": session.content_id},
    )
