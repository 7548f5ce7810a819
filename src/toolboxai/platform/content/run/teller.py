"""Events of sessions go out in order: at once, or as soon as it can be."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from toolboxai.errors import PublishFailed, StorageUnavailable
from toolboxai.platform.content.records.sessions import StoredEvent
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.content.run.events import (
    PublicCompat,
    private_channel,
    public_channel,
    safe_form,
    wire,
)
from toolboxai.platform.ports import Event, Publisher

__all__ = ["PAUSES_S", "Teller"]

log = logging.getLogger(__name__)

# Seconds between tries while the way out is shut: an hour in all, then the next start of the server tells the rest.
PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, *[60.0] * 60)


@dataclass(slots=True)
class _Line:
    """What is to be told of one session.

    Args:
        waiting: events not yet told, in order.
        told: number of the newest event that went out; 0 when none has since this line began.
        over: whether the session has ended.
        again: the task that tries again; while there is one, nobody else tells.
    """

    waiting: deque[StoredEvent] = field(default_factory=deque)
    told: int = 0
    over: bool = False
    again: "asyncio.Task[None] | None" = None


class Teller:
    """Publishes, each session's events in the order of their numbers.

    What cannot be published now is tried again with growing pauses, in a task of its own: the work goes on meanwhile.
    What is refused for good waits for the session's next event, and after the last one for the next start of the
    server: the store knows how far the telling came.

    Args:
        store: learns how far the telling came.
        publisher: the way out.
        public_compat: what the public channel name carries.
        pauses_s: between tries, in seconds.
    """

    def __init__(
        self,
        store: ContentStore,
        publisher: Publisher,
        *,
        public_compat: PublicCompat,
        pauses_s: Sequence[float],
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._compat = public_compat
        self._pauses_s = pauses_s
        self._lines: dict[str, _Line] = {}
        self._shut = False  # the last try failed: the next ones are not made while somebody waits

    def told(self, session_id: str) -> int:
        """Events up to this number have gone out; 0 when that is not known."""
        line = self._lines.get(session_id)
        return 0 if line is None else line.told

    async def tell(self, session_id: str, events: Sequence[StoredEvent], *, over: bool) -> None:
        """Tell these events after those that still wait. One caller at a time for each session.

        Args:
            session_id: of the session.
            events: in order.
            over: whether the session has ended.
        """
        line = self._lines.setdefault(session_id, _Line())
        line.waiting.extend(events)
        line.over = over
        if line.again is not None:
            return
        fault = None if self._shut else await self._flush(session_id, line)
        if line.waiting and (fault is None or fault.retryable):
            self._shut = True
            line.again = asyncio.create_task(self._try_again(session_id, line), name=f"tell {session_id}")
        else:
            await self._settle(session_id, line)

    async def tell_live(self, session_id: str, event: Event) -> None:
        """Tell those alone who are there, on the private channel; where it cannot go out at once, nobody is told."""
        line = self._lines.get(session_id)
        if self._shut or (line is not None and (line.waiting or line.over)):
            return
        with suppress(PublishFailed):  # the next event of the session that has a number tells of the trouble
            await self._publisher.publish([private_channel(session_id)], event)

    async def restore(self, session_id: str, events: Sequence[StoredEvent]) -> None:
        """Put events that went out in an earlier life back into the history of their channels."""
        full = [wire(event) for event in events]
        await self._publisher.restore(private_channel(session_id), full)
        public = [wire(form) for event in events if (form := self.public_form(event)) is not None]
        if self._compat is not PublicCompat.OFF:
            await self._publisher.restore(public_channel(session_id), public)

    def public_form(self, event: StoredEvent) -> StoredEvent | None:
        """The event as the public name carries it; None when that name is off."""
        if self._compat is PublicCompat.OFF:
            return None
        return safe_form(event) if self._compat is PublicCompat.SAFE else event

    async def close(self) -> None:
        """Try no more, and write down how far the telling came: the next start tells what was not told, once."""
        tasks = [line.again for line in self._lines.values() if line.again is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for session_id, line in self._lines.items():
            if line.told:
                try:
                    await self._store.announced(session_id, line.told)
                except Exception as fault:  # the last of them are told again then, which ``seq`` gives away
                    log.warning(
                        "it could not be written down how far the telling came",
                        extra={"session_id": session_id, "seq": line.told, "reason": str(fault)},
                    )

    async def _try_again(self, session_id: str, line: _Line) -> None:
        for pause_s in self._pauses_s:
            await asyncio.sleep(pause_s)
            fault = await self._flush(session_id, line)
            self._shut = fault is not None and fault.retryable
            if not self._shut:
                break
        else:
            log.error(
                "events of a session were not published; the next start of the server tells them",
                extra={"session_id": session_id, "seq": line.told + 1},
            )
        line.again = None
        await self._settle(session_id, line)

    async def _flush(self, session_id: str, line: _Line) -> PublishFailed | None:
        """Tell what waits, up to the first event that cannot be told; why it cannot."""
        while line.waiting:
            event = line.waiting[0]
            try:
                await self._publish(session_id, event)
            except PublishFailed as fault:
                log.warning(
                    "an event of a session could not be published",
                    extra={"session_id": session_id, "seq": event.seq, "reason": str(fault)},
                )
                return fault
            line.told = line.waiting.popleft().seq
        return None

    async def _settle(self, session_id: str, line: _Line) -> None:
        """After the last event nothing is kept here; how far the telling came is written down."""
        if line.over:
            self._lines.pop(session_id, None)
            if line.told:
                with suppress(StorageUnavailable):  # then the next start tells some of it again
                    await self._store.announced(session_id, line.told)

    async def _publish(self, session_id: str, event: StoredEvent) -> None:
        private, public, told = private_channel(session_id), public_channel(session_id), wire(event)
        if self._compat is PublicCompat.FULL:
            await self._publisher.publish([private, public], told)
            return
        await self._publisher.publish([private], told)
        form = self.public_form(event)
        if form is not None:
            await self._publisher.publish([public], wire(form))
