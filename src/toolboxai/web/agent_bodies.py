"""What the routes of agents and tasks take and answer."""

from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator

from toolboxai.platform.agents.model import NAME_CHARS, AgentFacts, Task
from toolboxai.platform.agents.telling import private_channel, task_url
from toolboxai.platform.messages.agent import AgentState, TaskStatus
from toolboxai.web.times import timestamp
from toolboxai.web.whole_text import whole_text

__all__ = [
    "AgentAnswer",
    "AgentBody",
    "AgentItem",
    "AgentsAnswer",
    "BeatAnswer",
    "ClaimAnswer",
    "ClaimBody",
    "CompleteBody",
    "FailBody",
    "ProgressBody",
    "ReleaseBody",
    "TaskBody",
    "TaskErrorItem",
    "TaskItem",
    "TasksAnswer",
    "agent_item",
    "claim_answer",
    "task_item",
]

TaskType = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
LeaseId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return whole_text(value)


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("it holds a character that cannot be printed; leave it out")
    if not value.strip():
        raise ValueError("it holds nothing but blanks; give it a name that people know it by")
    return value.strip()


class AgentBody(_Strict):
    """Who is to do which kinds of tasks, and how many at once over all its workers."""

    name: Annotated[str, Field(min_length=1, max_length=NAME_CHARS)]
    task_types: Annotated[list[TaskType], Field(min_length=1, max_length=20)]
    concurrency: Annotated[int, Field(ge=1, le=100, strict=True)] = 1

    _name = field_validator("name")(_printable)


class TaskBody(_Strict):
    """What is to be done: at most 64 KiB of input; 9 is the highest priority; ``timeout_s`` is for one attempt."""

    task_type: TaskType
    input: dict[str, Any] = {}
    priority: Annotated[int, Field(ge=0, le=9, strict=True)] = 5
    timeout_s: Annotated[float, Field(ge=1, le=3600, strict=True)] = 300.0
    max_attempts: Annotated[int, Field(ge=1, le=10, strict=True)] = 3


class ClaimBody(_Strict):
    """Who claims, by a name for people, and which kinds; without them all that the agent does."""

    worker: Annotated[str, Field(min_length=1, max_length=100)]
    task_types: Annotated[list[TaskType], Field(min_length=1, max_length=20)] | None = None

    _name = field_validator("worker")(_printable)


class ProgressBody(_Strict):
    """The lease, which begins anew with it; how far the worker is, and what it does."""

    lease_id: LeaseId
    progress_percent: Annotated[int, Field(ge=0, le=100, strict=True)] | None = None
    message: Annotated[str, Field(max_length=500)] | None = None


class CompleteBody(_Strict):
    """The lease, and what came out: at most 256 KiB."""

    lease_id: LeaseId
    result: dict[str, Any]


class FailBody(_Strict):
    """The lease, and why; with ``retry`` another attempt is made where one is left."""

    lease_id: LeaseId
    error_code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
    message: Annotated[str, Field(max_length=2000)]
    retry: Annotated[bool, Field(strict=True)] = True


class ReleaseBody(_Strict):
    """The lease, which ends with it."""

    lease_id: LeaseId


class AgentItem(BaseModel):
    """An agent as it stands: ``queue_length`` counts tasks that wait, ``current_task`` is the kind of one that runs."""

    agent_id: str
    name: str
    task_types: list[str]
    concurrency: int
    built_in: bool
    status: str
    current_task: str | None
    queue_length: int
    last_activity: str | None
    channel: str
    socket_path: str
    created_at: str


class AgentAnswer(AgentItem):
    """A new agent; ``token`` is told this once."""

    token: str


class AgentsAnswer(BaseModel):
    """A page of agents, newest first."""

    items: list[AgentItem]
    next_cursor: str | None


class TaskErrorItem(BaseModel):
    """Why an attempt failed."""

    error_code: str
    message: str


class TaskItem(BaseModel):
    """A task as it stands; ``error`` of one that is queued again says why the attempt before failed."""

    task_id: str
    agent_id: str
    task_type: str
    status: str
    priority: int
    input: dict[str, Any]
    attempt: int
    max_attempts: int
    timeout_s: float
    progress_percent: int
    message: str
    result: dict[str, Any] | None
    error: TaskErrorItem | None
    execution_time_ms: int | None
    submitted_by: str
    created_at: str
    started_at: str | None
    ended_at: str | None
    status_url: str


class TasksAnswer(BaseModel):
    """A page of tasks, newest first."""

    items: list[TaskItem]
    next_cursor: str | None


class ClaimAnswer(BaseModel):
    """A task that the worker holds until ``lease_expires_at``; each beat begins the ``lease_s`` anew, until ``deadline``."""

    task_id: str
    agent_id: str
    task_type: str
    input: dict[str, Any]
    attempt: int
    priority: int
    lease_id: str
    lease_s: float
    lease_expires_at: str
    deadline: str


class BeatAnswer(BaseModel):
    """Until when the worker holds the task now."""

    lease_expires_at: str


def agent_item(facts: AgentFacts, state: AgentState) -> AgentItem:
    """An agent as the routes answer it."""
    agent = facts.agent
    return AgentItem(
        agent_id=agent.id,
        name=agent.name,
        task_types=list(agent.task_types),
        concurrency=agent.concurrency,
        built_in=agent.built_in,
        status=state.value,
        current_task=facts.current_task,
        queue_length=facts.waiting,
        last_activity=_time(agent.last_activity),
        channel=private_channel(agent.id),
        socket_path=f"/ws/agent/{agent.id}",
        created_at=timestamp(agent.created_at),
    )


def task_item(task: Task) -> TaskItem:
    """A task as the routes answer it."""
    failure = task.failure
    return TaskItem(
        task_id=task.id,
        agent_id=task.agent_id,
        task_type=task.task_type,
        status=task.status.value,
        priority=task.priority,
        input=msgspec.json.decode(task.input),
        attempt=task.attempt,
        max_attempts=task.max_attempts,
        timeout_s=task.timeout_s,
        progress_percent=task.percent,
        message=task.message,
        result=None if task.result is None else msgspec.json.decode(task.result),
        error=None
        if failure is None
        else TaskErrorItem(error_code=failure.error_code, message=failure.message),
        execution_time_ms=task.execution_ms,
        submitted_by=task.submitted_by,
        created_at=timestamp(task.created_at),
        started_at=_time(task.started_at),
        ended_at=_time(task.ended_at),
        status_url=task_url(task.id),
    )


def claim_answer(task: Task, lease_s: float) -> ClaimAnswer:
    """A task that a worker holds, as it is told to it."""
    assert task.status is TaskStatus.RUNNING, task
    assert task.lease_id is not None  # it runs
    assert task.lease_expires_at is not None
    assert task.deadline is not None
    return ClaimAnswer(
        task_id=task.id,
        agent_id=task.agent_id,
        task_type=task.task_type,
        input=msgspec.json.decode(task.input),
        attempt=task.attempt,
        priority=task.priority,
        lease_id=task.lease_id,
        lease_s=lease_s,
        lease_expires_at=timestamp(task.lease_expires_at),
        deadline=timestamp(task.deadline),
    )


def _time(at: float | None) -> str | None:
    return None if at is None else timestamp(at)
