"""What the server's channels carry, by type.

Made from the server's registry of messages by ``scripts/write_python_messages.py``: change it there. On public names only
part of the ``data`` is sure to be there.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Literal, NotRequired, Protocol, TypedDict, overload

from toolboxai.client.effects import Event

__all__ = [
    "AgentState",
    "AgentStatus",
    "AgentStatusData",
    "AnalysisResults",
    "AssetReady",
    "AssetReadyData",
    "AssetStatus",
    "AssetType",
    "CommandResult",
    "CommandResultData",
    "CommandStatus",
    "ComponentState",
    "Components",
    "ConfigUpdate",
    "ContentDelta",
    "ContentDeltaData",
    "Difficulty",
    "Echo",
    "EchoData",
    "EnvironmentStatus",
    "EnvironmentStatusData",
    "EnvironmentStatusMessage",
    "Error",
    "ErrorData",
    "ErrorDetails",
    "GameEventItem",
    "GameEventKind",
    "GameEvents",
    "GameEventsData",
    "GenerationComplete",
    "GenerationCompleteData",
    "GenerationSummary",
    "LessonResults",
    "Level",
    "Listening",
    "NoticeKind",
    "PackagingResults",
    "Phase",
    "PluginCommand",
    "PluginCommandData",
    "PluginEvent",
    "PluginHello",
    "PluginHelloData",
    "ProgressUpdate",
    "ProgressUpdateData",
    "QuizAnswer",
    "QuizAnswerData",
    "QuizResults",
    "Reading",
    "ReadingSync",
    "ScriptType",
    "ScriptUpdate",
    "ScriptUpdateData",
    "Stage",
    "StageComplete",
    "StageCompleteData",
    "SystemNotification",
    "SystemNotificationData",
    "TaskError",
    "TaskProgress",
    "TaskProgressData",
    "TaskResult",
    "TaskResultData",
    "TaskStatus",
]

AgentState = Literal["active", "error", "idle", "offline"]
"""What an agent does."""

AssetStatus = Literal["local", "uploaded"]
"""Where an asset is to be had: from us alone, or from Roblox too."""

AssetType = Literal["mesh", "model", "script", "sound", "texture"]
"""What an asset is."""

CommandStatus = Literal["error", "ok"]
"""How a command ended in the plugin."""

ComponentState = Literal["complete", "failed", "in_progress", "pending", "skipped"]
"""Where one part of an environment is."""

Difficulty = Literal["easy", "expert", "hard", "medium"]
"""How hard a text is for its readers, or a question for who has read the text."""

EnvironmentStatus = Literal["cancelled", "failed", "generating", "queued", "ready"]
"""Where an environment is; the last three are ends."""

GameEventKind = Literal[
    "checkpoint_reached", "custom", "player_joined", "player_left", "server_ended", "server_started"
]
"""What a world that runs can tell of itself."""

Level = Literal["critical", "info", "warning"]
"""How urgent a notification is."""

NoticeKind = Literal["brownout", "maintenance", "notice", "shutdown"]
"""What a notification is about."""

Phase = Literal["begun", "over", "planned"]
"""Where that is."""

ScriptType = Literal["client", "module", "server"]
"""Where a script runs."""

Stage = Literal["content_analysis", "lesson_generation", "packaging", "quiz_generation"]
"""The four stages, in order."""

TaskStatus = Literal["cancelled", "completed", "failed", "queued", "running"]
"""Where a task is; the last three are ends."""


class AgentStatusData(TypedDict):
    """What an agent does, and what waits for it."""

    agent_id: str
    status: AgentState
    queue_length: int
    """tasks that wait"""
    last_activity: str | None
    """null before the first"""
    current_task: NotRequired[str | None]
    """the kind of the task that runs; null when idle, absent on public channels where it is none of ours"""


class AnalysisResults(TypedDict):
    """What `content_analysis` found."""

    concepts_identified: int
    """key terms and named things"""
    difficulty_level: Difficulty
    """measured against the grade"""
    sentences: NotRequired[int]
    words: NotRequired[int]
    """of the prose"""
    definitions: NotRequired[int]
    reading_grade: NotRequired[float]
    """in US school years"""
    warnings: NotRequired[int]


class AssetReadyData(TypedDict):
    """A file that can be fetched."""

    environment_id: str
    asset_type: AssetType
    asset_id: str | None
    """`rbxassetid://…`; null until Roblox has it"""
    asset_name: NotRequired[str]
    """absent on public channels"""
    download_url: NotRequired[str]
    """absent on public channels where it leads elsewhere"""
    status: NotRequired[AssetStatus]
    checksum: NotRequired[str]
    """of its bytes, lower-case hex digits"""
    checksum_algorithm: NotRequired[str]
    """`sha256`"""


class CommandResultData(TypedDict):
    """How a command ended."""

    command_id: str
    status: CommandStatus
    result: NotRequired[Any]
    """of the command's action"""
    error: NotRequired[str | None]
    """why it was not done"""


