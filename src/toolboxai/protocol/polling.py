"""Frames of the HTTP fallback transports: SockJS's framing, as stock clients use it. No I/O.

A client holds one request open that brings frames, and posts its messages in others. Each frame is one line.
"""

import re
from typing import Final, NamedTuple

import msgspec

from toolboxai.errors import RemoteProtocolError
from toolboxai.protocol.handshake import PAGE
from toolboxai.protocol.publication import Publication

__all__ = [
    "HEARTBEAT",
    "OPEN",
    "Call",
    "close_line",
    "message_line",
    "publication_line",
    "read_sent",
    "units",
]

OPEN: Final = b"o\n"
HEARTBEAT: Final = b"h\n"

_CALL: Final = re.compile(
    # Stock clients take three digits and eight of [0-9a-v]; another maker's may take others.
    PAGE + r"/pusher/app/([^/]+)/([0-9A-Za-z_\-]{1,32})/([0-9A-Za-z_\-]{1,32})/(xhr_streaming|xhr_send|xhr)"
)
_encode = msgspec.json.Encoder().encode
_strings = msgspec.json.Decoder(list[str])


class Call(NamedTuple):
    """What a path of the fallback transports asks for.

    Args:
        page: by what the page wants to be known when it comes back; None: by nothing.
        key: of the app, as the client wrote it.
        server: a number of the client's choice.
        session: eight characters of the client's choice.
        transport: ``xhr_streaming``, ``xhr`` or ``xhr_send``.
    """

    page: str | None
    key: str
    server: str
    session: str
    transport: str

    @classmethod
    def parse(cls, path: str) -> "Call | None":
        """Read a path, percent-decoded; None when it is none of theirs."""
        found = _CALL.fullmatch(path)
        return None if found is None else cls(*found.groups())

    @property
    def name(self) -> tuple[str, str, str]:
        """Of the session, in this process."""
        return self.key, self.server, self.session


def message_line(text: bytes) -> bytes:
    """The frame of one message.

    Args:
        text: its JSON, UTF-8.
    """
    return b"a[" + _encode(text.decode()) + b"]\n"


def publication_line(publication: Publication) -> bytes:
    """The dialect of these transports."""
    return message_line(publication.text)


def close_line(code: int, reason: str) -> bytes:
    """The last frame."""
    return b"c" + _encode([code, reason]) + b"\n"


def read_sent(body: bytes, *, most: int) -> list[bytes]:
    """The messages that a client has posted, UTF-8.

    Args:
        body: a JSON array of strings; an empty one is a sign of life.
        most: so many messages may one body have.

    Raises:
        RemoteProtocolError: it is no such array, or has more.
    """
    try:
        texts = _strings.decode(body)
        messages = [text.encode() for text in texts]
    except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
        raise RemoteProtocolError(
            'Broken body: send a JSON array of strings, each a message, such as ["{\\"event\\":…}"]'
        ) from fault
    if len(messages) > most:
        raise RemoteProtocolError(f"{len(messages)} messages in one body: at most {most} are allowed")
    return messages


def units(frames: bytes) -> int:
    """How long the frames are to a script: in UTF-16 units."""
    if frames.isascii():
        return len(frames)
    return len(frames.decode().encode("utf-16-le")) // 2
