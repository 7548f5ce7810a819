"""Where the audit is kept, as a port. The other end is ``adapters.database.audit``."""

from collections.abc import Sequence
from typing import Protocol

from toolboxai.platform.audit.entry import Action, Entry

__all__ = ["AuditStore", "AuditUnavailable"]


class AuditUnavailable(Exception):
    """The store does not take an entry now."""


class AuditStore(Protocol):
    """Entries, each kept once and never changed."""

    async def add(self, entry: Entry) -> None:
        """Keep an entry.

        Raises:
            AuditUnavailable: not now.
        """
        ...

    async def entries(
        self,
        organization_id: str,
        *,
        action: Action | None,
        user_id: str | None,
        since: float | None,
        before: int | None,
        limit: int,
    ) -> Sequence[Entry]:
        """Of one organisation, newest first.

        Args:
            organization_id: whose.
            action: of this kind only.
            user_id: done by this user only.
            since: Unix seconds; done at that time or later.
            before: older than the entry of this id.
            limit: at most so many.
        """
        ...

    async def prune(self, before: float) -> int:
        """Remove what was done before `before` (Unix seconds); how many."""
        ...