class Components(TypedDict):
    """The parts, each with its own state."""

    terrain: ComponentState
    buildings: ComponentState
    scripts: ComponentState


class ContentDeltaData(TypedDict):
    """Words while they are being written."""

    session_id: str
    stage: Stage
    """the one that writes"""
    text: str
    """the next piece"""
    offset: int
    """characters that stood before it; 0 when the writing begins anew"""


class EchoData(TypedDict):
    """What was asked for."""

    socket_id: str | None
    data: Any


class EnvironmentStatusData(TypedDict):
    """Where it stands."""

    environment_id: str
    status: EnvironmentStatus
    progress: int
    """in percent; 100 with all parts complete"""
    components: Components


class ErrorDetails(TypedDict):
    """Facts, each where it belongs to the error."""

    terminal: NotRequired[bool]
    """whether a generation has ended; false: a refused message"""
    stage: NotRequired[Stage]
    """in which a generation failed"""
    retry_possible: NotRequired[bool]
    """whether the session may be tried again"""
    endpoint: NotRequired[str]
    """the path that was called"""
    required_permissions: NotRequired[list[str]]
    """of the endpoint"""
    message_id: NotRequired[str]
    """of the refused message"""
    environment_id: NotRequired[str]
    """as the client named it"""
    fields: NotRequired[dict[str, str]]
    """what is wrong, by field"""
    limit: NotRequired[int]
    """so many are allowed in a minute"""
    current_connections: NotRequired[int]
    max_connections: NotRequired[int]
    retry_after: NotRequired[int | None]
    """in seconds"""


class ErrorData(TypedDict):
    """What went wrong, what is allowed, what to do next."""

    session_id: NotRequired[str]
    """on the socket or channel of a session"""
    error_code: str
    message: str
    details: ErrorDetails


class GameEventItem(TypedDict):
    """Something that happened in it."""

    id: str
    """of the world's own"""
    type: GameEventKind
    seq: int
    """its number within the game server; what is told twice has it twice"""
    at: str
    player: NotRequired[str]
    """a player has no account here"""
    name: NotRequired[str]
    """of a checkpoint, or of what happened"""
    value: NotRequired[float | bool]


class GameEventsData(TypedDict):
    """Of which game server, and what."""

    environment_id: str
    game_server_id: str
    events: list[GameEventItem]
    """in the order in which they came"""


class GenerationSummary(TypedDict):
    """What stands in the files."""

    lesson_sections: int
    quiz_questions: int
    duration_minutes: int
    """of the lesson, in minutes"""


class GenerationCompleteData(TypedDict):
    """All is there."""

    session_id: str
    content_id: str
    download_url: str
    """needs a bearer token or a signed link"""
    summary: GenerationSummary
    environment_id: NotRequired[str]
    """of the world that follows, where one was asked for"""
    environment_url: NotRequired[str]
    """where that world is; it is begun at this moment"""


class LessonResults(TypedDict):
    """What `lesson_generation` made."""

    sections: int
    duration_minutes: int
    """the sum of the sections', in minutes"""
    vocabulary: int
    """entries"""
    warnings: int


class PackagingResults(TypedDict):
    """What `packaging` made."""

    files: int
    bytes: int
    """of all files together"""
    warnings: int


class PluginCommandData(TypedDict):
    """What the plugin is to do."""

    command_id: str
    """the same command is applied once"""
    action: str
    payload: dict[str, Any]
    expires_at: str | None
    """not to be applied any more from then on"""
    payload_url: NotRequired[str]
    """where the command is fetched, with a token; there when its payload is too long for an event"""


