"""Write the tables of message types into the documentation, between the marks that name their families."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import Struct, UnsetType

from toolboxai.platform.messages import message
from toolboxai.platform.messages.generation import STAGE_RESULTS
from toolboxai.platform.messages.message import MessageType
from toolboxai.platform.messages.registry import FAMILIES

__all__ = ["PAGE", "written"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "messages.md"
_MARKED = re.compile(r"<!-- messages: (?P<family>[a-z]+) -->\n(?:.*?\n)??<!-- end of messages -->", re.DOTALL)
_BESIDE = {
    "timestamp",
    "seq",
    "message_id",
}  # of every message, where they may be absent: the page tells of them once
_PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "null"}
_TEXTS = {
    message.Instant: "time",
    message.Sha256: "hex digits",
    message.SessionId: "`gen_…`",
    message.ContentId: "`content_…`",
    message.EnvironmentId: "`env_…`",
    message.AgentId: "`agent_…`",
    message.PluginId: "`plugin_…`",
    message.TaskId: "`task_…`",
    message.ClassId: "`class_…`",
    message.PersonId: "`user_…` or `player_…`",
    message.UserId: "`user_…`",
}


def written(text: str) -> str:
    """The page with every family's tables as the registry is now."""

    def family(mark: re.Match[str]) -> str:
        name = mark["family"]
        lines = [*_types(FAMILIES[name]), "", *_fields(FAMILIES[name])]
        return "\n".join([f"<!-- messages: {name} -->", *lines, "<!-- end of messages -->"])

    return _MARKED.sub(family, text)


def _types(rows: tuple[MessageType, ...]) -> Iterator[str]:
    yield "| type | from | sockets | channels | |"
    yield "|---|---|---|---|---|"
    for row in rows:
        sockets = ", ".join(f"`{endpoint}`" for endpoint in row.endpoints)
        channels = ", ".join(f"`{channel}`" for channel in row.channels)
        yield f"| `{row.name}` | {row.sender.value} | {sockets} | {channels} | {row.purpose} |"


def _fields(rows: tuple[MessageType, ...]) -> Iterator[str]:
    yield "| field | kind | |"
    yield "|---|---|---|"
    for row in rows:
        for place, kind, meaning in _inside(row.struct, row.name):
            yield f"| `{place}` | {kind} | {meaning} |"
        if row.name == "stage_complete":
            for stage, results in STAGE_RESULTS.items():
                for place, kind, meaning in _inside(results, f"{stage}: "):
                    yield f"| `{place}` | {kind} | {meaning} |"


def _inside(struct: type[Struct], above: str) -> Iterator[tuple[str, str, str]]:
    for field in msgspec.structs.fields(struct):
        if field.name in _BESIDE and "." not in above and not field.required:
            continue
        place = f"{above}{field.encode_name}" if above.endswith(" ") else f"{above}.{field.encode_name}"
        inner = _struct(field.type)
        if inner is None or not field.required or _meaning(field.type):
            kind = _kind(field.type)
            yield place, kind if field.required else f"{kind}, optional", _meaning(field.type)
        if inner is not None:
            yield from _inside(inner, place)


def _meaning(kind: Any) -> str:
    facts = getattr(kind, "__metadata__", ())
    return next((fact.description for fact in facts if fact.description), "")


def _kind(kind: Any) -> str:
    if kind in _TEXTS:
        return _TEXTS[kind]
    if get_origin(kind) is Annotated:
        inner, *facts = get_args(kind)
        within = [f" {fact.ge} to {fact.le}" for fact in facts if fact.ge is not None and fact.le is not None]
        return _kind(inner) + "".join(within)
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(_kind(each) for each in get_args(kind) if each is not UnsetType)
    if get_origin(kind) is list:
        inner = get_args(kind)[0]
        return "list of objects" if _struct(inner) else f"list of {_kind(inner)}"
    if kind is Any:
        return "anything"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{member.value}`" for member in kind)
    return _PLAIN.get(kind, "object")


def _struct(kind: Any) -> type[Struct] | None:
    if get_origin(kind) is Annotated:
        return _struct(get_args(kind)[0])
    for each in (kind, *get_args(kind)):
        if isinstance(each, type) and issubclass(each, Struct):
            return each
    return None


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
