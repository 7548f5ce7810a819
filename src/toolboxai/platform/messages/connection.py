"""The messages of a connection: signing in, signs of life, errors, catching up, the end."""

from enum import StrEnum
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from toolboxai.platform.content.records.sessions import Stage
from toolboxai.platform.identity.model import Role
from toolboxai.platform.messages.message import (
    GENERATION_CHANNELS,
    SIGNED_IN,
    AgentId,
    ContentId,
    Count,
    Data,
    EnvironmentId,
    FromClient,
    Instant,
    Message,
    MessageType,
    Percent,
    PluginId,
    Sender,
    SessionId,
)

__all__ = [
    "CONNECTION_MESSAGES",
    "Ack",
    "Auth",
    "AuthError",
    "AuthErrorData",
    "AuthErrorDetails",
    "AuthResponse",
    "AuthResponseData",
    "BrownoutWindow",
    "Cause",
    "DeprecationDate",
    "DeprecationNotice",
    "DeprecationNoticeData",
    "Echo",
    "EchoData",
    "Error",
    "ErrorData",
    "ErrorDetails",
    "Goodbye",
    "GoodbyeData",
    "Level",
    "NoticeKind",
    "Phase",
    "Ping",
    "Pong",
    "ReplacementChannels",
    "Resources",
    "Resume",
    "Resumed",
    "ResumedData",
    "Snapshot",
    "SnapshotData",
    "SystemNotification",
    "SystemNotificationData",
]


# ---- signing in ---------------------------------------------------------------------------------------------


class Auth(FromClient, tag="auth"):
    """The first message of a client; sent again, it renews the token."""

    token: Annotated[str, Meta(description="an access token, `Bearer ` before it or not")]
    client: Annotated[
        str | UnsetType, Meta(description="a name for the program, for those who run the server")
    ] = UNSET
    last_seq: Annotated[
        Count | UnsetType, Meta(description="events up to this number are not sent again")
    ] = UNSET


class AuthResponseData(Data):
    """Who the token is for."""

    authenticated: bool
    user_id: str
    role: Role
    permissions: Annotated[list[str], Meta(description="exactly those that are enforced")]


class AuthResponse(Message, tag="auth_response"):
    """The token holds."""

    data: AuthResponseData


class AuthErrorDetails(Data):
    """Where."""

    endpoint: Annotated[str, Meta(description="the path that was called")]


class AuthErrorData(Data, kw_only=True):
    """Why not, without telling which check failed."""

    error: Annotated[str, Meta(description="the code")]
    error_code: Annotated[str | UnsetType, Meta(description="the same, by its name in all errors")] = UNSET
    message: str
    details: AuthErrorDetails | UnsetType = UNSET


class AuthError(Message, tag="auth_error"):
    """The token does not hold, or does not hold any more."""

    data: AuthErrorData


# ---- signs of life ------------------------------------------------------------------------------------------


class Ping(Message, tag="ping"):
    """Are you there?"""


class Pong(Message, tag="pong"):
    """Yes. The time may be the ping's or the client's own."""


# ---- errors -------------------------------------------------------------------------------------------------


class ErrorDetails(Data):
    """Facts, each where it belongs to the error."""

    terminal: Annotated[
        bool | UnsetType, Meta(description="whether a generation has ended; false: a refused message")
    ] = UNSET
    stage: Annotated[Stage | UnsetType, Meta(description="in which a generation failed")] = UNSET
    retry_possible: Annotated[
        bool | UnsetType, Meta(description="whether the session may be tried again")
    ] = UNSET
    endpoint: Annotated[str | UnsetType, Meta(description="the path that was called")] = UNSET
    required_permissions: Annotated[list[str] | UnsetType, Meta(description="of the endpoint")] = UNSET
    message_id: Annotated[str | UnsetType, Meta(description="of the refused message")] = UNSET
    environment_id: Annotated[str | UnsetType, Meta(description="as the client named it")] = UNSET
    fields: Annotated[dict[str, str] | UnsetType, Meta(description="what is wrong, by field")] = UNSET
    limit: Annotated[Count | UnsetType, Meta(description="so many are allowed in a minute")] = UNSET
    current_connections: Count | UnsetType = UNSET
    max_connections: Count | UnsetType = UNSET
    retry_after: Annotated[Count | UnsetType | None, Meta(description="in seconds")] = UNSET