class PluginHelloData(TypedDict):
    """Who is there."""

    version: str
    """of the plugin"""
    studio_version: str
    place_id: int | str | None
    """null for a place that was never saved"""
    capabilities: list[str]


class ProgressUpdateData(TypedDict):
    """Work goes on."""

    session_id: str
    stage: Stage
    """the one that runs"""
    progress_percent: int
    """of the whole, in percent; never falls"""
    message: str
    """what is being done"""
    estimated_completion: str | None
    """null while there is nothing to go by"""
    queue_position: NotRequired[int]
    """while the session waits for its turn: 1 is the next"""


class QuizAnswerData(TypedDict):
    """What a pupil has answered, and what it is worth."""

    content_id: str
    class_id: str | None
    """null: the content was shared otherwise"""
    question_id: str
    user_id: str
    """a player of a world has no account here"""
    name: str
    """the pseudonym in the class, or the name where its teacher has turned names on; of a player, what the world shows them as"""
    correct: bool
    """whether all of it is right"""
    score: float
    answered_at: str


class QuizResults(TypedDict):
    """What `quiz_generation` made."""

    questions: int
    requested: int
    """how many were asked for; fewer come when the text carries no more"""
    by_type: dict[str, int]
    """questions of each type"""
    warnings: int


class ScriptUpdateData(TypedDict):
    """A script: its text or, when that is too long for an event or not for all who listen, a link; on public channels neither."""

    environment_id: str
    script_type: ScriptType
    checksum: str
    """of the UTF-8 bytes, lower-case hex digits"""
    checksum_algorithm: NotRequired[str]
    """`sha256`"""
    script_content: NotRequired[str]
    """Luau; absent when it is too long, or lies in `ServerStorage`"""
    content_url: NotRequired[str]
    """where it is, for those who teach, when it is not in the event"""
    size: NotRequired[int]
    """in bytes; beside `content_url`"""


class StageCompleteData(TypedDict):
    """A stage has ended."""

    session_id: str
    completed_stage: Stage
    next_stage: Stage | None
    """null after the last"""
    stage_results: AnalysisResults | LessonResults | QuizResults | PackagingResults
    """counted, by stage"""


class SystemNotificationData(TypedDict):
    """For everybody; without personal data."""

    level: Level
    message: str
    kind: NotRequired[NoticeKind]
    """what it is about"""
    phase: NotRequired[Phase]
    """of what it is about"""
    starts_at: NotRequired[str]
    ends_at: NotRequired[str]
    retry_after: NotRequired[int]
    """in seconds: when to come back"""
    endpoints: NotRequired[list[str]]
    """paths of the old sockets meant"""


class TaskError(TypedDict):
    """Why a task failed."""

    error_code: str
    message: str


class TaskProgressData(TypedDict):
    """A task goes on."""

    task_id: str
    agent_id: NotRequired[str]
    """from the server alone"""
    lease_id: NotRequired[str]
    """from a worker alone: by which it holds the task"""
    progress_percent: NotRequired[int]
    """of the task, in percent; a worker need not say it"""
    message: NotRequired[str]
    """what is being done; a worker need not say it"""


class TaskResultData(TypedDict):
    """How a task has ended."""

    agent_id: str
    task_id: str
    status: TaskStatus
    result: dict[str, Any] | None
    """of the task's kind; null when there is none"""
    execution_time_ms: int
    """in milliseconds"""
    error: NotRequired[TaskError]
    result_url: NotRequired[str]
    """where the result is fetched, with a token; there in the place of one too long for an event"""


