"""What happens to a run is written down first and told second, in one order."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from toolboxai.platform.ports import Event, Publisher
from toolboxai.platform.runs.events import StoredEvent
from toolboxai.platform.runs.records import RunChange, RunStore
from toolboxai.platform.runs.teller import PAUSES_S, Names, Teller

__all__ = ["Ledger"]

C = TypeVar("C", bound=RunChange)


class Ledger(Generic[C]):
    """Records changes and has their events told.

    Args:
        store: where changes go first.
        publisher: where their events go next.
        names: the channels of runs.
        pauses_s: between tries to tell what could not be told, in seconds.
    """

    def __init__(
        self,
        store: RunStore[C],
        publisher: Publisher,
        names: Names,
        *,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._store = store
        self._teller = Teller(store, publisher, names, pauses_s=pauses_s)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._over: list[Callable[[str], None]] = []

    def when_over(self, call: Callable[[str], None]) -> None:
        """Have this called with the id of each run whose attempt has ended, whichever way."""
        self._over.append(call)

    async def record(self, run_id: str, change: C) -> Sequence[StoredEvent]:
        """Write a change and tell its events.

        A publisher that fails does not undo the change, nor fail it; it is logged and tried again.

        Raises:
            Superseded: see ``RunStore.record``.
            LookupError: there is no such run.
        """
        async with self._lock(run_id):
            announced = self._teller.told(run_id)
            events = await self._store.record(run_id, replace(change, announced=announced))
            if change.over:
                for call in self._over:
                    call(run_id)
            await self._teller.tell(run_id, events, over=change.over)
            return events

    async def tell_live(self, run_id: str, event: Event) -> None:
        """Tell what is not written down, after the events that were recorded before; it may be lost."""
        async with self._lock(run_id):
            await self._teller.tell_live(run_id, event)

    async def take_up(
        self, run_id: str, events: Sequence[StoredEvent], *, announced: int, over: bool
    ) -> None:
        """After a start: put back what is known to have gone out, and tell the rest."""
        async with self._lock(run_id):
            await self._teller.restore(run_id, [event for event in events if event.seq <= announced])
            untold = [event for event in events if event.seq > announced]
            await self._teller.tell(run_id, untold, over=over)

    async def close(self) -> None:
        """Tell no more."""
        await self._teller.close()

    def _lock(self, run_id: str) -> asyncio.Lock:
        lock = self._locks.get(run_id)
        if lock is None:
            lock = self._locks[run_id] = asyncio.Lock()
        return lock
