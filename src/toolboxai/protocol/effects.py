"""What a session asks of the world. Plain values: tests compare them, the pump carries them out, in order."""

from dataclasses import dataclass
from typing import TypeAlias

from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.member import Member
from toolboxai.protocol.user import User

__all__ = ["Broadcast", "Close", "Effect", "Probe", "Send", "SignIn", "Subscribe", "Unsubscribe"]


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message (JSON, UTF-8) to the client."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Subscribe:
    """The client may enter: follow the channel, then tell the session by `ServerSession.subscribed`.

    Args:
        channel: which.
        member: as whom; on presence channels only.
        expires_at: unix seconds at which `ServerSession.expire` ends the subscription; None: never.
    """

    channel: ChannelName
    member: Member | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """The client leaves the channel; nothing is answered."""

    channel: ChannelName


@dataclass(frozen=True, slots=True)
class SignIn:
    """The client has proven who it is: make it known, then tell the session by `ServerSession.signed_in`."""

    user: User


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A client event, checked: publish it to everyone on the channel but the sender."""

    channel: ChannelName
    event: str
    data: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask the client for a sign of life below the protocol, with a WebSocket ping or a heartbeat."""


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection with this code and reason, after everything sent so far."""

    code: int
    reason: str


Effect: TypeAlias = Send | Subscribe | Unsubscribe | SignIn | Broadcast | Probe | Close
