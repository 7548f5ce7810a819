"""What a connection is known to have received, and of whom it is known when it comes back."""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

from toolboxai.protocol.publication import Position

__all__ = ["Cursor", "Receipts", "SessionKey"]

_SOCKETS = 8  # of one reader's last connections, whose own events it is not sent


class SessionKey(NamedTuple):
    """By what a reader is known again on a new connection. It is no authority: the channel's authorisation comes first.

    Args:
        kind: ``path``: made by one page for itself, so that all connections with it are that page's, one after the
            other. ``user``: a proven user, who may have several pages.
        name: of that kind.
    """

    kind: Literal["path", "user"]
    name: str


class Cursor(NamedTuple):
    """How far a reader of a channel has come.

    Args:
        position: of the last publication that it is known to have received.
        sockets: the ids of its last connections: what was published without them is not for it either.
    """

    position: Position
    sockets: tuple[str, ...] = ()


class _Place:
    """On one channel."""

    __slots__ = ("cursor", "key", "reached")

    def __init__(self, key: SessionKey | None, cursor: Cursor, reached: Position) -> None:
        self.key = key
        self.cursor = cursor
        self.reached = reached


class Receipts:
    """Of one connection. A question is on its way to the peer at a time; its answer confirms all that went before it.

    Args:
        socket_id: of the connection.
        key: by which it is known on every channel, if it is.

    Attributes:
        known_as: the keys under which it is counted as alive.
        asked_at: monotonic seconds of the question that is not answered yet; None: there is none.
    """

    __slots__ = ("_asked", "_number", "_places", "asked_at", "key", "known_as", "socket_id")

    def __init__(self, socket_id: str, key: SessionKey | None) -> None:
        self.socket_id = socket_id
        self.key = key
        self.known_as: set[SessionKey] = set()
        self.asked_at: float | None = None
        self._places: dict[str, _Place] = {}
        self._asked: Mapping[str, Position] = {}
        self._number = 0

    @property
    def wanted(self) -> bool:
        """Whether anyone would ask for them."""
        return any(place.key is not None for place in self._places.values())

    def enter(self, channel: str, key: SessionKey | None, cursor: Cursor | None, reached: Position) -> None:
        """The connection is subscribed now.

        Args:
            channel: which.
            key: by which the reader is known there.
            cursor: how far it had come on an earlier connection; None: it is new.
            reached: of the last publication that it has been handed.
        """
        before = cursor or Cursor(reached)
        sockets = (*before.sockets, self.socket_id)[-_SOCKETS:]
        self._places[channel] = _Place(key, Cursor(before.position, sockets), reached)

    def leave(self, channel: str) -> None:
        """It is subscribed no longer, or another connection has taken its place."""
        self._places.pop(channel, None)

    def cursor(self, channel: str) -> Cursor | None:
        """How far it is known to have come."""
        place = self._places.get(channel)
        return None if place is None else place.cursor

    def cursors(self) -> Iterator[tuple[SessionKey, str, Cursor]]:
        """By which key, on which channel, how far: where it is known."""
        for channel, place in self._places.items():
            if place.key is not None:
                yield place.key, channel, place.cursor

    def ask(self, tops: Mapping[str, Position], waits: Callable[[str], bool], now: float) -> int:
        """The number of a question that is put now, behind everything written so far.

        Args:
            tops: of each channel the position of what was written last to all its subscribers.
            waits: whether something of a channel has not been written to this one yet.
            now: monotonic seconds.
        """
        self._number += 1
        self.asked_at = now
        self._asked = {
            channel: _further(place.reached, tops.get(channel))
            for channel, place in self._places.items()
            if not waits(channel)
        }
        return self._number

    def confirmed(self, number: int) -> bool:
        """The peer answers a question; False when it is not the one that was put last."""
        if self.asked_at is None or number != self._number:
            return False
        self.asked_at = None
        for channel, position in self._asked.items():
            place = self._places.get(channel)
            if place is not None:
                place.cursor = Cursor(_further(place.cursor.position, position), place.cursor.sockets)
        self._asked = {}
        return True


def _further(one: Position, other: Position | None) -> Position:
    """The later of two positions; of two epochs the second's."""
    if other is None or (one.epoch == other.epoch and one.offset >= other.offset):
        return one
    return other
