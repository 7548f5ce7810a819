"""When authorisations run out."""

from toolboxai.hub.connection import Connection
from toolboxai.protocol.channel import ChannelName

__all__ = ["Expiries"]


class Expiries:
    """The subscriptions that end at a time of their own. It grows with these, not with how often they are renewed."""

    def __init__(self) -> None:
        self._ends: dict[Connection, dict[ChannelName, float]] = {}
        self._next = float("inf")

    def __len__(self) -> int:
        return sum(map(len, self._ends.values()))

    def add(self, connection: Connection, channel: ChannelName, at: float) -> None:
        """This subscription ends at this time, unix seconds."""
        self._ends.setdefault(connection, {})[channel] = at
        self._next = min(self._next, at)

    def drop(self, connection: Connection, channel: ChannelName) -> None:
        """It has ended already."""
        ends = self._ends.get(connection)
        if ends is not None:
            ends.pop(channel, None)
            if not ends:
                del self._ends[connection]

    def forget(self, connection: Connection) -> None:
        """The connection has gone, with all its subscriptions."""
        self._ends.pop(connection, None)

    def sweep(self, now: float) -> None:
        """Tell those whose time has come; called every second or so.

        Args:
            now: unix seconds.
        """
        if now < self._next:
            return
        due = [
            (connection, channel)
            for connection, ends in self._ends.items()
            for channel, at in ends.items()
            if at <= now
        ]
        for connection, channel in due:
            self.drop(connection, channel)
            connection.owner.expired(channel)
        self._next = min((min(ends.values()) for ends in self._ends.values()), default=float("inf"))
