"""What an application does with channels, whoever carries it out: the server, or a fake in its tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import (
    Any,
    NotRequired,  # pydantic, and so FastAPI, wants these before Python 3.12
    Protocol,
)

from typing_extensions import (
    TypedDict,
)

__all__ = ["Authorization", "ChannelState", "Channels", "Event", "Identity"]


class Authorization(TypedDict):
    """What a page is answered that wants to enter a channel; it goes out as JSON, just so.

    ``auth`` is ``key:digest``; ``channel_data`` the JSON text that was signed with it; ``shared_secret`` opens an
    encrypted channel.
    """

    auth: str
    channel_data: NotRequired[str]
    shared_secret: NotRequired[str]


class Identity(TypedDict):
    """What a page is answered that wants to sign in; it goes out as JSON, just so."""

    auth: str
    user_data: str


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a batch.

    Args:
        channel: where.
        name: of the event.
        data: a string goes out as it is, anything else as JSON.
        socket_id: the connection that is not to get it.
    """

    channel: str
    name: str
    data: Any
    socket_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelState:
    """One channel now.

    Args:
        subscriptions: connections on it.
        users: ids of the users on it; on presence channels only.
    """

    subscriptions: int
    users: tuple[str, ...] = ()

    @property
    def occupied(self) -> bool:
        """Whether anybody is on it."""
        return self.subscriptions > 0


class Channels(Protocol):
    """Publish, authorise, ask. Each fault of a caller raises ``ChannelsApiError``, and nothing has happened then."""

    async def trigger(
        self, channels: str | Sequence[str], event: str, data: Any, *, socket_id: str | None = None
    ) -> Sequence[str]:
        """Publish one event; returns the ids of the publications, one for each channel.

        Args:
            channels: one name, or up to 100.
            event: the event's name.
            data: a string goes out as it is, anything else as JSON.
            socket_id: the connection that is not to get it, such as that of the page which caused it.

        Raises:
            ChannelsApiError: a name, the data or the socket id is not as the protocol wants it.
        """
        ...

    async def trigger_batch(self, events: Sequence[Event]) -> Sequence[str]:
        """Publish up to ten events; all are checked before any is published. Returns the ids of the publications.

        Raises:
            ChannelsApiError: as in `trigger`.
        """
        ...

    async def send_to_user(self, user_id: str, event: str, data: Any) -> Sequence[str]:
        """Publish to the connections that are signed in as this user; returns the id of the publication, alone.

        Raises:
            ChannelsApiError: as in `trigger`.
        """
        ...

    def authorize(
        self,
        socket_id: str,
        channel: str,
        *,
        user_id: str | None = None,
        user_info: Mapping[str, Any] | None = None,
        expires_at: float | None = None,
    ) -> Authorization:
        """Let a connection into a private, presence or encrypted channel. Who may is the caller's decision.

        Args:
            socket_id: as the page sent it.
            channel: as the page sent it.
            user_id: as whom; needed on presence channels.
            user_info: what the other members are shown.
            expires_at: unix seconds at which the subscription ends; None: never.

        Raises:
            ChannelsApiError: the socket id or the name is none, the channel needs no authorisation, or who is missing.
        """
        ...

    def authenticate(
        self,
        socket_id: str,
        user_id: str,
        *,
        user_info: Mapping[str, Any] | None = None,
        watchlist: Sequence[str] = (),
    ) -> Identity:
        """Let a connection sign in as this user.

        Args:
            socket_id: as the page sent it.
            user_id: who it is.
            user_info: shown to other members where the connection enters presence channels without data of its own.
            watchlist: users whose coming and going it is told, up to 100.

        Raises:
            ChannelsApiError: the socket id or an id of a user is none.
        """
        ...

    async def terminate_connections(self, user_id: str) -> None:
        """Close every connection that is signed in as this user; their pages stay away.

        Raises:
            ChannelsApiError: it is no id of a user.
        """
        ...

    async def occupied(self, prefix: str = "") -> Sequence[str]:
        """Names of the channels that somebody is on and that begin so."""
        ...

    async def state(self, channel: str) -> ChannelState:
        """Who is on one channel.

        Raises:
            ChannelsApiError: it is no name.
        """
        ...
