"""A school's accounts, its audit, and what is kept of people, joined."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.audit import DatabaseAuditStore
from toolboxai.adapters.database.personal import DatabasePersonalStore
from toolboxai.adapters.database.school import DatabaseSchoolStore
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.config import Settings
from toolboxai.platform.agents.registry import AgentRegistry
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import User
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.welcome import Welcome
from toolboxai.platform.privacy.deletion import Deletion
from toolboxai.platform.privacy.retention import Retention
from toolboxai.platform.privacy.store import PersonalStore
from toolboxai.platform.roblox.service import WorldService
from toolboxai.platform.school.accounts import SchoolAccounts
from toolboxai.platform.school.importing import RosterImport

__all__ = ["School", "school_kept"]


class _Work:
    """Satisfies ``platform.privacy.deletion.Contents``: all that is under way of somebody.

    Args:
        content: generations.
        worlds: what is built.
        agents: what they are to do.
    """

    def __init__(self, content: ContentService, worlds: WorldService, agents: AgentRegistry) -> None:
        self._content = content
        self._worlds = worlds
        self._agents = agents

    async def stop_all(self, owner: User) -> None:
        """See the port."""
        await self._content.stop_all(owner)
        await self._worlds.stop_all(owner)
        await self._agents.stop_all(owner)

    async def forget(self, session_ids: Sequence[str]) -> None:
        """See the port."""
        await self._content.forget(session_ids)


class School(NamedTuple):
    """What is joined.

    Args:
        audit: who did what.
        accounts: of the school, one by one.
        roster: of the school, many at once.
        welcome: lets people choose passwords.
        personal: what is kept of somebody.
        deletion: of somebody.
    """

    audit: Audit
    accounts: SchoolAccounts
    roster: RosterImport
    welcome: Welcome
    personal: PersonalStore
    deletion: Deletion


@asynccontextmanager
async def school_kept(
    settings: Settings,
    engine: AsyncEngine,
    identity: IdentityService,
    content: ContentService,
    worlds: WorldService,
    agents: AgentRegistry,
    limiter: AttemptLimiter,
    *,
    flush: Callable[[], Awaitable[None]],
) -> AsyncIterator[School]:
    """The parts over an open database; while it is open, what is kept long enough goes.

    Args:
        settings: say how long that is.
        engine: its schema is up to date.
        identity: knows the people.
        content: runs.
        worlds: are built.
        agents: do tasks.
        limiter: bounds tries.
        flush: writes down what is counted of people in memory.
    """
    clock, dice = SystemClock(), random.SystemRandom()
    entries, personal, accounts = (
        DatabaseAuditStore(engine),
        DatabasePersonalStore(engine),
        DatabaseSchoolStore(engine),
    )
    audit = Audit(entries, clock)
    deletion = Deletion(identity, personal, _Work(content, worlds, agents), flush)
    retention = Retention(
        personal,
        entries,
        deletion,
        content,
        worlds,
        clock,
        days=settings.privacy.retention_days,
        audit_days=settings.privacy.audit_days,
    )
    sweeping = asyncio.create_task(retention.run(), name="retention")
    try:
        yield School(
            audit,
            SchoolAccounts(identity, accounts, clock, dice),
            RosterImport(accounts, clock, dice),
            Welcome(identity, accounts, limiter, clock, audit),
            personal,
            deletion,
        )
    finally:
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping
