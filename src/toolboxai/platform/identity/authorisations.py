"""What was decided on channels, for those who look on; and the refusals of late, with what would have allowed them."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from heapq import merge
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias

from toolboxai.clock import Clock
from toolboxai.errors import AuthenticationRequired, InvalidToken, TokenExpired
from toolboxai.platform.identity.model import Principal, Role
from toolboxai.platform.identity.policy import Decision, Reason

__all__ = ["NOT_KNOWN", "REFUSALS", "STRANGERS", "Authorisations", "Refused", "Watch", "Way"]

REFUSALS: Final = 500
STRANGERS: Final = 200  # of whom nobody knows who they are; apart, so that they crowd out nobody who is known
_NAME_CHARS: Final = 200  # of a channel, as a stranger wrote it
_REASONS: Final[Mapping[type[Exception], Reason]] = MappingProxyType(
    {
        AuthenticationRequired: Reason.NOT_SIGNED_IN,
        InvalidToken: Reason.BAD_TOKEN,
        TokenExpired: Reason.TOKEN_EXPIRED,
    }
)
NOT_KNOWN: Final = tuple(_REASONS)
"""The faults with which nobody is known."""


class Way(StrEnum):
    """How somebody wanted to come in."""

    SUBSCRIPTION = "subscription"
    OLD_SOCKET = "old_socket"
    EVENT_STREAM = "event_stream"


class Watch(Protocol):
    """Whoever looks on. Its calls return at once and never raise."""

    @property
    def open(self) -> bool:
        """Whether anybody does."""
        ...

    def authorisation(
        self,
        way: Way,
        *,
        allowed: bool,
        reason: str,
        channel: str,
        user_id: str | None,
        socket_id: str | None,
    ) -> None:
        """It was decided so; nobody knows who it was where there is no user."""
        ...


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal, with those like it: of the same user, channel, way and reason.

    Args:
        way: how they wanted to come in.
        channel: as they wrote it, cut to 200 characters.
        user_id: who; None, as the next two, where nobody knows.
        organization_id: theirs.
        role: theirs.
        decision: why.
        first_at, last_at: unix seconds.
        count: how many.
    """

    way: Way
    channel: str
    user_id: str | None
    organization_id: str | None
    role: Role | None
    decision: Decision
    first_at: float
    last_at: float
    count: int = 1


_Kept: TypeAlias = OrderedDict[tuple[Way, str | None, str, Reason], Refused]


class Authorisations:
    """Takes note of each decision; the last 500 different refusals are remembered, and 200 of who is not known.

    Args:
        clock: for times.
        watch: is told of all of them.
    """

    def __init__(self, clock: Clock, watch: Watch) -> None:
        self._clock = clock
        self._watch = watch
        self._refused: _Kept = OrderedDict()
        self._strangers: _Kept = OrderedDict()

    def decided(
        self,
        way: Way,
        principal: Principal,
        channel: str,
        decision: Decision,
        *,
        socket_id: str | None = None,
    ) -> None:
        """Somebody has asked for a channel, and this was the answer.

        Args:
            way: how they wanted to come in.
            principal: who.
            channel: the name as they wrote it.
            decision: the answer.
            socket_id: their connection, where they have one.
        """
        shown = _shown(channel)
        signed = decision.allowed and (decision.signable or way is not Way.SUBSCRIPTION)
        if not signed:
            self._note(way, principal, shown, decision)
        self._tell(way, principal, shown, decision, socket_id, allowed=signed)

    def not_known(
        self, way: Way, channels: Iterable[str], fault: Exception, *, socket_id: str | None = None
    ) -> None:
        """Somebody has asked for channels without a token that holds, and was refused.

        Args:
            way: how they wanted to come in.
            channels: the names as they wrote them.
            fault: one of `NOT_KNOWN`.
            socket_id: their connection, where they named one.
        """
        decision = Decision(False, _REASONS[type(fault)])
        for channel in map(_shown, channels):
            self._note(way, None, channel, decision)
            self._tell(way, None, channel, decision, socket_id, allowed=False)

    def refused(
        self, organization_id: str | None, *, channel: str | None = None, user_id: str | None = None
    ) -> Sequence[Refused]:
        """The refusals that are remembered, the latest first.

        Args:
            organization_id: of people of this one; None: of all, and of who is not known.
            channel: of this channel.
            user_id: of this user.
        """
        known, strangers = reversed(self._refused.values()), reversed(self._strangers.values())
        return [
            each
            for each in merge(known, strangers, key=lambda refused: refused.last_at, reverse=True)
            if organization_id in (None, each.organization_id)
            and channel in (None, each.channel)
            and user_id in (None, each.user_id)
        ]

    def _note(self, way: Way, principal: Principal | None, channel: str, decision: Decision) -> None:
        kept, most = (self._strangers, STRANGERS) if principal is None else (self._refused, REFUSALS)
        user_id = None if principal is None else principal.user_id
        key = (way, user_id, channel, decision.reason)
        now = self._clock.now()
        before = kept.pop(key, None)
        if before is None:
            organization_id = None if principal is None else principal.organization_id
            role = None if principal is None else principal.role
            kept[key] = Refused(way, channel, user_id, organization_id, role, decision, now, now)
        else:
            kept[key] = replace(before, decision=decision, last_at=now, count=before.count + 1)
        if len(kept) > most:
            kept.popitem(last=False)

    def _tell(
        self,
        way: Way,
        principal: Principal | None,
        channel: str,
        decision: Decision,
        socket_id: str | None,
        *,
        allowed: bool,
    ) -> None:
        if self._watch.open:
            self._watch.authorisation(
                way,
                allowed=allowed,
                reason=decision.reason.name.lower(),
                channel=channel,
                user_id=None if principal is None else principal.user_id,
                socket_id=socket_id,
            )


def _shown(channel: str) -> str:
    """A name that can be kept and shown, however odd it was."""
    cut = channel[:_NAME_CHARS]
    return cut if cut.isprintable() else "".join(each for each in cut if each.isprintable())
