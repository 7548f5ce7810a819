"""What the feed tells: entries, their kinds, and which of them somebody looks for."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, TypeAlias

__all__ = ["Detail", "Entry", "Kind", "Named", "Wanted"]

Detail: TypeAlias = str | int | float | bool | None
"""A fact beside an entry: a word of ours, a number, or a short text."""


class Kind(StrEnum):
    """What happened. Connections of every transport are of one kind, old sockets and event streams among them."""

    CONNECTION = "connection"
    SUBSCRIPTION = "subscription"
    PUBLICATION = "publication"
    CLIENT_EVENT = "client_event"
    ERROR = "error"
    AUTHORISATION = "authorisation"
    WEBHOOK = "webhook"

    __hash__ = (
        str.__hash__
    )  # an enumeration's own is several times slower, and this is on the way of every event


class Named(NamedTuple):
    """Whom and what an entry concerns; None where that does not apply.

    Args:
        socket_id: of the connection.
        user_id: as whom it is signed in, or who asked.
        channel: where.
        event: the event's name.
        size: of its data, in bytes.
    """

    socket_id: str | None = None
    user_id: str | None = None
    channel: str | None = None
    event: str | None = None
    size: int | None = None


class Entry(NamedTuple):
    """One thing that happened.

    Args:
        n: its number; the next has the next, in one life of the process.
        at: unix seconds.
        kind: of what kind.
        app_id: whose; None where no app of ours was named.
        named: whom and what it concerns.
        detail: facts of the kind; ``what`` is always among them.
    """

    n: int
    at: float
    kind: Kind
    app_id: str | None
    named: Named
    detail: Mapping[str, Detail]


class Wanted(NamedTuple):
    """What a reader looks for.

    Args:
        kinds: of these kinds.
        app_id: of this app; None: of all.
    """

    kinds: frozenset[Kind] = frozenset(Kind)
    app_id: str | None = None

    def fits(self, entry: Entry) -> bool:
        """Whether this is one of them."""
        return entry.kind in self.kinds and (self.app_id is None or entry.app_id == self.app_id)
