"""Messages between the server and its processes, on pipes: a length, and so many bytes of JSON."""

import struct
from typing import IO, Final

import msgspec

__all__ = ["read_message", "write_message"]

_LENGTH: Final = struct.Struct("!I")


def write_message(stream: IO[bytes], message: msgspec.Struct) -> None:
    """Send one message."""
    body = msgspec.json.encode(message)
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def read_message(stream: IO[bytes]) -> bytes | None:
    """The JSON of the next message; None when the other side has gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    body = stream.read(size)
    return body if len(body) == size else None
