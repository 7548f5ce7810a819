"""Judges with an AsyncAPI document: is it one, and is what was heard what it says?"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from server_process import ROOT

__all__ = ["Judge", "faults_of", "references"]

PUBLISHED = ROOT / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"


@cache
def _published() -> Any:
    assert PUBLISHED.is_file(), "@asyncapi/specs is not installed; run: scripts/test-tools"
    return jsonschema_rs.validator_for(json.loads(PUBLISHED.read_text(encoding="utf-8")))


def faults_of(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with a document by the schema that the makers of AsyncAPI publish."""
    return [str(fault) for fault in _published().iter_errors(document)]


def references(part: Any) -> Iterator[str]:
    """Every reference in a document."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


@dataclass(frozen=True)
class Judge:
    """Of messages.

    Args:
        document: AsyncAPI.
    """

    document: Mapping[str, Any]

    def look_up(self, reference: str) -> Any:
        """What a reference leads to."""
        part: Any = self.document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]
        return part

    def channel(self, address: str) -> Mapping[str, Any]:
        """The channel of this address."""
        (found,) = [each for each in self.document["channels"].values() if each["address"] == address]
        return dict(found)

    def judge(self, address: str, event: str, payload: Any) -> None:
        """The channel carries such an event, and this is one.

        Args:
            address: as the document has it, with names of ids in braces.
            event: its name.
            payload: its data, read.
        """
        carried = self.channel(address)["messages"]
        assert event in carried, f"{address} carries {sorted(carried)}"
        schema = self.look_up(carried[event]["$ref"])["payload"]
        whole = {**schema, "components": self.document["components"]}
        jsonschema_rs.validator_for(whole).validate(payload)
