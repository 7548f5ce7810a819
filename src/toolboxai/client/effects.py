"""What the session asks its shell to do, as values that tests compare."""

from dataclasses import dataclass
from typing import Any

__all__ = [
    "Authorise",
    "CatchUp",
    "Close",
    "Deliver",
    "Denied",
    "Dropped",
    "Effect",
    "Established",
    "Event",
    "Gap",
    "Said",
    "Send",
    "Subscribed",
]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a channel.

    Args:
        name: the event's name.
        channel: the channel it came on.
        data: what the publisher sent, decoded when it is JSON; for events of this platform the whole envelope
            ``{"type", "data", "timestamp", "seq"}``.
        seq: its number on the channel, counted from 1; None where the publisher counts nothing.
        user_id: who sent a client event on a presence channel.
    """

    name: str
    channel: str
    data: Any
    seq: int | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Write this text message."""

    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket; the loss that follows decides what comes next."""

    reason: str


@dataclass(frozen=True, slots=True)
class Established:
    """The server said welcome."""

    socket_id: str


@dataclass(frozen=True, slots=True)
class Authorise:
    """Ask the auth endpoint, then call ``authorised`` or ``refused``."""

    channel: str
    socket_id: str


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Fetch what came after this number, then call ``caught_up``."""

    channel: str
    after: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The server confirmed the subscription; events follow."""

    channel: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The subscription is over; it is not tried again."""

    channel: str
    message: str
    status: int | None


@dataclass(frozen=True, slots=True)
class Deliver:
    """Hand this event to the readers of its channel; each is delivered once and in order."""

    event: Event


@dataclass(frozen=True, slots=True)
class Gap:
    """The events between these two numbers could not be had."""

    channel: str
    after: int
    before: int


@dataclass(frozen=True, slots=True)
class Said:
    """The server reported an error and keeps the connection.

    Args:
        code: None for most; 4301 when client events came too fast.
    """

    code: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """A queued client event will not be sent: its channel was denied or left."""

    channel: str
    name: str


Effect = (
    Send | Close | Established | Authorise | CatchUp | Subscribed | Denied | Deliver | Gap | Said | Dropped
)
