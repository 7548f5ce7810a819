"""Rows of plugins and commands, read."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Row

from toolboxai.adapters.database.plugin_tables import PluginCommandRow, PluginRow
from toolboxai.adapters.database.resource_tables import ResourceRow
from toolboxai.platform.plugins.model import Command, CommandState, Plugin

__all__ = ["COMMAND", "OPEN", "PLUGIN", "command_of", "json_text", "plugin_of"]

COMMAND: Final = tuple(PluginCommandRow.__table__.columns)
OPEN: Final = PluginCommandRow.state.in_([CommandState.QUEUED.value, CommandState.DELIVERED.value])
"""Commands that have not ended, as far as it is written down."""

PLUGIN: Final = (
    ResourceRow.id,
    ResourceRow.organization_id,
    ResourceRow.owner_id,
    ResourceRow.name,
    ResourceRow.created_at,
    *(column for column in PluginRow.__table__.columns if column.name not in ("id", "world_events")),
)
"""What there is of a plugin; one that the operator made may have nothing but its resource."""

_DEFAULTS: Final = {"studio_version": "", "last_seq": 0, "kept_from": 1, "announced_seq": 0}


def plugin_of(row: Row[Any]) -> Plugin:
    """A plugin from the columns of `PLUGIN`."""
    values: dict[str, Any] = dict(row._mapping)
    for name, default in _DEFAULTS.items():
        values[name] = default if values[name] is None else values[name]
    values["capabilities"] = tuple(msgspec.json.decode(values["capabilities"] or "[]"))
    values["config"] = None if values["config"] is None else msgspec.json.decode(values["config"])
    return Plugin(**values)


def command_of(row: Row[Any]) -> Command:
    """A command from the columns of `COMMAND`."""
    values: dict[str, Any] = dict(row._mapping)
    values["payload"] = msgspec.json.decode(values["payload"])
    values["result"] = None if values["result"] is None else msgspec.json.decode(values["result"])
    values["state"] = CommandState(values["state"])
    return Command(**values)


def json_text(value: Mapping[str, Any] | Any) -> str:
    """JSON as it is kept: its keys in order, so that the same is the same text."""
    return msgspec.json.encode(value, order="sorted").decode()
