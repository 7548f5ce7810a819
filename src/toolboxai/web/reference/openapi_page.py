"""What a page shows of an OpenAPI document."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from toolboxai.web.reference.fields import rows_of, schema_anchor, words_of

__all__ = ["openapi_view", "schemas_view"]

_METHODS: Final = ("get", "post", "put", "patch", "delete", "head")
_Object = Mapping[str, Any]


def openapi_view(document: _Object) -> dict[str, Any]:
    """Routes by their tag, each with what it takes and answers; and the schemas.

    Args:
        document: as the framework writes it.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                route = _route(method, path, operations[method])
                groups.setdefault(route["tag"], []).append(route)
    return {
        "version": document["info"]["version"],
        "groups": [{"name": name, "routes": routes} for name, routes in groups.items()],
        "schemas": schemas_view(document["components"]["schemas"]),
    }


def schemas_view(schemas: _Object) -> list[dict[str, Any]]:
    """Schemas by name, with their fields."""
    return [
        {
            "name": name,
            "anchor": schema_anchor(name),
            "text": schema.get("description", ""),
            "rows": rows_of(schema),
            "words": words_of(schema),
        }
        for name, schema in sorted(schemas.items())
    ]


def _route(method: str, path: str, operation: _Object) -> dict[str, Any]:
    return {
        "tag": (operation.get("tags") or ["other"])[0],
        "method": method.upper(),
        "path": path,
        "anchor": f"{method}{re.sub(r'[^a-z0-9]+', '-', path.lower()).rstrip('-')}",
        "deprecated": operation.get("deprecated", False),
        "text": operation.get("description", "").split("\n\n"),
        "parameters": [
            {
                "name": each["name"],
                "place": each["in"],
                "required": each.get("required", False),
                "kind": words_of(each.get("schema", {})),
            }
            for each in operation.get("parameters", ())
        ],
        "bodies": list(_contents(operation.get("requestBody", {}))),
        "answers": [
            {
                "status": status,
                "text": answer["description"],
                "kind": next((each["kind"] for each in _contents(answer)), None),
            }
            for status, answer in operation["responses"].items()
        ],
    }


def _contents(holder: _Object) -> Iterator[dict[str, Any]]:
    for media_type, content in holder.get("content", {}).items():
        schema = content.get("schema", {})
        kind = words_of(schema)
        if "properties" in schema:  # written where it is used
            names = ", ".join(schema["properties"])
            kind = words_of({"enum": [names]})
        if schema:
            yield {"media_type": media_type, "kind": kind}
