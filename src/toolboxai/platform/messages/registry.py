"""All message types by name, the check of a message, and the JSON Schema of all."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec
from msgspec import Struct, UnsetType

from toolboxai.platform.messages.agent import AGENT_MESSAGES
from toolboxai.platform.messages.classroom import CLASSROOM_MESSAGES
from toolboxai.platform.messages.connection import CONNECTION_MESSAGES
from toolboxai.platform.messages.environment import ENVIRONMENT_MESSAGES
from toolboxai.platform.messages.game import GAME_MESSAGES
from toolboxai.platform.messages.generation import GENERATION_MESSAGES, STAGE_RESULTS
from toolboxai.platform.messages.message import MessageType
from toolboxai.platform.messages.plugin import PLUGIN_MESSAGES

__all__ = ["FAMILIES", "MESSAGES", "json_schema", "validate"]

FAMILIES: Final[Mapping[str, tuple[MessageType, ...]]] = MappingProxyType(
    {
        "connection": CONNECTION_MESSAGES,
        "generation": GENERATION_MESSAGES,
        "environment": ENVIRONMENT_MESSAGES,
        "agent": AGENT_MESSAGES,
        "plugin": PLUGIN_MESSAGES,
        "classroom": CLASSROOM_MESSAGES,
        "game": GAME_MESSAGES,
    }
)

MESSAGES: Final[Mapping[str, MessageType]] = MappingProxyType(
    {row.name: row for family in FAMILIES.values() for row in family}
)


def validate(message: Any) -> list[str]:
    """What is wrong with a message: every field at fault, each by its place and what is wrong with it.

    Args:
        message: as it was read from JSON.

    Returns:
        Nothing when all is well. A field that the type does not have is a fault: what is sent has to stand here.
    """
    if not isinstance(message, Mapping) or not isinstance(message.get("type"), str):
        return ['a message is an object with a "type"']
    row = MESSAGES.get(message["type"])
    if row is None:
        return [f"type: there is no {message['type']!r}; known are {', '.join(sorted(MESSAGES))}"]
    fields = {name: value for name, value in message.items() if name != "type"}
    faults = list(_faults(fields, row.struct, ""))
    return faults or _refused(message, row.struct, "")


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of any one message; each type stands in ``$defs`` under its class's name."""
    structs = [row.struct for row in MESSAGES.values()]
    kinds = [Union[tuple(structs)], *STAGE_RESULTS.values()]  # noqa: UP007 - made at run time
    (schema, *_), definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$defs": definitions}


def _faults(value: Mapping[str, Any], kind: type[Struct], place: str) -> Iterator[str]:
    """The faults of an object's fields, one by one: msgspec itself tells the first alone."""
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in value:
        if name not in known:
            yield f"{place}{name}: {kind.__name__} has no such field"
    for name, field in known.items():
        if name not in value:
            if field.required:
                yield f"{place}{name}: it is missing"
            continue
        inner = _struct(field.type)
        if inner is not None and isinstance(value[name], Mapping):
            faults = list(_faults(value[name], inner, f"{place}{name}."))
            yield from faults or _refused(value[name], inner, f"{place}{name}.")
        else:
            yield from _refused(value[name], _without_unset(field.type), f"{place}{name}")


def _refused(value: Any, kind: Any, place: str) -> list[str]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as fault:
        return [f"{place.removesuffix('.') or 'message'}: {fault}"]
    return []


def _without_unset(kind: Any) -> Any:
    """A field's type, for a value that is there."""
    if get_origin(kind) is Annotated:
        inner, *facts = get_args(kind)
        return Annotated[(_without_unset(inner), *facts)]
    kinds = [each for each in get_args(kind) if each is not UnsetType]
    return kind if len(kinds) == len(get_args(kind)) else Union[tuple(kinds)]  # noqa: UP007 - made at run time


def _struct(kind: Any) -> type[Struct] | None:
    """The class of an object that stands in a field, or may."""
    if get_origin(kind) is Annotated:
        return _struct(get_args(kind)[0])
    for each in (kind, *get_args(kind)):
        if isinstance(each, type) and issubclass(each, Struct):
            return each
    return None
