"""Write the message types of the registry as TypeScript, for the client in clients/typescript."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toolboxai.platform.messages.carried import carried
from toolboxai.platform.messages.message import MessageType

__all__ = ["FILE", "written"]

FILE = Path(__file__).resolve().parents[1] / "clients" / "typescript" / "src" / "messages.ts"
_HEAD = """\
// Made from the server's registry of messages by scripts/write_typescript_messages.py: change it there.

/** What an event carries on a channel: the same envelope that the history and the old sockets have. */
export interface Envelope<Type extends string, Data> {
  type: Type;
  data: Data;
  /** When it happened: RFC 3339, UTC. */
  timestamp: string;
  /** Its number within its session, environment, agent or plugin; absent where nothing is kept. */
  seq?: number;
}
"""
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def written() -> str:
    """The module's text."""
    rows, definitions, parts = carried()
    types = [line for name in sorted(parts) for line in [*_definition(name, definitions[name]), ""]]
    return "\n".join([_HEAD, *types, *_messages(rows, definitions), "", *_channels(rows)]) + "\n"


def _definition(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"/** {schema['description']} */"
    if "enum" in schema:
        yield f"export type {name} = {_type(schema)};"
        return
    yield f"export interface {name} {{"
    required = set(schema.get("required", ()))
    for field, kind in schema["properties"].items():
        if kind.get("description"):
            yield f"  /** {kind['description']} */"
        yield f"  {field}{'' if field in required else '?'}: {_type(kind)};"
    yield "}"


def _type(schema: Mapping[str, Any]) -> str:
    """A schema as a type."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix("#/$defs/")
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(each) for each in schema["anyOf"]))
    kind = schema.get("type")
    if kind == "array":
        inner = _type(schema["items"])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if kind == "object":
        more = schema.get("additionalProperties", True)
        return f"Record<string, {_type(more) if isinstance(more, Mapping) else 'unknown'}>"
    return _PLAIN[kind] if isinstance(kind, str) else "unknown"


def _messages(rows: list[MessageType], definitions: Mapping[str, Any]) -> Iterator[str]:
    yield "/** Every message that channels carry, by its type, which is the event's name. */"
    yield "export interface Messages {"
    for row in rows:
        yield f"  /** {row.purpose[0].upper()}{row.purpose[1:]}. */"
        data = definitions[row.struct.__name__]["properties"]["data"]
        yield f'  {row.name}: Envelope<"{row.name}", {_type(data)}>;'
    yield "}"


def _channels(rows: list[MessageType]) -> Iterator[str]:
    """The events of a channel by its name; on public names only part of the data is sure to be there."""
    patterns: dict[str, list[MessageType]] = {}
    for row in rows:
        for channel in row.channels:
            patterns.setdefault(channel, []).append(row)
    yield "type Public<Type extends keyof Messages> = {"
    yield '  [Name in Type]: Envelope<Name, Partial<Messages[Name]["data"]>>;'
    yield "};"
    yield ""
    yield "/** The events of a channel, by their names: what is listened to on it, and what comes. */"
    yield "export type EventsOf<Name extends string> = string extends Name"
    yield "  ? Record<string, unknown>"
    for channel, events in patterns.items():
        yield f"  : Name extends {_pattern(channel)}"
        yield f"  ? {_events(channel, events)}"
    yield "  : Record<string, unknown>;"


def _pattern(channel: str) -> str:
    before, brace, _ = channel.partition("{")
    return f"`{before}${{string}}`" if brace else f'"{channel}"'


def _events(channel: str, rows: list[MessageType]) -> str:
    if any(row.data_alone for row in rows):
        return "{ " + "; ".join(f'{row.name}: Messages["{row.name}"]["data"]' for row in rows) + " }"
    names = " | ".join(f'"{row.name}"' for row in rows)
    whole = channel.startswith("private-") or channel == "system-notifications"
    return f"Pick<Messages, {names}>" if whole else f"Public<{names}>"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
