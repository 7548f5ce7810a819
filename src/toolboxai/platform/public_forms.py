"""What environments and agents tell, in the form that may stand on a public name: what is not named here does not."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

import msgspec

from toolboxai.platform.content.records.sessions import Stage
from toolboxai.platform.messages.agent import AgentState
from toolboxai.platform.messages.environment import (
    AssetStatus,
    AssetType,
    ComponentState,
    EnvironmentStatus,
    ScriptType,
)
from toolboxai.platform.messages.message import Instant, Percent, Sha256
from toolboxai.platform.ports import Event
from toolboxai.platform.roblox.run.world_tasks import Piece
from toolboxai.platform.runs.events import PublicCompat

__all__ = ["AGENT_STATUS", "PUBLIC_NAMES", "ROBLOX_SYNC", "PublicName", "public_name"]

ROBLOX_SYNC: Final = "roblox-sync"
AGENT_STATUS: Final = "agent-status"

_Value = Callable[[Any], Any]
"""A value as it may be told; UNSET: not at all."""

_MOST: Final = 2**53  # the largest number that every JSON parser reads exactly


class _Envelope(msgspec.Struct):
    type: str
    data: dict[str, Any]
    timestamp: Instant
    seq: Annotated[int, msgspec.Meta(ge=1, le=_MOST)] | msgspec.UnsetType = msgspec.UNSET


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)


# ---- values -------------------------------------------------------------------------------------------------


def _is(kind: Any) -> _Value:
    def told(value: Any) -> Any:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            return msgspec.UNSET

    return told


def _one_of(*allowed: str | None) -> _Value:
    def told(value: Any) -> Any:
        known = value is None or isinstance(value, str)
        return value if known and value in allowed else msgspec.UNSET

    return told


def _object(**values: _Value) -> _Value:
    return lambda value: _kept(value, values) if isinstance(value, dict) else msgspec.UNSET


def _kept(data: Mapping[str, Any], values: Mapping[str, _Value]) -> dict[str, Any]:
    told = {name: value(data[name]) for name, value in values.items() if name in data}
    return {name: value for name, value in told.items() if value is not msgspec.UNSET}


_COUNT: Final = Annotated[int, msgspec.Meta(ge=0, le=_MOST)]
_ASSET_ID: Final = Annotated[str, msgspec.Meta(pattern=r"^rbxassetid://[0-9]{1,20}\Z")]
# A path of ours, which asks for a token: no other host, and no query, where a signed link has its signature.
_PATH_OF_OURS: Final = Annotated[
    str, msgspec.Meta(pattern=r"^/api(?:/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)+\Z", max_length=200)
]
_COMPONENT: Final = _is(ComponentState)


# ---- messages -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PublicName:
    """A public name, and what of some private channels may stand on it.

    Args:
        channel: the name.
        private: what the names of the private channels begin with; an id follows.
        resource: the kind of resource that the id names.
        id_name: of the id, in the messages.
        messages: by type: the fields that may be told, and of each, which values. The id is told in any case.
    """

    channel: str
    private: str
    resource: str
    id_name: str
    messages: Mapping[str, Mapping[str, _Value]]
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pattern = re.compile(re.escape(self.private) + r"([A-Za-z0-9_]{1,128})")
        object.__setattr__(self, "_pattern", pattern)

    def resource_id(self, channel: str) -> str | None:
        """The id in a private channel's name; None for any other channel."""
        found = self._pattern.fullmatch(channel)
        return None if found is None else found[1]

    def form(self, resource_id: str, event: Event, compat: PublicCompat) -> Event | None:
        """An event of the private channel as the public name may carry it; None: not at all.

        Type, time and number stay. What is no envelope of one of the types, or tells of another resource than the
        channel is for, is not told in any form.

        Args:
            resource_id: whose channel it is.
            event: as the private channel has carried it.
            compat: ``safe`` or ``full``; with ``off`` nothing is told.
        """
        envelope = _read(event)
        if envelope is None or compat is PublicCompat.OFF:
            return None
        values = self.messages.get(envelope.type)
        if values is None or envelope.data.get(self.id_name) != resource_id:
            return None
        if compat is PublicCompat.FULL:
            return event
        envelope.data = {self.id_name: resource_id, **_kept(envelope.data, values)}
        return Event(event.name, msgspec.json.encode(envelope).decode())


def _read(event: Event) -> _Envelope | None:
    try:
        envelope = _ENVELOPE.decode(event.data)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None
    return envelope if envelope.type == event.name else None


PUBLIC_NAMES: Final = (
    PublicName(
        ROBLOX_SYNC,
        "private-roblox-sync-",
        "environment",
        "environment_id",
        {
            "environment_status": {
                "status": _is(EnvironmentStatus),
                "progress": _is(Percent),
                "components": _object(terrain=_COMPONENT, buildings=_COMPONENT, scripts=_COMPONENT),
            },
            "script_update": {
                "script_type": _is(ScriptType),
                "checksum": _is(Sha256),
                "checksum_algorithm": _is(Literal["sha256"]),
            },
            "asset_ready": {
                "asset_type": _is(AssetType),
                "asset_id": _is(_ASSET_ID | None),
                "download_url": _is(_PATH_OF_OURS),
                "status": _is(AssetStatus),
                "checksum": _is(Sha256),
                "checksum_algorithm": _is(Literal["sha256"]),
            },
        },
    ),
    PublicName(
        AGENT_STATUS,
        "private-agent-",
        "agent",
        "agent_id",
        {
            "agent_status": {
                "status": _is(AgentState),
                "current_task": _one_of(None, *Stage, *Piece),
                "queue_length": _is(_COUNT),
                "last_activity": _is(Instant | None),
            }
        },
    ),
)


def public_name(channel: str) -> tuple[PublicName, str] | None:
    """The public name of a private channel, and the id in it; None for a channel that has none here."""
    for name in PUBLIC_NAMES:
        resource_id = name.resource_id(channel)
        if resource_id is not None:
            return name, resource_id
    return None
