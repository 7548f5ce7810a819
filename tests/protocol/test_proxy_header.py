"""What a load balancer writes before anything else: read as it is meant, or refused, however it is cut."""

import ipaddress
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolboxai.protocol.proxy_header import (
    HEADER_BYTES,
    BadProxyHeader,
    ProxyHeader,
    begins_proxy_header,
    read_proxy_header,
)

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6).filter(lambda one: not str(one).startswith("::ffff:"))  # which are IPv4
PORTS = st.integers(0, 65535)
REST = st.binary(max_size=60)


def block(command: int, kind: int, content: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, kind, len(content)) + content


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


def lines() -> st.SearchStrategy[tuple[bytes, str, int]]:
    """A line, and the address and port that it names."""

    def line(family: str, source: object, destination: object, port: int, to: int) -> tuple[bytes, str, int]:
        return f"PROXY {family} {source} {destination} {port} {to}\r\n".encode(), str(source), port

    return st.one_of(
        st.builds(line, st.just("TCP4"), V4, V4, PORTS, PORTS),
        st.builds(line, st.just("TCP6"), V6, V6, PORTS, PORTS),
    )


def blocks() -> st.SearchStrategy[tuple[bytes, str, int]]:
    """The same in binary, with extensions behind."""

    def made(addresses: tuple[bytes, bytes], port: int, to: int, more: list[bytes]) -> tuple[bytes, str, int]:
        source, destination = addresses
        content = source + destination + struct.pack("!HH", port, to)
        content += b"".join(tlv(5, value) for value in more)
        kind = 0x11 if len(source) == 4 else 0x21
        return block(0x21, kind, content), str(ipaddress.ip_address(source)), port

    v4, v6 = (each.map(lambda one: one.packed) for each in (V4, V6))
    pairs = st.one_of(st.tuples(v4, v4), st.tuples(v6, v6))
    return st.builds(made, pairs, PORTS, PORTS, st.lists(st.binary(max_size=40), max_size=4))


@given(st.one_of(lines(), blocks()), REST)
def test_a_header_names_who_called_and_ends_where_the_client_begins(
    header: tuple[bytes, str, int], rest: bytes
) -> None:
    raw, address, port = header
    assert read_proxy_header(raw + rest) == ProxyHeader(len(raw), address, port)
    assert begins_proxy_header(raw)


@given(st.one_of(lines(), blocks()))
def test_no_part_of_a_header_is_taken_for_one_or_refused(header: tuple[bytes, str, int]) -> None:
    raw, _, _ = header
    assert [read_proxy_header(raw[:size]) for size in range(len(raw))] == [None] * len(raw)


@given(
    st.one_of(
        st.binary(max_size=300),
        REST.map(lambda rest: SIGNATURE + rest),
        REST.map(lambda rest: b"PROXY " + rest),
    )
)
@example(b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n")
def test_whatever_comes_is_a_header_the_beginning_of_one_or_refused(data: bytes) -> None:
    try:
        header = read_proxy_header(data)
    except BadProxyHeader:
        return
    if header is None:
        assert len(data) < HEADER_BYTES
    else:
        assert 0 < header.size <= min(len(data), HEADER_BYTES)


def test_an_ipv4_address_mapped_into_ipv6_is_the_ipv4_address() -> None:
    mapped = ipaddress.IPv6Address("::ffff:192.0.2.7").packed
    named = read_proxy_header(block(0x21, 0x21, mapped * 2 + bytes(4)))
    assert named is not None
    assert named.address == "192.0.2.7"
    named = read_proxy_header(b"PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n")
    assert named is not None
    assert named.address == "192.0.2.7"


@pytest.mark.parametrize(
    "raw",
    [
        b"PROXY UNKNOWN\r\n",
        b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n",
        block(0x20, 0x00, b""),
        block(0x20, 0x11, b"its own question"),
        block(0x21, 0x00, b""),
        block(0x21, 0x31, bytes(216)),
    ],
)
def test_a_balancer_that_speaks_for_itself_names_nobody(raw: bytes) -> None:
    assert read_proxy_header(raw + b"GET /") == ProxyHeader(len(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01",
        b"PROXY\tTCP4 1.1.1.1 2.2.2.2 1 2\r\n",
        b"proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n",
        b"PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n",
        b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n",
        b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n",
        b"PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n",
        b"PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n",
        b"PROXY TCP4 1.1.1.01 2.2.2.2 1 2\r\n",
        b"PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n",
        b"PROXY TCP4 ::1 ::1 1 2\r\n",
        b"PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n",
        b"PROXY TCP6 ::1%eth0 ::1 1 2\r\n",
        b"PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n",
        b"PROXY UNKNOWN " + b"x" * 100,
        block(0x11, 0x11, bytes(12)),
        block(0x22, 0x11, bytes(12)),
        block(0x21, 0x12, bytes(12)),
        block(0x21, 0x41, bytes(12)),
        block(0x21, 0x11, bytes(11)),
        block(0x21, 0x21, bytes(12)),
        block(0x21, 0x11, bytes(12) + b"\x05\x00\x09short"),
        block(0x21, 0x11, bytes(12) + b"\x05\x00"),
        block(0x21, 0x11, bytes(HEADER_BYTES)),
        block(0x20, 0x00, bytes(HEADER_BYTES))[:16],
    ],
)
def test_what_is_no_header_for_a_stream_over_tcp_is_refused(raw: bytes) -> None:
    with pytest.raises(BadProxyHeader):
        read_proxy_header(raw)
