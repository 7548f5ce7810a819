"""How deep JSON of strangers may be nested.

Parsers and writers of JSON give up at depths of their own. What one of them takes, another would refuse for ever once it
is kept: so what is kept stays far below all of them.
"""

from collections.abc import Iterable
from typing import Any, Final

__all__ = ["DEEPEST", "too_deep"]

DEEPEST: Final = 64  # objects and arrays around one another; the lowest bound known is pydantic's, of 255


def too_deep(value: Any) -> bool:
    """Whether more than `DEEPEST` objects and arrays stand around one another in a JSON value."""
    level = [value]
    for _ in range(DEEPEST):
        level = [each for one in level for each in _members(one) if isinstance(each, dict | list)]
        if not level:
            return False
    return True


def _members(one: Any) -> Iterable[Any]:
    if isinstance(one, dict):
        return one.values()
    return one if isinstance(one, list) else ()
