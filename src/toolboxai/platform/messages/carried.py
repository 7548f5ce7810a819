"""What channels carry, for those who write the types of clients: rows of the registry, and what their data is made of."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from toolboxai.platform.messages.message import MessageType
from toolboxai.platform.messages.registry import MESSAGES, json_schema

__all__ = ["Carried", "carried", "named_in"]

_DEFINITIONS: Final = "#/$defs/"


class Carried(NamedTuple):
    """What channels carry.

    Args:
        rows: the messages that some channel carries.
        definitions: JSON Schema of each type, by the name of its class.
        parts: names of those that the rows' data is made of; the rows' own are not among them.
    """

    rows: list[MessageType]
    definitions: Mapping[str, Any]
    parts: frozenset[str]


def carried() -> Carried:
    """All messages of channels."""
    definitions: Mapping[str, Any] = json_schema()["$defs"]
    rows = [row for row in MESSAGES.values() if row.channels]
    tops = {row.struct.__name__ for row in rows}
    found: set[str] = set()
    waiting = list(tops)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += named_in(definitions[name])
    return Carried(rows, definitions, frozenset(found - tops))


def named_in(schema: Any) -> Iterator[str]:
    """The definitions that a schema refers to by name."""
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix(_DEFINITIONS)
        for value in schema.values():
            yield from named_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from named_in(value)
