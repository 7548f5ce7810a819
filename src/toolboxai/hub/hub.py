"""The connections of one app in this process, and who of them is subscribed to what. Nothing here waits."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from operator import length_hint

from toolboxai.hub.connection import Connection
from toolboxai.hub.outbox import Write
from toolboxai.hub.ring import Ring
from toolboxai.metrics import AppMetrics
from toolboxai.protocol.publication import Dialect, Publication

__all__ = ["Hub"]

_Writes = dict[Connection, Write]
_GONE = (OSError, RuntimeError)  # what a write raises whose transport has just gone


class Hub:
    """A registry and a loop.

    Per channel it keeps, for each dialect, the bound write of every subscriber, so that a fan-out is one frame per
    dialect and one call per subscriber: no lookup, no encoding, no allocation in between.

    Args:
        metrics: what is sent is counted there.
        ring: takes note of who was left out; of the process.

    Attributes:
        faults: writes that failed because the transport had gone; its connection is being removed.
    """

    def __init__(self, metrics: AppMetrics | None = None, ring: Ring | None = None) -> None:
        self._metrics = metrics or AppMetrics()
        self._ring = Ring() if ring is None else ring
        self._lagging: dict[Connection, None] = {}
        self._connections: dict[str, Connection] = {}
        self._channels: dict[str, dict[Dialect, _Writes]] = {}
        self.faults = 0
        self._fanning: Sequence[Publication] = ()

    # ---- connections ----------------------------------------------------------------------------------------

    def add(self, connection: Connection) -> None:
        """A connection is open."""
        self._connections[connection.socket_id] = connection

    def remove(self, connection: Connection) -> list[str]:
        """A connection is gone; returns the channels that nobody here follows any more."""
        self._connections.pop(connection.socket_id, None)
        self._lagging.pop(connection, None)
        return [channel for channel in tuple(connection.channels) if self.detach(connection, channel)]

    def connection(self, socket_id: str) -> Connection | None:
        """The open connection of this name."""
        return self._connections.get(socket_id)

    @property
    def connections(self) -> Sequence[Connection]:
        """A snapshot of all open connections, the oldest first."""
        return tuple(self._connections.values())

    @property
    def lagging(self) -> Collection[Connection]:
        """Those that take less than is written to them; not to be changed, and not kept over an await."""
        return self._lagging.keys()

    def __len__(self) -> int:
        return len(self._connections)

    # ---- subscriptions --------------------------------------------------------------------------------------

    def attach(self, connection: Connection, channel: str, *, at: float = 0.0) -> bool:
        """Subscribe, at these unix seconds; returns whether this is the first subscriber here."""
        dialects = self._channels.get(channel)
        first = dialects is None
        if dialects is None:
            dialects = self._channels[channel] = {}
        dialects.setdefault(connection.dialect, {})[connection] = self._way(connection, channel)
        connection.channels[channel] = self._ring.moment(at)
        return first

    def detach(self, connection: Connection, channel: str) -> bool:
        """Unsubscribe; returns whether nobody here is subscribed any more."""
        connection.channels.pop(channel, None)
        connection.outbox.drop(channel)
        if connection.handed_over is not None:
            connection.handed_over.pop(channel, None)
        dialects = self._channels.get(channel)
        if dialects is None:
            return False
        writes = dialects.get(connection.dialect)
        if writes is not None:
            writes.pop(connection, None)
            if not writes:
                del dialects[connection.dialect]
        if dialects:
            return False
        del self._channels[channel]
        return True

    def rewire(self, connection: Connection) -> None:
        """The connection's way out has changed: use the new one on every channel it is in."""
        if connection.outbox.behind:
            self._lagging[connection] = None
        else:
            self._lagging.pop(connection, None)
        for channel in connection.channels:
            self._channels[channel][connection.dialect][connection] = self._way(connection, channel)

    def _way(self, connection: Connection, channel: str) -> Write:
        if connection.handed_over is not None and channel in connection.handed_over:
            return partial(self._write_news, connection, channel)
        return self._open_way(connection, channel)

    def _write_news(self, connection: Connection, channel: str, frame: bytes) -> None:
        """Leave out what the connection has from elsewhere; from the first that it has not, all is news."""
        del frame  # it may hold both
        if connection.outbox.closed or connection.handed_over is None:
            return
        known = connection.handed_over[channel]
        all_of_them, fresh = self._fanning, False
        try:
            for publication in all_of_them:
                if publication.seq is not None and not fresh:
                    if publication.seq <= known:
                        self._ring.leave_out(connection.socket_id, publication.position, "known")
                        continue
                    fresh = True
                self._fanning = (publication,)
                self._open_way(connection, channel)(publication.frame(connection.dialect))
        finally:
            self._fanning = all_of_them
        if fresh:
            del connection.handed_over[channel]
            self._channels[channel][connection.dialect][connection] = self._open_way(connection, channel)

    def _open_way(self, connection: Connection, channel: str) -> Write:
        outbox = connection.outbox
        if not outbox.behind:
            return outbox.write
        return outbox.way(
            connection.app.flow_rule(channel),
            connection.dialect,
            self._what_fans_out,
            partial(self._ring.leave_out, connection.socket_id),
        )

    def _what_fans_out(self) -> Sequence[Publication]:
        return self._fanning

    def subscribers(self, channel: str) -> int:
        """Connections subscribed here."""
        return sum(map(len, self._channels.get(channel, {}).values()))

    def on(self, channel: str) -> list[Connection]:
        """The connections subscribed here."""
        return [connection for writes in self._channels.get(channel, {}).values() for connection in writes]

    def channels(self) -> Iterator[str]:
        """Names of all channels with a subscriber here."""
        return iter(tuple(self._channels))

    @property
    def occupied(self) -> int:
        """How many channels have a subscriber here."""
        return len(self._channels)

    # ---- writing --------------------------------------------------------------------------------------------

    def send(self, connection: Connection, publication: Publication) -> None:
        """Hand one connection something, whatever it is subscribed to."""
        frame = publication.frame(connection.dialect)
        self._metrics.messages_sent_total += 1
        self._metrics.sent_bytes_total += len(frame)
        try:
            connection.outbox.write(frame)
        except _GONE:
            self.faults += 1

    # ---- the hot loop ---------------------------------------------------------------------------------------

    def fan_out(self, *publications: Publication) -> int:
        """Hand publications of one channel, in their order, to every subscriber; returns how many deliveries.

        Several are joined into one write: the system call behind it is most of what a delivery costs.
        """
        channel = publications[0].channel
        dialects = self._channels.get(channel)
        if dialects is None:
            return 0
        if any(self._excludes_a_subscriber(publication) for publication in publications):
            return sum(self._fan_out_but_one(publication, dialects) for publication in publications)
        self._fanning = publications
        delivered = 0
        for dialect, writes in dialects.items():
            frames = [publication.frame(dialect) for publication in publications]
            frame = frames[0] if len(frames) == 1 else b"".join(frames)
            self._write_all(writes, frame)
            delivered += len(writes) * len(frames)
            self._metrics.sent_bytes_total += len(writes) * len(frame)
        self._metrics.messages_sent_total += delivered
        return delivered

    def _write_all(self, writes: _Writes, frame: bytes) -> None:
        subscribers, count = iter(writes.values()), len(writes)
        while True:
            try:
                for write in subscribers:
                    write(frame)
                break
            except _GONE:  # the rest of the channel goes on
                left = length_hint(subscribers)
                self._failed(tuple(writes)[-left - 1] if len(writes) == count else None)
                if not left:  # it was the last, or the iterator itself is at fault
                    break

    def _failed(self, connection: Connection | None) -> None:
        self.faults += 1
        if connection is not None:
            for publication in self._fanning:
                self._ring.leave_out(connection.socket_id, publication.position, "failed")

    def _excludes_a_subscriber(self, publication: Publication) -> bool:
        if publication.exclude is None:
            return False
        excluded = self._connections.get(publication.exclude)
        return excluded is not None and publication.channel in excluded.channels

    def _fan_out_but_one(self, publication: Publication, dialects: Mapping[Dialect, _Writes]) -> int:
        excluded = self._connections.get(publication.exclude or "")
        self._fanning = (publication,)
        delivered = 0
        for dialect, writes in dialects.items():
            frame = publication.frame(dialect)
            before = delivered
            for connection, write in writes.items():
                if connection is excluded:
                    continue
                try:
                    write(frame)
                except _GONE:
                    self._failed(connection)
                delivered += 1
            self._metrics.sent_bytes_total += (delivered - before) * len(frame)
        self._metrics.messages_sent_total += delivered
        return delivered
