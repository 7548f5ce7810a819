"""What is kept long enough goes by itself, once a day."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, NamedTuple, Protocol

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, ResourceNotFound, StorageUnavailable
from toolboxai.platform.audit.store import AuditStore
from toolboxai.platform.games.model import KEPT_S
from toolboxai.platform.identity.model import User
from toolboxai.platform.identity.tokens import REFRESH_TTL_S
from toolboxai.platform.privacy.deletion import Contents, Deletion
from toolboxai.platform.privacy.store import PersonalStore
from toolboxai.platform.roblox.records.environments import Environment

__all__ = ["Retention", "Swept", "Worlds"]

log = logging.getLogger(__name__)

_DAY_S: Final = 86400.0
_AT_ONCE: Final = 100  # of one transaction: others want to write, too


class Worlds(Protocol):
    """What is built; ``WorldService`` is one."""

    async def forget(self, worlds: Sequence[Environment]) -> None:
        """Remove what the job engine keeps of worlds that are deleted."""
        ...


class Swept(NamedTuple):
    """How many of each went."""

    contents: int = 0
    worlds: int = 0
    attempts: int = 0
    guests: int = 0
    audit_entries: int = 0
    leftovers: int = 0
    tasks: int = 0


class Retention:
    """Forgets.

    A guest who is in no class any more, may look at nothing, and has answered nothing that is kept, is of no use to
    anybody once no login of theirs holds: such accounts go however long everything else is kept.

    Args:
        store: looks for what is old.
        audit: entries of it.
        deletion: of guests.
        contents: forget what went.
        worlds: likewise.
        clock: the time.
        days: how long contents and worlds are kept that nobody changes or answers, attempts, tasks of agents that have
            ended, and guests who do not come; 0: for ever.
        audit_days: how long entries of the audit are kept; 0: for ever.
    """

    def __init__(
        self,
        store: PersonalStore,
        audit: AuditStore,
        deletion: Deletion,
        contents: Contents,
        worlds: Worlds,
        clock: Clock,
        *,
        days: int,
        audit_days: int,
    ) -> None:
        self._store = store
        self._audit = audit
        self._deletion = deletion
        self._contents = contents
        self._worlds = worlds
        self._clock = clock
        self._days = days
        self._audit_days = audit_days

    async def run(self) -> None:
        """Sweep now, and every day from then on, until cancelled."""
        while True:
            try:
                swept = await self.sweep()
                if any(swept):
                    log.info("what was kept long enough has gone", extra=swept._asdict())
            except StorageUnavailable as fault:
                log.warning("nothing was swept: the database", extra={"reason": fault.reason})
            except Exception:  # ours, and no reason to sweep no more
                log.exception("the sweep did not go through; the next is in a day")
            await asyncio.sleep(_DAY_S)

    async def sweep(self) -> Swept:
        """Forget what is old by now."""
        swept = Swept(leftovers=await self._store.drop_leftovers(told_before=self._clock.now() - KEPT_S))
        if self._audit_days:
            gone = await self._audit.prune(self._clock.now() - self._audit_days * _DAY_S)
            swept = swept._replace(audit_entries=gone)
        if self._days:
            before = self._clock.now() - self._days * _DAY_S
            swept = swept._replace(
                attempts=await self._store.drop_attempts(before),
                tasks=await self._store.drop_tasks(before),
                contents=await self._old_contents(before),
                worlds=await self._old_worlds(before),
                guests=await self._guests(partial(self._store.guests_before, before)),
            )
        lost = partial(self._store.lost_guests, self._clock.now() - REFRESH_TTL_S)
        return swept._replace(guests=swept.guests + await self._guests(lost))

    async def _old_contents(self, before: float) -> int:
        count = 0
        while gone := await self._store.drop_contents(before, limit=_AT_ONCE):
            await self._contents.forget(gone)
            count += len(gone)
        return count

    async def _old_worlds(self, before: float) -> int:
        count = 0
        while gone := await self._store.drop_worlds(before, limit=_AT_ONCE):
            await self._worlds.forget(gone)
            count += len(gone)
        return count

    async def _guests(self, some: Callable[..., Awaitable[Sequence[User]]]) -> int:
        count = 0
        while guests := await some(limit=_AT_ONCE):
            for guest in guests:
                try:
                    await self._deletion.delete(guest)
                except (ResourceNotFound, Conflict):  # they went, or became somebody, in the same moment
                    return count
                count += 1
        return count
