"""From what went wrong to one sentence each: where, what was got, what is allowed, what to do."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from toolboxai.config.values import Table

__all__ = ["sentences", "suggestion"]

# The value under such a name is never repeated in a text that ends in a log.
_SECRETIVE = re.compile(r"secret|key|password|token|url|headers", re.IGNORECASE)


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for a name close to a known one, else the known names."""
    names = sorted(known)
    close = get_close_matches(wrong, names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(names)}"


def sentences(fault: ValidationError, model: type[Table], origin: "dict[str, str]") -> list[str]:
    """Every error of a validation as a sentence.

    Args:
        fault: what pydantic found.
        model: the model that was validated.
        origin: dotted path -> where the value came from.
    """
    return [_sentence(error, model, origin) for error in fault.errors(include_url=False)]


def _sentence(error: Any, model: type[Table], origin: dict[str, str]) -> str:
    steps = [str(step) for step in error["loc"]]
    where = _where(steps, origin)
    if error["type"] == "extra_forbidden":
        return f"{where}: {steps[-1]!r} is not a setting{suggestion(steps[-1], _known(model, steps[:-1]))}"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "missing":
        return f"{where}: it is missing; add it"
    if error["type"] == "value_error" or any(_SECRETIVE.search(step) for step in steps):
        return f"{where}: {message}"
    return f"{where}: got {error['input']!r}; {message[:1].lower()}{message[1:]}"


def _where(steps: list[str], origin: dict[str, str]) -> str:
    """The nearest known source of the value, and its place unless the source says it already."""
    path = ".".join(steps)
    for length in range(len(steps), 0, -1):
        source = origin.get(".".join(steps[:length]))
        if source is not None:
            return (
                source.removeprefix("environment ")
                if source.startswith("environment ")
                else f"{source}: {path}"
            )
    file = origin.get("")
    place = path or "the settings"
    return f"{file}: {place}" if file else place


def _known(model: type[Table], steps: list[str]) -> Iterable[str]:
    """The names that the table at this place knows."""
    current: Any = model
    for step in steps:
        if step.isdigit():
            continue
        field = current.model_fields.get(step) if hasattr(current, "model_fields") else None
        if field is None:  # a name of the operator's own, such as the one of an endpoint
            continue
        current = _table_in(field.annotation)
    return [field.alias or name for name, field in current.model_fields.items()] if current else ()


def _table_in(annotation: Any) -> Any:
    """The table that an annotation holds: itself, or the item of a tuple or mapping."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _table_in(part)
        if found is not None:
            return found
    return None
