"""How far readers had come whose connections are gone. Nothing here waits."""

from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from toolboxai import limits
from toolboxai.hub.receipts import Cursor, SessionKey
from toolboxai.metrics import Metrics

__all__ = ["Cursors", "Left", "least"]

Left: TypeAlias = tuple[SessionKey, str, Cursor, float]
"""Whose, on which channel, how far, and since when it is gone, in monotonic seconds."""

_OF_ONE_USER = 8  # pages of one user on one channel that are remembered; more would be a crowd, not a user


class _Left(NamedTuple):
    cursor: Cursor
    at: float


class Cursors:
    """By key and channel, for a quarter of an hour, and so many at most.

    It is longer than events are kept for those who come back: who comes in between is told what cannot be mended.

    Args:
        metrics: what has to go for want of room is counted there.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._left: OrderedDict[SessionKey, dict[str, list[_Left]]] = OrderedDict()  # who left last is last
        self._users: Counter[str] = Counter()  # by channel: of how many users there is something
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def users_left(self, channel: str) -> bool:
        """Whether a user who was on this channel may come back to it."""
        return self._users[channel] > 0

    def leave(self, key: SessionKey, channel: str, cursor: Cursor, now: float) -> None:
        """A connection is gone; `now` is in monotonic seconds."""
        channels = self._left.setdefault(key, {})
        self._left.move_to_end(key)
        left = channels.setdefault(channel, [])
        if not left:
            self._note(key, channel, 1)
        left.append(_Left(cursor, now))
        del left[:-_OF_ONE_USER]
        while self._count > limits.CURSORS:
            oldest = next(iter(self._left))
            self._metrics.places_forgotten_total += len(self._left[oldest])
            self._forget_all(oldest)

    def all(self) -> Iterator[Left]:
        """All that is remembered, in the order in which they left.

        Some may be taken or left while the caller goes through them.
        """
        for key in tuple(self._left):
            for channel, left in tuple(self._left.get(key, {}).items()):
                for each in tuple(left):
                    yield key, channel, each.cursor, each.at

    def find(self, key: SessionKey, channel: str, now: float) -> Sequence[Cursor]:
        """How far each of the reader's connections had come that may have been this one's."""
        return [left.cursor for left in self._fresh(key, channel, now)]

    def take(self, key: SessionKey, channel: str, now: float) -> None:
        """The reader is back, and was handed what came after the least of what `find` said."""
        fresh = self._fresh(key, channel, now)
        if not fresh:
            return
        fresh.remove(max(fresh, key=lambda left: left.cursor.position.offset))
        if key.kind == "path" or not fresh:
            self._forget(key, channel)
        else:  # the user's other pages have not come further than those that stay
            self._left[key][channel] = fresh

    def sweep(self, now: float) -> None:
        """Forget what is too old; monotonic seconds."""
        while self._left:
            key, channels = next(iter(self._left.items()))
            if any(now - left[-1].at < limits.CURSOR_S for left in channels.values()):
                return
            self._forget_all(key)

    def _fresh(self, key: SessionKey, channel: str, now: float) -> list[_Left]:
        """What counts: of the last epoch, since positions of two are not compared, and not too old.

        A page that has been away for longer than anything is kept is not waited for while another may be meant.
        """
        left = [each for each in self._left.get(key, {}).get(channel, ()) if now - each.at < limits.CURSOR_S]
        left = [each for each in left if each.cursor.position.epoch == left[-1].cursor.position.epoch]
        return [each for each in left if now - each.at < limits.RESUME_S] or left[-1:]

    def _forget(self, key: SessionKey, channel: str) -> None:
        channels = self._left[key]
        del channels[channel]
        self._note(key, channel, -1)
        if not channels:
            del self._left[key]

    def _forget_all(self, key: SessionKey) -> None:
        for channel in tuple(self._left[key]):
            self._forget(key, channel)

    def _note(self, key: SessionKey, channel: str, change: int) -> None:
        self._count += change
        if key.kind == "user":
            self._users[channel] += change
            if not self._users[channel]:
                del self._users[channel]


def least(cursors: Sequence[Cursor]) -> Cursor | None:
    """Where to go on: of several that it may have been, with the one that had come least far.

    Nothing is lost then, and the page tells doubles. Of several it is not known either which connections were its own,
    so that nothing is held back as its own.
    """
    if not cursors:
        return None
    first = min(cursors, key=lambda cursor: cursor.position.offset)
    return first if len(cursors) == 1 else Cursor(first.position)
