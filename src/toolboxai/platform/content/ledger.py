"""What happens to a session is written down first and told second, in one order."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakValueDictionary

from toolboxai.errors import PublishFailed
from toolboxai.platform.content.events import PublicCompat, private_channel, public_channel, safe_form, wire
from toolboxai.platform.content.sessions import Change, StoredEvent
from toolboxai.platform.content.store import ContentStore
from toolboxai.platform.ports import Event, Publisher

__all__ = ["Ledger"]

log = logging.getLogger(__name__)


class Ledger:
    """Records changes and publishes their events.

    What could not be published waits for the session's next event, and after the last one for the next start of the
    server: the store knows how far the telling came.

    Args:
        store: where changes go first.
        publisher: where events go next.
        public_compat: what the public channel name carries.
    """

    def __init__(self, store: ContentStore, publisher: Publisher, *, public_compat: PublicCompat) -> None:
        self._store = store
        self._publisher = publisher
        self._compat = public_compat
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting: dict[str, list[StoredEvent]] = {}
        self._told: dict[str, int] = {}  # how far the telling came; the next record writes it down

    async def record(self, session_id: str, change: Change) -> Sequence[StoredEvent]:
        """Write a change and tell its events.

        A publisher that fails does not undo the change, nor fail it; it is logged.

        Raises:
            Superseded: see ``ContentStore.record``.
            LookupError: there is no such session.
        """
        async with self._lock(session_id):
            events = await self._store.record(
                session_id, replace(change, announced=self._told.get(session_id, 0))
            )
            await self._tell(session_id, events, last=change.status is not None and change.status.over)
            return events

    async def take_up(
        self, session_id: str, events: Sequence[StoredEvent], *, announced: int, over: bool
    ) -> None:
        """After a start: put back what is known to have gone out, and tell the rest."""
        told = [event for event in events if event.seq <= announced]
        async with self._lock(session_id):
            for channel, said in self._forms(session_id, told):
                await self._publisher.restore(channel, said)
            await self._tell(session_id, [event for event in events if event.seq > announced], last=over)

    async def _tell(self, session_id: str, events: Sequence[StoredEvent], *, last: bool) -> None:
        waiting = [*self._waiting.pop(session_id, ()), *events]
        for place, event in enumerate(waiting):
            try:
                await self._publish(session_id, event)
            except PublishFailed as fault:
                log.warning(
                    "an event of a session could not be published",
                    extra={"session_id": session_id, "seq": event.seq, "reason": str(fault)},
                )
                if not last:
                    self._waiting[session_id] = waiting[place:]
                break
            self._told[session_id] = event.seq
        if last and session_id in self._told:
            await self._store.announced(session_id, self._told.pop(session_id))

    async def _publish(self, session_id: str, event: StoredEvent) -> None:
        private, public = private_channel(session_id), public_channel(session_id)
        match self._compat:
            case PublicCompat.FULL:
                await self._publisher.publish([private, public], wire(event))
            case PublicCompat.SAFE:
                await self._publisher.publish([private], wire(event))
                await self._publisher.publish([public], wire(safe_form(event)))
            case PublicCompat.OFF:
                await self._publisher.publish([private], wire(event))

    def _forms(self, session_id: str, events: Sequence[StoredEvent]) -> list[tuple[str, list[Event]]]:
        full = [wire(event) for event in events]
        forms = [(private_channel(session_id), full)]
        if self._compat is not PublicCompat.OFF:
            safe = self._compat is PublicCompat.SAFE
            forms.append(
                (public_channel(session_id), [wire(safe_form(event)) for event in events] if safe else full)
            )
        return forms

    def public_form(self, event: StoredEvent) -> StoredEvent | None:
        """The event as the public name carries it; None when that name is off."""
        if self._compat is PublicCompat.OFF:
            return None
        return safe_form(event) if self._compat is PublicCompat.SAFE else event

    def _lock(self, session_id: str) -> asyncio.Lock:
        lock = self._locks.get(session_id)
        if lock is None:
            lock = self._locks[session_id] = asyncio.Lock()
        return lock
