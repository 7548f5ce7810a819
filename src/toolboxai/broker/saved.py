"""What a channel keeps, in a form that outlives the process."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

__all__ = ["IN_CACHE", "IN_HISTORY", "IN_TAIL", "SavedChannel", "SavedEvent"]

IN_HISTORY: Final = 1  # for newcomers
IN_TAIL: Final = 2  # for those who come back
IN_CACHE: Final = 4  # the newest of a cache channel


class SavedEvent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One publication.

    Args:
        offset: its place in the channel.
        event: its name.
        data: as it was published.
        at: unix seconds of acceptance.
        places: where it is kept: `IN_HISTORY`, `IN_TAIL`, `IN_CACHE`, added up.
        kept: see ``Publication``.
        user_id: see ``Publication``.
        exclude: see ``Publication``.
    """

    offset: int
    event: str
    data: str
    at: float
    places: int
    kept: bool = True
    user_id: str | None = None
    exclude: str | None = None


class SavedChannel(msgspec.Struct, array_like=True, frozen=True):
    """One channel. All times are unix seconds.

    Args:
        name: of the channel.
        epoch: of its order.
        offset: of its newest publication, kept or not.
        events: what is kept, oldest first.
        lost: the newest that history had, or should have had, and has not.
        tail_lost: the same of what is kept for those who come back; None where nobody was known again.
        tail_lost_of_clients: the same, of what clients sent.
        remembered_until: so long the order goes on though nobody follows.
        cached_until: so long the cached event is handed out.
    """

    name: str
    epoch: str
    offset: int
    events: Sequence[SavedEvent]
    lost: int = 0
    tail_lost: int | None = None
    tail_lost_of_clients: int = 0
    remembered_until: float = 0.0
    cached_until: float = 0.0

    def check(self) -> None:
        """Look whether it can have been written by us.

        Raises:
            ValueError: its offsets are not in order.
        """
        offsets = [0, *(event.offset for event in self.events)]
        if any(one >= other for one, other in pairwise(offsets)):
            raise ValueError(f"{self.name} has events that are not in order")
        if offsets[-1] > self.offset or not 0 <= self.lost <= self.offset:
            raise ValueError(f"{self.name} has events beyond its newest")
