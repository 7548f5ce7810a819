"""What an agent tells: the guide's messages, drawn from facts."""

from typing import Any, Final

import msgspec

from toolboxai.platform.agents.model import OFFLINE_S, AgentFacts, Task
from toolboxai.platform.messages.agent import AgentState, TaskStatus
from toolboxai.platform.runs.events import Draft, stamp

__all__ = [
    "agent_status",
    "private_channel",
    "state_of",
    "task_progress",
    "task_result",
    "task_url",
]

_PRIVATE: Final = "private-agent-"
_ENVELOPE_BYTES: Final = 256  # what stands around the data of an event


def private_channel(agent_id: str) -> str:
    """Where all is told of an agent."""
    return _PRIVATE + agent_id


def task_url(task_id: str) -> str:
    """Where a task is asked for."""
    return f"/api/v1/tasks/{task_id}"


def state_of(facts: AgentFacts, *, now: float) -> AgentState:
    """What an agent does at this time, in Unix seconds."""
    agent = facts.agent
    if facts.running:
        return AgentState.ACTIVE
    if not agent.built_in and (agent.heard_at is None or now - agent.heard_at >= OFFLINE_S):
        return AgentState.OFFLINE
    return AgentState.ERROR if agent.failed else AgentState.IDLE


def agent_status(facts: AgentFacts, *, now: float) -> Draft:
    """What an agent does, and what waits for it."""
    agent = facts.agent
    return Draft(
        "agent_status",
        {
            "agent_id": agent.id,
            "status": state_of(facts, now=now).value,
            "current_task": facts.current_task,
            "queue_length": facts.waiting,
            "last_activity": None if agent.last_activity is None else stamp(agent.last_activity),
        },
    )


def task_progress(task: Task) -> Draft:
    """A task goes on."""
    return Draft(
        "task_progress",
        {
            "agent_id": task.agent_id,
            "task_id": task.id,
            "progress_percent": task.percent,
            "message": task.message,
        },
    )


def task_result(task: Task, *, event_bytes: int) -> Draft:
    """How a task has ended, for those who follow the agent, and for whoever submitted it.

    Args:
        task: it has ended.
        event_bytes: that an event may have, everything in it counted; a result that does not fit is left to be fetched.
    """
    data: dict[str, Any] = {
        "agent_id": task.agent_id,
        "task_id": task.id,
        "status": task.status.value,
        "result": None if task.result is None else msgspec.json.decode(task.result),
        "execution_time_ms": task.execution_ms or 0,
    }
    if task.status is TaskStatus.FAILED and task.failure is not None:
        data["error"] = {"error_code": task.failure.error_code, "message": task.failure.message}
    if len(msgspec.json.encode(data)) + _ENVELOPE_BYTES > event_bytes:
        data |= {"result": None, "result_url": task_url(task.id)}
    return Draft("task_result", data, (f"private-user-{task.submitted_by}",))
