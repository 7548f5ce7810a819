"""Agents and tasks as they are kept."""

from dataclasses import dataclass
from typing import Final

from toolboxai.platform.messages.agent import AgentState, TaskStatus

__all__ = [
    "AGENTS_MOST",
    "INPUT_BYTES",
    "LEASE_S",
    "NAME_CHARS",
    "OFFLINE_S",
    "OPEN_TASKS_MOST",
    "RESULT_BYTES",
    "Agent",
    "AgentFacts",
    "NewTask",
    "Task",
    "TaskFailure",
]

NAME_CHARS: Final = 200
AGENTS_MOST: Final = 100  # of one owner
OPEN_TASKS_MOST: Final = 2000  # of one submitter, over all agents: queued or running
INPUT_BYTES: Final = 64 * 1024
RESULT_BYTES: Final = 256 * 1024
LEASE_S: Final = 30.0  # a worker beats at a third of it, so two beats may be lost
OFFLINE_S: Final = 60.0  # a long poll lasts 25 s; who has not been heard for two of them is away


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Does tasks of some kinds.

    Args:
        id: ``agent_`` and random digits; part of its channel's name.
        organization_id: its tenant.
        owner_id: the user whose it is.
        name: for people.
        task_types: the kinds that it does.
        concurrency: so many tasks at once, over all its workers.
        built_in: works in this server; else a program elsewhere asks for tasks.
        created_at: Unix seconds.
        heard_at: when a worker last spoke, in Unix seconds; None: none ever has.
        last_activity: when a task last moved, in Unix seconds; None before the first.
        failed: whether the task that ended last failed for good.
        state: as it was last told.
        last_seq: number of its newest event.
        announced_seq: events up to this number have gone out.
    """

    id: str
    organization_id: str
    owner_id: str
    name: str
    task_types: tuple[str, ...]
    concurrency: int = 1
    built_in: bool = False
    created_at: float
    heard_at: float | None = None
    last_activity: float | None = None
    failed: bool = False
    state: AgentState = AgentState.IDLE
    last_seq: int = 0
    announced_seq: int = 0


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """An agent and what it has to do, counted in one moment.

    Args:
        agent: the agent.
        waiting: tasks that are queued.
        running: tasks under a lease.
        current_task: the kind of the one of these that began first; None when none is.
    """

    agent: Agent
    waiting: int = 0
    running: int = 0
    current_task: str | None = None


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """Why a task did not go well."""

    error_code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task as it is handed in.

    Args:
        id: ``task_`` and random digits.
        agent_id: who is to do it.
        organization_id: of the agent.
        submitted_by: id of the user.
        task_type: one of the agent's.
        input: JSON text of an object.
        priority: 0 to 9, 9 first.
        timeout_s: seconds that one attempt may take.
        max_attempts: so many in all.
        at: Unix seconds.
        idempotency_key: the submitter's name for this request; None: none was given.
        run_id: of the session or world that a built-in agent's task is a piece of; None: it came from outside.
    """

    id: str
    agent_id: str
    organization_id: str
    submitted_by: str
    task_type: str
    input: str
    priority: int = 5
    timeout_s: float = 300.0
    max_attempts: int = 3
    at: float
    idempotency_key: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task.

    Args:
        attempt: number of the attempt that runs, or comes next; of an ended task the last one.
        given_back: how often a worker gave it back before it was done; such an attempt counts as none.
        percent: how far the attempt has come, as its worker says.
        message: what is being done, as its worker says.
        worker: name of the worker that holds it, or held it last.
        lease_id: of the holder; kept when the task ends, so that a worker may say the same twice.
        lease_expires_at: Unix seconds from which on the holder holds it no more; None unless it runs.
        deadline: Unix seconds from which on the attempt has taken too long; None unless it runs.
        wakes_at: Unix seconds at which the server has to look at it: a lease or an attempt ends, a pause is over.
        result: JSON text of an object; None unless completed.
        failure: why it failed; of a task that is queued again, why the last attempt did.
        execution_ms: milliseconds of the last attempt; None before one has ended.
        started_at: when the last attempt began, in Unix seconds.
        ended_at: Unix seconds.
    """

    id: str
    agent_id: str
    organization_id: str
    submitted_by: str
    task_type: str
    input: str
    priority: int
    timeout_s: float
    max_attempts: int
    created_at: float
    status: TaskStatus = TaskStatus.QUEUED
    attempt: int = 1
    given_back: int = 0
    percent: int = 0
    message: str = ""
    worker: str = ""
    lease_id: str | None = None
    lease_expires_at: float | None = None
    deadline: float | None = None
    wakes_at: float | None = None
    result: str | None = None
    failure: TaskFailure | None = None
    execution_ms: int | None = None
    started_at: float | None = None
    ended_at: float | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status not in (TaskStatus.QUEUED, TaskStatus.RUNNING)
