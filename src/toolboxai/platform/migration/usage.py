"""Counting who uses the old sockets: at once in memory, now and then in the database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from toolboxai.clock import Clock
from toolboxai.platform.migration.store import UsageRow, UsageStore, UsageUnavailable, Use

__all__ = ["KEPT_DAYS", "OTHERS", "UsageLedger", "use_of"]

KEPT_DAYS: Final = 400  # a year, so that what is used once a school year is seen, and some weeks
OTHERS: Final = "(others)"
_NAME_CHARS: Final = 200
_USER_CHARS: Final = 128
_ORGANIZATION_CHARS: Final = 64
_SEEN_S: Final = 600.0  # a client that stays is seen so often: a report's shortest age is an hour
_PENDING: Final = 5_000  # rows between two flushes; a busy service has some dozens
# Names are the clients' own, so whoever invents new ones could fill the database. These are far more than one user
# has programs, and than there are kinds of program that nobody signs in with.
_NAMES_OF_A_USER: Final = 20
_NAMES_OF_NOBODY: Final = 1_000


def use_of(*, endpoint: str, user_agent: str, client: str, user_id: str, organization_id: str) -> Use:
    """A use whose texts can be kept and shown: without control characters, and not longer than the columns."""
    return Use(
        endpoint,
        _shown(user_agent)[:_NAME_CHARS],
        _shown(client)[:_NAME_CHARS],
        _shown(user_id)[:_USER_CHARS],
        _shown(organization_id)[:_ORGANIZATION_CHARS],
    )


def _shown(text: str) -> str:
    return text if text.isprintable() else "".join(each for each in text if each.isprintable())


@dataclass(slots=True)
class _Tally:
    connections: int
    messages: int
    first_seen: float
    last_seen: float

    def add(self, other: "_Tally") -> None:
        self.connections += other.connections
        self.messages += other.messages
        self.first_seen = min(self.first_seen, other.first_seen)
        self.last_seen = max(self.last_seen, other.last_seen)


@dataclass(slots=True)
class _Here:
    """Connections of one use that are open."""

    seen_at: float  # last written down, in unix seconds
    connections: int = 0


class UsageLedger:
    """Satisfies ``transport.old_sockets_parts.Ledger``. Counting never waits and never fails.

    Whoever stays connected is seen every ten minutes. What the database does not take is kept for the next time.
    Memory is bounded: beyond 5,000 rows, and beyond the names that one user, or all who did not sign in, may use on one
    day, the user agent is ``(others)``.

    Args:
        store: where counts are kept.
        clock: for days and times.
    """

    def __init__(self, store: UsageStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._pending: dict[tuple[Use, str], _Tally] = {}
        self._today = ""
        self._names: dict[str, set[int]] = {}  # of today, by user: the hashes of their uses
        self._here: dict[Use, _Here] = {}
        self._pruned_on = ""

    def opened(self, **who: str) -> None:
        """A client has connected; `who` is what `use_of` takes, with texts that are empty where they are not known."""
        now, use = self._clock.now(), use_of(**who)
        self._count(use, _Tally(1, 0, now, now))
        self._here.setdefault(use, _Here(now)).connections += 1

    def closed(self, messages: int, **who: str) -> None:
        """Its connection has ended, and it had sent this many messages; `who` is that of ``opened``."""
        now, use = self._clock.now(), use_of(**who)
        self._count(use, _Tally(0, messages, now, now))
        here = self._here.get(use)
        if here is not None:
            here.connections -= 1
            if not here.connections:
                del self._here[use]

    async def flush(self) -> None:
        """Write down what was counted since the last time; once a day, forget what is too old.

        While the database does not answer nothing is lost, and nothing is raised for it.
        """
        self._see_who_is_here()
        taken, self._pending = self._pending, {}
        # In one order in every process: two that write the same rows wait for each other and never in a circle.
        rows = [
            UsageRow(use, day, tally.connections, tally.messages, tally.first_seen, tally.last_seen)
            for (use, day), tally in sorted(taken.items(), key=lambda item: item[0])
        ]
        try:
            if rows:
                await self._store.add(rows)
        except BaseException as fault:
            for (use, day), tally in taken.items():
                self._add(use, day, tally)
            if not isinstance(fault, UsageUnavailable):
                raise
            return
        await self._prune()

    async def _prune(self) -> None:
        now = self._clock.now()
        today = _day(now)
        if today == self._pruned_on:
            return
        oldest = (datetime.fromtimestamp(now, UTC) - timedelta(days=KEPT_DAYS - 1)).date().isoformat()
        try:
            await self._store.prune(oldest)
        except UsageUnavailable:
            return
        self._pruned_on = today

    def _see_who_is_here(self) -> None:
        now = self._clock.now()
        for use, here in self._here.items():
            if now - here.seen_at >= _SEEN_S or _day(now) != _day(here.seen_at):
                here.seen_at = now
                self._count(use, _Tally(0, 0, now, now))

    def _count(self, use: Use, tally: _Tally) -> None:
        day = _day(tally.last_seen)
        if day != self._today:
            self._today = day
            self._names.clear()
        names = self._names.setdefault(use.user_id, set())
        name = hash(use)
        if name not in names:
            if len(names) >= (_NAMES_OF_A_USER if use.user_id else _NAMES_OF_NOBODY):
                use = use._replace(user_agent=OTHERS, client="")
            else:
                names.add(name)
        self._add(use, day, tally)

    def _add(self, use: Use, day: str, tally: _Tally) -> None:
        known = self._pending.get((use, day))
        if known is None and len(self._pending) >= _PENDING:
            use = Use(use.endpoint, OTHERS, "", "", "")
            known = self._pending.get((use, day))
        if known is None:
            self._pending[use, day] = tally
        else:
            known.add(tally)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
