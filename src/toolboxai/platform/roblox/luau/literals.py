"""The one way in which data becomes Luau: as literals that Lua 5.1 reads alike.

A text is written as the bytes of its UTF-8. Printable ASCII stands as it is, but for ``"`` and the backslash; every
other byte is an escape of three decimal digits, so that no digit behind it can belong to it. Nothing in a text can end
its literal, begin a comment or another line, or turn the direction of what stands beside it in an editor.

A lone surrogate is half a character and has no UTF-8. It is written as U+FFFD, which readers show for what they cannot
read: a text is data of somebody's, and no reason for a world to fail.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["Data", "literal"]

Data = bool | int | float | str | Sequence["Data"] | Mapping[str, "Data"]
"""What a literal can hold. There is no nil: in a table it would be a hole."""

_LARGEST: Final = 2**53  # the largest range in which a Luau number is each whole number exactly
_DEEPEST: Final = 32  # of tables in tables; the compiler of Luau stops at 1,000
_WIDTH: Final = 100
_INDENT: Final = "    "

_PLAIN: Final = frozenset(range(0x20, 0x7F)) - frozenset(b'"\\')
_BYTES: Final = tuple(chr(byte) if byte in _PLAIN else f"\\{byte:03}" for byte in range(256))
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
# fmt: off
_KEYWORDS: Final = frozenset((
    "and", "break", "continue", "do", "else", "elseif", "end", "export", "false", "for", "function", "if", "in", "local",
    "nil", "not", "or", "repeat", "return", "then", "true", "type", "typeof", "until", "while",
))
# fmt: on


def literal(value: Data) -> str:
    """The Luau expression for a value.

    A list is a table with the keys 1, 2, …; a mapping is one with its names as keys, written in the order of the names'
    code points, so that equal values have equal literals. Tables that are longer than a line have one item on each.

    Raises:
        ValueError: a number that Luau does not hold exactly (a whole one past 2**53, infinite, not a number), two names
            of a mapping that are one in UTF-8, tables more than 32 deep.
        TypeError: a value of another type.
    """
    return _written(value, 0)


def _written(value: Data, depth: int) -> str:
    if depth > _DEEPEST:
        raise ValueError(f"tables are more than {_DEEPEST} deep")
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            if abs(value) > _LARGEST:
                raise ValueError(f"{value} is no exact number in Luau; the largest is 2**53")
            return str(value)
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{value} has no literal in Luau")
            return repr(value)
        case str():
            return _text(value)
        case Mapping():
            return _table(_named(value, depth), depth)
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            return _table([_written(each, depth + 1) for each in value], depth)
    raise TypeError(
        f"a {type(value).__name__} cannot be written as Luau; make it a text, number, list or mapping"
    )


def _text(value: str) -> str:
    encoded = _SURROGATE.sub("\ufffd", value).encode("utf-8")
    return f'"{"".join(_BYTES[byte] for byte in encoded)}"'


def _named(value: Mapping[str, Data], depth: int) -> list[str]:
    items = dict[str, str]()
    for name in sorted(value):
        key = name if _NAME.fullmatch(name) and name not in _KEYWORDS else f"[{_text(name)}]"
        if key in items:
            raise ValueError(f"two names of a mapping are both {key} in Luau")
        items[key] = _written(value[name], depth + 1)
    return [f"{key} = {held}" for key, held in items.items()]


def _table(items: Sequence[str], depth: int) -> str:
    line = f"{{{', '.join(items)}}}"
    if len(line) + depth * len(_INDENT) <= _WIDTH and "\n" not in line:
        return line
    inner = _INDENT * (depth + 1)
    return "{\n" + "".join(f"{inner}{item},\n" for item in items) + _INDENT * depth + "}"
