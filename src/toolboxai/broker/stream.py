"""One channel's order in this process, and what is kept of it."""

from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from toolboxai.apps.app import HistoryRule
from toolboxai.broker.base import Cached
from toolboxai.broker.saved import IN_CACHE, IN_HISTORY, IN_TAIL, SavedChannel, SavedEvent
from toolboxai.limits import EVENT_BYTES_BESIDE, HISTORY_BYTES, RESUME_S
from toolboxai.protocol.publication import Position, Publication

__all__ = ["Budget", "Log", "Stream"]

_STALE_AT_LEAST = 1000  # below, looking through the order is not worth it
# Few names, and of each many events. Not `sys.intern`: some versions of Python never let go of what publishers name.
_one_name: Final = lru_cache(maxsize=1024)(str)


class Budget:
    """Bytes that several logs may keep together. When they have more, the oldest event of all goes first.

    Args:
        most: of all of them, with what an event takes beside its text.

    Attributes:
        used: of all of them.
    """

    __slots__ = ("_most", "_order", "_stale", "used")

    def __init__(self, most: int) -> None:
        self._most = most
        self._order: deque[Log] = deque()  # one entry for each event that was ever kept, oldest first
        self._stale = 0  # entries whose event has gone by itself
        self.used = 0

    def kept(self, log: "Log", size: int) -> None:
        """The log has kept one more event; what is too much goes, from whichever log it is."""
        self._order.append(log)
        self.used += size + EVENT_BYTES_BESIDE
        while self.used > self._most and self._order:
            oldest = self._order.popleft()
            if oldest.stale:
                oldest.stale -= 1
                self._stale -= 1
            else:
                self.used -= oldest.drop_oldest() + EVENT_BYTES_BESIDE

    def dropped(self, log: "Log", size: int) -> None:
        """The log has dropped its oldest event by itself."""
        self.used -= size + EVENT_BYTES_BESIDE
        log.stale += 1
        self._stale += 1
        if self._stale > len(self._order) // 2 + _STALE_AT_LEAST:
            self._compact()

    def put_in_order(self) -> None:
        """The logs were filled one after another: of all their events the oldest goes first again."""
        logs = dict.fromkeys(self._order)
        aged = [(publication.at, log) for log in logs for publication in log.kept]
        aged.sort(key=lambda each: each[0])
        self._order = deque(log for _at, log in aged)
        self._stale = 0
        for log in logs:
            log.stale = 0

    def _compact(self) -> None:
        order: deque[Log] = deque()
        for log in self._order:
            if log.stale:
                log.stale -= 1
            else:
                order.append(log)
        self._order = order
        self._stale = 0


class Log:
    """The newest publications, bounded in number, bytes and age.

    Args:
        events: so many at most.
        seconds: and for so long.
        budget: shared with other logs; None: this one is on its own.

    Attributes:
        kept: oldest first.
        lost: the offset of the newest publication that was kept once, or should have been, and is not.
        lost_of_clients: the same, of what clients sent.
        stale: for the budget: events that it does not know to be gone.
    """

    __slots__ = ("_budget", "_bytes", "_events", "_seconds", "kept", "lost", "lost_of_clients", "stale")

    def __init__(self, events: int, seconds: float, budget: Budget | None = None) -> None:
        self._events = events
        self._seconds = seconds
        self._budget = budget
        self._bytes = 0
        self.kept: deque[Publication] = deque()
        self.lost = 0
        self.lost_of_clients = 0
        self.stale = 0

    def append(self, publication: Publication) -> None:
        """Keep the newest, in half a mebibyte at most: a newcomer is handed all of it at once."""
        publication.event = _one_name(publication.event)
        self.kept.append(publication)
        self._bytes += len(publication.text)
        if self._budget is not None:
            self._budget.kept(self, len(publication.text))
        while len(self.kept) > self._events or self._bytes > HISTORY_BYTES:
            self._let_go()

    def bound(self, events: int, seconds: float) -> None:
        """Keep so many from now on, and for so long."""
        self._events = events
        self._seconds = seconds
        while len(self.kept) > events:
            self._let_go()

    def newest_or(self, offset: int) -> int:
        """The offset of the newest that is or was kept, or this one when there never was any."""
        return self.kept[-1].position.offset if self.kept else max(self.lost, offset)

    def expire(self, now: float) -> None:
        """Drop what is too old; unix seconds."""
        oldest = now - self._seconds
        while self.kept and self.kept[0].at <= oldest:
            self._let_go()

    def clear(self) -> None:
        """Drop everything: its channel is forgotten."""
        while self.kept:
            self._let_go()

    def since(self, offset: int) -> Sequence[Publication]:
        """What is kept and came after this offset."""
        return tuple(publication for publication in self.kept if publication.position.offset > offset)

    def drop_oldest(self) -> int:
        """Drop one, there being any; returns the bytes of its text."""
        dropped = self.kept.popleft()
        if dropped.kept:
            self.lost = dropped.position.offset
        else:
            self.lost_of_clients = dropped.position.offset
        self._bytes -= len(dropped.text)
        return len(dropped.text)

    def _let_go(self) -> None:
        size = self.drop_oldest()
        if self._budget is not None:
            self._budget.dropped(self, size)


