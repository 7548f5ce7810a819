"""Heads that come again are read once; what counts is looked at each time."""

from dataclasses import replace
from typing import Any

import pytest

from callers import Socket
from servers import APP, Running, make_app, serving
from toolboxai.apps.registry import AppRegistry
from toolboxai.hub.about import About
from toolboxai.transport import front
from toolboxai.transport.heads import parse_head
from toolboxai.transport.openings import Opening, Openings

KEYS = ("dGhlIHNhbXBsZSBub25jZQ==", "AAAAAAAAAAAAAAAAAAAAAA==")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The heads that had to be read."""
    heads: list[bytes] = []

    def parse(raw: bytes) -> Any:
        heads.append(raw)
        return parse_head(raw)

    monkeypatch.setattr(front, "parse_head", parse)
    return heads


def head(key: str, more: str = "") -> bytes:
    return f"GET /app/k HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: {key}\r\n{more}\r\n".encode()


def kept(raw: bytes) -> Openings:
    openings = Openings()
    openings.keep(raw, parse_head(raw), Opening(About(user_agent="a"), APP, AppRegistry([APP])))
    return openings


def test_a_head_is_known_with_any_key() -> None:
    openings = kept(head(KEYS[0]))
    for key in KEYS:
        found = openings.find(head(key))
        assert found is not None
        assert (found[0].about.user_agent, found[1]) == ("a", key.encode())


@pytest.mark.parametrize(
    "raw",
    [
        head("tooshort=="),
        head("16 bytes\r\nX: of no64"),
        head(KEYS[1].replace("=", "A")),
        head(KEYS[1], "Origin: http://b\r\n"),
        head(KEYS[1])[:-1],
        head(KEYS[1]) + b"\x81",
        head(KEYS[1]).replace(b"Sec-WebSocket-Key", b"Sec-WebSocket-Kex"),
        b"",
    ],
)
def test_what_differs_in_more_than_the_key_is_not_known(raw: bytes) -> None:
    assert kept(head(KEYS[0])).find(raw) is None


@pytest.mark.parametrize("line", ["Cookie: a=b", "Authorization: Bearer x", "X-Forwarded-For: 10.0.0.1"])
def test_what_is_of_one_client_is_not_kept(line: str) -> None:
    assert len(kept(head(KEYS[0], f"{line}\r\n"))) == 0


def test_strangers_cannot_fill_the_memory() -> None:
    openings = kept(head(KEYS[0], f"X: {'x' * 1024}\r\n"))
    assert len(openings) == 0
    for number in range(1000):
        raw = head(KEYS[0], f"X: {number}\r\n")
        openings.keep(raw, parse_head(raw), Opening(About(), APP, AppRegistry([APP])))
    assert 0 < len(openings) <= 256


async def test_the_second_of_one_kind_is_let_in_without_reading(server: Running, read: list[bytes]) -> None:
    for _ in range(3):
        async with server.socket() as alice:  # the client checks the answer to its own key
            await alice.enter("a")
    assert len(read) == 1
    assert server.metrics.connections_total == 3


async def test_who_comes_again_is_held_to_the_limits_of_now(read: list[bytes]) -> None:
    async with serving(make_app(max_connections_per_ip=2, max_connections=3)) as server:
        async with server.socket(), server.socket(), Socket.opened(server.ws_url()) as third:
            assert (await third.ending())[1] == 4004
        server.node.apply(AppRegistry([make_app(enabled=False)]))
        async with Socket.opened(server.ws_url()) as late:
            assert (await late.ending())[1] == 4003
        server.node.apply(AppRegistry([make_app(allowed_origins=("https://a.example",))]))
        async with server.socket():
            pass
        server.server._acceptor.draining = True
        async with Socket.opened(server.ws_url()) as last:
            assert (await last.ending())[1] == 4200
    assert len(read) == 4  # the first, and whenever there was something to decide


async def test_a_page_that_may_not_enter_any_more_is_refused(server: Running) -> None:
    open_to_all = replace(APP, allowed_origins=("https://a.example",))
    server.node.apply(AppRegistry([open_to_all]))
    for _ in range(2):
        async with server.socket(origin="https://a.example"):
            pass
    server.node.apply(AppRegistry([APP]))
    async with Socket.opened(server.ws_url(), origin="https://a.example") as page:
        assert (await page.ending())[1] == 4009


async def test_a_page_that_is_known_by_a_key_takes_nobodys_place(server: Running) -> None:
    openings = server.server._acceptor._openings
    async with server.socket():
        pass
    assert len(openings) == 1
    for number in range(3):
        url = server.ws_url().replace("/app/", f"/s/page-{number}/app/")
        async with Socket.opened(url) as page:
            await page.hear()
    assert len(openings) == 1