class Error(TypedDict):
    """It failed, or was refused."""

    type: Literal["error"]
    data: ErrorData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class SystemNotification(TypedDict):
    """For everybody."""

    type: Literal["system_notification"]
    data: SystemNotificationData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class Echo(TypedDict):
    """An echo; on the channel its data goes alone."""

    type: Literal["echo"]
    data: EchoData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class ProgressUpdate(TypedDict):
    """Work goes on."""

    type: Literal["progress_update"]
    data: ProgressUpdateData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class StageComplete(TypedDict):
    """A stage has ended."""

    type: Literal["stage_complete"]
    data: StageCompleteData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class GenerationComplete(TypedDict):
    """All is there: the last event."""

    type: Literal["generation_complete"]
    data: GenerationCompleteData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class ContentDelta(TypedDict):
    """Words of a language model while they are being written; to watch, not to keep."""

    type: Literal["content_delta"]
    data: ContentDeltaData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class EnvironmentStatusMessage(TypedDict):
    """Where an environment stands."""

    type: Literal["environment_status"]
    data: EnvironmentStatusData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class ScriptUpdate(TypedDict):
    """A script is new or has changed."""

    type: Literal["script_update"]
    data: ScriptUpdateData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class AssetReady(TypedDict):
    """A file can be fetched."""

    type: Literal["asset_ready"]
    data: AssetReadyData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class AgentStatus(TypedDict):
    """What an agent does."""

    type: Literal["agent_status"]
    data: AgentStatusData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class TaskProgress(TypedDict):
    """A task goes on."""

    type: Literal["task_progress"]
    data: TaskProgressData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class TaskResult(TypedDict):
    """A task has ended."""

    type: Literal["task_result"]
    data: TaskResultData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class PluginHello(TypedDict):
    """Who is there."""

    type: Literal["plugin_hello"]
    data: PluginHelloData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class CommandResult(TypedDict):
    """How a command ended."""

    type: Literal["command_result"]
    data: CommandResultData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class PluginEvent(TypedDict):
    """Something happened in Studio."""

    type: Literal["plugin_event"]
    data: dict[str, Any]
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class PluginCommand(TypedDict):
    """Do this."""

    type: Literal["plugin_command"]
    data: PluginCommandData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class ConfigUpdate(TypedDict):
    """Settings have changed."""

    type: Literal["config_update"]
    data: dict[str, Any]
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class QuizAnswer(TypedDict):
    """A pupil has answered a question of one's quiz."""

    type: Literal["quiz_answer"]
    data: QuizAnswerData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class GameEvents(TypedDict):
    """Something has happened in a world that runs."""

    type: Literal["game_events"]
    data: GameEventsData
    timestamp: str
    """RFC 3339, UTC"""
    seq: NotRequired[int]
    """its number within its session, environment, agent or plugin"""


