"""What strangers send, and how it has to be answered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from callers import Socket
from school import Open

__all__ = ["ODD_BODIES", "TRICKS", "assert_refused", "listener"]

# JSON text that is none, or no body of ours.
ODD_BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"1e999",
    b"NaN",
    b"\xff\xfe",
    b'{"a": "\xff"}',
    b'{"a": "\\ud800"}',
    b"[" * 100_000,
    b'{"a":' * 20_000,
    b'{"no_such_field": 1}',
    b'{"__proto__": {}, "": 0}',
)
TRICKS = (
    "..",
    "../../etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%5c..%5c",
    "%00",
    "gen_%00",
    "%ff%fe",
    "%F0%9F%98%80",
    "gen_1'%20OR%20'1'='1",
    "%0d%0aX-Injected:%20yes",
    "*",
    "%25",
    "%u0041",
    "gen_" + "x" * 4000,
    "-1",
    "null",
)


def assert_refused(answer: httpx2.Response, what: object) -> None:
    """A client's error in the one shape."""
    told = (
        f"{answer.request.method} {answer.request.url.path[:80]} with {str(what)[:80]}: {answer.text[:300]}"
    )
    assert 400 <= answer.status_code < 500, f"{answer.status_code} {told}"
    if answer.status_code == 431 or answer.request.url.path.startswith("/apps"):
        assert answer.text, told
        return
    assert set(answer.json()) == {"error_code", "message", "details", "request_id"}, told
    assert answer.json()["error_code"].isupper(), told
    assert answer.json()["message"], told


@asynccontextmanager
async def listener(school: Open) -> AsyncIterator[Socket]:
    """A connection that hears whatever is published on the two channels of the good bodies."""
    url = f"ws://127.0.0.1:{school.server.port}/app/{school.school.key}?protocol=7&client=test&version=1"
    async with Socket.opened(url) as socket:
        socket.greet(await socket.hear())
        for channel in ("test-channel", "news"):
            await socket.enter(channel)
        yield socket
