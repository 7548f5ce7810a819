"""What is noted of a connection when it happens; of most connections there is nothing."""

from typing import NamedTuple

from toolboxai import limits
from toolboxai.hub.ring import Moment, Published
from toolboxai.protocol.publication import Position

__all__ = ["Handed", "Stay", "Trail"]


class Handed(NamedTuple):
    """What a newcomer was handed of what a channel keeps.

    Args:
        epoch: of the channel.
        first: offset of the oldest.
        last: offset of the newest.
        resumed: whether it was known again, and was handed what clients had sent as well.
        sockets: its own connections then, this and those before: what was published without them was left out.
    """

    epoch: str
    first: int
    last: int
    resumed: bool
    sockets: tuple[str, ...]

    def holds(self, publication: Published) -> bool:
        """Whether the publication was among it."""
        position = publication.position
        return (
            position.epoch == self.epoch
            and self.first <= position.offset <= self.last
            and (self.resumed or publication.origin != "client")
            and (publication.exclude is None or publication.exclude not in self.sockets)
        )


class Stay(NamedTuple):
    """A subscription that is over.

    Args:
        channel: of which.
        entered: when it began.
        left: when it ended.
        expired: whether its authorisation had run out; otherwise the client has unsubscribed.
        handed: what it was handed on entering; None: nothing.
        unsent: the first publication that still waited for the client to read on; None: there was none.
    """

    channel: str
    entered: Moment
    left: Moment
    expired: bool
    handed: Handed | None
    unsent: Position | None


class Trail:
    """Of one connection.

    Attributes:
        stays: its last subscriptions that are over, oldest first.
        handed: by channel that it is subscribed to, what it was handed on entering.
        deaf_at: from the publication with this serial on nothing is written to it; None: it is.
        slow: whether that is so because too much waited for it.
        unread: how many bytes that was; its peer may have read some of them since.
        acknowledged: by channel, the number (``seq``) up to which its client has said to have the events.
    """

    __slots__ = ("acknowledged", "deaf_at", "handed", "slow", "stays", "unread")

    def __init__(self) -> None:
        self.stays: list[Stay] = []
        self.handed: dict[str, Handed] = {}
        self.deaf_at: int | None = None
        self.slow = False
        self.unread = 0
        self.acknowledged: dict[str, int] = {}

    def leave(
        self, channel: str, entered: Moment, left: Moment, *, expired: bool, unsent: Position | None
    ) -> None:
        """A subscription is over."""
        self.stays.append(Stay(channel, entered, left, expired, self.handed.pop(channel, None), unsent))
        del self.stays[: -limits.STAYS]
