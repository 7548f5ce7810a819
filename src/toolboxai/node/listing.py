"""Who is connected to this process, and which channels are occupied, page by page.

A walk over all of them lets others have their turn, so that whoever asks holds up nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final, NamedTuple, TypeVar

from toolboxai.apps.app import App
from toolboxai.broker.base import History
from toolboxai.clock import Clock
from toolboxai.close_codes import CloseCode
from toolboxai.hub.connection import Connection
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName

__all__ = [
    "ChannelPlace",
    "ConnectionPlace",
    "Listing",
    "LiveChannel",
    "LiveConnection",
    "Wanted",
    "live_connection",
]

_AT_ONCE: Final = 1000  # looked at in one turn of the loop: about a millisecond

T = TypeVar("T")


class ConnectionPlace(NamedTuple):
    """Where a connection stands in the list: the oldest first."""

    since: float
    socket_id: str


class ChannelPlace(NamedTuple):
    """Where a channel stands in the list."""

    app_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which connections: all that fit everything that is named.

    Args:
        app_id: of this app.
        channel: subscribed to this channel.
        user_id: signed in as this user.
    """

    app_id: str | None = None
    channel: str | None = None
    user_id: str | None = None

    def fits(self, connection: Connection) -> bool:
        """Whether this is one of them; the app is looked at elsewhere."""
        return (self.channel is None or self.channel in connection.channels) and (
            self.user_id is None or connection.user_id == self.user_id
        )


@dataclass(frozen=True, slots=True)
class LiveConnection:
    """One connection, as it is at this moment.

    Args:
        connection: itself.
        channels: how many it is subscribed to.
        queued_bytes: that wait for it.
        heard_s_ago: seconds since its last sign of life; None for who never gives one.
    """

    connection: Connection
    channels: int
    queued_bytes: int
    heard_s_ago: float | None

    @property
    def place(self) -> ConnectionPlace:
        """In the list."""
        return _place(self.connection)


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """One channel, as it is at this moment.

    Args:
        app_id: whose.
        name: of the channel.
        subscribers: connections that are subscribed.
        users: on a presence channel, how many are on it.
        kept_events: that a newcomer would be handed.
        last_event_at: unix seconds at which the newest event was published; None: none since the channel is occupied.
    """

    app_id: str
    name: str
    subscribers: int
    users: int | None
    kept_events: int
    last_event_at: float | None

    @property
    def place(self) -> ChannelPlace:
        """In the list."""
        return ChannelPlace(self.app_id, self.name)


class Listing:
    """Looks at the node, and sends one connection away.

    Args:
        node: of this process.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    async def connections(
        self, wanted: Wanted, *, after: ConnectionPlace | None, limit: int
    ) -> Sequence[LiveConnection]:
        """Connections in the order of their coming, those after this place."""
        found: list[Connection] = []
        for app in self._apps(wanted.app_id):
            async for some in _in_turns(self._node.hub(app).connections):
                fitting = [
                    each for each in some if wanted.fits(each) and (after is None or _place(each) > after)
                ]
                found = nsmallest(limit, [*found, *fitting], key=_place)
        return [live_connection(connection, self._node.clock) for connection in found]

    async def channels(
        self, *, app_id: str | None, prefix: str, after: ChannelPlace | None, limit: int
    ) -> Sequence[LiveChannel]:
        """Channels with a subscriber here, by app and name, those after this place."""
        found: list[ChannelPlace] = []
        for app in self._apps(app_id):
            async for some in _in_turns(tuple(self._node.hub(app).channels())):
                places = [ChannelPlace(app.id, name) for name in some if name.startswith(prefix)]
                found = nsmallest(
                    limit, [*found, *(place for place in places if after is None or place > after)]
                )
        return [each for place in found if (each := await self._channel(place)) is not None]

    def disconnect(self, socket_id: str) -> Connection | None:
        """Send a connection away, not to come back by itself; None: there is no such one here."""
        for app in self._node.apps:
            connection = self._node.hub(app).connection(socket_id)
            if connection is not None:
                connection.owner.close(CloseCode.UNAUTHORIZED, "You got disconnected by the app.")
                return connection
        return None

    def _apps(self, app_id: str | None) -> Iterable[App]:
        return [app for app in self._node.apps if app_id is None or app.id == app_id]

    async def _channel(self, place: ChannelPlace) -> LiveChannel | None:
        app = self._node.apps.by_id(place.app_id)
        if app is None:  # it was removed meanwhile
            return None
        name = ChannelName.parse(place.channel, max_chars=len(place.channel))
        users = None
        if name.facts.presence:
            users = (await self._node.user_counts(app, (name.text,))).get(name.text, 0)
        history: History = await self._node.history(app, name.text)
        return LiveChannel(
            app.id,
            name.text,
            self._node.hub(app).subscribers(name.text),
            users,
            len(history.publications),
            history.last_at,
        )


def live_connection(connection: Connection, clock: Clock) -> LiveConnection:
    """One connection, as it is now.

    Args:
        connection: open.
        clock: for how long it has been silent.
    """
    heard_at = connection.owner.heard_at
    silent = None if heard_at is None else max(0.0, clock.monotonic() - heard_at)
    return LiveConnection(connection, len(connection.channels), connection.outbox.waiting_bytes, silent)


async def _in_turns(all_of_them: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    for start in range(0, len(all_of_them), _AT_ONCE):
        yield all_of_them[start : start + _AT_ONCE]
        await asyncio.sleep(0)


def _place(connection: Connection) -> ConnectionPlace:
    return ConnectionPlace(connection.opened.at, connection.socket_id)
