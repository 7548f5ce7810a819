"""When it is looked for leases that are over."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

from content_parts import Listener
from toolboxai.platform.agents.ledger import AgentLedger
from toolboxai.platform.agents.model import Task
from toolboxai.platform.agents.store import AgentStore
from toolboxai.platform.agents.sweep import Sweeper
from toolboxai.platform.runs.bell import Bell
from toolboxai.testing.clock import ManualClock


class BusyStore:
    """Nothing is due; while that is found out, a worker beats.

    Args:
        clock: the time.
        lease_s: seconds until that worker's lease is over.
    """

    def __init__(self, clock: ManualClock, lease_s: float) -> None:
        self.clock, self.lease_s = clock, lease_s
        self.looks = 0
        self.beat: Callable[[float], None] = lambda _at: None

    async def due(self, at: float, *, limit: int) -> Sequence[Task]:
        self.looks += 1
        self.beat(self.clock.now() + self.lease_s)
        return ()

    async def silent(self, *, since: float) -> Sequence[str]:
        return ()

    async def next_due(self) -> float | None:
        return None


class NotingLedger(AgentLedger):
    """Beats of the store are noted like any other."""

    def when_due(self, call: Callable[[float], None]) -> None:
        cast(Any, self._store).beat = call


async def looks(lease_s: float) -> int:
    """How often it is looked in a moment in which nobody says anything but while it is looked."""
    clock = ManualClock()
    store = BusyStore(clock, lease_s)
    kept = cast(AgentStore, store)
    ledger = NotingLedger(kept, Listener(), clock, Bell(), event_bytes=lambda: 10_000)
    looking = asyncio.create_task(Sweeper(kept, ledger, clock).run())
    for _ in range(100):
        await asyncio.sleep(0)
    looking.cancel()
    await asyncio.wait([looking])
    return store.looks


async def test_a_beat_while_it_is_looked_is_no_reason_to_look_again() -> None:
    assert await looks(30.0) == 1


async def test_what_is_due_at_once_is_seen_even_where_it_came_while_it_was_looked() -> None:
    assert await looks(0.0) > 1
