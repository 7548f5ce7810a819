"""Who comes back to one app, and from where it goes on."""

from collections.abc import Callable
from typing import NamedTuple

from toolboxai import limits
from toolboxai.clock import Clock
from toolboxai.hub.connection import Connection
from toolboxai.hub.cursors import Cursors
from toolboxai.hub.receipts import Cursor, SessionKey
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

    Args:
        clock: for how long things are remembered.

    Attributes:
        tops: of each followed channel the position of what was written last to its subscribers.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cursors = Cursors()
        self._live: dict[SessionKey, dict[Connection, None]] = {}
        self.tops: dict[str, Position] = {}

    def returning(self, connection: Connection, channel: str, member: Member | None) -> Returning:
        """Who wants to enter the channel; nothing is changed by it."""
        key = _key(connection, member)
        if key is None:
            return Returning(None, None)
        found = [self._cursors.find(key, channel)]
        found += [_cursor(other, channel) for other in self._earlier(key, connection)]
        cursors = [cursor for cursor in found if cursor is not None]
        return Returning(key, min(cursors, key=lambda cursor: cursor.position.offset, default=None))

    def may_sign_in_first(self, connection: Connection, channel: str, member: Member | None) -> bool:
        """Whether it would be better to wait for a sign-in: the channel was left by users, and this may be one."""
        return (
            connection.app.signin and _key(connection, member) is None and self._cursors.users_left(channel)
        )

    def entered(
        self, connection: Connection, channel: str, returning: Returning, reached: Position | None
    ) -> None:
        """It is subscribed, and `reached` is the position of the last publication that it has been handed."""
        key, cursor = returning
        if connection.receipts is None or reached is None:
            return
        connection.receipts.enter(channel, key, cursor, reached)
        if key is None:
            return
        for other in self._earlier(key, connection):
            if other.receipts is not None:
                other.receipts.leave(channel)  # when it goes, it has nothing to leave behind
        self._cursors.take(key, channel)
        self._live.setdefault(key, {})[connection] = None
        connection.receipts.known_as.add(key)

    def gone(self, connection: Connection) -> None:
        """Its connection is over; what it had received is remembered."""
        if connection.receipts is None:
            return
        now = self._clock.monotonic()
        for key, channel, cursor in connection.receipts.cursors():
            self._cursors.leave(key, channel, cursor, now)
        for key in connection.receipts.known_as:
            alive = self._live.get(key, {})
            alive.pop(connection, None)
            if not alive:
                self._live.pop(key, None)

    def sweep(self, followed: Callable[[str], bool]) -> None:
        """Forget what is too old, and the tops of channels that are not followed any more."""
        self._cursors.sweep(self._clock.monotonic())
        for channel in [channel for channel in self.tops if not followed(channel)]:
            del self.tops[channel]

    def _earlier(self, key: SessionKey, connection: Connection) -> list[Connection]:
        """Connections of the same reader that we take for alive, and it does not."""
        others = [other for other in self._live.get(key, ()) if other is not connection]
        return others if key.kind == "path" else [other for other in others if self._is_stalled(other)]

    def _is_stalled(self, connection: Connection) -> bool:
        asked_at = None if connection.receipts is None else connection.receipts.asked_at
        return asked_at is not None and self._clock.monotonic() - asked_at > limits.STALLED_S


def _cursor(connection: Connection, channel: str) -> Cursor | None:
    return None if connection.receipts is None else connection.receipts.cursor(channel)


def _key(connection: Connection, member: Member | None) -> SessionKey | None:
    """By what it is known: its page's own key, or else the user that it has proven to be."""
    receipts = connection.receipts
    if receipts is None or receipts.key is not None:
        return None if receipts is None else receipts.key
    user_id = connection.user_id or (None if member is None else member.user_id)
    return None if user_id is None else SessionKey("user", user_id)
