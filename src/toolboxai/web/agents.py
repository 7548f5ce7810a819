"""Agents: registering them, giving them tasks, and doing these."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from toolboxai import limits
from toolboxai.platform.agents.model import INPUT_BYTES, RESULT_BYTES, Task, TaskFailure
from toolboxai.platform.agents.registry import AgentRegistry
from toolboxai.platform.agents.service import AgentTasks
from toolboxai.platform.agents.store import Place
from toolboxai.platform.agents.work import AgentWork
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.messages.agent import TaskStatus
from toolboxai.web.agent_bodies import (
    AgentAnswer,
    AgentBody,
    AgentItem,
    AgentsAnswer,
    BeatAnswer,
    ClaimAnswer,
    ClaimBody,
    CompleteBody,
    FailBody,
    ProgressBody,
    ReleaseBody,
    TaskBody,
    TaskItem,
    TasksAnswer,
    agent_item,
    claim_answer,
    task_item,
)
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.departures import while_connected
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp

__all__ = ["AGENT_BODIES", "agent_routes", "task_routes"]

_AGENTS: Final = "/api/v1/agents"
_TASKS: Final = "/api/v1/tasks"

_PAGE_CHARS: Final = (
    1024 * 1024
)  # of inputs and results in one page: a hundred of the longest would be 32 MiB

# JSON may spell each character in six.
AGENT_BODIES: Final = {
    f"{_AGENTS}/{{agent_id}}/tasks": 6 * INPUT_BYTES + 4096,
    f"{_TASKS}/{{task_id}}/complete": 6 * RESULT_BYTES + 4096,
}

Cursor = Annotated[str | None, Query(max_length=CURSOR_CHARS)]
Limit = Annotated[int, Query(ge=1, le=100)]


def agent_routes(
    registry: AgentRegistry, tasks: AgentTasks, work: AgentWork, authenticator: Authenticator, audit: Audit
) -> APIRouter:
    """The routes under ``/api/v1/agents``.

    Args:
        registry: has the agents.
        tasks: has what they do.
        work: what their workers do with it.
        authenticator: who asks.
        audit: notes who registered and deleted agents.
    """
    router = APIRouter(prefix=_AGENTS, tags=["agents"])
    _add_agents(router, registry, authenticator, audit)
    _add_queue(router, tasks, work, authenticator)
    return router


def _add_agents(
    router: APIRouter, registry: AgentRegistry, authenticator: Authenticator, audit: Audit
) -> None:
    may_execute = authenticator.require("agent:execute")
    may_read = authenticator.require("agent:read")

    async def note(action: Action, request: Request, who: Principal, agent_id: str) -> None:
        await audit.note(action, who, "agent", agent_id, request_id=request.scope.get(REQUEST_ID))

    @router.post("", status_code=201)
    async def register(
        body: AgentBody,
        request: Request,
        response: Response,
        who: Annotated[Principal, Depends(may_execute)],
    ) -> AgentAnswer:
        """Register an agent. With its token, which is shown this once, workers claim and do its tasks."""
        facts, token = await registry.register(
            who, name=body.name, task_types=body.task_types, concurrency=body.concurrency
        )
        await note(Action.AGENT_ADDED, request, who, facts.agent.id)
        response.headers["Location"] = f"{_AGENTS}/{facts.agent.id}"
        response.headers["Cache-Control"] = "no-store"
        return AgentAnswer(**agent_item(facts, registry.state(facts)).model_dump(), token=token)

    @router.get("")
    async def agents(
        who: Annotated[Principal, Depends(may_read)], cursor: Cursor = None, limit: Limit = 20
    ) -> AgentsAnswer:
        """Agents of one's own, and those that others share, newest first."""
        found = await registry.agents(who, limit=limit + 1, before=_before(cursor))
        last = found[limit - 1].agent if len(found) > limit else None
        return AgentsAnswer(
            items=[agent_item(facts, registry.state(facts)) for facts in found[:limit]],
            next_cursor=None if last is None else cursor_of((last.created_at, last.id)),
        )

    @router.get("/{agent_id}")
    async def one(agent_id: str, who: Annotated[Principal, Depends(authenticator)]) -> AgentItem:
        """One agent, as it stands now."""
        facts = await registry.one(who, agent_id)
        return agent_item(facts, registry.state(facts))

    @router.delete("/{agent_id}", status_code=204)
    async def delete(
        agent_id: str, request: Request, who: Annotated[Principal, Depends(may_execute)]
    ) -> None:
        """Delete an agent: its token opens nothing any more, and its open tasks end as cancelled."""
        await registry.remove(who, agent_id)
        await note(Action.AGENT_DELETED, request, who, agent_id)


