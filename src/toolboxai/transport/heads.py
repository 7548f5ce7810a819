"""Request heads, parsed by httptools."""

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import httptools

from toolboxai.protocol.proxies import TrustedProxies

__all__ = [
    "SECRET_HEADERS",
    "BadHead",
    "Recurring",
    "RequestHead",
    "parse_head",
    "parse_recurring_head",
    "recurring",
]


class BadHead(Exception):
    """The bytes are not the head of an HTTP/1 request."""


@dataclass(slots=True)
class RequestHead:
    """What a request says of itself.

    Args:
        method: in capitals.
        target: as received.
        raw: headers, names in lower case; of a repeated one the values joined by a comma. Shared: not to be changed.
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

    def listed(self, name: bytes) -> list[str]:
        """The values of a header that may stand several times, or hold a list: one text, or none."""
        value = self.header(name)
        return [] if value is None else [value]

    def address(self, proxies: TrustedProxies, peer: str) -> str:
        """The client's address.

        Args:
            proxies: whose word is taken.
            peer: the address at the other end of the connection.
        """
        return proxies.address(peer, self.listed(b"x-forwarded-for"), self.listed(b"forwarded"))

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
        """Whether the connection outlives this request; with HTTP/1.0 it would have to be agreed on, and is not."""
        return self.version == "1.1" and b"close" not in self.raw.get(b"connection", b"").lower()

    @property
    def wants_websocket(self) -> bool:
        """Whether this asks for an upgrade to WebSocket."""
        return (self.header(b"upgrade") or "").lower() == "websocket" and "upgrade" in (
            self.header(b"connection") or ""
        ).lower()


class Recurring(NamedTuple):
    """A block of headers that has come before, and what it means.

    Args:
        raw: as of `RequestHead`.
        body_bytes: what is announced.
        keep_alive: whether the connection outlives the request.
        plain: whether nothing is asked for beside an answer: no upgrade, no word before the body, no body of unknown
            length.
        idempotency_key: the header.
    """

    raw: dict[bytes, bytes]
    body_bytes: int
    keep_alive: bool
    plain: bool
    idempotency_key: str | None


# A publisher sends the same headers with every request, so a block of them is parsed once. Bounded in number and in
# size: strangers fill it at the price of parsing as before. The length of the body is one of them, so that one
# publisher has hundreds. What is one client's alone, and secret, is not kept, nor what stands behind an odd line, whose
# end might be elsewhere for the parser than for us.
SECRET_HEADERS: Final = frozenset({b"authorization", b"cookie"})
"""Headers that are one client's alone, and nobody's business."""

_BLOCKS: Final[dict[bytes, Recurring]] = {}
_BLOCKS_KEPT: Final = 2048
_BLOCK_BYTES: Final = 1024
_BLOCK_HEADERS: Final = 24  # libraries send ten at most; behind two proxies a few more
_LINE: Final = re.compile(rb"(GET|POST) (/[!-~]*) HTTP/1\.1")

recurring: Final = _BLOCKS.get
"""The block of headers with these bytes, from behind the request's line up to the empty one; None: it is not known."""


def parse_recurring_head(data: bytes) -> RequestHead:
    """As `parse_head`, for requests whose headers come again and again, such as a publisher's.

    Raises:
        BadHead: with a sentence for the answer.
    """
    line, _, block = data.removesuffix(b"\r\n\r\n").partition(b"\r\n")
    usual = _LINE.fullmatch(line)
    if usual is None:
        return parse_head(data)
    known = recurring(block)
    if known is not None:
        method, target = usual.groups()
        return RequestHead(method.decode(), target.decode(), known.raw, "1.1")
    head = parse_head(data)
    if block and len(block) <= _BLOCK_BYTES and _may_be_kept(head):
        if len(_BLOCKS) >= _BLOCKS_KEPT:
            _BLOCKS.clear()
        _BLOCKS[block] = _read(head)
    return head


def _may_be_kept(head: RequestHead) -> bool:
    return len(head.raw) <= _BLOCK_HEADERS and SECRET_HEADERS.isdisjoint(head.raw)


def _read(head: RequestHead) -> Recurring:
    unusual = head.raw.keys() & {b"upgrade", b"expect", b"transfer-encoding"}
    size = head.raw.get(b"content-length", b"0")  # httptools lets nothing but digits through
    return Recurring(
        head.raw,
        int(size[:_SIZE_DIGITS]),
        head.keep_alive,
        not unusual and len(size) < _SIZE_DIGITS,
        head.header(b"idempotency-key"),
    )


_SIZE_DIGITS: Final = 12


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
