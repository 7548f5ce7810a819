"""Reading an edit: what is other than it was, and every fault that it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from toolboxai.platform.content.revising.fields import Check

__all__ = ["EditReader", "plain"]

_FAULTS: Final = 50  # are told; whoever sends more has another trouble


def plain(part: msgspec.Struct) -> dict[str, Any]:
    """As a reader of the server's answer sees it."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(part))
    return plain


@dataclass
class EditReader:
    """One edit while it is read; collects its faults.

    Args:
        source: the sentences of the text, for what claims to be one.
        objectives: how many the lesson has.
    """

    source: Sequence[str]
    objectives: int
    faults: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Where each sentence stands first."""
        self.places = {text: index for index, text in reversed(list(enumerate(self.source)))}

    def fault(self, name: str, text: str) -> None:
        """Note what is wrong with a field; the first word on each counts."""
        if len(self.faults) < _FAULTS:
            self.faults.setdefault(name[:200], text)

    def members(self, value: Any, name: str) -> Mapping[str, Any]:
        """An object; anything else is a fault and read as an empty one."""
        if isinstance(value, Mapping):
            return value
        self.fault(name, "an object is needed")
        return {}

    def items(self, value: Any, name: str, most: int) -> Sequence[Mapping[str, Any]]:
        """A list of objects; anything else is a fault and read as an empty one."""
        if not isinstance(value, list | tuple) or len(value) > most:
            self.fault(name, f"a list of at most {most} is needed")
            return ()
        return [self.members(one, f"{name}[{place}]") for place, one in enumerate(value)]

    def changes(
        self,
        given: Mapping[str, Any],
        name: str,
        was: Mapping[str, Any],
        checks: Mapping[str, Check],
    ) -> dict[str, Any]:
        """Fields that are other than they were, checked."""
        found = {}
        for key, value in given.items():
            if key in was and was[key] == value:
                continue
            if key in checks:
                try:
                    found[key] = checks[key](value)
                except ValueError as fault:
                    self.fault(f"{name}.{key}" if name else key, str(fault))
            elif key in was:
                self.fault(f"{name}.{key}", "it follows from the rest and cannot be set; leave it out")
            else:
                near = get_close_matches(key, checks, n=1)
                known = f"did you mean {near[0]}?" if near else f"there are {', '.join(checks)}"
                self.fault(f"{name}.{key}" if name else key, f"no such field; {known}")
        return found
