"""Who is back within a few seconds has not been away."""

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import NamedTuple

__all__ = ["Hold", "Key"]


class Key(NamedTuple):
    """A channel that is occupied, or a member of it.

    Args:
        app_id: of the app.
        channel: the channel's name.
        user_id: of the member; empty: the channel itself.
    """

    app_id: str
    channel: str
    user_id: str = ""


class Hold:
    """Turns coming and going into what is worth telling. Each key is told as come and as gone in turn, come first.

    Args:
        hold_s: for so long nobody is told that someone has gone.
    """

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._there: dict[Key, float | None] = {}  # when a going is to be told; None: it is here
        self._heap: list[tuple[float, bool, int, Key]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._there)

    def arrived(self, key: Key) -> bool:
        """It is here; returns whether that is news."""
        news = key not in self._there
        self._there[key] = None
        return news

    def left(self, key: Key, now: float) -> bool:
        """It has gone; what was never here has not, and that is what is returned: whether it was here.

        Args:
            key: who.
            now: monotonic seconds.
        """
        if key not in self._there:
            return False
        due = now + self._hold_s
        self._leave(key, due)
        channel = key._replace(user_id="")
        waiting = self._there.get(channel)
        if waiting is not None and waiting < due:  # of both it is told in the order in which they make sense
            self._leave(channel, due)
        return True

    def restore(self, keys: Iterable[Key], due: float) -> None:
        """An earlier life has told that these have come; they have until `due` to come back."""
        for key in keys:
            if key not in self._there:
                self._leave(key, due)

    def due(self, now: float) -> list[Key]:
        """Who has gone for good: members before their channel. It is told of each once."""
        gone = []
        while self._heap and self._heap[0][0] <= now:
            due, _, _, key = heappop(self._heap)
            if self._there.get(key) == due:
                del self._there[key]
                gone.append(key)
        return gone

    @property
    def next_due(self) -> float | None:
        """When to ask `due` again at the latest; None: there is nothing to wait for."""
        while self._heap and self._there.get(self._heap[0][3]) != self._heap[0][0]:
            heappop(self._heap)  # it has come back, or goes later
        return self._heap[0][0] if self._heap else None

    def _leave(self, key: Key, due: float) -> None:
        self._there[key] = due
        self._count += 1
        heappush(self._heap, (due, not key.user_id, self._count, key))
