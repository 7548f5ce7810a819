"""A world that runs, as this server knows it; what its owner tells it, and what it tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from toolboxai.platform.messages.game import GameEventKind

__all__ = [
    "EVENTS_AT_ONCE",
    "EVENTS_KEPT",
    "KEPT_S",
    "MESSAGES_KEPT",
    "MESSAGE_BYTES",
    "NAME_CHARS",
    "SERVERS_MOST",
    "TEXT_CHARS",
    "GameEvent",
    "GameMessage",
    "GameMessageKind",
    "GameServer",
    "KeptEvent",
    "KeptMessage",
    "MessagePage",
    "TalkState",
]

NAME_CHARS: Final = 100
SERVERS_MOST: Final = 20  # of one world

# All that are kept make one answer: 200 of a kibibyte, and what stands around each, are less than 256 KiB.
MESSAGES_KEPT: Final = 200
MESSAGE_BYTES: Final = 1024
TEXT_CHARS: Final = 200
# A day: a lesson is over long before, and whoever comes later reads the snapshot.
KEPT_S: Final = 86400.0

EVENTS_AT_ONCE: Final = 100
# Of two hours at most with a batch every five seconds, each half full; what is sent again comes within minutes.
EVENTS_KEPT: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GameServer:
    """The right of one place at Roblox to speak here. All servers that Roblox runs of the place share it.

    Args:
        id: ``game_`` and random digits; it stands in addresses, and opens nothing.
        environment_id: of the world; the token is worth nothing for any other.
        name: for people, such as ``7b``; may be empty.
        token_sha256: of the token, lower-case hex digits; the token itself is not kept.
        created_at: Unix seconds.
    """

    id: str
    environment_id: str
    name: str
    token_sha256: str = field(repr=False)
    created_at: float


# ---- from the owner to the world ----------------------------------------------------------------------------


class GameMessageKind(StrEnum):
    """What an owner can tell a world that runs."""

    ANNOUNCEMENT = "announcement"
    QUIZ_OPEN = "quiz_open"
    QUIZ_CLOSE = "quiz_close"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class GameMessage:
    """A message before it has its number.

    Args:
        kind: what is told.
        data: of an announcement its ``text``; of the quiz's nothing; of ``custom`` any object.
        idempotency_key: of the caller; the same key leads to the same message.
    """

    kind: GameMessageKind
    data: Mapping[str, Any]
    idempotency_key: str | None = None


class KeptMessage(NamedTuple):
    """A message as running worlds read it; ``seq`` counts from 1 without gaps, ``at`` is in Unix seconds."""

    seq: int
    kind: GameMessageKind
    data: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class MessagePage:
    """What follows a cursor.

    Args:
        items: oldest first.
        next_cursor: number of the newest message that the reader knows now.
        complete: False: between the cursor and these some are not kept any more, or the cursor is of another
            database; the snapshot tells where things stand.
    """

    items: tuple[KeptMessage, ...]
    next_cursor: int
    complete: bool


class TalkState(NamedTuple):
    """Where a game server stands.

    Args:
        last_message: number of the newest message, 0 before the first.
        quiz_open: whether players may answer, as its owner last said.
        last_event: number of the newest event.
        told_event: up to this number all are known to have been told to the owner.
    """

    last_message: int
    quiz_open: bool
    last_event: int
    told_event: int


# ---- from the world to the owner ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class GameEvent:
    """Something that happened in a world. It has no field for a text that somebody writes.

    Args:
        id: given by the world; counts once.
        kind: what happened.
        player: ``player_…``, made of a UUID that the world has made for them.
        name: of a checkpoint, or of what happened, as the world's scripts call it.
        value: a number that goes with it, or whether.
        at: Unix seconds; None: when it came here.
    """

    id: str
    kind: GameEventKind
    player: str | None = None
    name: str | None = None
    value: float | bool | None = None
    at: float | None = None

    def says(self, other: "GameEvent") -> bool:
        """Whether another one tells of the same, its time left aside: that may be this server's."""
        mine = (self.id, self.kind, self.player, self.name, self.value, type(self.value) is bool)
        return mine == (
            other.id,
            other.kind,
            other.player,
            other.name,
            other.value,
            type(other.value) is bool,
        )


class KeptEvent(NamedTuple):
    """An event as it is kept.

    Args:
        seq: its number within the game server, from 1 without gaps.
        event: with its time.
        received_at: Unix seconds.
        fresh: whether it was not known before it came this time.
    """

    seq: int
    event: GameEvent
    received_at: float
    fresh: bool = False
