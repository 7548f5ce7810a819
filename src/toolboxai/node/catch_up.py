"""What a newcomer to a channel finds: kept events, members, and what was published while these were read."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from toolboxai.broker.base import History, Joined
from toolboxai.protocol.publication import Position, Publication

__all__ = ["Arrival", "CatchUp", "Gathering"]

Gathering = dict[str, list[list[Publication]]]
"""By channel: the lists of all who are catching up there."""


class Arrival(NamedTuple):
    """What to tell a newcomer, apart from that it has arrived.

    Args:
        missed: publications to hand over, in order.
        members: who is there, on presence channels: user infos as JSON text by user id.
        cache_missed: whether the channel has a cache with nothing in it.
        top: of the history that was read; None where none was.
        complete: whether nothing is missing between the position asked for and the first of `missed`.
    """

    missed: Sequence[Publication] = ()
    members: Mapping[str, str | None] | None = None
    cache_missed: bool = False
    top: Position | None = None
    complete: bool = True


class CatchUp:
    """Gathers what arrives on a channel from now on, until `finish` joins it to what was read meanwhile.

    Args:
        gathering: of the app in this process.
        channel: its name.
        socket_id: the newcomer, who may be excluded from what is published.
        cached: whether the channel is of a kind with a cache.
    """

    __slots__ = ("_cached", "_channel", "_gathered", "_gathering", "_history", "_joined", "_socket_id")

    def __init__(self, gathering: Gathering, channel: str, socket_id: str, *, cached: bool) -> None:
        self._gathering = gathering
        self._channel = channel
        self._socket_id = socket_id
        self._cached = cached
        self._history: History | None = None
        self._joined: Joined | None = None
        self._gathered: list[Publication] | None = []
        gathering.setdefault(channel, []).append(self._gathered)

    def read(self, history: History) -> None:
        """The history, up to its top."""
        self._history = history

    def joined(self, joined: Joined) -> None:
        """The members, as of its top."""
        self._joined = joined

    def finish(self) -> Arrival:
        """Stop gathering. Whoever takes the newcomer in has to do so without waiting after this."""
        if self._gathered is None:
            return Arrival()
        gathered, self._gathered = self._gathered, None
        lists = self._gathering[self._channel]
        lists[:] = [waiting for waiting in lists if waiting is not gathered]
        if not lists:
            del self._gathering[self._channel]
        kept, cached = self._kept()
        newer = [publication for publication in gathered if self._is_news(publication)]
        missed = [*kept, *newer]
        # A newer event than the cached one has come while that was read: only the newest is what a cache is for.
        if cached is not None and not any(publication.cached for publication in missed):
            missed.insert(0, cached)
        members = None if self._joined is None else self._joined.members
        cache_missed = self._cached and not any(publication.cached for publication in missed)
        if self._history is None:
            return Arrival(missed, members, cache_missed)
        return Arrival(missed, members, cache_missed, self._history.top, self._history.complete)

    def _kept(self) -> tuple[Sequence[Publication], Publication | None]:
        history = self._history
        if history is None:
            return (), None
        return history.publications, None if history.cached is None else history.cached.publication

    def _is_news(self, publication: Publication) -> bool:
        """Whether the newcomer knows nothing of it yet, and is to know."""
        if publication.exclude == self._socket_id:
            return False
        if publication.kept:
            return self._history is not None and _after(publication.position, self._history.top)
        return self._joined is not None and _after(publication.position, self._joined.top)


def _after(position: Position, top: Position) -> bool:
    return position.epoch != top.epoch or position.offset > top.offset
