"""Write the message types of the registry as typed dictionaries, for the client in src/toolboxai/client."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toolboxai.platform.messages.carried import carried, named_in
from toolboxai.platform.messages.message import MessageType

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
    rows, definitions, parts = carried()
    enums = sorted(name for name in parts if "enum" in definitions[name])
    own = (*(row.struct.__name__ for row in rows), *(name for name, *_ in _PROTOCOLS))
    names = sorted([*parts, *own])
    text = [_HEAD, "__all__ = [", *(f'    "{name}",' for name in names), "]", ""]
    for name in enums:
        text += [f"{name} = {_type(definitions[name])}", f'"""{definitions[name]["description"]}"""', ""]
    for name in _parts_first(definitions, parts - set(enums)):
        text += ["", *_dictionary(name, definitions[name]), ""]
    for row in rows:
        text += ["", *_message(row, definitions[row.struct.__name__]), ""]
    for protocol in _PROTOCOLS:
        text += ["", *_protocol(rows, *protocol), ""]
    ruff = [Path(sys.executable).with_name("ruff"), "format", "--stdin-filename", str(FILE), "-"]
    return subprocess.run(ruff, input="\n".join(text), capture_output=True, text=True, check=True).stdout  # noqa: S603


def _parts_first(definitions: Mapping[str, Any], names: frozenset[str]) -> list[str]:
    """Each after those that it refers to."""
    found: list[str] = []

    def place(name: str) -> None:
        if name in found or name not in names:
            return
        for part in named_in(definitions[name]):
            place(part)
        found.append(name)

    for name in sorted(names):
        place(name)
    return found


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
