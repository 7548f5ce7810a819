"""What a session asks of the world. Plain values: tests compare them, the pump carries them out, in order."""

from typing import Any, TypeAlias

import msgspec

from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.member import Member
from toolboxai.protocol.user import User

__all__ = [
    "Ask",
    "Broadcast",
    "Close",
    "Effect",
    "HandedOver",
    "Ponged",
    "Probe",
    "Send",
    "SignIn",
    "Subscribe",
    "Tell",
    "Unsubscribe",
]


class Send(msgspec.Struct, frozen=True, gc=False):
    """Send this message (JSON, UTF-8) to the client."""

    text: bytes


class Subscribe(msgspec.Struct, frozen=True, gc=False):
    """The client may enter: follow the channel, then tell the session by `ServerSession.subscribed`.

    Args:
        channel: which.
        member: as whom; on presence channels only.
        expires_at: unix seconds at which `ServerSession.expire` ends the subscription; None: never.
        recall: a question as of ``Ask``, answered while what is published is gathered already; None: there is none.
        patient: whether the client gets a moment before that, to say how far it has come already.
    """

    channel: ChannelName
    member: Member | None = None
    expires_at: float | None = None
    recall: Any = None
    patient: bool = False


class Unsubscribe(msgspec.Struct, frozen=True, gc=False):
    """The client leaves the channel; nothing is answered.

    Args:
        channel: which.
        expired: whether it has to, since its authorisation has run out.
    """

    channel: ChannelName
    expired: bool = False


class SignIn(msgspec.Struct, frozen=True, gc=False):
    """The client has proven who it is: make it known, then tell the session by `ServerSession.signed_in`."""

    user: User


class Broadcast(msgspec.Struct, frozen=True, gc=False):
    """A client event, checked: publish it to everyone on the channel but the sender."""

    channel: ChannelName
    event: str
    data: str
    user_id: str | None = None


class Ask(msgspec.Struct, frozen=True, gc=False):
    """Ask whoever opened the connection; what the client says next waits until ``answered`` has had the answer.

    Args:
        question: one that they know.
        aside: whether the answer may take as long as it likes: then nothing waits for it.
    """

    question: Any
    aside: bool = False


class Tell(msgspec.Struct, frozen=True, gc=False):
    """Tell whoever opened the connection something; nothing is answered, and nothing waits."""

    news: Any


class HandedOver(msgspec.Struct, frozen=True, gc=False):
    """Before the channel is delivered: events up to this number have been handed over, and are left out if they come.

    Args:
        channel: about to be delivered.
        seq: the ``seq`` in the data of an event.
    """

    channel: ChannelName
    seq: int


class Probe(msgspec.Struct, frozen=True, gc=False):
    """Ask the client for a sign of life below the protocol, with a WebSocket ping or a heartbeat."""


class Ponged(msgspec.Struct, frozen=True, gc=False):
    """The client has answered a ``pusher:ping``."""


class Close(msgspec.Struct, frozen=True, gc=False):
    """End the connection with this code and reason, after everything sent so far."""

    code: int
    reason: str


Effect: TypeAlias = (
    Send | Subscribe | HandedOver | Unsubscribe | SignIn | Broadcast | Ask | Tell | Probe | Ponged | Close
)
