"""The registry of messages as an AsyncAPI 3 document: which channel and which old socket carries what, and its schema."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

import msgspec

from toolboxai.legacy.endpoints import ENDPOINTS, Endpoint
from toolboxai.platform.messages.generation import STAGE_RESULTS
from toolboxai.platform.messages.message import MessageType, Sender
from toolboxai.platform.messages.registry import MESSAGES

__all__ = ["VERSION", "Place", "asyncapi"]

VERSION: Final = "3.0.0"
"""Of the specification that the document is written in."""

_SCHEMAS: Final = "#/components/schemas/"
_DEFINITIONS: Final = "#/$defs/"
_BRACES: Final = re.compile(r"\{([a-z_]+)\}")
_SIGNATURE: Final = "signature"
_FIRST_MESSAGE: Final = "first-message"
_Rows = Iterable[MessageType]


@dataclass(frozen=True, slots=True)
class Place:
    """Where clients connect.

    Args:
        host: name and port.
        protocol: of WebSockets there.
        key: of the app; public.
    """

    host: str
    protocol: Literal["ws", "wss"]
    key: str


def asyncapi(version: str, channels_at: Place, sockets_at: Place) -> dict[str, Any]:
    """The document, as plain JSON. Documents share their parts: who wants to change one makes a deep copy.

    Args:
        version: of the service.
        channels_at: where the Channels protocol is spoken.
        sockets_at: where the old sockets are; their ``key`` means nothing.
    """
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "ToolBoxAI events",
            "version": version,
            "description": "What the application tells on channels and on the old WebSocket endpoints. On a channel the "
            "name of an event is the message's type, and its data, a text, holds the whole message as JSON. Of the "
            "messages of the Channels protocol itself the documentation tells: /docs/protocol.md.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "channels": {
                "host": channels_at.host,
                "protocol": channels_at.protocol,
                "pathname": "/app/{key}",
                "title": "Channels",
                "description": "Any client library of the Pusher Channels protocol.",
                "variables": {"key": {"default": channels_at.key, "description": "of the app; public"}},
            },
            "old-sockets": {
                "host": sockets_at.host,
                "protocol": sockets_at.protocol,
                "title": "Old sockets",
                "description": "Deprecated: /docs/legacy.md tells what takes their place.",
            },
        },
        **_carried(),
    }


@cache
def _carried() -> dict[str, Any]:
    """All but where it is: the same in one life of the process, and not to be changed."""
    rows = tuple(MESSAGES.values())
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for address in dict.fromkeys(channel for row in rows for channel in row.channels):
        carried = [row for row in rows if address in row.channels]
        name = _name(address)
        channels[name] = _channel(address, carried)
        operations[f"send-{name}"] = _operation("send", name, carried, security=_signed(address))
    for endpoint in ENDPOINTS.values():
        carried = [row for row in rows if endpoint.name in row.endpoints]
        name = f"old-socket-{endpoint.name}"
        channels[name] = _socket(endpoint, carried)
        for action, sender in (("send", Sender.SERVER), ("receive", Sender.CLIENT)):
            some = [row for row in carried if row.sender in (sender, Sender.EITHER)]
            if some:
                operations[f"{action}-{name}"] = _operation(action, name, some, security=(_FIRST_MESSAGE,))
    return {
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": dict(_message(row) for row in rows) | dict(map(_alone, filter(_is_alone, rows))),
            "schemas": _schemas(rows),
            "securitySchemes": {
                _SIGNATURE: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token, with which POST /api/v1/pusher/auth signs the subscription.",
                },
                _FIRST_MESSAGE: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": 'An access token, in the first message: {"type": "auth", "token": "…"}.',
                },
            },
        },
    }


def _name(address: str) -> str:
    return _BRACES.sub(r"\1", address)


def _signed(address: str) -> tuple[str, ...]:
    return (_SIGNATURE,) if address.startswith(("private-", "presence-")) else ()


def _channel(address: str, rows: _Rows) -> dict[str, Any]:
    return {
        "address": address,
        "servers": [{"$ref": "#/servers/channels"}],
        **_parameters(address),
        "messages": {
            row.name: {"$ref": f"#/components/messages/{_alone_name(row) if row.data_alone else row.name}"}
            for row in rows
        },
    }


def _socket(endpoint: Endpoint, rows: _Rows) -> dict[str, Any]:
    return {
        "address": endpoint.path,
        "title": f"Old socket: {endpoint.purpose}",
        "description": f"Deprecated. In its place: the channel {endpoint.private}…",
        "servers": [{"$ref": "#/servers/old-sockets"}],
        **_parameters(endpoint.path),
        "messages": {row.name: {"$ref": f"#/components/messages/{row.name}"} for row in rows},
    }


def _parameters(address: str) -> dict[str, Any]:
    names = _BRACES.findall(address)
    if not names:
        return {}
    return {"parameters": {name: {"description": f"the {name.replace('_', ' ')}"} for name in names}}


def _operation(action: str, channel: str, rows: _Rows, *, security: tuple[str, ...]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{row.name}"} for row in rows],
    }
    if security:
        operation["security"] = [{"$ref": f"#/components/securitySchemes/{name}"} for name in security]
    return operation


def _message(row: MessageType) -> tuple[str, dict[str, Any]]:
    return row.name, {
        "name": row.name,
        "title": row.struct.__name__,
        "summary": row.purpose,
        "payload": {"$ref": _SCHEMAS + row.struct.__name__},
    }


def _is_alone(row: MessageType) -> bool:
    return row.data_alone


def _alone_name(row: MessageType) -> str:
    return f"{row.name}-data"


def _alone(row: MessageType) -> tuple[str, dict[str, Any]]:
    """The message as channels have it of which the data goes alone."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(row.struct)}
    name, message = _message(row)
    return _alone_name(row), {
        **message,
        "title": f"The data of {name}",
        "payload": {"$ref": _SCHEMAS + kinds["data"].__name__},
    }


def _schemas(rows: _Rows) -> Mapping[str, Any]:
    kinds = [*(row.struct for row in rows), *STAGE_RESULTS.values()]
    _, found = msgspec.json.schema_components(kinds, ref_template=_SCHEMAS + "{name}")
    return {name: _led_here(schema) for name, schema in sorted(found.items())}


def _led_here(part: Any) -> Any:
    """The same, with the references that a type wrote itself leading into this document."""
    if isinstance(part, dict):
        return {name: _led_here(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_led_here(each) for each in part]
    return part.replace(_DEFINITIONS, _SCHEMAS) if isinstance(part, str) else part
