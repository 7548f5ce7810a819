"""Write the message types of the registry as typed dictionaries, for the client in src/toolboxai/client."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toolboxai.platform.messages.message import MessageType
from toolboxai.platform.messages.registry import MESSAGES, json_schema

__all__ = ["FILE", "written"]

FILE = Path(__file__).resolve().parents[1] / "src" / "toolboxai" / "client" / "messages.py"
_HEAD = '''\
"""What the server's channels carry, by type.

Made from the server's registry of messages by ``scripts/write_python_messages.py``: change it there. On public names only
part of the ``data`` is sure to be there.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Literal, NotRequired, Protocol, TypedDict, overload

from toolboxai.client.effects import Event
'''
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_PROTOCOLS = (
    (
        "Listening",
        "A channel's ``on``: calls `listener` with the data of each event of this name; answers what ends that.",
        "event: {name}, listener: Callable[[{data}, Event], object], /",
        "Callable[[], None]",
    ),
    (
        "Reading",
        "A channel's ``of``: the data of each event of this name.",
        "event: {name}, /",
        "AsyncIterator[{data}]",
    ),
    ("ReadingSync", "The same of a channel without asyncio.", "event: {name}, /", "Iterator[{data}]"),
)


def written() -> str:
    """The module's text."""
    definitions: Mapping[str, Any] = json_schema()["$defs"]
    carried = [row for row in MESSAGES.values() if row.channels]
    tops = {row.struct.__name__ for row in carried}
    wanted = _reached(definitions, sorted(tops)) - tops
    enums = sorted(name for name in wanted if "enum" in definitions[name])
    names = sorted([*wanted, *tops, *(name for name, *_ in _PROTOCOLS)])
    text = [_HEAD, "__all__ = [", *(f'    "{name}",' for name in names), "]", ""]
    for name in enums:
        text += [f"{name} = {_type(definitions[name])}", f'"""{definitions[name]["description"]}"""', ""]
    for name in _parts_first(definitions, wanted - set(enums)):
        text += ["", *_dictionary(name, definitions[name]), ""]
    for row in carried:
        text += ["", *_message(row, definitions[row.struct.__name__]), ""]
    for protocol in _PROTOCOLS:
        text += ["", *_protocol(carried, *protocol), ""]
    ruff = [Path(sys.executable).with_name("ruff"), "format", "--stdin-filename", FILE, "-"]
    return subprocess.run(ruff, input="\n".join(text), capture_output=True, text=True, check=True).stdout  # noqa: S603


def _reached(definitions: Mapping[str, Any], names: list[str]) -> set[str]:
    """These definitions and all that they refer to."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [ref.removeprefix("#/$defs/") for ref in _references(definitions[name])]
    return found


def _parts_first(definitions: Mapping[str, Any], names: set[str]) -> list[str]:
    """Each after those that it refers to."""
    found: list[str] = []

    def place(name: str) -> None:
        if name in found or name not in names:
            return
        for ref in _references(definitions[name]):
            place(ref.removeprefix("#/$defs/"))
        found.append(name)

    for name in sorted(names):
        place(name)
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _dictionary(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"class {name}(TypedDict):"
    yield f'    """{schema["description"]}"""'
    yield ""
    required = set(schema.get("required", ()))
    for field, kind in schema["properties"].items():
        yield (
            f"    {field}: {_type(kind)}" if field in required else f"    {field}: NotRequired[{_type(kind)}]"
        )
        if kind.get("description"):
            yield f'    """{kind["description"]}"""'


def _message(row: MessageType, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"class {row.struct.__name__}(TypedDict):"
    yield f'    """{row.purpose[0].upper()}{row.purpose[1:]}."""'
    yield ""
    yield f'    type: Literal["{row.name}"]'
    yield f"    data: {_type(schema['properties']['data'])}"
    yield "    timestamp: str"
    yield '    """RFC 3339, UTC"""'
    yield "    seq: NotRequired[int]"
    yield '    """its number within its session, environment, agent or plugin"""'


def _type(schema: Mapping[str, Any]) -> str:
    """A schema as a type."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix("#/$defs/")
    if "enum" in schema:
        return f"Literal[{', '.join(json.dumps(value) for value in schema['enum'])}]"
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(each) for each in schema["anyOf"]))
    kind = schema.get("type")
    if kind == "array":
        return f"list[{_type(schema['items'])}]"
    if kind == "object":
        more = schema.get("additionalProperties", True)
        return f"dict[str, {_type(more) if isinstance(more, Mapping) else 'Any'}]"
    return _PLAIN[kind] if isinstance(kind, str) else "Any"


def _protocol(rows: list[MessageType], name: str, words: str, arguments: str, answer: str) -> Iterator[str]:
    """A callable that is typed by the name of an event."""
    yield f"class {name}(Protocol):"
    yield f'    """{words}"""'
    for row in [*rows, None]:
        # What carries its data alone is typed as that.
        data = "Any" if row is None or row.data_alone else row.struct.__name__
        event = "str" if row is None else f'Literal["{row.name}"]'
        yield ""
        yield "    @overload"
        # A listener with the wrong type must not pass as one to any event: those take whatever comes.
        said = arguments.format(name=event, data="object" if row is None else data)
        yield f"    def __call__(self, {said}) -> {answer.format(data=data)}: ..."


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
