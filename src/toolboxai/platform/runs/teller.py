"""Events of runs go out in order: at once, or as soon as it can be."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from toolboxai.errors import PublishFailed, StorageUnavailable
from toolboxai.platform.ports import Event, Publisher
from toolboxai.platform.runs.events import StoredEvent, wire
from toolboxai.platform.runs.records import Announced

__all__ = ["PAUSES_S", "Names", "PrivateNames", "Teller"]

log = logging.getLogger(__name__)

# Seconds between tries while the way out is shut: an hour in all, then the next start of the server tells the rest.
PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, *[60.0] * 60)


class Names(Protocol):
    """The channels on which runs tell of themselves."""

    def private(self, run_id: str) -> str:
        """Where all is told."""
        ...

    def public(self, run_id: str) -> str | None:
        """Where those listen who are not signed in; None: nowhere."""
        ...

    def form(self, event: StoredEvent) -> StoredEvent:
        """An event as the public channel carries it; the same one where nothing is left out."""
        ...


class PrivateNames:
    """Satisfies `Names` where a run has a private channel alone; what stands on a public one follows that by itself.

    Args:
        channel: that channel, by the run's id.
    """

    def __init__(self, channel: Callable[[str], str]) -> None:
        self._channel = channel

    def private(self, run_id: str) -> str:
        """See the port."""
        return self._channel(run_id)

    def public(self, run_id: str) -> str | None:
        """See the port."""
        return None

    def form(self, event: StoredEvent) -> StoredEvent:
        """See the port."""
        return event


@dataclass(slots=True)
class _Line:
    """What is to be told of one run.

    Args:
        waiting: events not yet told, in order.
        told: number of the newest event that went out; 0 when none has since this line began.
        over: whether the run has ended.
        again: the task that tries again; while there is one, nobody else tells.
    """

    waiting: deque[StoredEvent] = field(default_factory=deque)
    told: int = 0
    over: bool = False
    again: "asyncio.Task[None] | None" = None


class Teller:
    """Publishes, each run's events in the order of their numbers.

    What cannot be published now is tried again with growing pauses, in a task of its own: the work goes on meanwhile.
    What is refused for good waits for the run's next event, and after the last one for the next start of the
    server: the store knows how far the telling came.

    Args:
        store: learns how far the telling came.
        publisher: the way out.
        names: the channels of runs.
        pauses_s: between tries, in seconds.
    """

    def __init__(
        self,
        store: Announced,
        publisher: Publisher,
        names: Names,
        *,
        pauses_s: Sequence[float],
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._names = names
        self._pauses_s = pauses_s
        self._lines: dict[str, _Line] = {}
        self._shut = False  # the last try failed: the next ones are not made while somebody waits

    def told(self, run_id: str) -> int:
        """Events up to this number have gone out; 0 when that is not known."""
        line = self._lines.get(run_id)
        return 0 if line is None else line.told

    async def tell(self, run_id: str, events: Sequence[StoredEvent], *, over: bool) -> None:
        """Tell these events after those that still wait. One caller at a time for each run.

        Args:
            run_id: of the run.
            events: in order.
            over: whether the run has ended.
        """
        line = self._lines.setdefault(run_id, _Line())
        line.waiting.extend(events)
        line.over = over
        if line.again is not None:
            return
        fault = None if self._shut else await self._flush(run_id, line)
        if line.waiting and (fault is None or fault.retryable):
            self._shut = True
            line.again = asyncio.create_task(self._try_again(run_id, line), name=f"tell {run_id}")
        else:
            await self._settle(run_id, line)

    async def tell_live(self, run_id: str, event: Event) -> None:
        """Tell those alone who are there, on the private channel; where it cannot go out at once, nobody is told."""
        line = self._lines.get(run_id)
        if self._shut or (line is not None and (line.waiting or line.over)):
            return
        with suppress(PublishFailed):  # the next event of the run that has a number tells of the trouble
            await self._publisher.publish([self._names.private(run_id)], event)

    async def restore(self, run_id: str, events: Sequence[StoredEvent]) -> None:
        """Put events that went out in an earlier life back into the history of their channels."""
        await self._publisher.restore(self._names.private(run_id), [wire(event) for event in events])
        public = self._names.public(run_id)
        if public is not None:
            await self._publisher.restore(public, [wire(self._names.form(event)) for event in events])

    async def close(self) -> None:
        """Try no more, and write down how far the telling came: the next start tells what was not told, once."""
        tasks = [line.again for line in self._lines.values() if line.again is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for run_id, line in self._lines.items():
            if line.told:
                try:
                    await self._store.announced(run_id, line.told)
                except Exception as fault:  # the last of them are told again then, which ``seq`` gives away
                    log.warning(
                        "it could not be written down how far the telling came",
                        extra={"run_id": run_id, "seq": line.told, "reason": str(fault)},
                    )

    async def _try_again(self, run_id: str, line: _Line) -> None:
        for pause_s in self._pauses_s:
            await asyncio.sleep(pause_s)
            fault = await self._flush(run_id, line)
            self._shut = fault is not None and fault.retryable
            if not self._shut:
                break
        else:
            log.error(
                "events of a run were not published; the next start of the server tells them",
                extra={"run_id": run_id, "seq": line.told + 1},
            )
        line.again = None
        await self._settle(run_id, line)

    async def _flush(self, run_id: str, line: _Line) -> PublishFailed | None:
        """Tell what waits, up to the first event that cannot be told; why it cannot."""
        while line.waiting:
            event = line.waiting[0]
            try:
                await self._publish(run_id, event)
            except PublishFailed as fault:
                log.warning(
                    "an event of a run could not be published",
                    extra={"run_id": run_id, "seq": event.seq, "reason": str(fault)},
                )
                return fault
            line.told = line.waiting.popleft().seq
        return None

    async def _settle(self, run_id: str, line: _Line) -> None:
        """After the last event nothing is kept here; how far the telling came is written down."""
        if line.over:
            self._lines.pop(run_id, None)
            if line.told:
                with suppress(StorageUnavailable):  # then the next start tells some of it again
                    await self._store.announced(run_id, line.told)

    async def _publish(self, run_id: str, event: StoredEvent) -> None:
        private, public, told = self._names.private(run_id), self._names.public(run_id), wire(event)
        form = event if public is None else self._names.form(event)
        if public is not None and form is event:
            await self._publisher.publish([private, public, *event.also], told, exclude=event.said_by)
            return
        await self._publisher.publish([private, *event.also], told, exclude=event.said_by)
        if public is not None:
            await self._publisher.publish([public], wire(form))
