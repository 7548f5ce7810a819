"""The messages of Roblox environments."""

from enum import StrEnum
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from toolboxai.legacy.endpoints import EndpointName
from toolboxai.platform.messages.message import (
    ENVIRONMENT_CHANNELS,
    PLUGIN_CHANNELS,
    Count,
    Data,
    EnvironmentId,
    FromClient,
    Message,
    MessageType,
    Percent,
    Sender,
    Sha256,
)

__all__ = [
    "ENVIRONMENT_MESSAGES",
    "AssetReady",
    "AssetReadyData",
    "AssetStatus",
    "AssetType",
    "ComponentState",
    "Components",
    "EnvironmentStatus",
    "EnvironmentStatusData",
    "EnvironmentStatusMessage",
    "ScriptType",
    "ScriptUpdate",
    "ScriptUpdateData",
    "Subscribe",
    "Subscribed",
    "SubscribedData",
    "Unsubscribe",
    "Unsubscribed",
]


class EnvironmentStatus(StrEnum):
    """Where an environment is; the last three are ends."""

    QUEUED = "queued"
    GENERATING = "generating"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ComponentState(StrEnum):
    """Where one part of an environment is."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    FAILED = "failed"
    SKIPPED = "skipped"


class ScriptType(StrEnum):
    """Where a script runs."""

    SERVER = "server"
    CLIENT = "client"
    MODULE = "module"


class AssetType(StrEnum):
    """What an asset is."""

    MODEL = "model"
    MESH = "mesh"
    TEXTURE = "texture"
    SOUND = "sound"
    SCRIPT = "script"


class AssetStatus(StrEnum):
    """Where an asset is to be had: from us alone, or from Roblox too."""

    LOCAL = "local"
    UPLOADED = "uploaded"


# ---- following ----------------------------------------------------------------------------------------------


class Subscribe(FromClient, tag="subscribe"):
    """Follow one environment; a socket may follow many."""

    environment_id: EnvironmentId
    last_seq: Annotated[
        Count | UnsetType, Meta(description="events up to this number are not sent again")
    ] = UNSET


class Unsubscribe(FromClient, tag="unsubscribe"):
    """Follow it no more."""

    environment_id: EnvironmentId


class SubscribedData(Data):
    """Which."""

    environment_id: EnvironmentId


class Subscribed(Message, tag="subscribed"):
    """From here on its events come."""

    data: SubscribedData


class Unsubscribed(Message, tag="unsubscribed"):
    """From here on no event of it comes."""

    data: SubscribedData


# ---- what happens in it -------------------------------------------------------------------------------------


class Components(Data):
    """The parts, each with its own state."""

    terrain: ComponentState
    buildings: ComponentState
    scripts: ComponentState


class EnvironmentStatusData(Data):
    """Where it stands."""

    environment_id: EnvironmentId
    status: EnvironmentStatus
    progress: Annotated[Percent, Meta(description="in percent; 100 with all parts complete")]
    components: Components


class EnvironmentStatusMessage(Message, tag="environment_status"):
    """Something of its state has changed."""

    data: EnvironmentStatusData


class ScriptUpdateData(Data):
    """A script: its text or, when that is too long for an event or not for all who listen, a link; on public channels neither."""

    environment_id: EnvironmentId
    script_type: ScriptType
    checksum: Annotated[Sha256, Meta(description="of the UTF-8 bytes, lower-case hex digits")]
    checksum_algorithm: Annotated[str | UnsetType, Meta(description="`sha256`")] = UNSET
    script_content: Annotated[
        str | UnsetType, Meta(description="Luau; absent when it is too long, or lies in `ServerStorage`")
    ] = UNSET
    content_url: Annotated[
        str | UnsetType, Meta(description="where it is, for those who teach, when it is not in the event")
    ] = UNSET
    size: Annotated[Count | UnsetType, Meta(description="in bytes; beside `content_url`")] = UNSET

    def __post_init__(self) -> None:
        if self.script_content is not UNSET and self.content_url is not UNSET:
            raise ValueError("of script_content and content_url one is there, or on public channels neither")
        if (self.content_url is UNSET) is not (self.size is UNSET):
            raise ValueError("content_url and size stand together")


class ScriptUpdate(Message, tag="script_update"):
    """A script is new or has changed."""

    data: ScriptUpdateData


class AssetReadyData(Data):
    """A file that can be fetched."""

    environment_id: EnvironmentId
    asset_type: AssetType
    asset_id: Annotated[str | None, Meta(description="`rbxassetid://…`; null until Roblox has it")]
    asset_name: Annotated[str | UnsetType, Meta(description="absent on public channels")] = UNSET
    download_url: Annotated[
        str | UnsetType, Meta(description="absent on public channels where it leads elsewhere")
    ] = UNSET
    status: AssetStatus | UnsetType = UNSET
    checksum: Annotated[Sha256 | UnsetType, Meta(description="of its bytes, lower-case hex digits")] = UNSET
    checksum_algorithm: Annotated[str | UnsetType, Meta(description="`sha256`")] = UNSET


class AssetReady(Message, tag="asset_ready"):
    """Sent again when Roblox has given the asset an id."""

    data: AssetReadyData


_ROBLOX: Final = (EndpointName.ROBLOX,)
_FOLLOWERS: Final = (EndpointName.ROBLOX, EndpointName.PLUGIN)
_CHANNELS: Final = (*ENVIRONMENT_CHANNELS, *PLUGIN_CHANNELS)

ENVIRONMENT_MESSAGES: Final = (
    MessageType(Subscribe, Sender.CLIENT, _ROBLOX, (), "follow an environment"),
    MessageType(Unsubscribe, Sender.CLIENT, _ROBLOX, (), "follow it no more"),
    MessageType(Subscribed, Sender.SERVER, _ROBLOX, (), "its events come from here on"),
    MessageType(Unsubscribed, Sender.SERVER, _ROBLOX, (), "no event of it comes any more"),
    MessageType(
        EnvironmentStatusMessage, Sender.SERVER, _FOLLOWERS, _CHANNELS, "where an environment stands"
    ),
    MessageType(ScriptUpdate, Sender.SERVER, _FOLLOWERS, _CHANNELS, "a script is new or has changed"),
    MessageType(AssetReady, Sender.SERVER, _FOLLOWERS, _CHANNELS, "a file can be fetched"),
)
