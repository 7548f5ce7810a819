"""What all messages have in common, and the kinds of field that they are made of."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from toolboxai.legacy.endpoints import EndpointName

__all__ = [
    "AGENT_CHANNELS",
    "ENVIRONMENT_CHANNELS",
    "GENERATION_CHANNELS",
    "PLUGIN_CHANNELS",
    "SIGNED_IN",
    "AgentId",
    "ClassId",
    "ContentId",
    "Count",
    "Data",
    "EnvironmentId",
    "FromClient",
    "Instant",
    "Message",
    "MessageType",
    "Percent",
    "PersonId",
    "PluginId",
    "Sender",
    "SessionId",
    "Sha256",
    "TaskId",
    "UserId",
]

_REST: Final = r"[A-Za-z0-9_\-=@,.;]+$"

Instant = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$",
        extra_json_schema={"format": "date-time"},
    ),
]
"""RFC 3339, UTC with ``Z``."""

Count = Annotated[int, Meta(ge=0)]
Percent = Annotated[int, Meta(ge=0, le=100)]

SessionId = Annotated[str, Meta(pattern="^gen_" + _REST)]
ContentId = Annotated[str, Meta(pattern="^content_" + _REST)]
EnvironmentId = Annotated[str, Meta(pattern="^env_" + _REST)]
AgentId = Annotated[str, Meta(pattern="^agent_" + _REST)]
PluginId = Annotated[str, Meta(pattern="^plugin_" + _REST)]
TaskId = Annotated[str, Meta(pattern="^task_" + _REST)]
ClassId = Annotated[str, Meta(pattern="^class_" + _REST)]
PersonId = Annotated[str, Meta(pattern="^(user|player)_" + _REST)]
"""Of an account, or of a player of a world who has none."""
UserId = Annotated[str, Meta(pattern="^user_" + _REST)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]+$", max_length=64)]


class Data(Struct, forbid_unknown_fields=True):
    """An object inside a message."""


class Message(Struct, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """A message; ``type`` tells which.

    Args:
        timestamp: when it happened; the guide shows some messages without, ours all have it.
        seq: the event's number within its session, environment, agent or plugin; answers to a client have none.
    """

    timestamp: Instant | UnsetType = UNSET
    seq: Annotated[int, Meta(ge=1)] | UnsetType = UNSET


class FromClient(Message, kw_only=True):
    """What a client sends. Its fields stand beside ``type``, as in the guide.

    Args:
        message_id: the client's own; an error that answers the message has it in its ``details``.
    """

    message_id: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET


class Sender(Enum):
    """Who sends a message."""

    CLIENT = "client"
    SERVER = "server"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class MessageType:
    """A row of the registry.

    Args:
        struct: its fields.
        sender: who sends it.
        endpoints: the old sockets that carry it.
        channels: the channels that carry it, with an id in braces.
        purpose: one phrase.
        data_alone: whether on channels the event's data is the message's ``data``, and not the whole message.
    """

    struct: type[Message]
    sender: Sender
    endpoints: tuple[EndpointName, ...]
    channels: tuple[str, ...]
    purpose: str
    data_alone: bool = False

    @property
    def name(self) -> str:
        """Its ``type``, and the event's name on channels."""
        tag = self.struct.__struct_config__.tag
        assert isinstance(tag, str)
        return tag


SIGNED_IN: Final = tuple(name for name in EndpointName if name is not EndpointName.NATIVE)
"""The endpoints that speak JSON; the fifth echoes whatever it is sent."""

GENERATION_CHANNELS: Final = (
    "private-content-generation-{session_id}",
    "content-generation-{session_id}",
)
ENVIRONMENT_CHANNELS: Final = ("private-roblox-sync-{environment_id}", "roblox-sync")
AGENT_CHANNELS: Final = ("private-agent-{agent_id}", "agent-status")
PLUGIN_CHANNELS: Final = ("private-plugin-{plugin_id}",)
