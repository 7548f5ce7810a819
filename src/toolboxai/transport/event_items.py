"""One event as JSON tells it: in the history of a channel, and in the answer to a long poll."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from toolboxai.protocol.event_stream import INTERNAL
from toolboxai.protocol.publication import Publication

__all__ = ["EventItem", "event_item", "item_id", "item_line"]


class EventItem(msgspec.Struct, omit_defaults=True):
    """An event, kept or just published.

    Args:
        id: its position, ``EPOCH:OFFSET``.
        offset: the second half of it.
        event: its name.
        data: the text that was published.
        timestamp: when it was accepted, ISO 8601 in UTC.
        user_id: who sent it, on a presence channel.
    """

    id: str
    offset: int
    event: str
    data: str
    timestamp: str
    user_id: str | None = None


_encode: Final = msgspec.json.Encoder().encode
_decoder: Final = msgspec.json.Decoder(EventItem)


def event_item(publication: Publication) -> EventItem:
    """The item of a publication."""
    at = datetime.fromtimestamp(publication.at, UTC).isoformat(timespec="milliseconds")
    position = publication.position
    return EventItem(
        position.text,
        position.offset,
        publication.event,
        publication.data,
        at.replace("+00:00", "Z"),
        publication.user_id,
    )


def item_line(publication: Publication) -> bytes:
    """The dialect of long polls: one line of JSON; nothing for messages of the protocol to its own clients."""
    if publication.event.startswith(INTERNAL):
        return b""
    return _encode(event_item(publication)) + b"\n"


def item_id(line: bytes) -> str:
    """The id in such a line."""
    return _decoder.decode(line).id
