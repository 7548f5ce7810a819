"""The messages of worlds that run."""

from enum import StrEnum
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from toolboxai.platform.messages.message import (
    Count,
    Data,
    EnvironmentId,
    Instant,
    Message,
    MessageType,
    Sender,
)

__all__ = ["GAME_MESSAGES", "GameEventItem", "GameEventKind", "GameEvents", "GameEventsData"]


_Player = Annotated[str, Meta(pattern="^player_[0-9a-f]{32}$")]
_Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]


class GameEventKind(StrEnum):
    """What a world that runs can tell of itself."""

    SERVER_STARTED = "server_started"
    SERVER_ENDED = "server_ended"
    PLAYER_JOINED = "player_joined"
    PLAYER_LEFT = "player_left"
    CHECKPOINT_REACHED = "checkpoint_reached"
    CUSTOM = "custom"


class GameEventItem(Data):
    """Something that happened in it."""

    id: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$", description="of the world's own")]
    type: GameEventKind
    seq: Annotated[
        Count, Meta(description="its number within the game server; what is told twice has it twice")
    ]
    at: Instant
    player: Annotated[_Player | UnsetType, Meta(description="a player has no account here")] = UNSET
    name: Annotated[_Name | UnsetType, Meta(description="of a checkpoint, or of what happened")] = UNSET
    value: float | bool | UnsetType = UNSET


class GameEventsData(Data):
    """Of which game server, and what."""

    environment_id: EnvironmentId
    game_server_id: Annotated[str, Meta(pattern="^game_[a-z0-9]{1,32}$")]
    events: Annotated[list[GameEventItem], Meta(min_length=1, description="in the order in which they came")]


class GameEvents(Message, tag="game_events"):
    """A batch that a world has posted; a large one comes in several messages."""

    data: GameEventsData


GAME_MESSAGES: Final = (
    MessageType(
        GameEvents,
        Sender.SERVER,
        (),
        ("private-roblox-sync-{environment_id}",),
        "something has happened in a world that runs",
    ),
)
