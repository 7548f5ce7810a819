"""Which network addresses a URL of the settings may lead to."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

__all__ = ["is_loopback_name", "refused_address"]

_NAT64: Final = IPv6Network("64:ff9b::/96")  # the last 32 bits are an IPv4 address


def is_loopback_name(host: str) -> bool:
    """Whether a host, as a URL writes it, says plainly that it is this machine."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def refused_address(text: str, *, loopback: bool) -> str | None:
    """Why nothing is sent to an address: it is one of a private network, of the link, of a cloud's metadata.

    Args:
        text: an IPv4 or IPv6 address.
        loopback: whether this machine's own addresses are meant.

    Returns:
        What kind of address it is, or None when it is one of the public internet, or loopback where that is meant.
    """
    address = _inner(ip_address(text.partition("%")[0]))
    if address.is_loopback:
        return None if loopback else "loopback"
    if address.is_link_local:
        return "link-local"
    if address.is_multicast or address.is_unspecified or address.is_reserved:
        return "none of a host"
    return None if address.is_global else "private"


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, where it stands for one."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address