class ErrorData(Data, kw_only=True):
    """What went wrong, what is allowed, what to do next."""

    session_id: Annotated[str | UnsetType, Meta(description="on the socket or channel of a session")] = UNSET
    error_code: Annotated[str, Meta(pattern="^[A-Z][A-Z_]*$")]
    message: str
    details: ErrorDetails


class Error(Message, tag="error"):
    """A generation has failed, or a message was refused."""

    data: ErrorData


# ---- catching up --------------------------------------------------------------------------------------------


class Ack(FromClient, tag="ack", kw_only=True):
    """Everything up to a number has come."""

    environment_id: EnvironmentId | UnsetType = UNSET
    seq: Annotated[int, Meta(ge=1, description="of the newest event")]


class Resume(FromClient, tag="resume", kw_only=True):
    """Send again what came after a number."""

    environment_id: EnvironmentId | UnsetType = UNSET
    last_seq: Annotated[Count, Meta(description="of the newest event that the client has")]


class Resources(Data, kw_only=True):
    """What it is about: one of these."""

    session_id: SessionId | UnsetType = UNSET
    environment_id: EnvironmentId | UnsetType = UNSET
    agent_id: AgentId | UnsetType = UNSET
    plugin_id: PluginId | UnsetType = UNSET


class Cause(Data):
    """Why a session has not gone well."""

    error_code: str
    message: str


class SnapshotData(Resources, kw_only=True):
    """Where things stand."""

    status: Annotated[
        str | None, Meta(description="of the session, environment or agent; null where it is not known")
    ]
    last_seq: Annotated[Count, Meta(description="of the newest event; 0 before the first")]
    stage: Annotated[Stage | UnsetType | None, Meta(description="of a session")] = UNSET
    progress_percent: Annotated[Percent | UnsetType, Meta(description="of a session")] = UNSET
    attempt: Annotated[Count | UnsetType, Meta(description="of a session, from 1")] = UNSET
    content_id: Annotated[ContentId | UnsetType, Meta(description="of a session that is complete")] = UNSET
    error: Cause | UnsetType = UNSET
    current_task: Annotated[
        str | UnsetType | None,
        Meta(description="of an agent: the kind of the task that runs; null when none does"),
    ] = UNSET
    queue_length: Annotated[Count | UnsetType, Meta(description="of an agent: tasks that wait")] = UNSET
    last_activity: Annotated[
        Instant | UnsetType | None, Meta(description="of an agent; null before the first")
    ] = UNSET


class Snapshot(Message, tag="snapshot"):
    """Before the events of whoever comes in."""

    data: SnapshotData


class ResumedData(Resources, kw_only=True):
    """What was sent again."""

    last_seq: Annotated[Count, Meta(description="as the client had it")]
    replayed: Annotated[Count, Meta(description="events that were sent again")]
    complete: Annotated[bool, Meta(description="whether nothing is missing any more")]


class Resumed(Message, tag="resumed"):
    """After the events that a `resume` brought again."""

    data: ResumedData


# ---- the end, and the way out -------------------------------------------------------------------------------


class GoodbyeData(Data):
    """Why the server closes the connection, and what to do."""

    code: Annotated[int, Meta(ge=1000, le=4999, description="of the close that follows")]
    reason: str
    retry: Annotated[bool, Meta(description="whether to come back")]
    retry_after: Annotated[Count | None, Meta(description="in seconds; null where there is no coming back")]


class Goodbye(Message, tag="goodbye"):
    """Before every close that the server begins."""

    data: GoodbyeData


class DeprecationDate(Data):
    """A day, in two spellings."""

    date: Instant
    header: Annotated[str, Meta(description="as the HTTP header of that name has it")]


class BrownoutWindow(Struct, rename={"start": "from", "end": "to"}, forbid_unknown_fields=True):
    """An announced time in which the endpoint refuses."""

    start: Instant
    end: Instant


