"""Who comes back to one app, and from where it goes on."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from toolboxai.clock import Clock
from toolboxai.hub.connection import Connection
from toolboxai.hub.cursors import Cursors, Left, least
from toolboxai.hub.receipts import Cursor, Receipts, SessionKey
from toolboxai.metrics import Metrics
from toolboxai.protocol.member import Member
from toolboxai.protocol.publication import Position

__all__ = ["Resuming", "Returning"]


class Returning(NamedTuple):
    """A subscriber of an app that resumes.

    Args:
        key: by which it is known; None: nobody.
        cursor: how far it had come; None: it was not here before.
    """

    key: SessionKey | None
    cursor: Cursor | None


class Resuming:
    """Joins what live connections have confirmed to what those had that are gone.

    A connection that has a question unanswered may be dead without our knowing. Of one page the younger connection
    takes its place. Of a user it may be another page's: then the younger one is handed what it has not confirmed, and
    whether it was dead shows when it answers or not.

    Args:
        clock: for how long things are remembered.
        metrics: counted up in place.

    Attributes:
        tops: of each followed channel the position of what was written last to its subscribers.
    """

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._cursors = Cursors(metrics)
        self._live: dict[SessionKey, dict[Connection, None]] = {}
        self._users: Counter[str] = Counter()  # by channel: live connections that are known by their user
        self._born = 0
        self.tops: dict[str, Position] = {}

    def receipts(self, socket_id: str, session_key: str | None) -> Receipts:
        """Those of a connection that is about to open."""
        self._born += 1
        key = None if session_key is None else SessionKey("path", session_key)
        return Receipts(socket_id, key, born=self._born)

    def returning(self, connection: Connection, channel: str, member: Member | None) -> Returning:
        """Who wants to enter the channel; nothing is changed by it."""
        key = _key(connection, member)
        if key is None or self._is_late(key, connection, channel):
            return Returning(None, None)
        return Returning(key, least(self._found(key, connection, channel)))

    def may_sign_in_first(self, connection: Connection, channel: str, member: Member | None) -> bool:
        """Whether it would be better to wait for a sign-in: users are on this channel, and this may be one of them."""
        return (
            connection.app.signin
            and _key(connection, member) is None
            and (self._users[channel] > 0 or self._cursors.users_left(channel))
        )

    def entered(
        self, connection: Connection, channel: str, returning: Returning, start: Position, reached: Position
    ) -> None:
        """It is subscribed.

        Args:
            connection: which.
            channel: where.
            returning: as it was told.
            start: how far it had come before it was handed anything.
            reached: the position of the last publication that it has been handed.
        """
        receipts = connection.receipts
        if receipts is None:
            return
        key, cursor = returning
        self.left(connection, channel)
        receipts.enter(channel, key, Cursor(start, () if cursor is None else cursor.sockets), reached)
        if key is not None:
            self._known(connection, key, channel)

    def signed_in(self, connection: Connection) -> list[tuple[str, Position, Position]]:
        """The connection is a user's now, also where it has subscribed before that was known.

        Returns:
            Channels of which the user, on another connection, had not received all when this one subscribed: it is too
            late to hand that over in order. With each the position that was confirmed, and that of the subscribe.
        """
        key, receipts = _key(connection, None), connection.receipts
        if key is None or receipts is None or key.kind != "user":
            return []
        late = []
        for channel in receipts.adopt(key):
            cursor = least(self._found(key, connection, channel))
            here = receipts.cursor(channel)
            if cursor is not None and here is not None and _before(cursor.position, here.position):
                late.append((channel, cursor.position, here.position))
            self._known(connection, key, channel)
        return late

    def left(self, connection: Connection, channel: str) -> None:
        """It is subscribed no longer: it misses nothing there."""
        key = None if connection.receipts is None else connection.receipts.leave(channel)
        if key is not None and key.kind == "user":
            self._users[channel] -= 1

    def gone(self, connection: Connection) -> None:
        """Its connection is over; what it had received is remembered."""
        receipts = connection.receipts
        if receipts is None:
            return
        now = self._clock.monotonic()
        for key, channel, cursor in receipts.cursors():
            self._cursors.leave(key, channel, cursor, now)
        self._users.subtract(receipts.channels("user"))
        for key in receipts.known_as:
            alive = self._live.get(key, {})
            alive.pop(connection, None)
            if not alive:
                self._live.pop(key, None)

    def places(self, connections: Iterable[Connection]) -> Iterator[Left]:
        """How far everyone has come: those that are gone, and then these, as if they went now."""
        yield from self._cursors.all()
        for connection in connections:
            if connection.receipts is not None:
                for key, channel, cursor in tuple(connection.receipts.cursors()):
                    yield key, channel, cursor, self._clock.monotonic()

    def load(self, places: Iterable[Left]) -> int:
        """Remember what an earlier process has known; returns how many places there are."""
        for key, channel, cursor, at in places:
            self._cursors.leave(key, channel, cursor, at)
        self._cursors.sweep(self._clock.monotonic())
        return len(self._cursors)

    def sweep(self, followed: Callable[[str], bool]) -> None:
        """Forget what is too old, and the tops of channels that are not followed any more."""
        self._cursors.sweep(self._clock.monotonic())
        self._users += Counter()  # what has come to nothing
        for channel in [channel for channel in self.tops if not followed(channel)]:
            del self.tops[channel]

    def _found(self, key: SessionKey, connection: Connection, channel: str) -> Sequence[Cursor]:
        """How far the reader had come on each connection that may have been its last."""
        alive = [cursor for _other, cursor in self._earlier(key, connection, channel)]
        return [*self._cursors.find(key, channel, self._clock.monotonic()), *alive]

    def _known(self, connection: Connection, key: SessionKey, channel: str) -> None:
        """The reader of this channel is on this connection now."""
        for other, _cursor in self._earlier(key, connection, channel):
            if key.kind == "path":
                other.leave(channel)
            else:
                other.doubt(channel)
        self._cursors.take(key, channel, self._clock.monotonic())
        self._live.setdefault(key, {})[connection] = None
        if connection.receipts is not None:
            connection.receipts.known_as.add(key)
        if key.kind == "user":
            self._users[channel] += 1

    def _earlier(
        self, key: SessionKey, connection: Connection, channel: str
    ) -> list[tuple[Receipts, Cursor]]:
        """Older connections of the same reader that are alive for us, and may not be for it."""
        born = 0 if connection.receipts is None else connection.receipts.born
        found = []
        for other in self._live.get(key, ()):
            receipts = other.receipts
            if receipts is not None and receipts.born < born and (key.kind == "path" or receipts.asking):
                cursor = receipts.cursor(channel)
                if cursor is not None:
                    found.append((receipts, cursor))
        return found

    def _is_late(self, key: SessionKey, connection: Connection, channel: str) -> bool:
        """Whether the page is on the channel over a younger connection: what this one says was said long ago."""
        receipts = connection.receipts
        return (
            key.kind == "path"
            and receipts is not None
            and any(
                other.receipts is not None
                and other.receipts.born > receipts.born
                and other.receipts.cursor(channel) is not None
                for other in self._live.get(key, ())
            )
        )


def _key(connection: Connection, member: Member | None) -> SessionKey | None:
    """By what it is known: its page's own key, or else the user that it has proven to be."""
    receipts = connection.receipts
    if receipts is None or receipts.key is not None:
        return None if receipts is None else receipts.key
    user_id = connection.user_id or (None if member is None else member.user_id)
    return None if user_id is None else SessionKey("user", user_id)


def _before(one: Position, other: Position) -> bool:
    return one.epoch != other.epoch or one.offset < other.offset
