"""What a session of the old dialect asks and tells the application, and how that answers."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import msgspec

from toolboxai.legacy.endpoints import Call

__all__ = [
    "Acknowledge",
    "Admitted",
    "AgentSays",
    "AgentTold",
    "Authenticate",
    "CancelGeneration",
    "Denial",
    "Denied",
    "Done",
    "Follow",
    "Recall",
    "Recalled",
    "Refused",
    "Relay",
]


class Authenticate(msgspec.Struct, frozen=True, gc=False):
    """Does this token hold, and may its user use the endpoint? Answered by ``Admitted`` or ``Denied``.

    Args:
        call: what the client called.
        token: as it was sent, ``Bearer`` before it or not; None: none was.
        client: the name that the client gives itself, empty where it gives none.
        user_id: as whom the connection is signed in already; None: as nobody.
        message_id: of the client's message, for the error that may answer it.
    """

    call: Call
    token: str | None
    client: str = ""
    user_id: str | None = None
    message_id: str | None = None

    def __repr__(self) -> str:
        return f"Authenticate({self.call.path!r})"  # never the token


class Admitted(msgspec.Struct, frozen=True, gc=False):
    """It does, and they may.

    Args:
        user_id: whose token it is.
        role: theirs.
        permissions: those that are enforced.
        lifetime_s: seconds until the token ends.
        principal: what the application wants to have with later questions.
    """

    user_id: str
    role: str
    permissions: Sequence[str]
    lifetime_s: float
    principal: Any


class Denial(Enum):
    """Why not."""

    BAD_TOKEN = "the token does not hold"  # noqa: S105 - a reason, no secret
    OTHER_USER = "the connection is another user's"
    NO_PERMISSION = "the role may not"
    NO_RESOURCE = "there is none, or none that this user may know of"
    TOO_MANY_TRIES = "too many tries of this account"
    USER_LIMIT = "the user has as many connections as are allowed"
    SESSION_TAKEN = "the session has its one connection of this user"


class Denied(msgspec.Struct, frozen=True, gc=False):
    """No.

    Args:
        why: the reason.
        retry_after: whole seconds after which another try may go well; None where none will.
        current: connections that there are, for a limit.
        maximum: connections that are allowed, for a limit.
        who: whose token it is, where that holds and its user may not use the endpoint.
    """

    why: Denial
    retry_after: int | None = None
    current: int = 0
    maximum: int = 0
    who: Admitted | None = None


class Follow(msgspec.Struct, frozen=True, gc=False):
    """May this user follow this resource? Answered by ``Done`` or ``Denied``.

    Args:
        call: what the client called.
        resource_id: an environment's.
        principal: of the ``Admitted``.
        message_id: as in ``Authenticate``.
    """

    call: Call
    resource_id: str
    principal: Any
    message_id: str | None = None


class Recall(msgspec.Struct, frozen=True, gc=False):
    """What has happened so far? Answered by ``Recalled``, or None where only the channel itself remembers.

    Args:
        call: what the client called.
        resource_id: whose story.
        principal: of the ``Admitted``.
        after: events up to this number are known; None: those that this user has acknowledged.
        before: only events below this number are wanted; None: all.
    """

    call: Call
    resource_id: str
    principal: Any
    after: int | None = None
    before: int | None = None


class Recalled(msgspec.Struct, frozen=True, gc=False):
    """What the application keeps.

    Args:
        state: where the resource stands, as ``snapshot`` tells it.
        events: number and JSON text of each event that was asked for, in order; of very many the newest.
        last_seq: number of the newest event that there is.
    """

    state: Mapping[str, Any]
    events: Sequence[tuple[int, bytes]]
    last_seq: int


class Acknowledge(msgspec.Struct, frozen=True, gc=False):
    """This user has everything up to here: of a session, a later connection begins after it. Told, and not answered.

    Args:
        channel: of the resource.
        seq: number of the event.
        principal: of the ``Admitted``.
    """

    channel: str
    seq: int
    principal: Any


class CancelGeneration(msgspec.Struct, frozen=True, gc=False):
    """End this generation. Answered by ``Done``, or ``Refused``.

    Args:
        session_id: which.
        principal: of the ``Admitted``.
        message_id: as in ``Authenticate``.
    """

    session_id: str
    principal: Any
    message_id: str | None = None


class Relay(msgspec.Struct, frozen=True, gc=False):
    """Publish what a plugin says on the plugin's channel, for everyone but itself. Answered by ``Done`` or ``Refused``.

    Args:
        channel: the plugin's.
        type: of the message.
        text: the whole envelope, JSON.
        exclude: the name of the plugin's connection.
        message_id: as in ``Authenticate``.
    """

    channel: str
    type: str
    text: str
    exclude: str | None = None
    message_id: str | None = None


class AgentSays(msgspec.Struct, frozen=True, gc=False):
    """What somebody says of an agent's tasks. Answered by ``AgentTold`` or ``Refused``; a claim once there is a task.

    Args:
        agent_id: of the endpoint.
        type: of the message.
        fields: of the message, as they came.
        principal: of the ``Admitted``.
        message_id: as in ``Authenticate``.
    """

    agent_id: str
    type: str
    fields: Mapping[str, Any]
    principal: Any
    message_id: str | None = None


class AgentTold(msgspec.Struct, frozen=True, gc=False):
    """Yes, and this is what to tell the client: a message's type and data."""

    type: str
    data: Mapping[str, Any]


class Done(msgspec.Struct, frozen=True, gc=False):
    """Yes."""


class Refused(msgspec.Struct, frozen=True, gc=False):
    """No, and this is what to tell the client.

    Args:
        code: an error code of the service.
        message: for the client.
        details: facts.
    """

    code: str
    message: str
    details: Mapping[str, Any] = {}
