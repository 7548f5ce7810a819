"""How far readers had come whose connections are gone. Nothing here waits."""

from collections import Counter, OrderedDict
from typing import NamedTuple, TypeAlias

from toolboxai import limits
from toolboxai.hub.receipts import Cursor, SessionKey

__all__ = ["Cursors"]

_OF_ONE_USER = 8  # pages of one user on one channel that are remembered; more would be a crowd, not a user

_Where: TypeAlias = tuple[SessionKey, str]


class _Left(NamedTuple):
    cursor: Cursor
    at: float


class Cursors:
    """By key and channel, for a quarter of an hour, and so many at most.

    It is longer than events are kept for those who come back: who comes in between is told what cannot be mended.
    """

    def __init__(self) -> None:
        self._left: OrderedDict[_Where, list[_Left]] = OrderedDict()
        self._users: Counter[str] = Counter()  # by channel: of how many users there is something

    def __len__(self) -> int:
        return len(self._left)

    def users_left(self, channel: str) -> bool:
        """Whether a user who was on this channel may come back to it."""
        return self._users[channel] > 0

    def leave(self, key: SessionKey, channel: str, cursor: Cursor, now: float) -> None:
        """A connection is gone; `now` is in monotonic seconds."""
        where = key, channel
        left = self._left.pop(where, None)
        if left is None:
            left = []
            self._count(where, 1)
        left.append(_Left(cursor, now))
        self._left[where] = left[-_OF_ONE_USER:]
        while len(self._left) > limits.CURSORS:
            self._forget(next(iter(self._left)))

    def find(self, key: SessionKey, channel: str) -> Cursor | None:
        """How far the reader had come, or a little less.

        Which of a user's pages it was cannot be known, so it is the one that had come least far: nothing is lost, and
        the page tells doubles.
        """
        return min((left.cursor for left in self._of_one_epoch(key, channel)), key=_offset, default=None)

    def take(self, key: SessionKey, channel: str) -> None:
        """The reader is back, with what `find` said."""
        where = key, channel
        if where not in self._left:
            return
        rest = self._of_one_epoch(key, channel)
        rest.remove(max(rest, key=lambda left: left.cursor.position.offset))
        if key.kind == "path" or not rest:
            self._forget(where)
        else:  # the user's other pages have not come further than those that stay
            self._left[where] = rest

    def sweep(self, now: float) -> None:
        """Forget what is too old; monotonic seconds."""
        while self._left:
            where, left = next(iter(self._left.items()))
            if now - left[-1].at < limits.CURSOR_S:
                return
            self._forget(where)

    def _of_one_epoch(self, key: SessionKey, channel: str) -> list[_Left]:
        """Positions of two epochs are not compared: those of the last one count."""
        left = self._left.get((key, channel), [])
        return [each for each in left if each.cursor.position.epoch == left[-1].cursor.position.epoch]

    def _forget(self, where: _Where) -> None:
        del self._left[where]
        self._count(where, -1)

    def _count(self, where: _Where, change: int) -> None:
        key, channel = where
        if key.kind == "user":
            self._users[channel] += change
            if not self._users[channel]:
                del self._users[channel]


def _offset(cursor: Cursor) -> int:
    return cursor.position.offset