def _add_queue(router: APIRouter, tasks: AgentTasks, work: AgentWork, authenticator: Authenticator) -> None:
    may_execute = authenticator.require("agent:execute")

    # What is not there, or another's, is told before anything of the request is looked at.
    async def submitter(agent_id: str, who: Annotated[Principal, Depends(may_execute)]) -> Principal:
        await tasks.access.named(who, agent_id)
        return who

    async def worker(agent_id: str, who: Annotated[Principal, Depends(authenticator)]) -> Principal:
        await tasks.access.named(who, agent_id)
        return who

    @router.post("/{agent_id}/tasks", status_code=202)
    async def submit(
        agent_id: str,
        body: TaskBody,
        response: Response,
        who: Annotated[Principal, Depends(submitter)],
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
    ) -> TaskItem:
        """Give an agent a task; how it ends is told on the agent's channel and on the submitter's."""
        task = await tasks.submit(who, agent_id, **body.model_dump(), idempotency_key=idempotency_key)
        response.headers["Location"] = f"{_TASKS}/{task.id}"
        return task_item(task)

    @router.get("/{agent_id}/tasks")
    async def listed(
        agent_id: str,
        who: Annotated[Principal, Depends(authenticator)],
        status: TaskStatus | None = None,
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> TasksAnswer:
        """Tasks of an agent, newest first: all of them for its owner, else those of the asker's.

        A page ends sooner where inputs and results are long; ``next_cursor`` leads on.
        """
        found = await tasks.tasks(who, agent_id, status=status, limit=limit + 1, before=_before(cursor))
        page = _page(found[:limit])
        last = page[-1] if len(found) > len(page) else None
        return TasksAnswer(
            items=[task_item(task) for task in page],
            next_cursor=None if last is None else cursor_of((last.created_at, last.id)),
        )

    @router.post("/{agent_id}/claim", responses={204: {"description": "no task within that time"}})
    async def claim(
        agent_id: str,
        body: ClaimBody,
        request: Request,
        response: Response,
        who: Annotated[Principal, Depends(worker)],
        wait: Annotated[int, Query(ge=0, le=limits.POLL_WAIT_S)] = 0,
    ) -> ClaimAnswer | None:
        """The agent's next task for this worker, which may wait for one; takes the agent's token."""
        async with while_connected(request):  # else nobody would get to know of the lease
            task = await work.claim(
                who, agent_id, worker=body.worker, task_types=body.task_types, wait_s=wait
            )
        if task is None:
            response.status_code = 204
            return None
        return claim_answer(task, work.lease_s)


def task_routes(tasks: AgentTasks, work: AgentWork, authenticator: Authenticator) -> APIRouter:
    """The routes under ``/api/v1/tasks``.

    Args:
        work: what workers do with them.
        tasks: has them.
        authenticator: who asks.
    """
    router = APIRouter(prefix=_TASKS, tags=["agents"])

    # As above: first whether there is such a task.
    async def known(task_id: str, who: Annotated[Principal, Depends(authenticator)]) -> Principal:
        await tasks.access.named_task(who, task_id)
        return who

    Known = Annotated[Principal, Depends(known)]

    @router.get("/{task_id}")
    async def one(task_id: str, who: Annotated[Principal, Depends(authenticator)]) -> TaskItem:
        """One task, with its result once it has one."""
        return task_item(await tasks.task(who, task_id))

    @router.delete("/{task_id}")
    async def cancel(task_id: str, who: Annotated[Principal, Depends(authenticator)]) -> TaskItem:
        """Cancel a task that waits or runs; what its worker then says of it is refused."""
        return task_item(await tasks.cancel(who, task_id))

    @router.post("/{task_id}/requeue", status_code=202)
    async def requeue(task_id: str, who: Annotated[Principal, Depends(authenticator)]) -> TaskItem:
        """Set a task that failed going anew, with all its attempts."""
        return task_item(await tasks.requeue(who, task_id))

    @router.post("/{task_id}/progress")
    async def progress(task_id: str, body: ProgressBody, who: Known) -> BeatAnswer:
        """The worker is there, and may say how far it is; its lease begins anew."""
        task = await work.progress(
            who,
            task_id,
            lease_id=body.lease_id,
            percent=body.progress_percent,
            message=body.message,
        )
        assert task.lease_expires_at is not None  # it runs
        return BeatAnswer(lease_expires_at=timestamp(task.lease_expires_at))

    @router.post("/{task_id}/complete")
    async def complete(task_id: str, body: CompleteBody, who: Known) -> TaskItem:
        """The worker has done it."""
        return task_item(await work.complete(who, task_id, lease_id=body.lease_id, result=body.result))

    @router.post("/{task_id}/fail")
    async def fail(task_id: str, body: FailBody, who: Known) -> TaskItem:
        """The worker could not do it."""
        failure = TaskFailure(body.error_code, body.message)
        done = await work.fail(who, task_id, lease_id=body.lease_id, failure=failure, retry=body.retry)
        return task_item(done)

    @router.post("/{task_id}/release")
    async def release(task_id: str, body: ReleaseBody, who: Known) -> TaskItem:
        """The worker leaves before it is done: the task waits for another, and the attempt does not count."""
        return task_item(await work.release(who, task_id, lease_id=body.lease_id))

    return router


def _page(tasks: Sequence[Task]) -> Sequence[Task]:
    """As many as make one answer; the first goes whatever its size."""
    size = 0
    for place, task in enumerate(tasks):
        size += len(task.input) + len(task.result or "")
        if place and size > _PAGE_CHARS:
            return tasks[:place]
    return tasks


def _before(cursor: str | None) -> Place | None:
    return None if cursor is None else Place(*place_in(cursor, float, str))
