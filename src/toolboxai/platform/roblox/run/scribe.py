"""Everything that changes a world goes through here, one change after the other."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from weakref import WeakValueDictionary

from toolboxai.clock import Clock
from toolboxai.platform.ports import Publisher
from toolboxai.platform.roblox.records.environments import Environment, EnvironmentChange
from toolboxai.platform.roblox.records.store import EnvironmentStore
from toolboxai.platform.roblox.run.events import environment_status, private_channel
from toolboxai.platform.runs.events import Draft, StoredEvent
from toolboxai.platform.runs.ledger import Ledger
from toolboxai.platform.runs.records import Superseded
from toolboxai.platform.runs.teller import PrivateNames

__all__ = ["Scribe", "told"]


class Scribe:
    """Reads a world, has its change made from what it is, writes that and tells it.

    Args:
        store: keeps worlds.
        publisher: the way out.
        clock: for times.
    """

    def __init__(self, store: EnvironmentStore, publisher: Publisher, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._ledger = Ledger(store, publisher, PrivateNames(private_channel))
        self._packed: list[Callable[[str], None]] = []
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def when_over(self, call: Callable[[str], None]) -> None:
        """Have this called with the id of each world whose attempt has ended."""
        self._ledger.when_over(call)

    def when_packed(self, call: Callable[[str], None]) -> None:
        """Have this called with the id of each world whose files are new."""
        self._packed.append(call)

    async def change(
        self,
        environment_id: str,
        attempt: int | None,
        make: Callable[[Environment, float], EnvironmentChange],
    ) -> Environment:
        """One change.

        Args:
            environment_id: of the world.
            attempt: in which it is meant; None: in whichever there is.
            make: says what, from the world as it is and the time.

        Returns:
            The world after it.

        Raises:
            Superseded: the world is not in an expected state, of another attempt, or gone.
            TooManyActive: see ``EnvironmentChange.active_limit``.
        """
        async with self._locks.setdefault(environment_id, asyncio.Lock()):
            before = await self._store.environment(environment_id)
            if before is None or (attempt is not None and before.attempt != attempt):
                raise Superseded(f"environment {environment_id} has moved on; look at its status")
            change = make(before, self._clock.now())
            if before.status not in change.expected:
                raise Superseded(f"environment {environment_id} is {before.status}; look at its status")
            try:
                await self._ledger.record(environment_id, change)
            except LookupError:
                raise Superseded(f"environment {environment_id} is gone") from None
            if change.files:
                for call in self._packed:
                    call(environment_id)
            after = await self._store.environment(environment_id)
            if after is None:
                raise Superseded(f"environment {environment_id} is gone")
            return after

    async def take_up(self, environment: Environment, events: Sequence[StoredEvent]) -> None:
        """After a start: see ``Ledger.take_up``."""
        await self._ledger.take_up(
            environment.id, events, announced=environment.announced_seq, over=environment.over
        )

    async def close(self) -> None:
        """Tell no more."""
        await self._ledger.close()


def told(before: Environment, change: EnvironmentChange, *made: Draft) -> EnvironmentChange:
    """The change with what it made, then its ``environment_status``, where that says something new.

    So the status with which a world ends is the last word: whoever listens until then has heard of every file.
    """
    status = change.status or before.status
    progress = before.progress if change.progress is None else change.progress
    components = before.components if change.components is None else change.components
    same = (status, progress, components) == (before.status, before.progress, before.components)
    last = () if same else (environment_status(before.id, status, progress, components),)
    return replace(change, events=(*made, *last))
