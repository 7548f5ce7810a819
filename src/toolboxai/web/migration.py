"""Who still uses the old sockets, for admins."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from toolboxai.clock import Clock
from toolboxai.errors import ValidationError
from toolboxai.legacy.deprecation import Policy
from toolboxai.legacy.endpoints import EndpointName
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.migration.report import age_s, client_facts, daily_facts, endpoint_facts, first_day
from toolboxai.platform.migration.store import Place, Selection, UsageStore
from toolboxai.platform.migration.usage import KEPT_DAYS
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.security import Authenticator

__all__ = ["migration_routes"]


class ReplacementItem(BaseModel):
    """The channel that replaces an endpoint, and its public name, with the id's name in braces."""

    channel: str
    public_channel: str


class ClientItem(BaseModel):
    """One client of one endpoint; the user is null where clients are not split by user, or not to be named."""

    endpoint: EndpointName
    user_agent: str
    client: str
    organization_id: str | None
    user_id: str | None
    first_seen: str
    last_seen: str
    days: int
    connections: int
    messages: int
    users: int
    replacement: ReplacementItem


class DayItem(BaseModel):
    """One day of UTC on one endpoint."""

    day: str
    clients: int
    connections: int
    messages: int


class EndpointItem(BaseModel):
    """One endpoint, all its clients together; times are null where none was seen. ``by_day`` ends with today."""

    endpoint: EndpointName
    path: str
    mode: str
    sunset: str
    replacement: ReplacementItem
    first_seen: str | None
    last_seen: str | None
    clients: int
    connections: int
    messages: int
    users: int
    by_day: list[DayItem]


class MigrationAnswer(BaseModel):
    """A page of clients; ``next_cursor`` is the ``cursor`` of the next, null at the end. All endpoints with each page."""

    items: list[ClientItem]
    next_cursor: str | None
    endpoints: list[EndpointItem]


def migration_routes(
    usage: UsageStore,
    policies: Mapping[EndpointName, Policy],
    clock: Clock,
    authenticator: Authenticator,
    *,
    flush: Callable[[], Awaitable[None]],
) -> APIRouter:
    """``GET /api/v1/migration``.

    Args:
        usage: what was counted.
        policies: how each endpoint is served.
        clock: for what is recent.
        authenticator: who asks.
        flush: writes down what was counted and is not in the store yet.
    """
    router = APIRouter(tags=["old sockets"])

    @router.get("/api/v1/migration")
    async def migration(
        admin: Annotated[Principal, Depends(authenticator.require("system:manage"))],
        since: Annotated[str | None, Query(max_length=20)] = None,
        endpoint: EndpointName | None = None,
        users: bool = False,
        by_day: Annotated[int, Query(ge=0, le=KEPT_DAYS)] = 30,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
    ) -> MigrationAnswer:
        """Clients of the old WebSocket endpoints, with the channels that replace these.

        Users are named in the asker's own organisation alone; those of others are counted.
        """
        selection = Selection(
            since=None if since is None else _since(since, clock.now()),
            endpoints=tuple(EndpointName) if endpoint is None else (endpoint,),
            by_user=users,
            named_in=admin.organization_id,
        )
        await flush()
        after = None if cursor is None else Place(*place_in(cursor, str, str, str, str, str))
        found = await usage.clients(selection, after=after, limit=limit + 1)
        used = {each.endpoint: each for each in await usage.endpoints(selection)}
        now, page = clock.now(), found[:limit]
        daily = await usage.days(selection, from_day=first_day(now, by_day)) if by_day else []
        return MigrationAnswer(
            items=[ClientItem(**client_facts(each)) for each in page],
            next_cursor=cursor_of(page[-1].place) if len(found) > limit else None,
            endpoints=[
                EndpointItem(
                    **endpoint_facts(name, policy, used.get(name.value)),
                    by_day=[DayItem(**day) for day in daily_facts(name, daily, now, by_day)],
                )
                for name, policy in policies.items()
                if name in selection.endpoints
            ],
        )

    return router


def _since(age: str, now: float) -> float:
    try:
        return now - age_s(age)
    except ValueError as fault:
        raise ValidationError(f"since: {fault}", details={"fields": {"since": str(fault)}}) from fault
