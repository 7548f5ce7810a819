"""What was decided on channels, for those who look on; and the refusals of late, with what would have allowed them."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol

from toolboxai.clock import Clock
from toolboxai.platform.identity.model import Principal, Role
from toolboxai.platform.identity.policy import Decision, Reason

__all__ = ["REFUSALS", "Authorisations", "Refused", "Watch", "Way"]

REFUSALS: Final = 500
_NAME_CHARS: Final = 200  # of a channel, as a stranger wrote it


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
        self, way: Way, *, allowed: bool, reason: str, channel: str, user_id: str, socket_id: str | None
    ) -> None:
        """It was decided so."""
        ...


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal, with those like it: of the same user, channel, way and reason.

    Args:
        way: how they wanted to come in.
        channel: as they wrote it, cut to 200 characters.
        user_id: who.
        organization_id: theirs.
        role: theirs.
        decision: why.
        first_at, last_at: unix seconds.
        count: how many.
    """

    way: Way
    channel: str
    user_id: str
    organization_id: str
    role: Role
    decision: Decision
    first_at: float
    last_at: float
    count: int = 1


class Authorisations:
    """Takes note of each decision; the last 500 different refusals are remembered.

    Args:
        clock: for times.
        watch: is told of all of them.
    """

    def __init__(self, clock: Clock, watch: Watch) -> None:
        self._clock = clock
        self._watch = watch
        self._refused: OrderedDict[tuple[Way, str, str, Reason], Refused] = OrderedDict()

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
        if self._watch.open:
            self._watch.authorisation(
                way,
                allowed=signed,
                reason=decision.reason.name.lower(),
                channel=shown,
                user_id=principal.user_id,
                socket_id=socket_id,
            )

    def refused(
        self, organization_id: str | None, *, channel: str | None = None, user_id: str | None = None
    ) -> Sequence[Refused]:
        """The refusals that are remembered, the latest first.

        Args:
            organization_id: of people of this one; None: of all.
            channel: of this channel.
            user_id: of this user.
        """
        return [
            each
            for each in reversed(self._refused.values())
            if organization_id in (None, each.organization_id)
            and channel in (None, each.channel)
            and user_id in (None, each.user_id)
        ]

    def _note(self, way: Way, principal: Principal, channel: str, decision: Decision) -> None:
        key = (way, principal.user_id, channel, decision.reason)
        now = self._clock.now()
        before = self._refused.pop(key, None)
        if before is None:
            who = principal.user_id, principal.organization_id, principal.role
            self._refused[key] = Refused(way, channel, *who, decision, now, now)
        else:
            self._refused[key] = replace(before, decision=decision, last_at=now, count=before.count + 1)
        if len(self._refused) > REFUSALS:
            self._refused.popitem(last=False)


def _shown(channel: str) -> str:
    """A name that can be kept and shown, however odd it was."""
    cut = channel[:_NAME_CHARS]
    return cut if cut.isprintable() else "".join(each for each in cut if each.isprintable())
