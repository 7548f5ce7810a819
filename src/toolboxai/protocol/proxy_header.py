"""The PROXY protocol: what a load balancer writes before anything else, to say who called it.

Source: The PROXY protocol, versions 1 and 2, section 2. Only what a stream over TCP can begin with is read: other kinds
are refused, not guessed at.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from toolboxai.protocol.proxies import parse_address

__all__ = ["HEADER_BYTES", "BadProxyHeader", "ProxyHeader", "begins_proxy_header", "read_proxy_header"]

HEADER_BYTES: Final = 1024
"""A header may have so many: addresses and ports take 232 at most, and what cloud balancers add some hundred more."""

_LINE_BYTES: Final = 107  # of version 1, with the line's end
_LINE: Final = re.compile(
    rb"PROXY (?:(TCP[46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) ([0-9]{1,5}) ([0-9]{1,5})|UNKNOWN(?: [^\r\n]*)?)\r\n"
)
_WORD: Final = b"PROXY "
_SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_FIXED_BYTES: Final = 16
_LOCAL, _PROXIED = 0x20, 0x21
# By family and transport, how many bytes of addresses and ports stand before what may follow.
_ADDRESS_BYTES: Final = {0x00: 0, 0x11: 12, 0x21: 36, 0x31: 216}
_TLV_HEAD_BYTES: Final = 3


class BadProxyHeader(Exception):
    """The bytes are no header of the PROXY protocol, or one that nobody sends over TCP."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """What the balancer says.

    Args:
        size: so many bytes are the header; what follows is the client's.
        address: who called it; None: it speaks for itself, as when it asks for our health, or does not know.
        port: there; 0 without an address.
    """

    size: int
    address: str | None = None
    port: int = 0


def begins_proxy_header(data: bytes) -> bool:
    """Whether the bytes begin one; for refusing those that nobody asked for."""
    return data.startswith((_WORD, _SIGNATURE))


def read_proxy_header(data: bytes) -> ProxyHeader | None:
    """Read the header at the beginning of a connection.

    Args:
        data: all that has come in so far.

    Returns:
        None when the header has not come whole.

    Raises:
        BadProxyHeader: it is none, whatever may still come.
    """
    if _SIGNATURE.startswith(data[: len(_SIGNATURE)]):
        return _read_block(data) if len(data) >= _FIXED_BYTES else None
    if _WORD.startswith(data[: len(_WORD)]):
        return _read_line(data)
    raise BadProxyHeader("the connection does not begin with a PROXY header")


def _read_line(data: bytes) -> ProxyHeader | None:
    """Version 1: one line of text."""
    end = data.find(b"\n", 0, _LINE_BYTES) + 1
    if not end:
        if len(data) >= _LINE_BYTES:
            raise BadProxyHeader(f"the line has more than {_LINE_BYTES} bytes")
        return None
    line = _LINE.fullmatch(data, 0, end)
    if line is None:
        raise BadProxyHeader("the line is not of the form PROXY TCP4 SOURCE DESTINATION PORT PORT")
    family, *ends = line.groups()
    if family is None:
        return ProxyHeader(end)
    source, destination, *ports = (part.decode() for part in ends)
    kind = IPv4Address if family == b"TCP4" else IPv6Address
    try:
        kind(destination)
        address = parse_address(str(kind(source)))
    except ValueError as fault:
        raise BadProxyHeader(f"an address of the line is none: {fault}") from fault
    if any(int(port) > 65535 or (port[0] == "0" and port != "0") for port in ports):
        raise BadProxyHeader("a port of the line is none")
    return ProxyHeader(end, str(address), int(ports[0]))


def _read_block(data: bytes) -> ProxyHeader | None:
    """Version 2: binary."""
    command, kind = data[12], data[13]
    size = _FIXED_BYTES + int.from_bytes(data[14:16], "big")
    if command not in (_LOCAL, _PROXIED):
        raise BadProxyHeader(f"version and command are {command:#04x}; 0x20 and 0x21 are known")
    if kind not in _ADDRESS_BYTES:
        raise BadProxyHeader(f"family and transport are {kind:#04x}, which is no stream over TCP")
    if size > HEADER_BYTES:
        raise BadProxyHeader(f"the header has {size} bytes, {HEADER_BYTES} are allowed")
    if command == _PROXIED and size - _FIXED_BYTES < _ADDRESS_BYTES[kind]:
        raise BadProxyHeader("the header ends within its addresses")
    if len(data) < size:
        return None
    if command == _LOCAL:
        return ProxyHeader(size)
    addresses = data[_FIXED_BYTES : _FIXED_BYTES + _ADDRESS_BYTES[kind]]
    _check_rest(data[_FIXED_BYTES + len(addresses) : size])
    if kind == 0x11:
        return ProxyHeader(size, str(IPv4Address(addresses[:4])), int.from_bytes(addresses[8:10], "big"))
    if kind == 0x21:
        address = parse_address(str(IPv6Address(addresses[:16])))
        return ProxyHeader(size, str(address), int.from_bytes(addresses[32:34], "big"))
    return ProxyHeader(size)  # a socket of its own machine, or unknown


def _check_rest(data: bytes) -> None:
    """What may follow the addresses: kind, length, value, again and again; nothing in it concerns us."""
    at = 0
    while at < len(data):
        at += _TLV_HEAD_BYTES + int.from_bytes(data[at + 1 : at + _TLV_HEAD_BYTES], "big")
        if at > len(data):
            raise BadProxyHeader("the header ends within one of its extensions")
