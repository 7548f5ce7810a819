"""Request heads."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.transport import heads
from toolboxai.transport.heads import BadHead, parse_head, parse_recurring_head, recurring


def test_what_a_request_says_of_itself() -> None:
    head = parse_head(b"GET /app/KEY?protocol=7&x=%20 HTTP/1.1\r\nHOST: here\r\nX-A: 1\r\nx-a: 2\r\n\r\n")
    assert (head.method, head.path, head.query, head.version) == (
        "GET",
        "/app/KEY",
        "protocol=7&x=%20",
        "1.1",
    )
    assert (head.header(b"host"), head.header(b"x-a"), head.header(b"no")) == ("here", "1, 2", None)


@pytest.mark.parametrize(
    ("version", "connection", "stays"),
    [("1.1", "", True), ("1.1", "close", False), ("1.0", "", False), ("1.0", "Keep-Alive", False)],
)
def test_whether_the_connection_stays(version: str, connection: str, stays: bool) -> None:
    line = f"Connection: {connection}\r\n" if connection else ""
    assert parse_head(f"GET / HTTP/{version}\r\n{line}\r\n".encode()).keep_alive is stays


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ("Upgrade: websocket\r\nConnection: Upgrade\r\n", True),
        ("Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n", True),
        ("Upgrade: websocket\r\n", False),
        ("Upgrade: h2c\r\nConnection: Upgrade\r\n", False),
        ("Connection: Upgrade\r\n", False),
    ],
)
def test_whether_a_websocket_is_wanted(headers: str, wanted: bool) -> None:
    assert parse_head(f"GET / HTTP/1.1\r\n{headers}\r\n".encode()).wants_websocket is wanted


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
    ],
)
def test_what_is_no_request_is_told(raw: bytes) -> None:
    with pytest.raises(BadHead, match=r"not an HTTP/1\.1 request"):
        parse_head(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_head_or_a_bad_one(raw: bytes) -> None:
    try:
        parse_head(b"GET /" + raw + b"\r\n\r\n")
    except BadHead as fault:
        if not str(fault):
            raise


# ---- heads that come again and again --------------------------------------------------------------------------

BLOCK = b"Host: here\r\nX-A: 1\r\nContent-Length: 7\r\n\r\n"


def test_a_block_of_headers_that_is_known_reads_as_it_did() -> None:
    first = b"POST /apps/3/events?a=1 HTTP/1.1\r\n" + BLOCK
    again = b"GET /apps/3/channels HTTP/1.1\r\n" + BLOCK
    for raw in (first, again, first):
        assert parse_recurring_head(raw) == parse_head(raw)


@pytest.mark.parametrize(
    "line",
    [
        b"GET /a b HTTP/1.1",
        b"GET /a HTTP/1.0",
        b"GET /a HTTP/9.1",
        b"get /a HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"DELETE / HTTP/1.1",
    ],
)
def test_a_known_block_makes_no_odd_line_right(line: bytes) -> None:
    parse_recurring_head(b"GET / HTTP/1.1\r\n" + BLOCK)
    raw = line + b"\r\n" + BLOCK
    try:
        wanted = parse_head(raw)
    except BadHead:
        with pytest.raises(BadHead):
            parse_recurring_head(raw)
    else:
        assert parse_recurring_head(raw) == wanted


def test_what_strangers_fill_it_with_is_bounded() -> None:
    for number in range(5000):
        parse_recurring_head(b"GET / HTTP/1.1\r\nA: %d\r\n\r\n" % number)
    parse_recurring_head(b"GET / HTTP/1.1\r\nA: " + b"x" * 2000 + b"\r\n\r\n")
    many = b"\r\n".join(b"A%d:" % number for number in range(100))
    assert len(parse_recurring_head(b"GET / HTTP/1.1\r\n" + many + b"\r\n\r\n").raw) == 100
    assert len(heads._BLOCKS) <= 2048
    assert max(map(len, heads._BLOCKS)) <= 1024
    assert max(len(block.raw) for block in heads._BLOCKS.values()) <= 24


@pytest.mark.parametrize(
    "line", [b"POST  /a HTTP/1.1", b"POST /a  HTTP/1.1", b"PUT /a HTTP/1.1", b"GET * HTTP/1.1"]
)
def test_a_block_behind_an_odd_line_is_not_remembered(line: bytes) -> None:
    block = b"Host: behind\r\nX-Line: %b" % line
    with suppress(BadHead):
        parse_recurring_head(line + b"\r\n" + block + b"\r\n\r\n")
    assert recurring(block) is None
    parse_recurring_head(b"POST /a HTTP/1.1\r\n" + block + b"\r\n\r\n")
    assert recurring(block) is not None


@pytest.mark.parametrize("name", ["Authorization", "Cookie"])
def test_a_block_that_holds_what_is_one_clients_alone_is_not_remembered(name: str) -> None:
    block = f"Host: x\r\n{name}: of one client\r\nContent-Length: 0".encode()
    head = parse_recurring_head(b"POST /a HTTP/1.1\r\n" + block + b"\r\n\r\n")
    assert head.header(name.lower().encode()) == "of one client"
    assert recurring(block) is None
