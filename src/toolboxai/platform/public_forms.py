"""What environments and agents tell, in the form that may stand on a public name: what is not named here does not."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from toolboxai.platform.content.events import PublicCompat
from toolboxai.platform.content.sessions import Stage
from toolboxai.platform.ports import Event

__all__ = ["AGENT_STATUS", "PUBLIC_NAMES", "ROBLOX_SYNC", "PublicName", "public_name"]

ROBLOX_SYNC: Final = "roblox-sync"
AGENT_STATUS: Final = "agent-status"

_Value = Callable[[Any], Any]
"""A value as it may be told; UNSET: not at all."""


class _Envelope(msgspec.Struct):
    type: str
    data: dict[str, Any]
    timestamp: str
    seq: int | msgspec.UnsetType = msgspec.UNSET


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)


# ---- values -------------------------------------------------------------------------------------------------


def _one_of(*allowed: str) -> _Value:
    return lambda value: value if isinstance(value, str) and value in allowed else msgspec.UNSET


def _like(pattern: str) -> _Value:
    fits = re.compile(pattern).fullmatch
    return lambda value: value if isinstance(value, str) and fits(value) else msgspec.UNSET


def _up_to(most: int) -> _Value:
    def told(value: Any) -> Any:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return value if number and 0 <= value <= most else msgspec.UNSET

    return told


def _or_null(otherwise: _Value) -> _Value:
    return lambda value: None if value is None else otherwise(value)


def _object(**values: _Value) -> _Value:
    return lambda value: _kept(value, values) if isinstance(value, dict) else msgspec.UNSET


def _kept(data: Mapping[str, Any], values: Mapping[str, _Value]) -> dict[str, Any]:
    told = {name: value(data[name]) for name, value in values.items() if name in data}
    return {name: value for name, value in told.items() if value is not msgspec.UNSET}


_MOMENT: Final = _like(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_MOST: Final = 2**53  # the largest number that every JSON parser reads exactly
_COUNT: Final = _up_to(_MOST)
# A path of ours, which asks for a token: no other host, and no query, where a signed link has its signature.
_PATH_OF_OURS: Final = _like(r"/api(?=.{1,200}\Z)(?:/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)+")
_COMPONENT: Final = _one_of("pending", "in_progress", "complete", "failed", "skipped")


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
    numbered = envelope.seq is msgspec.UNSET or 0 < envelope.seq <= _MOST
    if envelope.type != event.name or not numbered or _MOMENT(envelope.timestamp) is msgspec.UNSET:
        return None
    return envelope


PUBLIC_NAMES: Final = (
    PublicName(
        ROBLOX_SYNC,
        "private-roblox-sync-",
        "environment",
        "environment_id",
        {
            "environment_status": {
                "status": _one_of("queued", "generating", "ready", "failed", "cancelled"),
                "progress": _up_to(100),
                "components": _object(terrain=_COMPONENT, buildings=_COMPONENT, scripts=_COMPONENT),
            },
            "script_update": {
                "script_type": _one_of("server", "client", "module"),
                "checksum": _like(r"[0-9a-f]{1,128}"),
                "checksum_algorithm": _one_of("sha256"),
                "size": _COUNT,
            },
            "asset_ready": {
                "asset_type": _one_of("model", "mesh", "image", "decal", "audio", "animation", "place"),
                "asset_id": _or_null(_like(r"rbxassetid://[0-9]{1,20}")),
                "status": _one_of("local"),
                "download_url": _PATH_OF_OURS,
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
                "status": _one_of("idle", "active", "error", "offline"),
                "current_task": _or_null(_one_of(*Stage, "environment_generation")),
                "queue_length": _COUNT,
                "last_activity": _or_null(_MOMENT),
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
