"""What happens in this process, told live to whoever looks: names, sizes and ids, never what an event says.

Nothing is told while nobody reads: each tap looks at `Feed.open` and goes on.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Final, NamedTuple

from toolboxai import limits
from toolboxai.clock import Clock
from toolboxai.errors import RateLimitExceeded
from toolboxai.hub.connection import Connection
from toolboxai.node.fair_sample import FairSample
from toolboxai.node.feed_entry import Detail, Entry, Kind, Named, Wanted
from toolboxai.protocol.publication import Position, Publication

__all__ = ["Feed", "Page"]

_TEXT_CHARS: Final = 300  # of a fact; names of channels and events have bounds of their own
_PUBLICATION: Final = Kind.PUBLICATION
_CLIENT_EVENT: Final = Kind.CLIENT_EVENT
_NOBODY: Final = Named()
_NO_FACTS: Final[Mapping[str, Detail]] = MappingProxyType({})


class Page(NamedTuple):
    """What a reader gets.

    Args:
        items: oldest first.
        next: the number to come back with.
        sampled_away: by kind, how many there was no place for since the feed was opened.
        missed: entries after the number asked for that are not remembered any more, of all kinds.
        since: unix seconds at which the feed was opened.
    """

    items: Sequence[Entry]
    next: int
    sampled_away: Mapping[Kind, int]
    missed: int
    since: float


class Feed:
    """The last entries, while somebody reads and a little longer.

    What no reader of the last minute has asked for is not taken at all, so that who looks at one small app is not
    crowded out by a large one.

    Args:
        clock: for times, and for who reads still.
        entries: so many are remembered.

    Attributes:
        open: whether somebody reads; taps look here.
    """

    def __init__(self, clock: Clock, *, entries: int = limits.FEED_ENTRIES) -> None:
        self.open = False
        self._clock = clock
        self._kept: deque[Entry] = deque(maxlen=entries)
        self._n = 0
        self._since = 0.0
        self._sample = _sample()
        self._readers: dict[Wanted, float] = {}
        self._kinds: frozenset[Kind] = frozenset()
        self._apps: frozenset[str] | None = None
        self._news: asyncio.Event | None = None
        self._waiting = 0
        self._leaving = False

    # ---- the taps -------------------------------------------------------------------------------------------

    def tell(
        self,
        kind: Kind,
        app_id: str | None,
        what: str,
        facts: Mapping[str, Detail] = _NO_FACTS,
        *,
        named: Named = _NOBODY,
    ) -> None:
        """Something has happened; it is remembered if somebody looks for it and there is a place.

        Args:
            kind: of what kind.
            app_id: whose.
            what: in a word of ours.
            facts: more of it; texts are cut.
            named: whom and what it concerns.
        """
        now = self._clock.now()
        if self._takes(kind, app_id, now):
            self._keep(now, kind, app_id, named, {"what": what, **_cut(facts)})

    def published(self, app_id: str, publication: Publication, position: Position) -> None:
        """An event was taken by the broker."""
        by_client = publication.origin == "client"
        kind = _CLIENT_EVENT if by_client else _PUBLICATION
        # With thousands in a second this is what most of them cost.
        if kind not in self._kinds or (self._apps is not None and app_id not in self._apps):
            return
        if not self._sample.take(kind, publication.at):  # a look at the clock would be a third of the cost
            return
        data, sender = publication.data, publication.exclude if by_client else None
        size = len(data) if data.isascii() else len(data.encode(errors="surrogatepass"))
        self._keep(
            publication.at,
            kind,
            app_id,
            Named(sender, publication.user_id, publication.channel, publication.event, size),
            {"what": "published", "origin": publication.origin, "publication_id": position.text},
        )

    def of(
        self,
        connection: Connection,
        kind: Kind,
        what: str,
        facts: Mapping[str, Detail] = _NO_FACTS,
        *,
        channel: str | None = None,
    ) -> None:
        """Something has happened to a connection; arguments as of `tell`."""
        now = self._clock.now()
        if self._takes(kind, connection.app.id, now):
            named = Named(connection.socket_id, connection.user_id, channel)
            transport = connection.about.transport.value
            detail = {"what": what, "transport": transport, **_cut(facts)}
            self._keep(now, kind, connection.app.id, named, detail)

    def _takes(self, kind: Kind, app_id: str | None, now: float) -> bool:
        if not self.open or kind not in self._kinds or (self._apps is not None and app_id not in self._apps):
            return False
        return self._sample.take(kind, now)

    def _keep(
        self, at: float, kind: Kind, app_id: str | None, named: Named, detail: Mapping[str, Detail]
    ) -> None:
        self._n += 1
        self._kept.append(Entry(self._n, at, kind, app_id, named, detail))
        if self._news is not None:
            self._news.set()
            self._news = None

    # ---- reading --------------------------------------------------------------------------------------------

    def look(self, after: int, wanted: Wanted) -> Page:
        """What has come since, as far as it is remembered; who looks opens the feed.

        Args:
            after: ``next`` of the answer before; 0: all that is remembered.
            wanted: which entries.
        """
        self._read(wanted)
        if after > self._n:  # of an earlier life of the process
            after = 0
        oldest = self._kept[0].n if self._kept else self._n + 1
        found = list(islice(self._after(after, wanted), limits.FEED_ITEMS + 1))
        whole = len(found) <= limits.FEED_ITEMS
        items = found[: limits.FEED_ITEMS]
        return Page(
            items=items,
            next=self._n if whole else items[-1].n,
            sampled_away={Kind(kind): count for kind, count in self._sample.away.items()},
            missed=max(0, oldest - 1 - after) if after else 0,
            since=self._since,
        )

    async def wait(self, after: int, wanted: Wanted, wait_s: float) -> Page:
        """As `look`; where there is nothing yet, wait for it.

        Args:
            after: as of `look`.
            wanted: as of `look`.
            wait_s: seconds, at most; 0: not at all.

        Raises:
            RateLimitExceeded: as many wait as may.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        page = self.look(after, wanted)
        if self._waiting >= limits.FEED_WAITING and not page.items and wait_s:
            raise RateLimitExceeded(
                "as many readers wait for the feed as may; come back soon", retry_after_s=5
            )
        self._waiting += 1
        try:
            while not page.items and not self._leaving and (left := until - loop.time()) > 0:
                if self._news is None:
                    self._news = asyncio.Event()
                try:
                    async with asyncio.timeout(left):
                        await self._news.wait()
                except TimeoutError:
                    break
                # One answer for what comes together: the first of many does not go alone.
                await asyncio.sleep(min(limits.FEED_GATHER_S, max(until - loop.time(), 0)))
                page = self._further(page, wanted)
        finally:
            self._waiting -= 1
        return page if page.items else self._further(page, wanted)

    def _further(self, page: Page, wanted: Wanted) -> Page:
        """What has come since an empty page: what it was empty for is not looked at again."""
        new = self.look(page.next, wanted)
        return new._replace(missed=page.missed + new.missed)

    def _after(self, after: int, wanted: Wanted) -> Iterator[Entry]:
        behind = self._n - after
        kept = len(self._kept)
        entries = self._kept if behind >= kept else islice(self._kept, kept - behind, None)
        return (entry for entry in entries if wanted.fits(entry))

    def _read(self, wanted: Wanted) -> None:
        now = self._clock.monotonic()
        if not self.open:
            self.open = True
            self._since = self._clock.now()
            self._sample = _sample()
            self._kept.clear()
        known = wanted in self._readers
        self._readers.pop(wanted, None)
        self._readers[wanted] = now
        if len(self._readers) > limits.FEED_READERS:
            del self._readers[next(iter(self._readers))]
        if not known:
            self._narrow()

    def _narrow(self) -> None:
        self._kinds = frozenset[Kind]().union(*(wanted.kinds for wanted in self._readers))
        apps = {wanted.app_id for wanted in self._readers}
        self._apps = None if None in apps else frozenset(app for app in apps if app is not None)

    # ---- time -----------------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Forget who reads no more, and close the feed after the last; called every second or so."""
        if not self.open:
            return
        oldest = self._clock.monotonic() - limits.FEED_IDLE_S
        gone = [wanted for wanted, at in self._readers.items() if at < oldest]
        for wanted in gone:
            del self._readers[wanted]
        if gone:
            self._narrow()
        if not self._readers:
            self.open = False
            self._kept.clear()

    def leave(self) -> None:
        """The server goes: nobody waits any longer."""
        self._leaving = True
        if self._news is not None:
            self._news.set()
            self._news = None


def _cut(detail: Mapping[str, Detail]) -> Mapping[str, Detail]:
    return {name: value[:_TEXT_CHARS] if isinstance(value, str) else value for name, value in detail.items()}


def _sample() -> FairSample:
    return FairSample(Kind, per_s=limits.FEED_PER_S, reserve=limits.FEED_RESERVE)
