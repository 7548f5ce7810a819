"""The broker's port: order, history, presence, and the wire between nodes.

A broker gives each publication its place in the channel, keeps it where a rule says so, and hands it to every node
that follows the channel, the publishing one included: one path, one order.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

from toolboxai.apps.app import App
from toolboxai.broker.saved import SavedChannel
from toolboxai.protocol.member import Member
from toolboxai.protocol.publication import Position, Publication

__all__ = ["Broker", "Cached", "Control", "Deliver", "Hear", "History", "Joined", "Terminate", "UserChange"]

Deliver: TypeAlias = Callable[[str, Publication], None]
"""Called with the app's id and a publication, in the channel's order; never waits."""


class Terminate(NamedTuple):
    """Every node is to close the connections that are signed in as this user."""

    user_id: str


class UserChange(NamedTuple):
    """A user has signed in for the first time, or the last of its connections has gone."""

    user_id: str
    online: bool


Control: TypeAlias = Terminate | UserChange

Hear: TypeAlias = Callable[[str, Control], None]
"""Called with the app's id and what every node is told; never waits."""


class Cached(NamedTuple):
    """The newest event of a cache channel, and for how many seconds more it is kept."""

    publication: Publication
    ttl_s: float


class Joined(NamedTuple):
    """What a newcomer to a presence channel finds.

    Args:
        members: user infos, as JSON text, by user id; the newcomer included.
        top: the position of the newest publication that this snapshot knows of; later changes come after it.
        added: whether the user was not there before; of all nodes only the one that asked learns of it.
        removed: the other user, as whom this connection was there and who has gone with that.
    """

    members: Mapping[str, str | None]
    top: Position
    added: bool = False
    removed: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is kept of a channel.

    Args:
        publications: oldest first.
        top: the position of the newest publication ever, kept or not.
        complete: whether nothing between the position asked for and the first publication is missing. False when
            that position is of another epoch, or older than what is kept.
        cached: the event that a newcomer to a cache channel is handed.
        last_at: unix seconds of the newest publication, kept or not; None where that is not known.
    """

    publications: Sequence[Publication]
    top: Position
    complete: bool
    cached: Cached | None = None
    last_at: float | None = None


class Broker(Protocol):
    """What a node needs. Every implementation passes the same suite of tests."""

    immediate: bool
    """Whether no call ever suspends: then a caller may run the coroutine to its end without a task."""

    def bind(self, deliver: Deliver, hear: Hear) -> None:
        """Name the node's receivers, before anything else."""
        ...

    async def publish(self, app: App, publication: Publication) -> Position:
        """Accept a publication: set its position, keep it, hand it to every following node.

        Raises:
            PublishFailed: nothing was delivered to anyone.
        """
        ...

    async def follow(self, app: App, channel: str) -> None:
        """Deliver the channel's publications to this node from now on."""
        ...

    async def unfollow(self, app: App, channel: str) -> None:
        """Stop; the kept history stays. A channel that is not followed is no fault."""
        ...

    async def history(self, app: App, channel: str, *, since: Position | None = None) -> History:
        """What is kept of the channel; with `since`, what came after that position."""
        ...

    async def missed(self, app: App, channel: str, *, since: Position) -> History:
        """What someone missed who was away since that position: of an app with `resume` also what clients sent."""
        ...

    async def restore(self, app: App, channel: str, publications: Sequence[Publication]) -> None:
        """Put publications back into a history, oldest first; nobody is delivered anything.

        Of a channel that has some already only those are taken whose ``seq`` is above all that it has.
        """
        ...

    def saved(self, app: App) -> Iterator[SavedChannel]:
        """What would go with this process: of each channel what is kept, as it is when its turn comes.

        Nothing, where what is kept lives elsewhere. The caller may let the loop run between two.
        """
        ...

    def load(self, app: App, channels: Iterable[SavedChannel], *, goes_on: bool) -> int:
        """Take what an earlier process has saved, before anyone follows anything; what is too old by now is dropped.

        Args:
            app: whose rules count now.
            channels: each that is there already stays as it is.
            goes_on: whether nothing has been published since it was saved. Otherwise the channels begin a new epoch:
                what an old position means is not known any more.

        Returns:
            Of how many channels something is kept.
        """
        ...

    async def join(self, app: App, channel: str, socket_id: str, member: Member) -> Joined:
        """Enter a presence channel, in one step with the snapshot and the ``member_added`` that others get.

        A user who is there already only has a connection more, and nobody is told. A connection that is there as
        another user leaves as that one first.

        Raises:
            ChannelFull: the user would be one more than the app allows; it has not joined.
        """
        ...

    async def leave(self, app: App, channel: str, socket_id: str) -> str | None:
        """Leave a presence channel; the others get ``member_removed`` when it was the user's last connection.

        Returns the user's id then; of all nodes only the one that asked learns of it. A connection that is not there
        is no fault.
        """
        ...

    async def members(self, app: App, channel: str) -> Mapping[str, str | None]:
        """User infos, as JSON text, by user id."""
        ...

    async def user_counts(self, app: App, channels: Sequence[str]) -> Mapping[str, int]:
        """How many users are on each of these presence channels."""
        ...

    async def sign_in(self, app: App, user_id: str, socket_id: str, watchlist: Sequence[str]) -> set[str]:
        """A connection speaks for a user now; returns who of the watchlist is online.

        Every node hears a `UserChange` when it is the user's first connection.
        """
        ...

    async def sign_out(self, app: App, user_id: str, socket_id: str) -> None:
        """That connection has gone; every node hears a `UserChange` when it was the user's last."""
        ...

    async def tell(self, app: App, control: Control) -> None:
        """Have every node hear this, the telling one included."""
        ...

    def app_changed(self, app: App) -> None:
        """The app has other rules now: what is kept of its channels from here on, and no longer, is told by them."""
        ...

    def forget_app(self, app: App) -> None:
        """The app is no more: nothing of it is kept, and another that gets its id begins anew."""
        ...

    def sweep(self) -> None:
        """Let go of what has outlived its time; called every few seconds."""
        ...
