"""The messages of agents."""

from enum import StrEnum
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, UnsetType, field

from toolboxai.legacy.endpoints import EndpointName
from toolboxai.platform.messages.message import (
    AGENT_CHANNELS,
    AgentId,
    Count,
    Data,
    FromClient,
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
    "TaskAccepted",
    "TaskAssigned",
    "TaskAssignedData",
    "TaskClaim",
    "TaskClaimData",
    "TaskComplete",
    "TaskCompleteData",
    "TaskError",
    "TaskFail",
    "TaskFailData",
    "TaskItemData",
    "TaskProgress",
    "TaskProgressData",
    "TaskResult",
    "TaskResultData",
    "TaskStatus",
    "TaskSubmit",
    "TaskSubmitData",
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

    task_id: TaskId
    agent_id: Annotated[AgentId | UnsetType, Meta(description="from the server alone")] = UNSET
    lease_id: Annotated[
        str | UnsetType, Meta(description="from a worker alone: by which it holds the task")
    ] = UNSET
    progress_percent: Annotated[
        Percent | UnsetType, Meta(description="of the task, in percent; a worker need not say it")
    ] = UNSET
    message: Annotated[str | UnsetType, Meta(description="what is being done; a worker need not say it")] = (
        UNSET
    )

    def __post_init__(self) -> None:
        """See msgspec: what the server says is whole."""
        if (self.agent_id is UNSET) is (self.lease_id is UNSET):
            raise ValueError("of agent_id and lease_id one is there")
        if self.lease_id is UNSET and (self.progress_percent is UNSET or self.message is UNSET):
            raise ValueError("the server says progress_percent and message")


class TaskProgress(FromClient, tag="task_progress"):
    """As often as the agent tells; from a worker it is a beat, too."""

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


# ---- what clients and workers say on the agent's socket ------------------------------------------------------


class TaskSubmitData(Data):
    """What is to be done."""

    task_type: Annotated[str, Meta(description="one of the agent's")]
    input: dict[str, Any] = field(default_factory=dict)
    priority: Annotated[int, Meta(ge=0, le=9, description="9 first")] = 5
    timeout_s: Annotated[float, Meta(ge=1, le=3600, description="of one attempt, in seconds")] = 300.0
    max_attempts: Annotated[int, Meta(ge=1, le=10)] = 3


class TaskSubmit(FromClient, tag="task_submit"):
    """Have this done."""

    data: TaskSubmitData


class TaskItemData(Data):
    """A task as it stands, as REST answers it."""

    task_id: TaskId
    agent_id: AgentId
    task_type: str
    status: TaskStatus
    priority: int
    input: dict[str, Any]
    attempt: Annotated[int, Meta(ge=1)]
    max_attempts: int
    timeout_s: float
    progress_percent: Percent
    message: str
    result: dict[str, Any] | None
    error: TaskError | None
    execution_time_ms: Count | None
    submitted_by: str
    created_at: Instant
    started_at: Instant | None
    ended_at: Instant | None
    status_url: str
    message_id: Annotated[str | UnsetType, Meta(description="of the message that it answers")] = UNSET


class TaskAccepted(Message, tag="task_accepted"):
    """What was said of a task holds."""

    data: TaskItemData


class TaskClaimData(Data):
    """Who claims."""

    worker: Annotated[str, Meta(description="a name, for people")]
    task_types: Annotated[list[str] | UnsetType, Meta(description="absent: all that the agent does")] = UNSET


class TaskClaim(FromClient, tag="task_claim"):
    """Give me the next task, as soon as there is one."""

    data: TaskClaimData


class TaskAssignedData(Data):
    """A task that the worker holds."""

    task_id: TaskId
    agent_id: AgentId
    task_type: str
    input: dict[str, Any]
    attempt: Annotated[int, Meta(ge=1)]
    priority: int
    lease_id: Annotated[str, Meta(description="by which the worker speaks of it")]
    lease_s: Annotated[float, Meta(description="seconds until the next beat has to come")]
    lease_expires_at: Instant
    deadline: Annotated[Instant, Meta(description="of the attempt, however often it beats")]
    message_id: Annotated[str | UnsetType, Meta(description="of the claim")] = UNSET


class TaskAssigned(Message, tag="task_assigned"):
    """Once for each claim."""

    data: TaskAssignedData


class TaskCompleteData(Data):
    """What came out."""

    task_id: TaskId
    lease_id: str
    result: dict[str, Any]


class TaskComplete(FromClient, tag="task_complete"):
    """It is done."""

    data: TaskCompleteData


class TaskFailData(Data):
    """Why it could not be done."""

    task_id: TaskId
    lease_id: str
    error_code: str
    message: str
    retry: bool = True


class TaskFail(FromClient, tag="task_fail"):
    """It could not be done."""

    data: TaskFailData


_ENDPOINT: Final = (EndpointName.AGENT,)
_RESULT_CHANNELS: Final = (AGENT_CHANNELS[0], "private-user-{user_id}")

AGENT_MESSAGES: Final = (
    MessageType(AgentStatus, Sender.SERVER, _ENDPOINT, AGENT_CHANNELS, "what an agent does"),
    MessageType(TaskProgress, Sender.EITHER, _ENDPOINT, AGENT_CHANNELS[:1], "a task goes on"),
    MessageType(TaskResult, Sender.SERVER, _ENDPOINT, _RESULT_CHANNELS, "a task has ended"),
    MessageType(TaskSubmit, Sender.CLIENT, _ENDPOINT, (), "have this done"),
    MessageType(TaskAccepted, Sender.SERVER, _ENDPOINT, (), "what was said of a task holds"),
    MessageType(TaskClaim, Sender.CLIENT, _ENDPOINT, (), "a worker wants the next task"),
    MessageType(TaskAssigned, Sender.SERVER, _ENDPOINT, (), "a worker holds a task"),
    MessageType(TaskComplete, Sender.CLIENT, _ENDPOINT, (), "a worker has done it"),
    MessageType(TaskFail, Sender.CLIENT, _ENDPOINT, (), "a worker could not do it"),
)
