"""A JSON Schema in words: its fields as rows of a table. Works for both documents, OpenAPI's and AsyncAPI's."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from markupsafe import Markup, escape

__all__ = ["Row", "prose", "rows_of", "schema_anchor", "words_of"]

_PLAIN: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
    "array": "list",
}
_PATTERN_CHARS: Final = 60
_CODE: Final = re.compile(r"``?([^`]+)``?")
_Schema = Mapping[str, Any]


class Row(NamedTuple):
    """One field.

    Args:
        name: as it is written.
        kind: in words, with links to schemas.
        required: whether it has to be there.
        meaning: what the schema says of it.
    """

    name: str
    kind: Markup
    required: bool
    meaning: str


def prose(text: str) -> Markup:
    """A text of ours in which words between backticks are code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before


def schema_anchor(name: str) -> str:
    """The id on the page of the schema of this name."""
    return f"schema-{name}"


def rows_of(schema: _Schema) -> list[Row]:
    """The fields of an object's schema, in the order in which they stand; none where it is no object."""
    required = schema.get("required", ())
    return [
        Row(name, words_of(field), name in required, _meaning(field))
        for name, field in schema.get("properties", {}).items()
    ]


def words_of(schema: _Schema) -> Markup:
    """What a value may be, in words."""
    return Markup(" or ").join(_alternatives(schema)) or Markup("anything")


def _alternatives(schema: _Schema) -> Iterator[Markup]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield Markup('<a href="#{}">{}</a>').format(schema_anchor(name), name)
    elif "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        yield Markup(", ").join(Markup("<code>{}</code>").format(value) for value in values)
    elif union := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        for each in union:
            yield from _alternatives(each)
    elif isinstance(schema.get("type"), list):
        for each in schema["type"]:
            yield from _alternatives({**schema, "type": each})
    elif "type" in schema:
        yield _one(schema)


def _one(schema: _Schema) -> Markup:
    kind = schema["type"]
    if kind == "array":
        return Markup("list of {}{}").format(
            words_of(schema.get("items", {})), _within(schema, "Items", "entries")
        )
    if kind == "object":
        inner = schema.get("additionalProperties")
        return (
            Markup("object of {}").format(words_of(inner))
            if isinstance(inner, Mapping) and inner
            else _plain(kind)
        )
    words = _plain(kind)
    if kind == "string":
        if schema.get("format") == "binary" or "contentMediaType" in schema:
            return Markup("file")
        words += _within(schema, "Length", "characters")
        pattern = schema.get("pattern", "")
        if 0 < len(pattern) <= _PATTERN_CHARS:
            words += Markup(", <code>{}</code>").format(pattern)
    if kind in ("integer", "number"):
        words += _bounds(schema)
    return words


def _plain(kind: str) -> Markup:
    return escape(_PLAIN.get(kind, kind))


def _within(schema: _Schema, what: str, unit: str) -> Markup:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if least is None and most is None:
        return Markup()
    if most is None:
        return Markup(" of {} {} and more").format(least, unit)
    return Markup(" of {} to {} {}").format(least or 0, most, unit)


def _bounds(schema: _Schema) -> Markup:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return Markup()
    if most is None:
        return Markup(" from {} on").format(least)
    return Markup(" up to {}").format(most) if least is None else Markup(" {} to {}").format(least, most)


def _meaning(schema: _Schema) -> str:
    parts: Sequence[str] = [str(schema.get("description", ""))]
    if schema.get("default") is not None:
        parts = [*parts, f"default {schema['default']}"]
    return "; ".join(part for part in parts if part)
