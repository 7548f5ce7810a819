"""The connections of one app in this process, and who of them is subscribed to what. Nothing here waits."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import length_hint

from toolboxai.hub.connection import Connection
from toolboxai.hub.lines import BATCH_LEAST, Submit
from toolboxai.hub.outbox import Write, discard
from toolboxai.hub.ring import Fate, Ring
from toolboxai.hub.slices import Slice, Slices
from toolboxai.metrics import AppMetrics
from toolboxai.protocol.publication import Position, Publication

__all__ = ["Hub"]

_GONE = (OSError, RuntimeError)  # what a write raises whose transport has just gone


class Hub:
    """A registry and a loop.

    Per channel it keeps, in slices of one dialect each, the bound write of every subscriber, so that a fan-out is one
    frame per dialect and one call per subscriber: no lookup, no encoding, no allocation in between. Where there are
    more subscribers than are written to in one go, the slices have their turns one by one.

    Args:
        metrics: what is sent is counted there.
        ring: takes note of who was left out; of the process.
        slices: those that wait for their turn; of the process.

    Attributes:
        faults: writes that failed because the transport had gone; its connection is being removed.
    """

    def __init__(
        self, metrics: AppMetrics | None = None, ring: Ring | None = None, slices: Slices | None = None
    ) -> None:
        self._metrics = metrics or AppMetrics()
        self._ring = Ring() if ring is None else ring
        self._slices = Slices() if slices is None else slices
        self._lagging: dict[Connection, None] = {}
        self._connections: dict[str, Connection] = {}
        self._channels: dict[str, list[Slice]] = {}
        self.faults = 0
        self._fanning: Sequence[Publication] = ()
        self._belated: Sequence[Publication] = ()  # what is being written, if it was noted in the ring before

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
        slices = self._channels.get(channel)
        first = slices is None
        if slices is None:
            slices = self._channels[channel] = []
        piece = self._slice_of(connection, channel) if channel in connection.channels else None
        if piece is None:
            piece = self._slice_for(connection, slices)
        piece.enter(connection, self._way(connection, channel))
        connection.channels[channel] = self._ring.moment(at)
        return first

    def _slice_for(self, connection: Connection, slices: list[Slice]) -> Slice:
        for piece in reversed(slices):
            if piece.dialect == connection.dialect and len(piece.writes) < self._slices.size:
                self._write_owed(piece)  # it was published before the newcomer came
                return piece
        slices.append(Slice(connection.dialect))
        return slices[-1]

    def _slice_of(self, connection: Connection, channel: str) -> Slice | None:
        for piece in self._channels.get(channel, ()):
            if connection in piece.writes:
                return piece
        return None

    def detach(self, connection: Connection, channel: str) -> bool:
        """Unsubscribe; returns whether nobody here is subscribed any more."""
        piece = self._slice_of(connection, channel)
        if piece is not None:
            if not connection.outbox.closed:
                self._write_owed(piece)
            elif connection.trail is None or connection.trail.deaf_at is None:
                self._miss(connection, piece.owed, "failed")
            piece.leave(connection)
        connection.channels.pop(channel, None)
        connection.outbox.drop(channel)
        if connection.handed_over is not None:
            connection.handed_over.pop(channel, None)
        if piece is None or piece.writes:
            return False
        slices = self._channels[channel]
        slices.remove(piece)
        owed, piece.owed = piece.owed, None
        self._let_go_of_frames(owed or (), slices)
        if slices:
            return False
        del self._channels[channel]
        return True

    def owes(self, channel: str) -> bool:
        """Whether something of the channel is still to be written to some of its subscribers."""
        return any(piece.owed for piece in self._channels.get(channel, ()))

    def settle(self, connection: Connection, channel: str) -> None:
        """Write now what the connection is owed of the channel, and who shares its slice."""
        piece = self._slice_of(connection, channel)
        if piece is not None:
            self._write_owed(piece)

    def written(self, connection: Connection, channel: str) -> Position | None:
        """Up to where all of the channel was written to the connection; None: all that was handed to `fan_out`."""
        piece = self._slice_of(connection, channel)
        return None if piece is None else piece.before

    def too_slow(self, connection: Connection) -> None:
        """Nothing more is written to the connection: it misses what it is owed of its channels."""
        self._miss(connection, self._belated, "slow")
        for channel in connection.channels:
            piece = self._slice_of(connection, channel)
            self._miss(connection, None if piece is None else piece.owed, "slow")

    def _miss(self, connection: Connection, publications: Iterable[Publication] | None, fate: Fate) -> None:
        for publication in publications or ():
            self._ring.leave_out(connection.socket_id, publication.position, fate)

    def rewire(self, connection: Connection) -> None:
        """The connection's way out has changed: use the new one on every channel it is in."""
        if connection.outbox.behind:
            self._lagging[connection] = None
        else:
            self._lagging.pop(connection, None)
        for channel in connection.channels:
            self._use(self._way(connection, channel), connection, channel)

    def _use(self, way: Write, connection: Connection, channel: str) -> None:
        piece = self._slice_of(connection, channel)
        if piece is not None:
            piece.enter(connection, way)

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
            self._use(self._open_way(connection, channel), connection, channel)

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
        return sum(len(piece.writes) for piece in self._channels.get(channel, ()))

    def on(self, channel: str) -> list[Connection]:
        """The connections subscribed here."""
        return [connection for piece in self._channels.get(channel, ()) for connection in piece.writes]

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

    def fan_out(self, *publications: Publication, alone: bool = False) -> int:
        """Hand publications of one channel, in their order, to every subscriber; returns how many deliveries.

        Several are joined into one write: the system call behind it is most of what a delivery costs. What is more
        than is written in one go is left to `Slices`, and counted as delivered.

        Args:
            publications: of one channel.
            alone: nothing else is written in this turn that a transport could join with these.
        """
        slices = self._channels.get(publications[0].channel)
        if slices is None:
            return 0
        if (len(slices) > 1 or slices[0].owed) and self._take_turns(slices):
            for piece in slices:
                for publication in publications:
                    publication.frame(
                        piece.dialect
                    )  # a fault in one of them is found before any of it is owed
            self._slices.owe(self._write_owed, publications[0].channel, slices, publications)
            return sum(map(self._reaches, publications))
        delivered = 0
        for piece in slices:
            delivered += self._write(piece, publications, alone=alone)
        return delivered

    def _take_turns(self, slices: list[Slice]) -> bool:
        return (
            any(piece.owed for piece in slices)
            or sum(len(piece.writes) for piece in slices) > self._slices.size
        )

    def _write_owed(self, piece: Slice) -> None:
        owed, piece.owed = piece.owed, None
        if owed is not None:
            self._belated = owed
            try:
                self._write(piece, owed, alone=True)
            finally:
                self._belated = ()
                self._let_go_of_frames(owed, self._channels.get(owed[0].channel, ()))

    def _let_go_of_frames(self, owed: Sequence[Publication], slices: Iterable[Slice]) -> None:
        """Of what a slice was owed, and no other is any more. What all are owed ends with the same publication."""
        most = max((len(piece.owed) for piece in slices if piece.owed), default=0)
        for publication in owed[: max(len(owed) - most, 0)]:
            publication.sent()

    def _write(self, piece: Slice, publications: Sequence[Publication], *, alone: bool) -> int:
        """Write to all of a slice, each its part in one write; returns how many deliveries."""
        for publication in publications:
            if publication.exclude is not None:
                return self._write_but_some(piece, publications)
        self._fanning = publications
        frame = piece.frame(publications)
        submit = self._slices.submit
        if not alone or submit is None or not self._write_at_once(submit, piece, frame):
            self._write_all(piece.writes, frame)
        return self._count(len(piece.writes), len(publications), frame)

    def _count(self, connections: int, publications: int, frame: bytes) -> int:
        delivered = connections * publications
        self._metrics.messages_sent_total += delivered
        self._metrics.sent_bytes_total += connections * len(frame)
        return delivered

    def _write_but_some(self, piece: Slice, publications: Sequence[Publication]) -> int:
        """Who is left out of some is set aside while the others are written to, and then has the rest."""
        writes, aside = piece.writes, dict[Connection, Write]()
        for publication in publications:
            excluded = self._connections.get(publication.exclude or "")
            if excluded is not None and excluded in writes and excluded not in aside:
                aside[excluded], writes[excluded] = writes[excluded], discard
        self._fanning = publications
        frame = piece.frame(publications)
        try:
            self._write_all(writes, frame)
        finally:
            writes |= aside
        delivered = self._count(len(writes) - len(aside), len(publications), frame)
        for connection, write in aside.items():
            theirs = [each for each in publications if each.exclude != connection.socket_id]
            if theirs:
                self._fanning = theirs
                frame = piece.frame(theirs)
                self._write_all({connection: write}, frame)
                delivered += self._count(1, len(theirs), frame)
        return delivered

    def _write_all(self, writes: Mapping[Connection, Write], frame: bytes) -> None:
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

    def _write_at_once(self, submit: Submit, piece: Slice, frame: bytes) -> bool:
        """Whether there were enough plain sockets for it."""
        if len(piece.writes) < BATCH_LEAST or len(piece.batch().lines) < BATCH_LEAST:
            return False
        batch = piece.batch()
        gone = submit(batch, frame)
        if gone:
            for connection in piece.writes:
                if connection.outbox.line in gone:
                    self._failed(connection)
        self._write_all(batch.others, frame)
        return True

    def _failed(self, connection: Connection | None) -> None:
        self.faults += 1
        if connection is not None:
            for publication in self._fanning:
                self._ring.leave_out(connection.socket_id, publication.position, "failed")

    def _reaches(self, publication: Publication) -> int:
        excluded = self._connections.get(publication.exclude or "")
        left_out = excluded is not None and publication.channel in excluded.channels
        return self.subscribers(publication.channel) - left_out
