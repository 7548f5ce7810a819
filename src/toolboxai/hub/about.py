"""What a connection tells of itself, kept for whoever looks who is there."""

from enum import StrEnum
from typing import Final, NamedTuple

__all__ = ["NOBODY", "About", "Transport", "Visitor"]


class Transport(StrEnum):
    """How frames reach a client; the names of metrics and lists."""

    WEBSOCKET = "websocket"
    XHR = "xhr"
    EVENT_STREAM = "event_stream"
    OLD = "old"


class About(NamedTuple):
    """The same for all clients of one make, and shared by them.

    Args:
        transport: how it came.
        protocol: the version that it speaks, as it wrote it; on the old sockets the endpoint.
        client: the library, as it names itself.
        version: of the library.
        user_agent: of the request that opened the connection.
    """

    transport: Transport = Transport.WEBSOCKET
    protocol: str = ""
    client: str = ""
    version: str = ""
    user_agent: str = ""


class Visitor(NamedTuple):
    """Who comes in.

    Args:
        about: what it tells of itself.
        address: from where it comes, as far as we can tell.
    """

    about: About
    address: str


NOBODY: Final = Visitor(About(), "")
"""A connection of which nothing is known."""
