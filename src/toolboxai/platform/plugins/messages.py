"""What a plugin may say, checked before anything of it is written."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from toolboxai.errors import PayloadTooLarge, ValidationError
from toolboxai.legacy.followed import PLUGIN_SAYS
from toolboxai.platform.messages.nesting import DEEPEST, too_deep
from toolboxai.platform.messages.registry import validate
from toolboxai.platform.plugins.model import PluginMessage

__all__ = ["BATCH_MOST", "POSTED", "checked"]

BATCH_MOST: Final = 100  # messages of one request
POSTED: Final = (*PLUGIN_SAYS, "ack")
"""The types that a plugin posts."""

_AROUND_BYTES: Final = 200  # what stands around the data of an event, at most
_ID_CHARS: Final = 64
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VERSION_CHARS: Final = 100
_CAPABILITIES: Final = 50
_NUMBER: Final = 2**53


def checked(messages: Sequence[PluginMessage], *, event_bytes: int) -> Sequence[PluginMessage]:
    """The same messages, each of which can be kept and told.

    Args:
        messages: as they came, types and data not looked at.
        event_bytes: that an event may have.

    Raises:
        ValidationError: ``details.fields`` names each fault.
        PayloadTooLarge: one is too long to be told.
    """
    faults: dict[str, str] = {}
    for number, message in enumerate(messages):
        place = f"messages.{number}"
        said = _fault(message)
        if said is not None:
            faults[f"{place}.{said[0]}" if said[0] else place] = said[1]
        elif len(msgspec.json.encode(message.data)) + _AROUND_BYTES > event_bytes:
            most = event_bytes - _AROUND_BYTES
            raise PayloadTooLarge(
                f"{place}.data: at most {most} bytes of JSON; send less, or a link to it",
                details={"limit": most},
            )
    if faults:
        told = "; ".join(f"{field}: {fault}" for field, fault in faults.items())
        raise ValidationError(told, details={"fields": faults})
    return messages


def _fault(message: PluginMessage) -> tuple[str, str] | None:
    """Where a message is wrong, and how; None: nowhere."""
    data = message.data
    if message.message_id is not None and not _ID.fullmatch(message.message_id):
        return "message_id", f"1 to {_ID_CHARS} letters, digits, _ and -"
    if too_deep(data):
        return "data", f"its objects and arrays are nested more than {DEEPEST} deep; make it flatter"
    if message.type == "ack":
        return _seq_fault(data)
    if message.type not in PLUGIN_SAYS:
        return "type", f"a plugin posts {', '.join(POSTED)}, not {message.type[:64]!r}"
    faults = validate({"type": message.type, "data": data})
    if faults:
        return "", faults[0]
    if message.type == "command_result":
        return _result_fault(data)
    return _hello_fault(data) if message.type == "plugin_hello" else None


def _result_fault(data: Mapping[str, Any]) -> tuple[str, str] | None:
    if not _is_short(data["command_id"], _ID_CHARS):
        return "data.command_id", f"1 to {_ID_CHARS} characters that can be printed"
    if "\x00" in (data.get("error") or ""):  # over HTTP it is refused before
        return "data.error", "it holds the character zero, \\u0000; leave it out"
    return None


def _seq_fault(data: Mapping[str, Any]) -> tuple[str, str] | None:
    seq = data.get("seq")
    if set(data) != {"seq"} or type(seq) is not int or not 0 < seq <= _NUMBER:
        return "data", "an ack says one thing: seq, the number of the newest entry that the plugin has"
    return None


def _hello_fault(data: Mapping[str, Any]) -> tuple[str, str] | None:
    for field in ("version", "studio_version"):
        if data[field] and not _is_short(data[field], _VERSION_CHARS):
            return f"data.{field}", f"at most {_VERSION_CHARS} characters that can be printed"
    if len(data["capabilities"]) > _CAPABILITIES or any(
        len(each) > _ID_CHARS for each in data["capabilities"]
    ):
        return "data.capabilities", f"at most {_CAPABILITIES}, each of at most {_ID_CHARS} characters"
    return None


def _is_short(text: str, most: int) -> bool:
    """Whether it can be kept in a column; databases refuse some of what cannot be printed."""
    return 0 < len(text) <= most and text.isprintable()
