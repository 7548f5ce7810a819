"""What a page shows of an AsyncAPI document."""

from collections.abc import Mapping
from typing import Any, Final

from toolboxai.web.reference.fields import words_of
from toolboxai.web.reference.openapi_page import schemas_view

__all__ = ["asyncapi_view", "servers_view"]

_SENDERS: Final = {("send",): "server", ("receive",): "client", ("receive", "send"): "either"}
_Object = Mapping[str, Any]


def asyncapi_view(document: _Object) -> dict[str, Any]:
    """Channels with what they carry, and the schemas; no servers, for those are told apart.

    Args:
        document: as ``platform.messages.asyncapi`` writes it.
    """
    return {
        "version": document["info"]["version"],
        "description": document["info"]["description"],
        "channels": [_channel(document, name) for name in document["channels"]],
        "schemas": schemas_view(document["components"]["schemas"]),
    }


def servers_view(document: _Object) -> list[dict[str, str]]:
    """Where clients connect.

    Args:
        document: as of `asyncapi_view`.
    """
    return [
        {
            "title": server["title"],
            "url": f"{server['protocol']}://{server['host']}{server.get('pathname', '')}",
            "text": server["description"],
        }
        for server in document["servers"].values()
    ]


def _channel(document: _Object, name: str) -> dict[str, Any]:
    channel = document["channels"][name]
    operations = [
        each for each in document["operations"].values() if each["channel"]["$ref"] == f"#/channels/{name}"
    ]
    return {
        "anchor": f"channel-{name}",
        "address": channel["address"],
        "text": channel.get("description", ""),
        "security": _security(document, operations),
        "messages": [
            _message(document, name, event, reference, operations)
            for event, reference in channel.get("messages", {}).items()
        ],
    }


def _message(
    document: _Object, channel: str, event: str, reference: _Object, operations: list[Any]
) -> dict[str, Any]:
    message = document["components"]["messages"][reference["$ref"].rpartition("/")[2]]
    here = {"$ref": f"#/channels/{channel}/messages/{event}"}
    actions = tuple(sorted(each["action"] for each in operations if here in each["messages"]))
    return {
        "name": event,
        "sender": _SENDERS[actions],
        "text": message["summary"],
        "schema": words_of(message["payload"]),
    }


def _security(document: _Object, operations: list[Any]) -> str:
    schemes = document["components"]["securitySchemes"]
    names = {
        each["$ref"].rpartition("/")[2] for operation in operations for each in operation.get("security", ())
    }
    return " ".join(schemes[name]["description"] for name in sorted(names))
