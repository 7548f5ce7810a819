"""The settings one by one, for comparing and for showing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import SecretStr

from toolboxai.config.values import Table

__all__ = ["MASK", "Leaf", "leaves", "secrets_of", "shown"]

MASK = "********"


class Leaf(NamedTuple):
    """One setting.

    Args:
        path: dotted place in the file; entries of ``[[apps]]`` are counted from 0, ours first.
        value: after all sources.
        default: what it would be if nobody said anything.
    """

    path: str
    value: Any
    default: Any


def leaves(table: Table, path: str = "") -> Iterator[Leaf]:
    """All settings of a table and of the tables in it; lists stay whole, but for the apps."""
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        place = f"{path}{name}"
        if isinstance(value, Table):
            yield from leaves(value, f"{place}.")
        elif place == "apps":
            for index, entry in enumerate(value):
                yield from leaves(entry, f"{place}.{index}.")
        else:
            yield Leaf(place, value, field.get_default(call_default_factory=True))


def secrets_of(value: Any) -> Iterator[str]:
    """Every secret among some settings, and every password inside a URL."""
    match value:
        case SecretStr():
            yield value.get_secret_value()
        case str():
            yield from re.findall(r"://[^/@:]*:([^@/]*)@", value)
        case Table():
            for name in type(value).model_fields:
                yield from secrets_of(getattr(value, name))
        case Mapping():
            for item in value.values():
                yield from secrets_of(item)
        case Sequence():
            for item in value:
                yield from secrets_of(item)


def shown(value: Any) -> Any:
    """A value as it may be seen: secrets, and passwords inside URLs, are masked; everything is plain JSON."""
    match value:
        case None | bool() | int() | float():
            return value
        case SecretStr():
            return MASK
        case str():
            return re.sub(r"(://[^/@:]*):[^@/]*@", rf"\1:{MASK}@", value)
        case Table():
            fields = type(value).model_fields
            return {field.alias or name: shown(getattr(value, name)) for name, field in fields.items()}
        case datetime():
            return value.isoformat()
        case Mapping():
            return {str(name): shown(item) for name, item in value.items()}
        case Sequence():
            return [shown(item) for item in value]
        case _:
            return str(value)
