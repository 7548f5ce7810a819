"""Bodies of what worlds that run and their owners tell each other."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, field_validator

from toolboxai.platform.attempts.model import player_id
from toolboxai.platform.games.events import EventPage, told_item
from toolboxai.platform.games.model import (
    EVENTS_AT_ONCE,
    GameEvent,
    GameMessage,
    GameMessageKind,
    KeptEvent,
    MessagePage,
)
from toolboxai.platform.messages.environment import ComponentState, EnvironmentStatus
from toolboxai.platform.messages.game import GameEventKind
from toolboxai.web.times import Instant, timestamp
from toolboxai.web.whole_text import whole_text

__all__ = [
    "BudgetItem",
    "EventBody",
    "EventItem",
    "EventsAnswer",
    "EventsBody",
    "GameMessageBody",
    "GameMessageItem",
    "MessagesAnswer",
    "QuizItem",
    "SentAnswer",
    "SnapshotAnswer",
    "TakenEventItem",
    "TakenEventsAnswer",
    "WorldItem",
]

_FORBID = ConfigDict(extra="forbid")
_MOST = 2**53  # the largest number that every JSON parser reads exactly

_Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]
_Uuid = Annotated[
    str, Field(pattern="^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$")
]


class GameMessageBody(BaseModel):
    """What the owner tells a world that runs."""

    model_config = _FORBID

    type: GameMessageKind
    data: dict[str, Any] = Field(default_factory=dict)

    @field_validator("data", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return whole_text(value)

    def message(self, idempotency_key: str | None) -> GameMessage:
        """As the service takes it."""
        return GameMessage(self.type, self.data, idempotency_key)


class SentAnswer(BaseModel):
    """The message has this number; servers of the world read it from now on."""

    seq: int


class GameMessageItem(BaseModel):
    """A message as running worlds read it."""

    type: GameMessageKind
    data: dict[str, Any]
    timestamp: str
    seq: int


class MessagesAnswer(BaseModel):
    """Messages after a cursor; ``complete`` is false where some between are not kept any more."""

    items: list[GameMessageItem]
    next_cursor: int
    complete: bool

    @classmethod
    def of(cls, page: MessagePage) -> "MessagesAnswer":
        """As it goes out."""
        items = [
            GameMessageItem(type=each.kind, data=dict(each.data), timestamp=timestamp(each.at), seq=each.seq)
            for each in page.items
        ]
        return cls(items=items, next_cursor=page.next_cursor, complete=page.complete)


class EventData(BaseModel):
    """What an event has beside its type: never a text that somebody writes."""

    model_config = _FORBID

    player: _Uuid | None = None
    name: _Name | None = None
    value: (
        StrictBool
        | Annotated[StrictInt, Field(ge=-_MOST, le=_MOST)]
        | Annotated[StrictFloat, Field(ge=-_MOST, le=_MOST, allow_inf_nan=False)]
        | None
    ) = None


class EventBody(BaseModel):
    """Something that happened in a world; ``id`` counts once."""

    model_config = _FORBID

    id: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")]
    type: GameEventKind
    data: EventData = Field(default_factory=EventData)
    at: Instant | None = None

    def event(self) -> GameEvent:
        """As the service takes it."""
        data = self.data
        return GameEvent(
            id=self.id,
            kind=self.type,
            player=None if data.player is None else player_id(data.player),
            name=data.name,
            value=data.value,
            at=None if self.at is None else self.at.timestamp(),
        )


class EventsBody(BaseModel):
    """What happened in one world, in order."""

    model_config = _FORBID

    events: Annotated[list[EventBody], Field(min_length=1, max_length=EVENTS_AT_ONCE)]


class TakenEventItem(BaseModel):
    """The number of an event; ``fresh`` is false where it was kept before."""

    id: str
    seq: int
    fresh: bool


class TakenEventsAnswer(BaseModel):
    """All events of the batch, in its order."""

    items: list[TakenEventItem]


class EventItem(BaseModel):
    """An event as the owner hears of it; ``player`` is as in the results of the quiz."""

    id: str
    type: GameEventKind
    seq: int
    at: str
    player: str | None = None
    name: str | None = None
    value: bool | float | None = None
    received_at: str


class EventsAnswer(BaseModel):
    """Events of the last day after a cursor, oldest first; ``complete`` is false where some between are gone."""

    items: list[EventItem]
    next_cursor: int
    more: bool
    complete: bool

    @classmethod
    def of(cls, page: EventPage) -> "EventsAnswer":
        """As it goes out."""
        items = [_item(each) for each in page.items]
        return cls(items=items, next_cursor=page.next_cursor, more=page.more, complete=page.complete)


def _item(kept: KeptEvent) -> EventItem:
    event = kept.event
    return EventItem(
        id=event.id,
        type=event.kind,
        seq=kept.seq,
        at=told_item(kept).at,
        player=event.player,
        name=event.name,
        value=event.value,
        received_at=timestamp(kept.received_at),
    )


class WorldItem(BaseModel):
    """Where the world itself stands."""

    name: str
    status: EnvironmentStatus
    progress: int
    components: dict[str, ComponentState]


class QuizItem(BaseModel):
    """The quiz as players read it, without answers."""

    title: str
    questions: list[dict[str, Any]]


class BudgetItem(BaseModel):
    """What all servers of the world may do together, and how long a poll may wait."""

    requests_per_minute: int
    poll_wait_s: int


class SnapshotAnswer(BaseModel):
    """Where a world stands; messages with a number above ``cursor`` are not in it.

    ``quiz_open`` is what the owner last said.
    """

    game_server_id: str
    environment_id: str
    world: WorldItem
    revision: int | None
    quiz: QuizItem | None
    quiz_open: bool
    cursor: int
    budget: BudgetItem
