"""Where a connection or a request comes from, when it came through proxies of ours: the one place that decides it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

__all__ = [
    "IPAddress",
    "IPNetwork",
    "TrustedProxies",
    "is_loopback",
    "is_within",
    "neighbourhood",
    "parse_address",
]

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

# One parameter of an element of Forwarded: a quoted string, or a token. Common proxies write addresses with a port
# without quotes, though colons stand in no token, so every character that cannot end the value is taken.
_PARAMETER: Final = re.compile(r"""\s*([\w!#$%&'*+.^`|~\-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))\s*""")
# A run of backslashes is taken whole, a quote behind it or not: tried from each of them, a long one takes the square.
_MARK: Final = re.compile(r'\\+"?|"|,')
_PORT: Final = r"(?::[\w.\-]+)?"
_NODE: Final = re.compile(rf"\[([0-9A-Fa-f:.]+)\]{_PORT}|([0-9.]+){_PORT}|([0-9A-Fa-f:.]+)")


def parse_address(text: str) -> IPAddress | None:
    """An address in its one form: IPv4 is IPv4 also where it comes mapped into IPv6, and without a zone; None: it is none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_within(address: IPAddress | None, networks: Iterable[IPNetwork]) -> bool:
    """Whether one of the networks holds the address; what is no address is in none."""
    return address is not None and any(address in network for network in networks)


def is_loopback(address: str) -> bool:
    """Whether it is this machine's own; what is no address is not."""
    parsed = parse_address(address)
    return parsed is not None and parsed.is_loopback


@lru_cache(maxsize=4096)  # the same clients come again and again
def neighbourhood(address: str) -> str:
    """What is counted as one address: of IPv4 the address, of IPv6 its /64, what is none as it is.

    The smallest IPv6 network that a subscriber is given is a /64, and one machine may take any number of its addresses:
    counted one by one they would be no limit.
    """
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return f"{parsed.exploded[:19]}::/64"
    return address if parsed is None else str(parsed)


class TrustedProxies:
    """Networks of proxies whose word about the machine before them is believed.

    Args:
        networks: of the proxies; none: nobody is believed.
    """

    def __init__(self, networks: Iterable[IPNetwork] = ()) -> None:
        self._networks = tuple(networks)

    def believes(self, peer: str) -> bool:
        """Whether the machine at the other end of a connection is one of them."""
        return bool(self._networks) and is_within(parse_address(peer), self._networks)

    def of_headers(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The client's address, as `address` tells it.

        Args:
            peer: see there.
            headers: all of a request, names in lower case.
        """
        if not self._networks:
            return self.address(peer, (), ())
        told: dict[bytes, list[str]] = {b"x-forwarded-for": [], b"forwarded": []}
        for name, value in headers:
            if name in told:
                told[name].append(value.decode("latin-1"))
        return self.address(peer, told[b"x-forwarded-for"], told[b"forwarded"])

    def address(self, peer: str, x_forwarded_for: Sequence[str], forwarded: Sequence[str]) -> str:
        """The client's address: of all machines that passed the request on, the nearest that is no trusted proxy.

        Each proxy adds who called it at the end, so what a client wrote itself stands further left than its own address
        and is not reached. A hop that names no address (``unknown``, a pseudonym, garbage) ends the walk at the proxy
        that told it.

        A proxy that writes one of the two headers may pass the other on as the client wrote it. Where both stand, they
        have to agree; else neither is believed, and the address is the peer's.

        Args:
            peer: the address at the other end of the connection, or the one that the PROXY protocol gives it; what is
                no address is returned as it is.
            x_forwarded_for: values of ``X-Forwarded-For``, in the order of the headers.
            forwarded: values of ``Forwarded`` (RFC 7239), in the same way.
        """
        if not self._networks and ":" not in peer:
            return peer  # as nearly always: IPv4 has one form, and nobody is believed
        near = parse_address(peer)
        if near is None:
            return peer
        headers = ((x_forwarded_for, _x_forwarded_for), (forwarded, _forwarded))
        told = {self._walk(near, hops(",".join(values))) for values, hops in headers if _filled(values)}
        return str(told.pop() if len(told) == 1 else near)

    def _walk(self, address: IPAddress, hops: Iterator[IPAddress | None]) -> IPAddress:
        while is_within(address, self._networks):
            hop = next(hops, None)
            if hop is None:
                break
            address = hop
        return address


def _filled(values: Sequence[str]) -> bool:
    return any(value.strip(" \t,") for value in values)


def _x_forwarded_for(text: str) -> Iterator[IPAddress | None]:
    """The hops, the nearest first; None: one that names no address."""
    for hop in reversed(text.split(",")):
        if hop.strip():
            yield _node(hop.strip())


def _forwarded(text: str) -> Iterator[IPAddress | None]:
    """The same of Forwarded."""
    for element in _elements(text):
        if element.strip():
            yield _node(_for(element))


def _elements(text: str) -> Iterator[str]:
    """The elements between commas, the last first.

    It is read from the right, where our own proxies wrote: a quote that a client opened and never closed, further left,
    cannot take in what stands there.
    """
    end, quoted = len(text), False
    for found in reversed(list(_MARK.finditer(text))):
        if found[0].endswith('"'):
            quoted ^= len(found[0]) % 2 == 1  # after an odd number of backslashes it is part of the string
        elif found[0] == "," and not quoted:
            yield text[found.end() : end]
            end = found.start()
    yield text[:end]


def _for(element: str) -> str:
    """What the element says of who called; empty when it says nothing, or is not well-formed."""
    called: list[str] = []
    at = 0
    while found := _PARAMETER.match(element, at):
        name, quoted, token = found.groups()
        if name.lower() == "for":
            called.append(token if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        at = found.end() + 1
        if found.end() == len(element):
            return called[0] if len(called) == 1 else ""
        if element[found.end()] != ";":
            break
    return ""


def _node(text: str) -> IPAddress | None:
    """The address in ``192.0.2.1``, ``192.0.2.1:80``, ``2001:db8::1``, ``[2001:db8::1]`` or ``[2001:db8::1]:80``."""
    found = _NODE.fullmatch(text)
    return parse_address(found[1] or found[2] or found[3]) if found else None
