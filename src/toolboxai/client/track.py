"""One subscription as the client sees it across connections: every numbered event once, in order.

``seq`` counts the events of one session, environment, agent or plugin. A channel that belongs to one of them has its
numbers; on a name that many share each has numbers of its own, with holes where somebody may not see all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from toolboxai.client.effects import CatchUp, Deliver, Effect, Event, Gap
from toolboxai.client.presence import Presence

__all__ = ["Track", "TrackState"]

_SHARED: Final = ("agent-status", "roblox-sync")
_OF_A_USER: Final = "private-user-"
_IDS: Final = ("session_id", "environment_id", "agent_id", "plugin_id")


class TrackState(Enum):
    """How far the subscription is on the present connection."""

    WAITING = "waiting"  # no connection yet
    AUTHORISING = "authorising"
    SUBSCRIBING = "subscribing"
    CATCHING_UP = "catching up"  # subscribed; what was missed is being fetched, live events are held
    LIVE = "live"


@dataclass(slots=True)
class Track:
    """A channel that the user wants.

    Args:
        name: the channel.
        needs_signature: whether our application must sign each subscription.
        last_seq: the number of the newest event delivered; at first, the one after which the user wants events, or
            None when events count from whatever comes first.
    """

    name: str
    needs_signature: bool
    last_seq: int | None = None
    state: TrackState = TrackState.WAITING
    presence: Presence = field(default_factory=Presence)
    secret: str | None = None
    """Of an encrypted channel, in base64."""
    _held: list[Event] = field(default_factory=list)
    _newest: dict[str, int] = field(default_factory=dict)  # of each that shares the name

    @property
    def _shared(self) -> bool:
        return self.name in _SHARED or self.name.startswith(_OF_A_USER)

    @property
    def subscribed(self) -> bool:
        """Whether the server confirmed the subscription on this connection."""
        return self.state in (TrackState.CATCHING_UP, TrackState.LIVE)

    def confirmed(self) -> list[Effect]:
        """The server confirmed: fetch what was missed, or go on live."""
        if self.last_seq is None:
            self.state = TrackState.LIVE
            return []
        self.state = TrackState.CATCHING_UP
        return [CatchUp(self.name, self.last_seq)]

    def heard(self, event: Event) -> list[Effect]:
        """An event came over the connection."""
        if self.state is TrackState.CATCHING_UP:
            self._held.append(event)
            return []
        last = self.last_seq
        if not self._shared and event.seq is not None and last is not None and event.seq > last + 1:
            self._held.append(event)
            self.state = TrackState.CATCHING_UP
            return [CatchUp(self.name, last)]
        return self._pass_on(event)

    def caught_up(self, missed: Sequence[Event]) -> list[Effect]:
        """The answer of the history, oldest first or not; empty when there was none. Then the live events go on."""
        if self.state is not TrackState.CATCHING_UP:
            return []  # the connection ended meanwhile; the next one fetches again
        self.state = TrackState.LIVE
        held, self._held = self._held, []
        effects: list[Effect] = []
        for event in [*sorted(missed, key=lambda event: event.seq or 0), *held]:
            effects += self._pass_on(event)
        return effects

    def disconnected(self) -> None:
        """The connection ended. What is held stays held: the next catch-up sorts it in."""
        self.state = TrackState.WAITING
        self.presence.ended()

    def _pass_on(self, event: Event) -> list[Effect]:
        if event.seq is None:
            return [Deliver(event)]
        if self._shared:
            return self._pass_on_of_many(event, event.seq)
        last = self.last_seq
        if last is not None and event.seq <= last:
            return []
        self.last_seq = event.seq
        if last is not None and event.seq > last + 1:
            return [Gap(self.name, last, event.seq), Deliver(event)]
        return [Deliver(event)]

    def _pass_on_of_many(self, event: Event, seq: int) -> list[Effect]:
        whose = _whose(event)
        if seq <= self._newest.get(whose, 0):
            return []
        self._newest[whose] = seq
        return [Deliver(event)]


def _whose(event: Event) -> str:
    """Id of what the event is of; it is in the envelope's data."""
    inner = event.data.get("data") if isinstance(event.data, dict) else None
    if not isinstance(inner, dict):
        return ""
    return next((inner[name] for name in _IDS if isinstance(inner.get(name), str)), "")
