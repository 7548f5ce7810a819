"""Who waits for messages: of each reader of a game server one request, the newest."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["READERS_MOST", "PollTurn", "PollTurns"]

# One place at Roblox seldom has more servers at once that are of one class; of more the one that waits longest goes.
READERS_MOST: Final = 20


class PollTurn:
    """One request that waits.

    Attributes:
        over: whether another has taken its place.
    """

    __slots__ = ("over",)

    def __init__(self) -> None:
        self.over = False


class PollTurns:
    """Keeps for each game server the requests that wait, by the name of the reader."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, PollTurn]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    @contextmanager
    def taken(self, game_server_id: str, reader: str) -> Iterator[PollTurn]:
        """Take the reader's place for the block; an older request of the same reader is over, and has to be woken."""
        readers = self._waiting.setdefault(game_server_id, {})
        former = readers.pop(reader, None)
        if former is None and len(readers) >= READERS_MOST:
            former = readers.pop(next(iter(readers)))
        if former is not None:
            former.over = True
        turn = readers[reader] = PollTurn()
        try:
            yield turn
        finally:
            if readers.get(reader) is turn:
                del readers[reader]
            if not readers and self._waiting.get(game_server_id) is readers:
                del self._waiting[game_server_id]
