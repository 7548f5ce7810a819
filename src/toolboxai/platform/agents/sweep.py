"""Leases, attempts and pauses that are over are seen to, as soon as they are."""

import asyncio
import logging
import math
from collections.abc import Collection, Sequence
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import StorageUnavailable
from toolboxai.platform.agents.ledger import AgentLedger
from toolboxai.platform.agents.model import LEASE_S, OFFLINE_S, Task
from toolboxai.platform.agents.queue import lapsed
from toolboxai.platform.agents.store import AgentStore

__all__ = ["Sweeper"]

log = logging.getLogger(__name__)

_LOOK_S: Final = 15.0  # at the latest; agents that fall silent are found within it
_LATELY_S: Final = (
    86400.0  # so long a channel remembers; thousands of agents that told nothing would keep a start waiting
)
_AT_ONCE: Final = 100


class Sweeper:
    """Looks when the next thing is due.

    Args:
        store: knows what is due.
        ledger: has it happen.
        clock: the time.
        lease_s: that a lease holds after a start, at least.
    """

    def __init__(
        self, store: AgentStore, ledger: AgentLedger, clock: Clock, *, lease_s: float = LEASE_S
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._lease_s = lease_s
        self._until = (
            -math.inf
        )  # Unix seconds at which the next look comes by itself; while it is looked, none does
        self._noted = math.inf  # the soonest that was noted since the last look began
        self._sooner = asyncio.Event()
        ledger.when_due(self._note)

    async def recover(self) -> None:
        """After a start: workers that could not beat meanwhile keep what they hold, and what was not told is told."""
        await self._store.renew_leases(at=self._clock.now(), lease_s=self._lease_s)
        for agent_id in await self._store.to_take_up(since=self._clock.now() - _LATELY_S):
            await self._ledger.take_up(agent_id)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self._sooner.clear()
            self._until, self._noted = -math.inf, math.inf
            try:
                due = await self._store.next_due(after=await self.sweep())
            except StorageUnavailable:
                due = None  # told by whoever looks after the database
            except Exception:  # ours, and no reason to look no more
                log.exception("leases could not be looked after; will look again")
                due = None
            now = self._clock.now()
            # What came while it was looked may have been missed; most of it, a beat, is due much later.
            due = self._noted if due is None else min(due, self._noted)
            self._until = min(now + _LOOK_S, max(due, now))
            try:
                async with asyncio.timeout(self._until - now):
                    await self._sooner.wait()
            except TimeoutError:
                continue

    async def sweep(self) -> float:
        """Have all that is due happen; what cannot, for a fault of ours, keeps nothing else waiting.

        Returns:
            Unix seconds up to which all was looked at.
        """
        now = self._clock.now()
        stuck: set[str] = set()
        while tasks := await self._due(now, stuck):
            for task in tasks:
                if not await self._seen_to(task, now):
                    stuck.add(task.id)
        for agent_id in await self._store.silent(since=now - OFFLINE_S):
            await self._ledger.look_at(agent_id)
        return now

    async def _due(self, now: float, stuck: Collection[str]) -> Sequence[Task]:
        """Some that are due and were not tried in vain: those stay due, and come first in the list."""
        tasks = await self._store.due(now, limit=_AT_ONCE + len(stuck))
        return [task for task in tasks if task.id not in stuck]

    async def _seen_to(self, task: Task, now: float) -> bool:
        try:
            await self._ledger.change(
                task, lambda one: lapsed(one, now=now, execution_ms=self._ledger.took_ms(one) or 0)
            )
        except StorageUnavailable:
            raise
        except Exception:  # ours, and no reason to leave the others
            log.exception(
                "a task that is due could not be seen to; will try again", extra={"task_id": task.id}
            )
            return False
        return True

    def _note(self, at: float) -> None:
        self._noted = min(self._noted, at)
        if at < self._until:
            self._sooner.set()
