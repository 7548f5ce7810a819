"""Attributes of an instance as the bytes that ``AttributesSerialize`` holds.

A count, then of each attribute its name, a byte for its type and the value; numbers are little-endian, strings are
their length and UTF-8.
"""

import struct
from collections.abc import Mapping
from typing import Final

__all__ = ["serialise_attributes"]

_STRING: Final = b"\x02"
_BOOL: Final = b"\x03"
_DOUBLE: Final = b"\x06"


def serialise_attributes(attributes: Mapping[str, bool | float | str]) -> bytes:
    """The attributes in the order of their names; the same for the same attributes in any order."""
    made = [struct.pack("<I", len(attributes))]
    for name in sorted(attributes):
        made.append(_string(name))
        value = attributes[name]
        if isinstance(value, bool):
            made.append(_BOOL + bytes([value]))
        elif isinstance(value, str):
            made.append(_STRING + _string(value))
        else:
            made.append(_DOUBLE + struct.pack("<d", value))
    return b"".join(made)


def _string(text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    return struct.pack("<I", len(raw)) + raw
