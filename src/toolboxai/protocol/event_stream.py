"""Events for readers that are no clients of the protocol, and positions as ids. No I/O.

``text/event-stream`` is that of WHATWG HTML, server-sent events.
"""

import re
from typing import Final

import msgspec

from toolboxai.protocol.publication import Position, Publication

__all__ = [
    "COMMENT",
    "INTERNAL",
    "encode_event",
    "encode_id",
    "encode_retry",
    "publication_event",
    "read_id",
]

COMMENT: Final = b":\n\n"
"""What no reader tells of: it opens the way through proxies, and keeps it open."""

_BREAK: Final = re.compile(r"\r\n|\r|\n")
INTERNAL: Final = "pusher_internal:"
"""How messages of the protocol to its own clients begin."""


_encode: Final = msgspec.json.Encoder().encode


def encode_object(value: object) -> str:
    """JSON text, for the data of an event."""
    return _encode(value).decode()


def encode_event(event: str, data: str, position_id: str | None = None) -> bytes:
    """One event.

    Args:
        event: its name; a line break in it becomes a space, since the format has no way to write one.
        data: as it was published. A reader puts a line feed for each of its line breaks.
        position_id: where a reader that comes back goes on.
    """
    lines = [] if position_id is None else [f"id: {position_id}"]
    lines.append(f"event: {_BREAK.sub(' ', event)}")
    lines += [f"data: {line}" for line in _BREAK.split(data)]
    return ("\n".join(lines) + "\n\n").encode()


def encode_id(position_id: str) -> bytes:
    """The place of a reader, without an event."""
    return f"id: {position_id}\n\n".encode()


def encode_retry(milliseconds: int) -> bytes:
    """After how long a reader that was cut off is to come back."""
    return b"retry: %d\n\n" % milliseconds


def publication_event(publication: Publication) -> bytes:
    """The dialect of event streams; nothing for messages of the protocol to its own clients."""
    if publication.event.startswith(INTERNAL):
        return b""
    return encode_event(publication.event, publication.data, publication.position.text)


def read_id(text: str) -> Position | None:
    """The position of an id; None for what is no id of ours."""
    try:
        return Position.parse(text)
    except ValueError:
        return None
