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
    """On one channel.

    Attributes:
        doubtful: a younger connection may be the same reader's: unless this one answers, it is over, and leaves
            nothing behind.
    """

    __slots__ = ("cursor", "doubtful", "key", "reached")

    def __init__(self, key: SessionKey | None, cursor: Cursor, reached: Position) -> None:
        self.key = key
        self.cursor = cursor
        self.reached = reached
        self.doubtful = False


class Receipts:
    """Of one connection. A question is on its way to the peer at a time; its answer confirms all that went before it.

    Args:
        socket_id: of the connection.
        key: by which it is known on every channel, if it is.
        born: a number that grows from connection to connection.

    Attributes:
        known_as: the keys under which it is counted as alive.
        asking: whether a question is not answered yet.
        for_good: whether the page was closed: its user's other pages have nothing to do with it.
    """

    __slots__ = (
        "_asked",
        "_number",
        "_places",
        "_wanted",
        "asking",
        "born",
        "for_good",
        "key",
        "known_as",
        "socket_id",
    )

    def __init__(self, socket_id: str, key: SessionKey | None, *, born: int = 0) -> None:
        self.socket_id = socket_id
        self.key = key
        self.born = born
        self.known_as: set[SessionKey] = set()
        self.asking = False
        self.for_good = False
        self._places: dict[str, _Place] = {}
        self._wanted = 0  # places with a key
        self._asked: Mapping[str, Position] = {}
        self._number = 0

    @property
    def wanted(self) -> bool:
        """Whether anyone would ask for them."""
        return self._wanted > 0

    def __len__(self) -> int:
        return len(self._places)

    def enter(self, channel: str, key: SessionKey | None, cursor: Cursor, reached: Position) -> None:
        """The connection is subscribed now.

        Args:
            channel: which.
            key: by which the reader is known there.
            cursor: how far it had come before it was handed anything on this connection.
            reached: of the last publication that it has been handed.
        """
        self.leave(channel)
        sockets = (*cursor.sockets, self.socket_id)[-_SOCKETS:]
        self._places[channel] = _Place(key, Cursor(cursor.position, sockets), reached)
        self._wanted += key is not None

    def adopt(self, key: SessionKey) -> list[str]:
        """The reader is known now: also on these channels, where it was not."""
        adopted = [channel for channel, place in self._places.items() if place.key is None]
        for channel in adopted:
            self._places[channel].key = key
        self._wanted += len(adopted)
        return adopted

    def leave(self, channel: str) -> SessionKey | None:
        """It is subscribed no longer, or a younger connection of its page has taken its place.

        Returns:
            The key by which it was known there.
        """
        place = self._places.pop(channel, None)
        if place is None:
            return None
        self._wanted -= place.key is not None
        return place.key

    def doubt(self, channel: str) -> None:
        """A younger connection of its user was handed what this one has not confirmed."""
        place = self._places.get(channel)
        if place is not None and self.asking:
            place.doubtful = True

    def cursor(self, channel: str) -> Cursor | None:
        """How far it is known to have come."""
        place = self._places.get(channel)
        return None if place is None else place.cursor

    def cursors(self) -> Iterator[tuple[SessionKey, str, Cursor]]:
        """By which key, on which channel, how far: what it leaves behind."""
        for channel, place in self._places.items():
            if place.key is None or place.doubtful or (self.for_good and place.key.kind == "user"):
                continue
            yield place.key, channel, place.cursor

    def channels(self, kind: str) -> Iterator[str]:
        """Where it is known by a key of this kind."""
        return (name for name, place in self._places.items() if place.key and place.key.kind == kind)

    def ask(self, written: Callable[[str], Position | None], waits: Callable[[str], bool]) -> int:
        """The number of a question that is put now, behind everything written so far.

        Args:
            written: up to where a channel was written to this one; None: that is not known.
            waits: whether something of a channel has not been written to this one yet.
        """
        self._number += 1
        self.asking = True
        self._asked = {
            channel: _further(place.reached, written(channel))
            for channel, place in self._places.items()
            if not waits(channel)
        }
        return self._number

    def confirmed(self, number: int) -> bool:
        """The peer answers a question; False when it is not the one that was put last."""
        if not self.asking or number != self._number:
            return False
        self.asking = False
        for channel, position in self._asked.items():
            place = self._places.get(channel)
            if place is not None:
                place.cursor = Cursor(_further(place.cursor.position, position), place.cursor.sockets)
                place.doubtful = False
        self._asked = {}
        return True


def _further(one: Position, other: Position | None) -> Position:
    """The later of two positions; of two epochs the second's."""
    if other is None or (one.epoch == other.epoch and one.offset >= other.offset):
        return one
    return other
