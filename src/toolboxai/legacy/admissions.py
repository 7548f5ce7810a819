"""Who is connected to the old endpoints, for the limits on it. Nothing here waits; the clock is handed in."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

from toolboxai.protocol.allow_list import NOBODY_LISTED, AllowList
from toolboxai.protocol.proxies import neighbourhood
from toolboxai.protocol.rates import SlidingWindow

__all__ = ["Admissions", "Entered", "Held", "Limits", "Place", "TooMany"]

Holder = TypeVar("Holder")

_REPLACEMENTS: Final = 3  # so often within _CALM_S, then two clients of one user fight for the session
_CALM_S: Final = 30.0  # and after the last of them the newest is left alone for as long
_FULL_RETRY_S: Final = 10  # a place comes free when anyone leaves; nobody can tell when
_HELD_RETRY_S: Final = 60  # by then a holder that is dead was found silent for two heartbeats


@dataclass(frozen=True, slots=True)
class Limits:
    """How many may be there at once.

    Args:
        connections_per_user: of one user on all endpoints; 0: as many as they like.
        connections_per_ip: of one address, before anyone has signed in; 0: as many as they like.
        session_conflict: what happens to the second connection of one user to one session: it takes the place of
            the first, or is refused.
    """

    connections_per_user: int = 10
    connections_per_ip: int = 50
    session_conflict: Literal["replace", "reject"] = "replace"


@dataclass(frozen=True, slots=True)
class TooMany:
    """Refused: as many are there as may be.

    Args:
        current: how many are there.
        maximum: how many may be.
        retry_after: whole seconds after which another try makes sense.
    """

    current: int
    maximum: int
    retry_after: int = _FULL_RETRY_S


@dataclass(frozen=True, slots=True)
class Held:
    """Refused: another connection of the same user has the session, and keeps it.

    Args:
        retry_after: whole seconds after which another try makes sense, at least 1.
    """

    retry_after: int


@dataclass(frozen=True, slots=True)
class Entered(Generic[Holder]):
    """The session is this connection's.

    Args:
        replaced: whose it was; the caller closes it. None: nobody's.
    """

    replaced: Holder | None


class Place(Generic[Holder]):
    """What one connection takes up; made by `Admissions.arrive` and given back to `Admissions.leave`."""

    __slots__ = ("_address", "_gone", "_session", "_user_id")

    def __init__(self, address: str) -> None:
        self._address = address
        self._user_id: str | None = None
        self._session: tuple[str, str] | None = None
        self._gone = False


class _Session(Generic[Holder]):
    """One session that one user has open."""

    __slots__ = ("calm_until", "holder", "place", "replacements")

    def __init__(self, place: Place[Holder], holder: Holder) -> None:
        self.place = place
        self.holder = holder
        self.replacements = SlidingWindow(_REPLACEMENTS, _CALM_S)
        self.calm_until = float("-inf")

    def pass_on(self, place: Place[Holder], holder: Holder, now: float) -> Holder:
        """Another connection has it from now on; what is returned held it until now."""
        replaced = self.holder
        self.place._session = None  # when that one leaves, the session stays
        self.place, self.holder = place, holder
        self.replacements.take(now)
        if self.replacements.free_at > now:
            self.calm_until = now + _CALM_S
        return replaced


class Admissions(Generic[Holder]):
    """Counts the connections of each address and user, and knows who holds which session.

    Args:
        limits: how many may be there.
        allow_list: networks whose addresses have limits of their own: a school is many people behind one address.
    """

    def __init__(self, limits: Limits, *, allow_list: AllowList = NOBODY_LISTED) -> None:
        self._limits = limits
        self._allow_list = allow_list
        self._addresses: Counter[str] = Counter()
        self._users: Counter[str] = Counter()
        self._sessions: dict[tuple[str, str], _Session[Holder]] = {}

    def __len__(self) -> int:
        """How many addresses, users and sessions it remembers; 0 when all have left."""
        return len(self._addresses) + len(self._users) + len(self._sessions)

    def of_address(self, address: str) -> int:
        """How many connections of this address are counted; of IPv6, of its /64."""
        return self._addresses.get(neighbourhood(address), 0)

    def of_user(self, user_id: str) -> int:
        """How many connections this user has signed in on."""
        return self._users.get(user_id, 0)

    def holder(self, resource: str, user_id: str) -> Holder | None:
        """Who has this session of this user."""
        session = self._sessions.get((resource, user_id))
        return None if session is None else session.holder

    def arrive(self, address: str) -> Place[Holder] | TooMany:
        """A connection wants to come in; nothing is counted of one that is refused.

        Args:
            address: the client's, behind trusted proxies the one that they tell.
        """
        listed = self._allow_list.find(address)
        maximum = self._limits.connections_per_ip if listed is None else listed.legacy_connections_per_ip
        key = neighbourhood(address)
        refusal = _room(self._addresses, key, maximum)
        if refusal is not None:
            return refusal
        self._addresses[key] += 1
        return Place(key)

    def sign_in(self, place: Place[Holder], user_id: str) -> TooMany | None:
        """The connection has signed in; None: it may.

        It is counted once however often it signs in. As another user it moves to that one's count and gives up its
        session; when that one has no room left, everything stays as it was. Of one that has left nothing is counted.
        """
        if place._gone or place._user_id == user_id:
            return None
        refusal = _room(self._users, user_id, self._limits.connections_per_user)
        if refusal is not None:
            return refusal
        if place._user_id is not None:
            self._give_up(place)
        self._sign_out(place)
        self._users[user_id] += 1
        place._user_id = user_id
        return None

    def enter(
        self, place: Place[Holder], resource: str, user_id: str, holder: Holder, now: float
    ) -> Entered[Holder] | Held:
        """The connection opens a session, of which a user may have one connection; it gives up another that it had.

        Where clients of one user take it from one another three times within 30 s, the newest keeps it for the next
        30 s: each would come back at once, for ever. When it leaves before, the session is free. Of a connection that
        has left nothing is kept.

        Args:
            place: of a connection that has signed in, or does so next.
            resource: the session's id.
            user_id: who has signed in on it.
            holder: what the caller knows the connection by; handed out when another takes its place.
            now: monotonic seconds.
        """
        if place._gone:
            return Entered(None)
        key = (resource, user_id)
        session = self._sessions.get(key)
        if session is not None and session.place is place:
            session.holder = holder
            return Entered(None)
        if session is not None and self._limits.session_conflict == "reject":
            return Held(_HELD_RETRY_S)
        if session is not None and now < session.calm_until:
            return Held(max(1, math.ceil(session.calm_until - now)))
        self._give_up(place)
        place._session = key
        if session is None:
            self._sessions[key] = _Session(place, holder)
            return Entered(None)
        return Entered(session.pass_on(place, holder, now))

    def leave(self, place: Place[Holder]) -> None:
        """The connection is gone, and with it all that it took up; once more does nothing."""
        if place._gone:
            return
        place._gone = True
        self._give_up(place)
        self._sign_out(place)
        _one_less(self._addresses, place._address)

    def _give_up(self, place: Place[Holder]) -> None:
        if place._session is not None:
            del self._sessions[place._session]
            place._session = None

    def _sign_out(self, place: Place[Holder]) -> None:
        if place._user_id is not None:
            _one_less(self._users, place._user_id)
            place._user_id = None


def _room(counts: Counter[str], key: str, maximum: int) -> TooMany | None:
    current = counts.get(key, 0)
    return TooMany(current, maximum) if 0 < maximum <= current else None


def _one_less(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
