"""Agents, joined to accounts and to the way out."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.run_tasks import DatabaseRunTaskStore
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.app.resources import Rooms
from toolboxai.config.agents_table import AgentsTable
from toolboxai.platform.agents.access import AgentAccess
from toolboxai.platform.agents.ledger import AgentLedger
from toolboxai.platform.agents.registry import AgentRegistry
from toolboxai.platform.agents.run_tasks import AgentRunTasks
from toolboxai.platform.agents.service import AgentTasks
from toolboxai.platform.agents.store import AgentStore
from toolboxai.platform.agents.sweep import Sweeper
from toolboxai.platform.agents.work import AgentWork
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.ports import Publisher
from toolboxai.platform.runs.bell import Bell
from toolboxai.platform.runs.tasks import RunTasks

__all__ = ["Agents", "joined_agents"]


class Agents(NamedTuple):
    """What is joined.

    Args:
        store: what is kept of them.
        registry: who they are.
        tasks: what they are to do.
        work: what their workers do with it.
        runs: what those do that are built in.
    """

    store: AgentStore
    registry: AgentRegistry
    tasks: AgentTasks
    work: AgentWork
    runs: RunTasks


@asynccontextmanager
async def joined_agents(
    engine: AsyncEngine,
    rooms: Rooms,
    publisher: Publisher,
    bell: Bell,
    limiter: AttemptLimiter,
    settings: AgentsTable,
    *,
    event_bytes: Callable[[], int],
) -> AsyncIterator[Agents]:
    """Agents over an open database, with their leases looked after.

    Args:
        engine: its schema is up to date.
        rooms: accounts, and who may look at what.
        publisher: the way out.
        bell: wakes those who wait.
        limiter: bounds how often one may.
        settings: how long a worker may be silent, and how much one may hand in.
        event_bytes: that an event may have.
    """
    store, clock, dice = DatabaseRunTaskStore(engine), SystemClock(), random.SystemRandom()
    ledger = AgentLedger(store, publisher, clock, bell, event_bytes=event_bytes)
    access = AgentAccess(store, rooms.owners, rooms.identity)
    registry = AgentRegistry(store, ledger, access, rooms.identity, clock, dice)
    tasks = AgentTasks(store, ledger, access, limiter, clock, dice, open_most=settings.open_per_user)
    work = AgentWork(ledger, access, limiter, clock, dice, lease_s=settings.lease_s)
    runs = AgentRunTasks(registry.built_in, store, ledger, clock, dice, lease_s=settings.lease_s)
    sweeper = Sweeper(store, ledger, clock, lease_s=settings.lease_s)
    await sweeper.recover()
    sweeping = asyncio.create_task(sweeper.run(), name="leases of agents")
    try:
        yield Agents(store, registry, tasks, work, runs)
    finally:
        sweeping.cancel()
        await asyncio.wait([sweeping])
        await runs.close()
        await ledger.close()
