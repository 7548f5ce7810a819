"""Half a request on a connection of the web server takes neither our memory nor a descriptor for long."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from callers import PATIENCE_S, UPGRADE, Http, until
from pages import Message, pages
from servers import KEY, Running, serving
from toolboxai import limits
from toolboxai.transport.asgi import Receive, Send
from toolboxai.transport.web import WebProtocol

PAGE = Http.request("GET", "/page")


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT_S", 0.2)
    async with serving(web=pages) as running:
        yield running


async def test_the_rest_of_a_request_must_come_in_time(server: Running) -> None:
    halves = (
        b"G",
        b"GET /page HTTP/1.1\r\nHost: t",
        b"POST /page HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf",
        b"POST /page HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha",
        b"POST /apps/3/events HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha",
    )

    async def stops_after(half: bytes) -> None:
        async with server.http() as http:
            http.send(PAGE)
            assert (await http.answer()).status == 200
            http.send(half)
            await http.ended()

    async with asyncio.TaskGroup() as clients:
        for half in halves:
            clients.create_task(stops_after(half))
    assert len(server.server._waiting) == 0
    assert server.metrics.faults_total == 0


async def test_a_body_may_take_as_long_as_it_keeps_coming(server: Running) -> None:
    async with server.http() as http:
        http.send(b"POST /form HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\n")
        for _ in range(6):
            await asyncio.sleep(limits.HANDSHAKE_TIMEOUT_S / 2)
            http.send(b"x")
        assert (await http.answer()).status == 200
    await until(lambda: len(server.server._waiting) == 0)


async def test_a_head_without_end_is_not_gathered(server: Running) -> None:
    async with server.http() as http:
        http.send(PAGE)
        assert (await http.answer()).status == 200
        http.send(b"GET /page HTTP/1.1\r\n")
        for number in range(3):
            http.send(b"X-%d: %s\r\n" % (number, b"x" * (limits.HEAD_BYTES // 2)))
            await asyncio.sleep(limits.HANDSHAKE_TIMEOUT_S / 8)
        answer = await http.answer()
        assert (answer.status, answer.text) == (431, "A request head may have 16384 bytes\n")
        assert await http.ended() == b""


async def test_a_caller_is_not_cut_off_for_an_application_that_takes_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT_S", 0.2)
    go_on = asyncio.Event()

    async def slow(scope: Message, receive: Receive, send: Send) -> None:
        await go_on.wait()
        await pages(scope, receive, send)

    async with serving(web=slow) as server, server.http() as http:
        http.send(Http.request("POST", "/form", b"x" * (1 << 23)))
        waiting = server.server._waiting
        await until(lambda: any(isinstance(one, WebProtocol) and one.flow.read_paused for one in waiting))
        (connection,) = waiting
        connection.give_up()
        assert connection in server.server._waiting
        go_on.set()
        assert (await http.answer()).status == 200


async def test_a_head_of_too_many_lines_is_refused_on_a_connection_of_pages_too(server: Running) -> None:
    lines = b"".join(b"X-%d: 1\r\n" % number for number in range(limits.HEAD_LINES + 1))
    async with server.http() as http:
        http.send(PAGE)
        assert (await http.answer()).status == 200
        http.send(b"GET /page HTTP/1.1\r\n" + lines + b"\r\n")
        answer = await http.answer()
        assert (answer.status, answer.text) == (431, "A request head may have 128 lines of headers\n")
        assert await http.ended() == b""
    assert server.metrics.http_refused_total.total() == 1
    assert server.metrics.faults_total == 0


CHUNKED = b"POST /form HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "flood",
    [
        b"1\r\nx\r\n0\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(limits.HEAD_LINES + 1)),
        b"1\r\nx\r\n0\r\nX: " + b"x" * (2 * limits.HEAD_BYTES),
        b"1;" + b"x" * (2 * limits.HEAD_BYTES),
    ],
    ids=["lines", "one line", "extension"],
)
async def test_what_comes_beside_a_body_in_chunks_is_bounded(server: Running, flood: bytes) -> None:
    async with server.http() as http:
        http.send(CHUNKED)
        waiting = server.server._waiting
        await until(lambda: any(isinstance(one, WebProtocol) and not one._in_head for one in waiting))
        http.send(flood)
        await http.ended()
    assert server.metrics.http_refused_total.total() == 1
    assert server.metrics.faults_total == 0


async def test_a_body_in_the_smallest_chunks_is_read(server: Running) -> None:
    async with server.http() as http:
        http.send(CHUNKED + b"1\r\nx\r\n" * 8000 + b"0\r\n\r\n")
        assert (await http.answer()).text == "page POST /form " + "x" * 8000


async def test_a_caller_who_goes_with_requests_in_line_is_missed_by_the_one_in_work() -> None:
    gone = asyncio.Event()

    async def lasting(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async with serving(web=lasting) as server:
        async with server.http() as http:
            http.send(PAGE, PAGE)
            await http.reader.readuntil(b"begun")
            (web,) = server.server._web_state.connections
            web.transport.resume_reading()  # as it does by itself once something is written to who has gone
        async with asyncio.timeout(PATIENCE_S):
            await gone.wait()
        await until(lambda: not server.server._web_state.tasks)


async def test_a_connection_that_was_passed_on_to_a_socket_does_not_wait_for_pages() -> None:
    """The answer to the page before comes after the upgrade."""
    go_on = asyncio.Event()

    async def slow(scope: Message, receive: Receive, send: Send) -> None:
        await go_on.wait()
        await pages(scope, receive, send)

    async with serving(web=slow) as server:
        async with server.http() as http:
            http.send(PAGE, Http.request("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE))
            await until(lambda: server.server._acceptor.sockets)
            go_on.set()
            async with asyncio.timeout(5):
                await http.reader.readuntil(b"page GET /page")
            assert len(server.server._waiting) == 0
        await until(lambda: not server.server._acceptor.sockets)
        assert len(server.server._waiting) == 0


async def test_what_follows_a_body_in_chunks_is_no_header() -> None:
    """A proxy wrote X-Forwarded-For, and hands trailers on as the client sent them."""
    told: list[tuple[bytes, bytes]] = []

    async def listens(scope: Message, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        told.extend(scope["headers"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with serving(web=listens) as server, server.http() as http:
        http.send(CHUNKED + b"1\r\nx\r\n0\r\nX-Forwarded-For: 192.0.2.1\r\nAuthorization: x\r\n\r\n")
        await http.reader.readuntil(b"\r\n\r\n")
    assert told == [(b"host", b"test"), (b"transfer-encoding", b"chunked")]


@pytest.mark.parametrize("first", [b"", PAGE])
@pytest.mark.parametrize("length", [b"Content-Length: %d", b"Transfer-Encoding: chunked"])
async def test_a_body_behind_an_upgrade_is_never_taken_for_the_next_request(
    server: Running, first: bytes, length: bytes
) -> None:
    """Behind a proxy, whose connection many share, its answer would go to the next one's client."""
    head = b"POST /form HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    async with server.http() as http:
        if first:
            http.send(first)
            assert (await http.answer()).status == 200
        http.send(head + (length % len(PAGE) if b"%d" in length else length) + b"\r\n\r\n")
        http.send(PAGE)
        assert (await http.answer()).status == 400
        assert await http.ended() == b""
    assert server.metrics.http_refused_total["400"] == 1
    assert server.metrics.faults_total == 0
