"""Agents and tasks as rows, and rows as agents and tasks."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Row

from toolboxai.adapters.database.agent_tables import AgentEventRow
from toolboxai.platform.agents.model import Agent, NewTask, Task, TaskFailure
from toolboxai.platform.agents.queue import rank
from toolboxai.platform.messages.agent import AgentState, TaskStatus
from toolboxai.platform.runs.events import StoredEvent

__all__ = ["agent_of", "agent_values", "event_of", "request_digest", "step_values", "task_of", "task_values"]


def agent_of(row: Row[Any]) -> Agent:
    """An agent from all columns of its row."""
    return Agent(
        id=row.id,
        organization_id=row.organization_id,
        owner_id=row.owner_id,
        name=row.name,
        task_types=tuple(msgspec.json.decode(row.task_types, type=list[str])),
        concurrency=row.concurrency,
        built_in=row.built_in,
        created_at=row.created_at,
        heard_at=row.heard_at,
        last_activity=row.last_activity,
        failed=row.failed,
        state=AgentState(row.state),
        last_seq=row.last_seq,
        announced_seq=row.announced_seq,
    )


def agent_values(agent: Agent) -> dict[str, Any]:
    """All columns of a new agent."""
    return {
        "id": agent.id,
        "organization_id": agent.organization_id,
        "owner_id": agent.owner_id,
        "name": agent.name,
        "task_types": msgspec.json.encode(agent.task_types).decode(),
        "concurrency": agent.concurrency,
        "built_in": agent.built_in,
        "created_at": agent.created_at,
        "heard_at": agent.heard_at,
        "last_activity": agent.last_activity,
        "failed": agent.failed,
        "state": agent.state.value,
        "last_seq": agent.last_seq,
        "announced_seq": agent.announced_seq,
        "told_at": agent.created_at,
    }


def task_of(row: Row[Any]) -> Task:
    """A task from all columns of its row."""
    return Task(
        id=row.id,
        agent_id=row.agent_id,
        organization_id=row.organization_id,
        submitted_by=row.submitted_by,
        task_type=row.task_type,
        input=row.input,
        priority=row.priority,
        timeout_s=row.timeout_s,
        max_attempts=row.max_attempts,
        created_at=row.created_at,
        status=TaskStatus(row.status),
        attempt=row.attempt,
        given_back=row.given_back,
        percent=row.percent,
        message=row.message,
        worker=row.worker,
        lease_id=row.lease_id,
        lease_expires_at=row.lease_expires_at,
        deadline=row.deadline,
        wakes_at=row.wakes_at,
        result=row.result,
        failure=None if row.error is None else TaskFailure(**msgspec.json.decode(row.error)),
        execution_ms=row.execution_ms,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def step_values(task: Task) -> dict[str, Any]:
    """The columns that steps change."""
    return {
        "status": task.status.value,
        "attempt": task.attempt,
        "given_back": task.given_back,
        "percent": task.percent,
        "message": task.message,
        "worker": task.worker,
        "lease_id": task.lease_id,
        "lease_expires_at": task.lease_expires_at,
        "deadline": task.deadline,
        "wakes_at": task.wakes_at,
        "result": task.result,
        "error": None if task.failure is None else msgspec.json.encode(task.failure).decode(),
        "execution_ms": task.execution_ms,
        "started_at": task.started_at,
        "ended_at": task.ended_at,
    }


def task_values(task: Task, new: NewTask) -> dict[str, Any]:
    """All columns of a new task."""
    return {
        **step_values(task),
        "id": task.id,
        "agent_id": task.agent_id,
        "organization_id": task.organization_id,
        "submitted_by": task.submitted_by,
        "task_type": task.task_type,
        "input": task.input,
        "priority": task.priority,
        "timeout_s": task.timeout_s,
        "max_attempts": task.max_attempts,
        "created_at": task.created_at,
        "rank": rank(task.priority, task.created_at),
        "idempotency_key": new.idempotency_key,
        "request_sha256": request_digest(new),
        "run_id": new.run_id,
    }


def request_digest(new: NewTask) -> str:
    """Tells two requests apart that came with the same key."""
    asked: Mapping[str, Any] = {
        "agent_id": new.agent_id,
        "task_type": new.task_type,
        "input": new.input,
        "priority": new.priority,
        "timeout_s": new.timeout_s,
        "max_attempts": new.max_attempts,
    }
    return sha256(msgspec.json.encode(asked)).hexdigest()


def event_of(row: Row[Any] | AgentEventRow) -> StoredEvent:
    """An event from all columns of its row."""
    also = tuple(msgspec.json.decode(row.also, type=list[str]))
    return StoredEvent(row.seq, row.type, msgspec.json.decode(row.data), row.timestamp, also)
