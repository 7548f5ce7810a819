"""The queue's port: what is to be delivered, what has become of it, and who is known to be there."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from toolboxai.errors import ToolboxaiError
from toolboxai.node.webhooks.hold import Key

__all__ = [
    "Address",
    "Announcement",
    "Delivery",
    "Newest",
    "Outcome",
    "State",
    "StoreUnavailable",
    "Waiting",
    "WebhookStore",
]


Address = tuple[str, str]
"""Whose, and where to: the id of an app and a URL."""


class StoreUnavailable(ToolboxaiError):
    """The database does not take it now; the same call may succeed later."""


class State(StrEnum):
    """What has become of a delivery. While it is gathered, events are added to its body."""

    GATHERING = "gathering"
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One body for one address.

    Args:
        id: ``wh_`` and random digits; the far side tells doubles by it.
        app_id: whose.
        url: where to.
        channels: of its events; deliveries that share one keep their order.
        body: as it is posted.
        key: the app's key that signs it; empty: the oldest, when it is sent.
        created_at: unix seconds; a replay begins anew.
        next_at: not before this, unix seconds.
        state: see `State`.
        attempts: how often it was tried.
        last_status: the far side's last answer.
        last_error: what went wrong the last time.
        delivered_at: unix seconds.
        seq: its place in the queue, given by the store.
    """

    id: str
    app_id: str
    url: str
    channels: tuple[str, ...]
    body: str
    key: str
    created_at: float
    next_at: float
    state: State
    attempts: int = 0
    last_status: int | None = None
    last_error: str | None = None
    delivered_at: float | None = None
    seq: int = 0


class Waiting(NamedTuple):
    """What a lane knows of a delivery; the body is read when it is sent."""

    seq: int
    id: str
    channels: frozenset[str]
    created_at: float
    attempts: int
    next_at: float


class Outcome(NamedTuple):
    """What a try has come to; arguments as in `Delivery`."""

    id: str
    state: State
    attempts: int
    next_at: float
    last_status: int | None = None
    last_error: str | None = None
    delivered_at: float | None = None


class Announcement(NamedTuple):
    """The far side is told, with the deliveries of the same write, that this is there, or is not."""

    key: Key
    there: bool


class Newest(NamedTuple):
    """The newest delivery that waits for one address."""

    app_id: str
    url: str
    seq: int


class WebhookStore(Protocol):
    """What the webhooks need of a database. Each call is one transaction.

    Every call raises StoreUnavailable while the database does not answer.
    """

    async def write(self, deliveries: Sequence[Delivery], announcements: Sequence[Announcement]) -> None:
        """Put deliveries at the end of the queue; one that is gathered is replaced by its longer self."""
        ...

    async def resume(self, now: float) -> None:
        """After a start: what an earlier life was gathering is whole now."""
        ...

    async def newest(self, after: int) -> Sequence[Newest]:
        """Of each address for which deliveries wait that came after this place, the newest."""
        ...

    async def waiting(self, app_id: str, url: str, *, after: int, limit: int) -> Sequence[Waiting]:
        """Deliveries that wait for this address, in order, after this place."""
        ...

    async def find(self, delivery_id: str) -> Delivery | None:
        """One delivery, whole."""
        ...

    async def find_all(self, delivery_ids: Sequence[str]) -> Sequence[Delivery]:
        """Some deliveries, whole, in any order."""
        ...

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        """What some tries have come to."""
        ...

    async def announced(self) -> Sequence[Key]:
        """Who is there as far as the far sides know."""
        ...

    async def page(
        self, *, app_id: str | None, state: State | None, before: int | None, limit: int
    ) -> Sequence[Delivery]:
        """The log, newest first."""
        ...

    async def replay(self, delivery_id: str, now: float) -> bool:
        """Put a delivered or dead one at the end of the queue with the time of now; False when it is neither."""
        ...

    async def prune(self, now: float) -> None:
        """Forget what was delivered or given up long ago, or too often."""
        ...

    async def backlog(self) -> dict[Address, int]:
        """How many wait for each address."""
        ...
