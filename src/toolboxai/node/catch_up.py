"""What a newcomer to a channel finds: kept events, members, and what was published while these were read."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from toolboxai.broker.base import History, Joined
from toolboxai.hub.trail import Handed
from toolboxai.node.resuming import Returning
from toolboxai.protocol.publication import Gap, Position, Publication

__all__ = ["Arrival", "CatchUp", "Gathering"]

Gathering = dict[str, list[list[Publication]]]
"""By channel: the lists of all who are catching up there."""


class Arrival(NamedTuple):
    """What to tell a newcomer, apart from that it has arrived.

    Args:
        missed: publications to hand over, in order.
        members: who is there, on presence channels: user infos as JSON text by user id.
        cache_missed: whether the channel has a cache with nothing in it.
        gap: what it missed and cannot be handed; None: nothing.
        returning: who it is, in an app that resumes.
        start: how far it has come without this, or None as `reached`.
        reached: the position of the last publication that is part of this; None where it was not asked for.
        complete: whether nothing is missing between the position asked for and the first of `missed`.
    """

    missed: Sequence[Publication] = ()
    members: Mapping[str, str | None] | None = None
    cache_missed: bool = False
    gap: Gap | None = None
    returning: Returning | None = None
    start: Position | None = None
    reached: Position | None = None
    complete: bool = True

    def handed(self, socket_id: str) -> Handed:
        """What there is to hand over, of which there is something, for whoever asks for it later."""
        cursor = None if self.returning is None else self.returning.cursor
        sockets = (socket_id,) if cursor is None else (socket_id, *cursor.sockets)
        first, last = self.missed[0].position, self.missed[-1].position
        return Handed(last.epoch, first.offset, last.offset, cursor is not None, sockets)


class CatchUp:
    """Gathers what arrives on a channel from now on, until `finish` joins it to what was read meanwhile.

    Args:
        gathering: of the app in this process.
        channel: its name.
        socket_id: the newcomer, who may be excluded from what is published.
        cached: whether the channel is of a kind with a cache.
        returning: who it is, in an app that resumes.
    """

    __slots__ = (
        "_cached",
        "_channel",
        "_gathered",
        "_gathering",
        "_history",
        "_joined",
        "_returning",
        "_sockets",
    )

    def __init__(
        self,
        gathering: Gathering,
        channel: str,
        socket_id: str,
        *,
        cached: bool,
        returning: Returning | None = None,
    ) -> None:
        self._gathering = gathering
        self._channel = channel
        cursor = None if returning is None else returning.cursor
        self._returning = returning
        self._sockets = (socket_id,) if cursor is None else (socket_id, *cursor.sockets)
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
        return Arrival(
            missed,
            members=None if self._joined is None else self._joined.members,
            cache_missed=self._cached and not any(publication.cached for publication in missed),
            gap=self._gap(),
            returning=self._returning,
            start=self._start(missed, self._reached(gathered)),
            reached=self._reached(gathered),
            complete=self._history is None or self._history.complete,
        )

    @property
    def since(self) -> Position | None:
        """How far it had come when it was here before."""
        returning = self._returning
        return None if returning is None or returning.cursor is None else returning.cursor.position

    def _kept(self) -> tuple[Sequence[Publication], Publication | None]:
        history = self._history
        if history is None:
            return (), None
        cached = None if history.cached is None else history.cached.publication
        if self.since is None:
            return history.publications, cached
        return [each for each in history.publications if each.exclude not in self._sockets], cached

    def _gap(self) -> Gap | None:
        if self.since is None or self._history is None or self._history.complete:
            return None
        return Gap(self.since, self._history.top)

    def _reached(self, gathered: Sequence[Publication]) -> Position | None:
        if self._history is None:
            return None
        newer = [each.position for each in gathered if _after(each.position, self._history.top)]
        return newer[-1] if newer else self._history.top

    def _start(self, missed: Sequence[Publication], reached: Position | None) -> Position | None:
        """A newcomer that is handed something has not come further than to the event before it."""
        if self.since is not None:
            return self.since
        first = next((publication.position for publication in missed if publication.kept), None)
        if first is None or reached is None or first.epoch != reached.epoch:
            return reached
        return Position(first.epoch, first.offset - 1)

    def _is_news(self, publication: Publication) -> bool:
        """Whether the newcomer knows nothing of it yet, and is to know."""
        if publication.exclude in self._sockets:
            return False
        if publication.kept or (self.since is not None and not publication.of_members):
            return self._history is not None and _after(publication.position, self._history.top)
        return self._joined is not None and _after(publication.position, self._joined.top)


def _after(position: Position, top: Position) -> bool:
    return position.epoch != top.epoch or position.offset > top.offset
