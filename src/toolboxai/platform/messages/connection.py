"""The messages of a connection: signing in, signs of life, errors, catching up, the end."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from toolboxai.platform.content.sessions import Stage
from toolboxai.platform.identity.model import Role
from toolboxai.platform.messages.message import (
    ALL_CHANNELS,
    SIGNED_IN,
    AgentId,
    Data,
    EnvironmentId,
    FromClient,
    Instant,
    Message,
    MessageType,
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
    "Ping",
    "Pong",
    "ReplacementChannels",
    "Resume",
    "Snapshot",
    "SnapshotData",
    "SystemNotification",
    "SystemNotificationData",
]

Number = Annotated[int, Meta(ge=0)]


# ---- signing in ---------------------------------------------------------------------------------------------


class Auth(FromClient, tag="auth"):
    """The first message of a client; sent again, it renews the token."""

    token: Annotated[str, Meta(description="an access token, `Bearer ` before it or not")]
    client: Annotated[
        str | UnsetType, Meta(description="a name for the program, for those who run the server")
    ] = UNSET
    last_seq: Annotated[
        Number | UnsetType, Meta(description="events up to this number are not sent again")
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
    retry_after: Annotated[Number | UnsetType, Meta(description="in seconds")] = UNSET


class ErrorData(Data, kw_only=True):
    """What went wrong, what is allowed, what to do next."""

    session_id: SessionId | UnsetType = UNSET
    error_code: Annotated[str, Meta(pattern="^[A-Z][A-Z_]*$")]
    message: str
    details: ErrorDetails


class Error(Message, tag="error"):
    """A generation has failed, or a message was refused."""

    data: ErrorData


# ---- catching up --------------------------------------------------------------------------------------------


class Ack(FromClient, tag="ack"):
    """Everything up to a number has come."""

    seq: Annotated[int, Meta(ge=1, description="of the newest event")]


class Resume(FromClient, tag="resume"):
    """Send again what came after a number."""

    last_seq: Annotated[Number, Meta(description="of the newest event that the client has")]


class SnapshotData(Data, kw_only=True):
    """Where things stand."""

    session_id: SessionId | UnsetType = UNSET
    environment_id: EnvironmentId | UnsetType = UNSET
    agent_id: AgentId | UnsetType = UNSET
    plugin_id: PluginId | UnsetType = UNSET
    status: Annotated[str | UnsetType, Meta(description="of the session, environment or agent")] = UNSET
    last_seq: Annotated[Number, Meta(description="of the newest event; 0 before the first")]


class Snapshot(Message, tag="snapshot"):
    """Before the events of whoever comes in."""

    data: SnapshotData


# ---- the end, and the way out -------------------------------------------------------------------------------


class GoodbyeData(Data):
    """Why the server closes the connection, and what to do."""

    code: Annotated[int, Meta(ge=1000, le=4999, description="of the close that follows")]
    reason: str
    retry: Annotated[bool, Meta(description="whether to come back")]
    retry_after: Annotated[Number | None, Meta(description="in seconds; null where there is no coming back")]


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


class SystemNotificationData(Data):
    """For everybody; without personal data."""

    message: str


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
    MessageType(Error, Sender.SERVER, SIGNED_IN, ALL_CHANNELS, "it failed, or was refused"),
    MessageType(Ack, Sender.CLIENT, SIGNED_IN, (), "all up to a number has come"),
    MessageType(Resume, Sender.CLIENT, SIGNED_IN, (), "send again what came after a number"),
    MessageType(Snapshot, Sender.SERVER, SIGNED_IN, (), "where things stand, for whoever comes in"),
    MessageType(Goodbye, Sender.SERVER, SIGNED_IN, (), "before every close that the server begins"),
    MessageType(DeprecationNotice, Sender.SERVER, SIGNED_IN, (), "what takes the endpoint's place"),
    MessageType(SystemNotification, Sender.SERVER, SIGNED_IN, ("system-notifications",), "for everybody"),
    MessageType(Echo, Sender.SERVER, (), ("test-channel",), "an echo; on the channel its data goes alone"),
)
