"""One connection as closely as it can be looked at, and who is on a presence channel. Nothing is changed by looking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.errors import BadChannelName
from toolboxai.hub.connection import Connection
from toolboxai.node.listing import LiveConnection, live_connection
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.refusals import Refusal

__all__ = ["Inspected", "Inspection", "Subscribed"]


@dataclass(frozen=True, slots=True)
class Subscribed:
    """One channel of a connection.

    Args:
        channel: which.
        since: unix seconds at which it was entered.
        member: whether the connection stands for a member there.
    """

    channel: str
    since: float
    member: bool


@dataclass(frozen=True, slots=True)
class Inspected:
    """One connection, as it is at this moment.

    Args:
        live: what a list has of it.
        channels: that it is subscribed to, in the order in which it entered them.
        refusals: by channel, why its last subscribe was refused.
        buffered_bytes: that were handed to the system, and not taken yet; part of those that are queued.
        lagging: whether it takes less than is written to it.
        ponged_s_ago: seconds since the last answer to a ping; None before the first.
        messages_received: that its client has sent.
        events_per_s, bytes_per_s: what was published for it in the last seconds; bytes are those of the data.
        window_s: over so many seconds.
    """

    live: LiveConnection
    channels: Sequence[Subscribed]
    refusals: Mapping[str, Refusal]
    buffered_bytes: int
    lagging: bool
    ponged_s_ago: float | None
    messages_received: int
    events_per_s: float
    bytes_per_s: float
    window_s: float


class Inspection:
    """Looks.

    Args:
        node: of this process.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def connection(self, socket_id: str) -> Inspected | None:
        """The open connection of this name; None: there is none here."""
        for app in self._node.apps:
            found = self._node.hub(app).connection(socket_id)
            if found is not None:
                return self._inspected(found)
        return None

    async def members(self, app_id: str, channel: str) -> Mapping[str, str | None] | None:
        """Who is on a presence channel: user infos, as JSON text, by user id, in the order of the ids.

        Returns:
            None: there is no such app, or the name is none of a presence channel.
        """
        app = self._node.apps.by_id(app_id)
        if app is None or not _presence(app, channel):
            return None
        members = await self._node.members(app, channel)
        return dict(sorted(members.items()))

    def _inspected(self, connection: Connection) -> Inspected:
        owner, outbox = connection.owner, connection.outbox
        presence = connection.presence
        ponged_at = owner.ponged_at
        events, size, window_s = self._rates(connection)
        return Inspected(
            live=live_connection(connection, self._node.clock),
            channels=[
                Subscribed(name, entered.at, name in presence)
                for name, entered in connection.channels.items()
            ],
            refusals=dict(owner.refusals),
            buffered_bytes=outbox.buffered,
            lagging=outbox.behind,
            ponged_s_ago=None if ponged_at is None else max(0.0, self._node.clock.monotonic() - ponged_at),
            messages_received=owner.received,
            events_per_s=events / window_s,
            bytes_per_s=size / window_s,
            window_s=window_s,
        )

    def _rates(self, connection: Connection) -> tuple[int, int, float]:
        """Events and bytes that were published for it, and within how many seconds.

        What was published is remembered anyway: counting at each delivery would cost all of them something.
        """
        now, ring = self._node.clock.now(), self._node.ring
        window_s = limits.RATE_WINDOW_S
        if ring.since is not None:  # more may have been published in the window than is remembered
            window_s = min(window_s, max(now - ring.since, 0.001))
        events = size = 0
        for published in ring.lately(connection.app.id, connection.channels, now - window_s):
            entered = connection.channels[published.channel]
            if published.serial >= entered.serial and published.exclude != connection.socket_id:
                events += 1
                size += published.size
        return events, size, window_s


def _presence(app: App, channel: str) -> bool:
    try:
        return ChannelName.parse(channel, max_chars=app.channel_name_chars).facts.presence
    except BadChannelName:
        return False