class ReplacementChannels(Data):
    """Where the same events are to be had."""

    channel: Annotated[
        str, Meta(description="the private one; with an id in braces where the client chooses")
    ]
    public_channel: str
    events: Annotated[list[str], Meta(description="their names")]


class DeprecationNoticeData(Data):
    """What takes the endpoint's place, and until when it is there."""

    endpoint: Annotated[str, Meta(description="the path that was called")]
    deprecated: bool
    deprecation: DeprecationDate
    sunset: DeprecationDate
    mode: Annotated[str, Meta(description="how the endpoint is served: `on`, `warn` or `off`")]
    brownouts: list[BrownoutWindow]
    replacement: ReplacementChannels
    migration_guide: Annotated[str, Meta(description="path of the page")]


class DeprecationNotice(Message, tag="deprecation_notice"):
    """Where the operator asks for it, the first message of an old socket."""

    data: DeprecationNoticeData


class Level(StrEnum):
    """How urgent a notification is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class NoticeKind(StrEnum):
    """What a notification is about."""

    SHUTDOWN = "shutdown"  # the server leaves; clients come back to the next one
    BROWNOUT = "brownout"  # old sockets refuse for a while, as announced
    MAINTENANCE = "maintenance"  # of those who run the server, with times
    NOTICE = "notice"  # anything else that they say


class Phase(StrEnum):
    """Where that is."""

    PLANNED = "planned"
    BEGUN = "begun"
    OVER = "over"


class SystemNotificationData(Data, kw_only=True):
    """For everybody; without personal data."""

    level: Level
    message: str
    kind: Annotated[NoticeKind | UnsetType, Meta(description="what it is about")] = UNSET
    phase: Annotated[Phase | UnsetType, Meta(description="of what it is about")] = UNSET
    starts_at: Instant | UnsetType = UNSET
    ends_at: Instant | UnsetType = UNSET
    retry_after: Annotated[Count | UnsetType, Meta(description="in seconds: when to come back")] = UNSET
    endpoints: Annotated[list[str] | UnsetType, Meta(description="paths of the old sockets meant")] = UNSET


class SystemNotification(Message, tag="system_notification"):
    """From those who run the server."""

    data: SystemNotificationData


class EchoData(Data):
    """What was asked for."""

    socket_id: str | None
    data: Any


class Echo(Message, tag="echo"):
    """What `POST /api/v1/realtime/echo` was sent."""

    data: EchoData


CONNECTION_MESSAGES: Final = (
    MessageType(Auth, Sender.CLIENT, SIGNED_IN, (), "sign in, or renew the token"),
    MessageType(AuthResponse, Sender.SERVER, SIGNED_IN, (), "the token holds"),
    MessageType(AuthError, Sender.SERVER, SIGNED_IN, (), "the token does not hold"),
    MessageType(Ping, Sender.EITHER, SIGNED_IN, (), "are you there?"),
    MessageType(Pong, Sender.EITHER, SIGNED_IN, (), "yes"),
    MessageType(Error, Sender.SERVER, SIGNED_IN, GENERATION_CHANNELS, "it failed, or was refused"),
    MessageType(Ack, Sender.CLIENT, SIGNED_IN, (), "all up to a number has come"),
    MessageType(Resume, Sender.CLIENT, SIGNED_IN, (), "send again what came after a number"),
    MessageType(Resumed, Sender.SERVER, SIGNED_IN, (), "all that was asked for again has come"),
    MessageType(Snapshot, Sender.SERVER, SIGNED_IN, (), "where things stand, for whoever comes in"),
    MessageType(Goodbye, Sender.SERVER, SIGNED_IN, (), "before every close that the server begins"),
    MessageType(DeprecationNotice, Sender.SERVER, SIGNED_IN, (), "what takes the endpoint's place"),
    MessageType(SystemNotification, Sender.SERVER, SIGNED_IN, ("system-notifications",), "for everybody"),
    MessageType(
        Echo,
        Sender.SERVER,
        (),
        ("test-channel",),
        "an echo; on the channel its data goes alone",
        data_alone=True,
    ),
)
