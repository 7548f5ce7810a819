"""Write the JSON Schema of the JSON form of a lesson into the documentation."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import msgspec

from toolboxai.platform.content.exports.document import SCHEMA, ContentDocument

__all__ = ["PAGE", "written"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "content.schema.json"
_ARGUMENT = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def written() -> str:
    """The schema as the types are now, with what their docstrings say beside each field."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        **msgspec.json.schema(ContentDocument),
    }
    for kind in schema["$defs"].values():
        _describe(kind)
    schema["$defs"]["ContentDocument"]["properties"]["schema"]["const"] = SCHEMA
    schema["$defs"]["ContentDocument"]["required"].insert(0, "schema")
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _describe(kind: dict[str, Any]) -> None:
    """Part a type's docstring: what it says of a field goes to that field."""
    about, _, arguments = inspect.cleandoc(kind.get("description", "")).partition("\n\nArgs:\n")
    kind["description"] = about
    for name, meaning in _ARGUMENT.findall(arguments):
        field = kind["properties"][name]
        words = " ".join(meaning.split())
        # Beside a reference other keywords count as well since the draft of 2019.
        kind["properties"][name] = {**field, "description": words}


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
