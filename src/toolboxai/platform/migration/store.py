"""What is kept of who uses the old sockets, as a port. The other end is ``adapters.database.old_socket_uses``."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from toolboxai.errors import ToolboxaiError
from toolboxai.legacy.endpoints import EndpointName

__all__ = [
    "ClientUse",
    "DayUse",
    "EndpointUse",
    "Place",
    "Selection",
    "UsageRow",
    "UsageStore",
    "UsageUnavailable",
    "Use",
]


class UsageUnavailable(ToolboxaiError):
    """The database does not take it now; the same call may succeed later."""


class Use(NamedTuple):
    """Who uses what; every text is empty where it is not known.

    Args:
        endpoint: short name of the endpoint, such as ``content``.
        user_agent: of the handshake.
        client: the name that the client declared when it signed in.
        user_id: who signed in; for a plugin's token, the plugin's id.
        organization_id: their tenant.
    """

    endpoint: str
    user_agent: str
    client: str
    user_id: str
    organization_id: str


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What was counted of one use on one day.

    Args:
        use: who and what.
        day: of UTC, such as ``2026-05-28``.
        connections: how many were opened.
        messages: how many the client sent.
        first_seen, last_seen: unix seconds.
    """

    use: Use
    day: str
    connections: int
    messages: int
    first_seen: float
    last_seen: float


class Place(NamedTuple):
    """Where a client stands in the order of a report; texts are empty where it is not split so far."""

    endpoint: str
    user_agent: str
    client: str
    organization_id: str = ""
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for.

    Args:
        since: unix seconds; only who was seen since. Counts are of the days since that one, it included. None: all
            that is kept.
        endpoints: which of them.
        by_user: a client is split by its users.
        named_in: the organisation whose users may be named; those of others are one, without a name. None: all may.
    """

    since: float | None = None
    endpoints: Collection[EndpointName] = tuple(EndpointName)
    by_user: bool = False
    named_in: str | None = None


@dataclass(frozen=True, slots=True)
class ClientUse:
    """One client of one endpoint.

    Args:
        place: which; with the user, where clients are split by user and this one may be named.
        first_seen, last_seen: unix seconds, of all that is kept.
        days: on how many it was seen.
        connections, messages: see `UsageRow`.
        users: how many have signed in with it.
    """

    place: Place
    first_seen: float
    last_seen: float
    days: int
    connections: int
    messages: int
    users: int


@dataclass(frozen=True, slots=True)
class EndpointUse:
    """One endpoint, all its clients together; the fields are those of `ClientUse`, and `clients` says how many."""

    endpoint: str
    first_seen: float
    last_seen: float
    clients: int
    connections: int
    messages: int
    users: int


@dataclass(frozen=True, slots=True)
class DayUse:
    """One endpoint on one day of UTC; the other fields are those of `EndpointUse`."""

    endpoint: str
    day: str
    clients: int
    connections: int
    messages: int


class UsageStore(Protocol):
    """Keeps the counts. Several processes may add to the same rows."""

    async def add(self, rows: Sequence[UsageRow]) -> None:
        """Add what was counted to what is kept, all of it or nothing; no two rows are of one use and day.

        Raises:
            UsageUnavailable: the database does not take it now.
        """
        ...

    async def prune(self, before_day: str) -> None:
        """Forget the days before this one.

        Raises:
            UsageUnavailable: the database does not take it now.
        """
        ...

    async def clients(
        self, selection: Selection, *, after: Place | None = None, limit: int | None = None
    ) -> Sequence[ClientUse]:
        """The clients, in the order of their places.

        Args:
            selection: which, and how they are split.
            after: the place of the last one that was seen.
            limit: at most so many.
        """
        ...

    async def endpoints(self, selection: Selection) -> Sequence[EndpointUse]:
        """The endpoints that were used, in the order of their names; how clients are split changes nothing here."""
        ...

    async def days(self, selection: Selection, *, from_day: str) -> Sequence[DayUse]:
        """What was counted on each day, by endpoint and day; days without any are left out.

        Args:
            selection: of these endpoints; how clients are split, and since when, changes nothing here.
            from_day: of UTC, such as ``2026-05-28``; that day is the first.
        """
        ...
