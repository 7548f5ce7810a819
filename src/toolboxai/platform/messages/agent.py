"""The messages of agents."""

from enum import StrEnum
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, UnsetType

from toolboxai.legacy.endpoints import EndpointName
from toolboxai.platform.messages.message import (
    AGENT_CHANNELS,
    AgentId,
    Count,
    Data,
    Instant,
    Message,
    MessageType,
    Percent,
    Sender,
    TaskId,
)

__all__ = [
    "AGENT_MESSAGES",
    "AgentState",
    "AgentStatus",
    "AgentStatusData",
    "TaskError",
    "TaskProgress",
    "TaskProgressData",
    "TaskResult",
    "TaskResultData",
    "TaskStatus",
]


class AgentState(StrEnum):
    """What an agent does."""

    IDLE = "idle"
    ACTIVE = "active"
    ERROR = "error"
    OFFLINE = "offline"


class TaskStatus(StrEnum):
    """Where a task is; the last three are ends."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class AgentStatusData(Data):
    """What an agent does, and what waits for it."""

    agent_id: AgentId
    status: AgentState
    queue_length: Annotated[Count, Meta(description="tasks that wait")]
    last_activity: Annotated[Instant | None, Meta(description="null before the first")]
    current_task: Annotated[
        str | UnsetType | None,
        Meta(
            description="the kind of the task that runs; null when idle, absent on public channels where it is none of ours"
        ),
    ] = UNSET


class AgentStatus(Message, tag="agent_status"):
    """Something of it has changed."""

    data: AgentStatusData


class TaskProgressData(Data):
    """A task goes on."""

    agent_id: AgentId
    task_id: TaskId
    progress_percent: Annotated[Percent, Meta(description="of the task, in percent")]
    message: Annotated[str, Meta(description="what is being done")]


class TaskProgress(Message, tag="task_progress"):
    """As often as the agent tells."""

    data: TaskProgressData


class TaskError(Data):
    """Why a task failed."""

    error_code: str
    message: str


class TaskResultData(Data):
    """How a task has ended."""

    agent_id: AgentId
    task_id: TaskId
    status: TaskStatus
    result: Annotated[dict[str, Any] | None, Meta(description="of the task's kind; null when there is none")]
    execution_time_ms: Annotated[Count, Meta(description="in milliseconds")]
    error: TaskError | UnsetType = UNSET
    result_url: Annotated[
        str | UnsetType,
        Meta(
            description="where the result is fetched, with a token; there in the place of one too long for an event"
        ),
    ] = UNSET


class TaskResult(Message, tag="task_result"):
    """Once for each task, however it ended."""

    data: TaskResultData


_ENDPOINT: Final = (EndpointName.AGENT,)

AGENT_MESSAGES: Final = (
    MessageType(AgentStatus, Sender.SERVER, _ENDPOINT, AGENT_CHANNELS, "what an agent does"),
    MessageType(TaskProgress, Sender.SERVER, _ENDPOINT, AGENT_CHANNELS[:1], "a task goes on"),
    MessageType(TaskResult, Sender.SERVER, _ENDPOINT, AGENT_CHANNELS[:1], "a task has ended"),
)
