"""The messages between us and Studio plugins."""

from enum import StrEnum
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, UnsetType

from toolboxai.legacy.endpoints import EndpointName
from toolboxai.platform.messages.message import (
    PLUGIN_CHANNELS,
    Data,
    FromClient,
    Instant,
    Message,
    MessageType,
    Sender,
)

__all__ = [
    "PLUGIN_MESSAGES",
    "CommandResult",
    "CommandResultData",
    "CommandStatus",
    "ConfigUpdate",
    "PluginCommand",
    "PluginCommandData",
    "PluginEvent",
    "PluginHello",
    "PluginHelloData",
]


class CommandStatus(StrEnum):
    """How a command ended in the plugin."""

    OK = "ok"
    ERROR = "error"


class PluginHelloData(Data):
    """Who is there."""

    version: Annotated[str, Meta(description="of the plugin")]
    studio_version: str
    place_id: Annotated[int | str | None, Meta(description="null for a place that was never saved")]
    capabilities: list[str]


class PluginHello(FromClient, tag="plugin_hello"):
    """The first message of a plugin."""

    data: PluginHelloData


class CommandResultData(Data):
    """How a command ended."""

    command_id: str
    status: CommandStatus
    result: Annotated[Any, Meta(description="of the command's action")] = None
    error: Annotated[str | None, Meta(description="why it was not done")] = None


class CommandResult(FromClient, tag="command_result"):
    """Once for each command."""

    data: CommandResultData


class PluginEvent(FromClient, tag="plugin_event"):
    """Something happened in Studio."""

    data: Annotated[dict[str, Any], Meta(description="of the plugin's own making")]


class PluginCommandData(Data):
    """What the plugin is to do."""

    command_id: Annotated[str, Meta(description="the same command is applied once")]
    action: str
    payload: dict[str, Any]
    expires_at: Annotated[Instant | None, Meta(description="not to be applied any more from then on")]
    payload_url: Annotated[
        str | UnsetType,
        Meta(
            description="where the command is fetched, with a token; there when its payload is too long for an event"
        ),
    ] = UNSET


class PluginCommand(Message, tag="plugin_command"):
    """Do this."""

    data: PluginCommandData


class ConfigUpdate(Message, tag="config_update"):
    """Settings of the plugin have changed."""

    data: dict[str, Any]


_ENDPOINT: Final = (EndpointName.PLUGIN,)

PLUGIN_MESSAGES: Final = (
    MessageType(PluginHello, Sender.CLIENT, _ENDPOINT, PLUGIN_CHANNELS, "who is there"),
    MessageType(CommandResult, Sender.CLIENT, _ENDPOINT, PLUGIN_CHANNELS, "how a command ended"),
    MessageType(PluginEvent, Sender.CLIENT, _ENDPOINT, PLUGIN_CHANNELS, "something happened in Studio"),
    MessageType(PluginCommand, Sender.SERVER, _ENDPOINT, PLUGIN_CHANNELS, "do this"),
    MessageType(ConfigUpdate, Sender.SERVER, _ENDPOINT, PLUGIN_CHANNELS, "settings have changed"),
)
