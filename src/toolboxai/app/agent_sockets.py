"""What is said of tasks on the sockets of agents: the same as over HTTP, in messages."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from pydantic import BaseModel, Field, ValidationError

from toolboxai.errors import RequestError, ResourceNotFound
from toolboxai.legacy.questions import AgentSays, AgentTold, Refused
from toolboxai.platform.agents.model import Task, TaskFailure
from toolboxai.platform.agents.service import AgentTasks
from toolboxai.platform.agents.work import AgentWork
from toolboxai.web.agent_bodies import (
    ClaimBody,
    CompleteBody,
    FailBody,
    ProgressBody,
    TaskBody,
    claim_answer,
    task_item,
)
from toolboxai.web.errors import faults_of

__all__ = ["AgentDesk"]

_FOREVER_S: Final = 365 * 86400.0  # a claim waits as long as its connection lives


class _Progress(ProgressBody):
    task_id: str = Field(max_length=128)


class _Complete(CompleteBody):
    task_id: str = Field(max_length=128)


class _Fail(FailBody):
    task_id: str = Field(max_length=128)


class AgentDesk:
    """Does what sessions of agents' sockets ask.

    Args:
        tasks: has all tasks.
        work: what workers do with them.
    """

    def __init__(self, tasks: AgentTasks, work: AgentWork) -> None:
        self._tasks = tasks
        self._work = work
        self._by_type: Mapping[str, Callable[[AgentSays], Awaitable[AgentTold | Refused]]] = {
            "task_submit": self._submit,
            "task_claim": self._claim,
            "task_progress": self._progress,
            "task_complete": self._complete,
            "task_fail": self._fail,
        }

    async def answer(self, question: AgentSays) -> AgentTold | Refused:
        """See ``AgentSays``."""
        try:
            return await self._by_type[question.type](question)
        except ValidationError as fault:
            fields, told = faults_of(fault.errors())
            return Refused("VALIDATION_ERROR", f"the message does not fit: {told}", {"fields": fields})
        except RequestError as fault:
            return Refused(fault.error_code, fault.message, fault.details)

    async def _submit(self, question: AgentSays) -> AgentTold:
        body = TaskBody.model_validate(dict(question.fields))
        task = await self._tasks.submit(question.principal, question.agent_id, **body.model_dump())
        return _accepted(question, task)

    async def _claim(self, question: AgentSays) -> AgentTold | Refused:
        body = ClaimBody.model_validate(dict(question.fields))
        task = None
        while task is None:
            if self._work.leaving:
                return Refused(
                    "PROVIDER_UNAVAILABLE", "this server is leaving; connect again, and claim there"
                )
            task = await self._work.claim(
                question.principal,
                question.agent_id,
                worker=body.worker,
                task_types=body.task_types,
                wait_s=_FOREVER_S,
            )
        return _told(question, "task_assigned", claim_answer(task, self._work.lease_s))

    async def _progress(self, question: AgentSays) -> AgentTold:
        body = _Progress.model_validate(dict(question.fields))
        await self._of_agent(question, body.task_id)
        task = await self._work.progress(
            question.principal,
            body.task_id,
            lease_id=body.lease_id,
            percent=body.progress_percent,
            message=body.message,
        )
        return _accepted(question, task)

    async def _complete(self, question: AgentSays) -> AgentTold:
        body = _Complete.model_validate(dict(question.fields))
        await self._of_agent(question, body.task_id)
        task = await self._work.complete(
            question.principal, body.task_id, lease_id=body.lease_id, result=body.result
        )
        return _accepted(question, task)

    async def _fail(self, question: AgentSays) -> AgentTold:
        body = _Fail.model_validate(dict(question.fields))
        await self._of_agent(question, body.task_id)
        failure = TaskFailure(body.error_code, body.message)
        task = await self._work.fail(
            question.principal, body.task_id, lease_id=body.lease_id, failure=failure, retry=body.retry
        )
        return _accepted(question, task)

    async def _of_agent(self, question: AgentSays, task_id: str) -> None:
        """On the socket of an agent its own tasks are spoken of, and no others."""
        task = await self._tasks.access.named_task(question.principal, task_id)
        if task.agent_id != question.agent_id:
            raise ResourceNotFound(f"there is no task {task_id[:80]!r} of this agent")


def _accepted(question: AgentSays, task: Task) -> AgentTold:
    return _told(question, "task_accepted", task_item(task))


def _told(question: AgentSays, kind: str, item: BaseModel) -> AgentTold:
    answers = {} if question.message_id is None else {"message_id": question.message_id}
    return AgentTold(kind, {**item.model_dump(), **answers})