class Listening(Protocol):
    """A channel's ``on``: calls `listener` with the data of each event of this name; answers what ends that."""

    @overload
    def __call__(
        self, event: Literal["error"], listener: Callable[[Error, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self,
        event: Literal["system_notification"],
        listener: Callable[[SystemNotification, Event], object],
        /,
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["echo"], listener: Callable[[Any, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["progress_update"], listener: Callable[[ProgressUpdate, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["stage_complete"], listener: Callable[[StageComplete, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self,
        event: Literal["generation_complete"],
        listener: Callable[[GenerationComplete, Event], object],
        /,
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["content_delta"], listener: Callable[[ContentDelta, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self,
        event: Literal["environment_status"],
        listener: Callable[[EnvironmentStatusMessage, Event], object],
        /,
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["script_update"], listener: Callable[[ScriptUpdate, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["asset_ready"], listener: Callable[[AssetReady, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["agent_status"], listener: Callable[[AgentStatus, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["task_progress"], listener: Callable[[TaskProgress, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["task_result"], listener: Callable[[TaskResult, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["plugin_hello"], listener: Callable[[PluginHello, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["command_result"], listener: Callable[[CommandResult, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["plugin_event"], listener: Callable[[PluginEvent, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["plugin_command"], listener: Callable[[PluginCommand, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["config_update"], listener: Callable[[ConfigUpdate, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["quiz_answer"], listener: Callable[[QuizAnswer, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(
        self, event: Literal["game_events"], listener: Callable[[GameEvents, Event], object], /
    ) -> Callable[[], None]: ...

    @overload
    def __call__(self, event: str, listener: Callable[[object, Event], object], /) -> Callable[[], None]: ...


class Reading(Protocol):
    """A channel's ``of``: the data of each event of this name."""

    @overload
    def __call__(self, event: Literal["error"], /) -> AsyncIterator[Error]: ...

    @overload
    def __call__(self, event: Literal["system_notification"], /) -> AsyncIterator[SystemNotification]: ...

    @overload
    def __call__(self, event: Literal["echo"], /) -> AsyncIterator[Any]: ...

    @overload
    def __call__(self, event: Literal["progress_update"], /) -> AsyncIterator[ProgressUpdate]: ...

    @overload
    def __call__(self, event: Literal["stage_complete"], /) -> AsyncIterator[StageComplete]: ...

    @overload
    def __call__(self, event: Literal["generation_complete"], /) -> AsyncIterator[GenerationComplete]: ...

    @overload
    def __call__(self, event: Literal["content_delta"], /) -> AsyncIterator[ContentDelta]: ...

    @overload
    def __call__(
        self, event: Literal["environment_status"], /
    ) -> AsyncIterator[EnvironmentStatusMessage]: ...

    @overload
    def __call__(self, event: Literal["script_update"], /) -> AsyncIterator[ScriptUpdate]: ...

    @overload
    def __call__(self, event: Literal["asset_ready"], /) -> AsyncIterator[AssetReady]: ...

    @overload
    def __call__(self, event: Literal["agent_status"], /) -> AsyncIterator[AgentStatus]: ...

    @overload
    def __call__(self, event: Literal["task_progress"], /) -> AsyncIterator[TaskProgress]: ...

    @overload
    def __call__(self, event: Literal["task_result"], /) -> AsyncIterator[TaskResult]: ...

    @overload
    def __call__(self, event: Literal["plugin_hello"], /) -> AsyncIterator[PluginHello]: ...

    @overload
    def __call__(self, event: Literal["command_result"], /) -> AsyncIterator[CommandResult]: ...

    @overload
    def __call__(self, event: Literal["plugin_event"], /) -> AsyncIterator[PluginEvent]: ...

    @overload
    def __call__(self, event: Literal["plugin_command"], /) -> AsyncIterator[PluginCommand]: ...

    @overload
    def __call__(self, event: Literal["config_update"], /) -> AsyncIterator[ConfigUpdate]: ...

    @overload
    def __call__(self, event: Literal["quiz_answer"], /) -> AsyncIterator[QuizAnswer]: ...

    @overload
    def __call__(self, event: Literal["game_events"], /) -> AsyncIterator[GameEvents]: ...

    @overload
    def __call__(self, event: str, /) -> AsyncIterator[Any]: ...


class ReadingSync(Protocol):
    """The same of a channel without asyncio."""

    @overload
    def __call__(self, event: Literal["error"], /) -> Iterator[Error]: ...

    @overload
    def __call__(self, event: Literal["system_notification"], /) -> Iterator[SystemNotification]: ...

    @overload
    def __call__(self, event: Literal["echo"], /) -> Iterator[Any]: ...

    @overload
    def __call__(self, event: Literal["progress_update"], /) -> Iterator[ProgressUpdate]: ...

    @overload
    def __call__(self, event: Literal["stage_complete"], /) -> Iterator[StageComplete]: ...

    @overload
    def __call__(self, event: Literal["generation_complete"], /) -> Iterator[GenerationComplete]: ...

    @overload
    def __call__(self, event: Literal["content_delta"], /) -> Iterator[ContentDelta]: ...

    @overload
    def __call__(self, event: Literal["environment_status"], /) -> Iterator[EnvironmentStatusMessage]: ...

    @overload
    def __call__(self, event: Literal["script_update"], /) -> Iterator[ScriptUpdate]: ...

    @overload
    def __call__(self, event: Literal["asset_ready"], /) -> Iterator[AssetReady]: ...

    @overload
    def __call__(self, event: Literal["agent_status"], /) -> Iterator[AgentStatus]: ...

    @overload
    def __call__(self, event: Literal["task_progress"], /) -> Iterator[TaskProgress]: ...

    @overload
    def __call__(self, event: Literal["task_result"], /) -> Iterator[TaskResult]: ...

    @overload
    def __call__(self, event: Literal["plugin_hello"], /) -> Iterator[PluginHello]: ...

    @overload
    def __call__(self, event: Literal["command_result"], /) -> Iterator[CommandResult]: ...

    @overload
    def __call__(self, event: Literal["plugin_event"], /) -> Iterator[PluginEvent]: ...

    @overload
    def __call__(self, event: Literal["plugin_command"], /) -> Iterator[PluginCommand]: ...

    @overload
    def __call__(self, event: Literal["config_update"], /) -> Iterator[ConfigUpdate]: ...

    @overload
    def __call__(self, event: Literal["quiz_answer"], /) -> Iterator[QuizAnswer]: ...

    @overload
    def __call__(self, event: Literal["game_events"], /) -> Iterator[GameEvents]: ...

    @overload
    def __call__(self, event: str, /) -> Iterator[Any]: ...
