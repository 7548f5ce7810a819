"""Request heads, parsed by httptools."""

from dataclasses import dataclass, field

import httptools

__all__ = ["BadHead", "RequestHead", "parse_head"]


class BadHead(Exception):
    """The bytes are not the head of an HTTP/1 request."""


@dataclass(slots=True)
class RequestHead:
    """What a request says of itself.

    Args:
        method: in capitals.
        target: as received.
        raw: headers, names in lower case; of a repeated one the values joined by a comma.
        version: ``1.0`` or ``1.1``.
    """

    method: str = ""
    target: str = ""
    raw: dict[bytes, bytes] = field(default_factory=dict)
    version: str = ""

    # ---- what httptools calls -------------------------------------------------------------------------------

    def on_url(self, url: bytes) -> None:
        """Part of the target."""
        self.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        key = name.lower()
        self.raw[key] = self.raw[key] + b", " + value if key in self.raw else value

    # ---- what it means --------------------------------------------------------------------------------------

    def header(self, name: bytes) -> str | None:
        """A header's value, by its name in lower case."""
        value = self.raw.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The target's query."""
        return self.target.partition("?")[2]

    @property
    def keep_alive(self) -> bool:
        """Whether the connection outlives this request."""
        connection = (self.header(b"connection") or "").lower()
        return "close" not in connection if self.version == "1.1" else "keep-alive" in connection

    @property
    def wants_websocket(self) -> bool:
        """Whether this asks for an upgrade to WebSocket."""
        return (self.header(b"upgrade") or "").lower() == "websocket" and "upgrade" in (
            self.header(b"connection") or ""
        ).lower()


def parse_head(data: bytes) -> RequestHead:
    """Parse a head, its blank line included.

    Raises:
        BadHead: with a sentence for the answer.
    """
    head = RequestHead()
    parser = httptools.HttpRequestParser(head)
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as fault:
        raise BadHead(f"not an HTTP/1.1 request: {fault}") from fault
    head.method = parser.get_method().decode("latin-1")
    head.version = parser.get_http_version()
    return head
