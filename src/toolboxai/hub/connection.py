"""One connection, as the rest of the process sees it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

from toolboxai.apps.app import App
from toolboxai.hub.about import NOBODY, Visitor
from toolboxai.hub.outbox import Outbox
from toolboxai.hub.receipts import Receipts
from toolboxai.hub.ring import Moment
from toolboxai.hub.trail import Trail
from toolboxai.ids import SocketId
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.publication import Dialect
from toolboxai.protocol.refusals import Refusal

__all__ = ["GONE", "LOST", "Connection", "Owner"]

LOST: Final = ("client", 1006, "")
"""How a connection ended of which nobody has said how."""


class Owner(Protocol):
    """Who speaks for the connection: its pump. Its calls never raise: whoever makes them has others to tell."""

    @property
    def heard_at(self) -> float | None:
        """Monotonic seconds of the last sign of life; None where none is ever given."""
        ...

    @property
    def ponged_at(self) -> float | None:
        """Monotonic seconds of the last answer to a ping of ours, or of the protocol's; None before the first."""
        ...

    @property
    def received(self) -> int:
        """Messages that the client has sent."""
        ...

    @property
    def refusals(self) -> Mapping[str, Refusal]:
        """By channel, why its last subscribe was refused."""
        ...

    def close(self, code: int, message: str) -> None:
        """End the connection."""
        ...

    def expired(self, channel: ChannelName) -> None:
        """The authorisation for this channel has run out."""
        ...

    def app_changed(self, app: App) -> None:
        """The app has other keys or limits now; they count for this connection too."""
        ...


class _Gone:
    """Nobody speaks for the connection any more."""

    heard_at: float | None = None
    ponged_at: float | None = None
    received = 0
    refusals: Mapping[str, Refusal] = MappingProxyType({})

    def close(self, code: int, message: str) -> None:
        """It has ended."""

    def expired(self, channel: ChannelName) -> None:
        """It has no channels any more."""

    def app_changed(self, app: App) -> None:
        """It concerns it no more."""


GONE: Final[Owner] = _Gone()
"""The owner of a connection that has ended. Its pump must not be: the two would hold each other in memory."""

_BEFORE = Moment(0, 0.0)


class Connection:
    """Who it is, how publications are written for it, and where it is subscribed.

    Args:
        app: the app it belongs to, as it is now.
        socket_id: its name in the cluster.
        dialect: the form of its frames.
        outbox: its way out.
        owner: told when the process wants something of it.
        receipts: what it is known to have received; None where nobody is known again.
        visitor: who it is, as far as it tells.

    Attributes:
        about: what it tells of itself.
        address: from where it comes.
        opened: when it was opened.
        ended: who ended it, ``server`` or ``client``, with which close code, and the reason that was told; 1006 where
            nobody said anything.
        channels: all channels that it is subscribed to, and since when.
        trail: what was noted of it; None: nothing.
        handed_over: by channel, the number up to which it has its events from elsewhere; None when there is none.
        presence: names of the channels where it stands for a member.
        user_id: as whom it is signed in.
        watchlist: the users whose coming and going it is told.
    """

    __slots__ = (
        "about",
        "address",
        "app",
        "channels",
        "dialect",
        "ended",
        "handed_over",
        "opened",
        "outbox",
        "owner",
        "presence",
        "receipts",
        "socket_id",
        "trail",
        "user_id",
        "watchlist",
    )

    def __init__(
        self,
        app: App,
        socket_id: SocketId,
        dialect: Dialect,
        outbox: Outbox,
        owner: Owner,
        receipts: Receipts | None = None,
        visitor: Visitor = NOBODY,
    ) -> None:
        self.app = app
        self.socket_id = socket_id
        self.dialect = dialect
        self.outbox = outbox
        self.owner = owner
        self.receipts = receipts
        self.about, self.address = visitor
        self.ended = LOST
        self.channels: dict[str, Moment] = {}
        self.opened = _BEFORE
        self.trail: Trail | None = None
        self.handed_over: dict[str, int] | None = None
        self.presence: tuple[str, ...] = ()  # mostly one, if any: a set takes four times as much
        self.user_id: str | None = None
        self.watchlist: Sequence[str] = ()

    def noted(self) -> Trail:
        """Its trail, to write something down."""
        if self.trail is None:
            self.trail = Trail()
        return self.trail
