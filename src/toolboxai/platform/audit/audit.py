"""The one place where it is noted what somebody did: a line of the log, and an entry of the table."""

import logging
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from toolboxai.clock import Clock
from toolboxai.platform.audit.entry import Action, Actor, Entry
from toolboxai.platform.audit.store import AuditStore, AuditUnavailable

__all__ = ["Audit"]

_lines = logging.getLogger("toolboxai.audit")
log = logging.getLogger(__name__)

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Audit:
    """Notes what people do, and shows it to those who answer for their school.

    Args:
        store: keeps entries.
        clock: for when.
    """

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def note(
        self,
        action: Action,
        by: Actor,
        kind: str,
        resource_id: str | None = None,
        *,
        request_id: str | None = None,
        details: Mapping[str, Any] = _NOTHING,
        logged: Mapping[str, Any] = _NOTHING,
    ) -> None:
        """Note what was done. What was done is not undone when the table takes no entry: then the log alone has it.

        Args:
            action: what.
            by: who, and in whose audit it stands.
            kind: of what it was done to.
            resource_id: its id.
            request_id: of the request.
            details: small facts for both, as JSON; never names, addresses or secrets.
            logged: for the line alone, which is not kept as long: what may tell who somebody is.
        """
        about = {
            "action": action.value,
            "organization_id": by.organization_id,
            "user_id": by.user_id,
            "kind": kind,
            "resource_id": resource_id,
            "request_id": request_id,
        }
        _lines.info(action.said, extra={**details, **logged, **about})
        entry = Entry(
            at=self._clock.now(),
            action=action,
            organization_id=by.organization_id,
            user_id=by.user_id,
            kind=kind,
            resource_id=resource_id,
            details=details,
            request_id=request_id,
        )
        try:
            await self._store.add(entry)
        except AuditUnavailable as fault:
            log.warning("an audit entry stands in the log alone", extra={**about, "reason": str(fault)})

    async def entries(
        self,
        asker: Actor,
        *,
        action: Action | None = None,
        user_id: str | None = None,
        since: float | None = None,
        before: int | None = None,
        limit: int,
    ) -> Sequence[Entry]:
        """What was done in the asker's organisation, newest first; the arguments are those of the store."""
        return await self._store.entries(
            asker.organization_id, action=action, user_id=user_id, since=since, before=before, limit=limit
        )