class Stream:
    """One channel's order and what is kept of it.

    Args:
        epoch: of this life of the channel.
        rule: what newcomers are handed; None: nothing.
        tail: what those are handed who come back; None where nobody is known again.

    Attributes:
        offset: of the newest publication.
        last_at: unix seconds of the newest publication that is no change of members; None before the first.
        followed: whether a node follows the channel.
        remembered_until: unix seconds until which the order goes on though nobody follows.
    """

    __slots__ = (
        "_cached",
        "_cached_until",
        "_lost",
        "epoch",
        "followed",
        "history",
        "last_at",
        "offset",
        "remembered_until",
        "tail",
    )

    def __init__(self, epoch: str, rule: HistoryRule | None, tail: Log | None) -> None:
        self.epoch = epoch
        self.offset = 0
        self.last_at: float | None = None
        self.followed = False
        self.remembered_until = 0.0
        self.history = None if rule is None else Log(rule.events, rule.seconds)
        self.tail = tail
        self._lost = 0  # without a rule: the newest that would have been kept
        self._cached: Publication | None = None
        self._cached_until = 0.0

    @property
    def top(self) -> Position:
        """Of the newest publication."""
        return Position(self.epoch, self.offset)

    def idle(self, now: float) -> bool:
        """Whether there is nothing to remember."""
        return not (self.followed or self._kept_anything or now < self.remembered_until)

    @property
    def _kept_anything(self) -> bool:
        return bool(
            self._cached is not None
            or (self.history is not None and self.history.kept)
            or (self.tail is not None and self.tail.kept)
        )

    @property
    def keeps(self) -> bool:
        """Whether something of it may outlive its time."""
        return self.history is not None or self.tail is not None

    def change(self, rule: HistoryRule | None, tail: Log | None) -> None:
        """Keep by this rule, and for those who come back or not, from now on; what that does not cover is let go.

        Args:
            rule: as at the beginning.
            tail: an empty one, or None; one that is there already goes on.
        """
        if rule is None:
            self._lost = self.history.newest_or(self._lost) if self.history is not None else self._lost
            self.history = None
        elif self.history is None:
            self.history = Log(rule.events, rule.seconds)
            self.history.lost = self._lost
        else:
            self.history.bound(rule.events, rule.seconds)
        if tail is None or self.tail is None:
            self.forget()
            self.tail = tail
            if tail is not None:
                tail.lost = tail.lost_of_clients = self.offset

    def append(self, publication: Publication, *, cache_ttl_s: float) -> Position:
        """Give the publication its place, and keep it where that is wanted."""
        self.offset += 1
        publication.position = position = Position(self.epoch, self.offset)
        if not publication.of_members:
            self.last_at = publication.at
        if publication.cached:
            self._cached = publication
            self._cached_until = publication.at + cache_ttl_s
        if self.tail is not None and not publication.of_members and not publication.transient:
            self.tail.append(publication)
        if publication.kept:
            if self.history is None:
                self._lost = self.offset
            else:
                self.history.append(publication)
        return position

    def cached(self, now: float) -> Cached | None:
        """What a newcomer to a cache channel is handed."""
        self.expire(now)
        return None if self._cached is None else Cached(self._cached, self._cached_until - now)

    def kept_since(self, offset: int) -> tuple[Sequence[Publication], bool]:
        """What history keeps and came after this offset, and whether that is all that belongs there."""
        if self.history is None:
            return (), self._lost <= offset <= self.offset
        return self.history.since(offset), self.history.lost <= offset <= self.offset

    def missed_since(self, offset: int) -> tuple[Sequence[Publication], bool]:
        """What anybody published after this offset, as far as it is known, and whether that is all of it."""
        kept, complete = self.kept_since(offset)
        if self.tail is None:
            return kept, complete
        # History may reach further back than the tail, and has nothing of what clients sent.
        missed = {
            publication.position.offset: publication for publication in (*kept, *self.tail.since(offset))
        }
        complete = complete or self.tail.lost <= offset <= self.offset
        return [missed[place] for place in sorted(missed)], complete and self.tail.lost_of_clients <= offset

    def expire(self, now: float) -> None:
        """Drop what is too old; unix seconds."""
        if self._cached is not None and self._cached_until <= now:
            self._cached = None
        for log in (self.history, self.tail):
            if log is not None:
                log.expire(now)

    # ---- over a restart -------------------------------------------------------------------------------------

    @property
    def newest_seq(self) -> int | None:
        """The highest number that the application has given to what history keeps."""
        kept = () if self.history is None else self.history.kept
        return max((publication.seq for publication in kept if publication.seq is not None), default=None)

    def saved(self, name: str, now: float) -> SavedChannel | None:
        """What a next process needs to go on; None when nobody would miss it."""
        self.expire(now)
        remembered = self.remembered_until
        if self.followed and self.keeps:  # whoever is there now comes back
            remembered = now + RESUME_S
        if not self._kept_anything and remembered <= now:
            return None
        history, tail = self.history, self.tail
        return SavedChannel(
            name,
            self.epoch,
            self.offset,
            self._saved_events(),
            lost=self._lost if history is None else history.lost,
            tail_lost=None if tail is None else tail.lost,
            tail_lost_of_clients=0 if tail is None else tail.lost_of_clients,
            remembered_until=remembered,
            cached_until=self._cached_until,
        )

    def _saved_events(self) -> list[SavedEvent]:
        where: dict[Publication, int] = {}
        for log, place in ((self.history, IN_HISTORY), (self.tail, IN_TAIL)):
            for publication in () if log is None else log.kept:
                where[publication] = where.get(publication, 0) | place
        if self._cached is not None:
            where[self._cached] = where.get(self._cached, 0) | IN_CACHE
        return [
            SavedEvent(
                each.position.offset,
                each.event,
                each.data,
                each.at,
                where[each],
                each.kept,
                each.user_id,
                each.exclude,
            )
            for each in sorted(where, key=lambda each: each.position.offset)
        ]

    def load(self, saved: SavedChannel, *, goes_on: bool) -> None:
        """Begin as what an earlier process has saved; what the rules of now do not cover is let go.

        Args:
            saved: by the earlier process.
            goes_on: whether that is its last word; otherwise nobody's old position means anything.
        """
        self.offset = saved.offset
        self._lost = saved.lost
        if self.history is not None:
            self.history.lost = saved.lost
        if self.tail is not None:
            known = goes_on and saved.tail_lost is not None
            self.tail.lost = (saved.tail_lost or 0) if known else saved.offset
            self.tail.lost_of_clients = saved.tail_lost_of_clients if known else saved.offset
        if goes_on and self.keeps:
            self.remembered_until = saved.remembered_until
        for event in saved.events:
            self._load_event(saved, event, goes_on=goes_on)

    def _load_event(self, saved: SavedChannel, event: SavedEvent, *, goes_on: bool) -> None:
        publication = Publication(
            saved.name,
            event.event,
            event.data,
            user_id=event.user_id,
            exclude=event.exclude,
            at=event.at,
            kept=event.kept,
            cached=bool(event.places & IN_CACHE),
        )
        publication.position = Position(self.epoch, event.offset)
        if event.places & IN_CACHE:
            self._cached, self._cached_until = publication, saved.cached_until
        if event.places & IN_TAIL and self.tail is not None and goes_on:
            self.tail.append(publication)
        if event.places & IN_HISTORY:
            if self.history is None:
                self._lost = event.offset
            else:
                self.history.append(publication)

    def forget(self) -> None:
        """The channel is forgotten: what it kept of a common budget is free."""
        if self.tail is not None:
            self.tail.clear()
