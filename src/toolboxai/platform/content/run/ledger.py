"""What happens to a session is written down first and told second, in one order."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from weakref import WeakValueDictionary

from toolboxai.platform.content.records.sessions import Change, StoredEvent
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.content.run.events import PublicCompat
from toolboxai.platform.content.run.teller import PAUSES_S, Teller
from toolboxai.platform.ports import Event, Publisher

__all__ = ["Ledger"]


class Ledger:
    """Records changes and has their events told.

    Args:
        store: where changes go first.
        publisher: where their events go next.
        public_compat: what the public channel name carries.
        pauses_s: between tries to tell what could not be told, in seconds.
    """

    def __init__(
        self,
        store: ContentStore,
        publisher: Publisher,
        *,
        public_compat: PublicCompat,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._store = store
        self._teller = Teller(store, publisher, public_compat=public_compat, pauses_s=pauses_s)
        self.public_form = self._teller.public_form
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._over: list[Callable[[str], None]] = []

    def when_over(self, call: Callable[[str], None]) -> None:
        """Have this called with the id of each session whose attempt has ended, whichever way."""
        self._over.append(call)

    async def record(self, session_id: str, change: Change) -> Sequence[StoredEvent]:
        """Write a change and tell its events.

        A publisher that fails does not undo the change, nor fail it; it is logged and tried again.

        Raises:
            Superseded: see ``ContentStore.record``.
            LookupError: there is no such session.
        """
        async with self._lock(session_id):
            announced = self._teller.told(session_id)
            events = await self._store.record(session_id, replace(change, announced=announced))
            over = change.status is not None and change.status.over
            if over:
                for call in self._over:
                    call(session_id)
            await self._teller.tell(session_id, events, over=over)
            return events

    async def tell_live(self, session_id: str, event: Event) -> None:
        """Tell what is not written down, after the events that were recorded before; it may be lost."""
        async with self._lock(session_id):
            await self._teller.tell_live(session_id, event)

    async def take_up(
        self, session_id: str, events: Sequence[StoredEvent], *, announced: int, over: bool
    ) -> None:
        """After a start: put back what is known to have gone out, and tell the rest."""
        async with self._lock(session_id):
            await self._teller.restore(session_id, [event for event in events if event.seq <= announced])
            untold = [event for event in events if event.seq > announced]
            await self._teller.tell(session_id, untold, over=over)

    async def close(self) -> None:
        """Tell no more."""
        await self._teller.close()

    def _lock(self, session_id: str) -> asyncio.Lock:
        lock = self._locks.get(session_id)
        if lock is None:
            lock = self._locks[session_id] = asyncio.Lock()
        return lock
