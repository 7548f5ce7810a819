"""The broker of a service that is one process."""

from collections import deque
from collections.abc import Sequence

from toolboxai.apps.app import App, HistoryRule
from toolboxai.broker.base import Deliver, History
from toolboxai.clock import Clock
from toolboxai.ids import Dice, new_token
from toolboxai.limits import HISTORY_BYTES
from toolboxai.protocol.publication import Position, Publication

__all__ = ["MemoryBroker"]


class _Stream:
    """One channel's order and what is kept of it."""

    __slots__ = ("_bytes", "epoch", "followed", "kept", "offset", "rule")

    def __init__(self, epoch: str, rule: HistoryRule | None) -> None:
        self.epoch = epoch
        self.offset = 0
        self.rule = rule
        self.followed = False
        self.kept: deque[Publication] = deque()
        self._bytes = 0

    def append(self, publication: Publication) -> Position:
        self.offset += 1
        publication.position = position = Position(self.epoch, self.offset)
        if self.rule is not None:
            self.kept.append(publication)
            self._bytes += len(publication.text)
            while len(self.kept) > self.rule.events or self._bytes > HISTORY_BYTES:
                self._drop_oldest()
        return position

    def expire(self, now: float) -> None:
        if self.rule is not None:
            oldest = now - self.rule.seconds
            while self.kept and self.kept[0].at <= oldest:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._bytes -= len(self.kept.popleft().text)


class MemoryBroker:
    """Streams in a dictionary.

    A channel that nobody follows and nothing is kept of is forgotten; its next life has a new epoch, so that an old
    position is never mistaken for a new one.

    Args:
        clock: for the age of what is kept.
        dice: for epochs.
    """

    immediate = True

    def __init__(self, clock: Clock, dice: Dice) -> None:
        self._clock = clock
        self._life = new_token(dice, bits=40)
        self._streams: dict[tuple[str, str], _Stream] = {}
        self._ruled: set[tuple[str, str]] = set()
        self._born = 0
        self._deliver: Deliver = _unbound

    def bind(self, deliver: Deliver) -> None:
        """See the port."""
        self._deliver = deliver

    async def publish(self, app: App, publication: Publication) -> Position:
        """See the port."""
        stream = self._streams.get((app.id, publication.channel))
        if stream is None:
            if app.history_rule(publication.channel) is None:
                # Nobody follows and nothing is kept: nobody will ever ask for this place again.
                publication.position = position = Position(self._epoch(), 1)
                return position
            stream = self._stream(app, publication.channel)
        position = stream.append(publication)
        if stream.followed:
            self._deliver(app.id, publication)
        return position

    async def follow(self, app: App, channel: str) -> None:
        """See the port."""
        self._stream(app, channel).followed = True

    async def unfollow(self, app: App, channel: str) -> None:
        """See the port."""
        stream = self._streams.get((app.id, channel))
        if stream is not None:
            stream.followed = False
            self._forget_idle(app.id, channel, stream)

    async def history(self, app: App, channel: str, *, since: Position | None = None) -> History:
        """See the port."""
        stream = self._streams.get((app.id, channel))
        if stream is None:
            return History((), Position(self._epoch(), 0), complete=since is None)
        stream.expire(self._clock.now())
        top = Position(stream.epoch, stream.offset)
        kept = tuple(stream.kept)
        if since is None:
            return History(kept, top, complete=len(kept) == stream.offset)
        if since.epoch != stream.epoch:
            return History(kept, top, complete=False)
        missed = tuple(publication for publication in kept if publication.position.offset > since.offset)
        return History(missed, top, complete=len(missed) == stream.offset - since.offset)

    async def restore(self, app: App, channel: str, publications: Sequence[Publication]) -> None:
        """See the port."""
        stream = self._stream(app, channel)
        if stream.offset == 0:
            for publication in publications:
                stream.append(publication)
        self._forget_idle(app.id, channel, stream)

    def sweep(self) -> None:
        """See the port."""
        now = self._clock.now()
        for app_id, channel in tuple(self._ruled):
            stream = self._streams[app_id, channel]
            stream.expire(now)
            self._forget_idle(app_id, channel, stream)

    def _stream(self, app: App, channel: str) -> _Stream:
        stream = self._streams.get((app.id, channel))
        if stream is None:
            stream = self._streams[app.id, channel] = _Stream(self._epoch(), app.history_rule(channel))
            if stream.rule is not None:
                self._ruled.add((app.id, channel))
        return stream

    def _epoch(self) -> str:
        self._born += 1
        return f"{self._life}.{self._born}"

    def _forget_idle(self, app_id: str, channel: str, stream: _Stream) -> None:
        if not stream.followed and not stream.kept:
            self._streams.pop((app_id, channel), None)
            self._ruled.discard((app_id, channel))


def _unbound(_app_id: str, _publication: Publication) -> None:
    raise RuntimeError("a broker was used before bind() named its receiver")
