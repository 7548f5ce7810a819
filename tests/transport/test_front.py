"""The one port: signed calls, pages and sockets on the same connection, in whatever pieces they come."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from callers import UPGRADE, Http, Socket, client_frame, fill, until
from pages import pages
from servers import KEY, Running, serving, signed
from toolboxai import limits
from toolboxai.testing.clock import ManualClock
from toolboxai.transport.front import Front
from waiting_broker import WaitingBroker

EVENTS = "/apps/3/events"
SOCKET = f"/app/{KEY}?protocol=7"


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    """With an application behind it."""
    async with serving(web=pages) as running:
        yield running


def event(data: str, **headers: str) -> bytes:
    body = Http.json({"name": "e", "channel": "a", "data": data})
    return Http.request("POST", signed("POST", EVENTS, body), body, headers)


async def data_of(socket: Socket, count: int) -> list[str]:
    return [(await socket.hear())["data"] for _ in range(count)]


# ---- signed calls ---------------------------------------------------------------------------------------------


async def test_pipelined_requests_are_answered_in_their_order(server: Running) -> None:
    async with server.socket() as alice, server.http() as http:
        await alice.enter("a")
        asked = Http.request("GET", signed("GET", "/apps/3/channels/a"))
        http.send(b"".join(event(str(number)) + asked for number in range(50)))
        answers = [(await http.answer()).text for _ in range(100)]
        assert answers == ["{}", '{"occupied":true}'] * 50
        assert await data_of(alice, 50) == [str(number) for number in range(50)]


async def test_one_byte_at_a_time_is_a_request_too(server: Running) -> None:
    raw = event("slowly") + Http.request("GET", "/page") + Http.request("GET", "/healthz")
    async with server.socket() as alice, server.http() as http:
        await alice.enter("a")
        for at in range(len(raw)):
            http.send(raw[at : at + 1])
            await asyncio.sleep(0)  # let the byte go out alone
        assert [(await http.answer()).text for _ in range(3)] == ["{}", "page GET /page", "ok\n"]
        assert await data_of(alice, 1) == ["slowly"]


async def test_requests_read_the_same_however_they_are_cut(server: Running) -> None:
    dice = random.Random(11)
    async with server.socket() as alice:
        await alice.enter("a")
        for _ in range(10):
            async with server.http() as http:
                raw = b"".join(event(str(number)) for number in range(5))
                while raw:
                    size = dice.randrange(1, 400)
                    http.send(raw[:size])
                    raw = raw[size:]
                    await asyncio.sleep(0)
                assert [(await http.answer()).text for _ in range(5)] == ["{}"] * 5
            assert await data_of(alice, 5) == ["0", "1", "2", "3", "4"]


async def test_a_connection_carries_calls_pages_health_and_then_a_socket(server: Running) -> None:
    """It goes to the web server with the first page, and comes back to us with the upgrade."""
    async with server.http() as http:
        assert (await http.ask("GET", signed("GET", "/apps/3/channels"))).text == '{"channels":{}}'
        assert (await http.ask("GET", "/page")).text == "page GET /page"
        assert (await http.ask("POST", "/form", b"a=1")).text == "page POST /form a=1"
        http.send(event("by way of the web server"))
        assert (await http.answer()).text == "{}"
        assert (await http.ask("GET", "/healthz")).text == "ok\n"
        bad = await http.ask("GET", "/apps/3/channels")
        assert (bad.status, bad.text) == (401, "Missing parameter: auth_key\n")
        assert (await http.ask("GET", SOCKET, headers=UPGRADE)).status == 101
        await http.reader.readuntil(b'}"}')
        assert server.metrics.connections == 1
        for _ in range(3):
            http.send(client_frame(0x1, b'{"event":"pusher:ping"}'))
            await http.reader.readuntil(b'{"event":"pusher:pong","data":{}}')
        http.send(client_frame(0x8, b"\x03\xe8"))
        assert await http.ended() == b"\x88\x02\x03\xe8"
    assert server.metrics.connections == 0


async def test_a_refused_socket_on_a_connection_of_the_web_server_is_told_too(server: Running) -> None:
    async with server.http() as http:
        await http.ask("GET", "/page")
        assert (await http.ask("GET", "/app/NOPE?protocol=7", headers=UPGRADE)).status == 101
        heard = await http.reader.readuntil(b"\x0f\xa1App key NOPE not in this cluster.")
        assert b'{"event":"pusher:error","data":{"code":4001,' in heard


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
async def test_a_connection_that_is_to_be_closed_is(server: Running, version: str) -> None:
    async with server.http() as http:
        raw = (
            event("1", Connection="close")
            if version == "HTTP/1.1"
            else event("1").replace(b"HTTP/1.1", b"HTTP/1.0")
        )
        http.send(raw)
        assert (await http.answer()).text == "{}"
        assert await http.ended() == b""


async def test_a_body_of_unknown_length_goes_by_way_of_the_web_server(server: Running) -> None:
    body = Http.json({"name": "e", "channel": "a", "data": "in chunks"})
    head = Http.request("POST", signed("POST", EVENTS, body), headers={"Transfer-Encoding": "chunked"})
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:10], body[10:])) + b"0\r\n\r\n"
    async with server.socket() as alice, server.http() as http:
        await alice.enter("a")
        http.send(head + chunks)
        assert (await http.answer()).text == "{}"
        assert await data_of(alice, 1) == ["in chunks"]


async def test_who_asks_before_sending_the_body_is_told_to_go_on(server: Running) -> None:
    body = Http.json({"name": "e", "channel": "a", "data": "1"})
    async with server.http() as http:
        asked = {"Content-Length": str(len(body)), "Expect": "100-continue"}
        http.send(Http.request("POST", signed("POST", EVENTS, body), headers=asked))
        assert await http.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        http.send(body)
        assert (await http.answer()).text == "{}"


async def test_head_has_the_length_and_no_body(server: Running) -> None:
    async with server.http() as http:
        answer = await http.ask("HEAD", "/healthz")
        assert (answer.status, answer.headers["content-length"], answer.body) == (200, "3", b"")
        assert (await http.ask("GET", "/healthz")).text == "ok\n"
        assert (await http.ask("HEAD", signed("HEAD", "/apps/3/channels"))).status == 405
        assert (await http.ask("GET", signed("GET", "/apps/3/channels"))).status == 200


# ---- what is no request ---------------------------------------------------------------------------------------

TOO_BIG = [
    pytest.param(b"GET /" + b"a" * limits.HEAD_BYTES, 431, id="endless-line"),
    pytest.param(b"GET / HTTP/1.1\r\nA: " + b"a" * limits.HEAD_BYTES + b"\r\n\r\n", 431, id="large-header"),
    pytest.param(b"GET /apps/3/channels HTTP/1.1\r\n" + b"A: b\r\n" * 3000 + b"\r\n", 431, id="many-headers"),
    pytest.param(b"POST /apps/3/events HTTP/1.1\r\nContent-Length: 700000\r\n\r\n", 413, id="large-body"),
    pytest.param(
        b"POST /apps/3/events HTTP/1.1\r\nContent-Length: 1" + b"0" * 15 + b"\r\n\r\n", 413, id="huge-body"
    ),
    pytest.param(
        b"POST /apps/3/events HTTP/1.1\r\nContent-Length: " + b"0" * 5000 + b"7\r\n\r\n",
        413,
        id="long-number",
    ),
    pytest.param(b"POST /apps/3/events HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400, id="no-number"),
    pytest.param(b"POST /apps/3/events HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, id="negative"),
    pytest.param(b"POST /apps/3/events HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", 400, id="superscript"),
    pytest.param(
        b"POST /apps/3/events HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        400,
        id="two-lengths",
    ),
    pytest.param(b"GET /apps/3/x HTTP/1.1\r\nno colon\r\n\r\n", 400, id="no-header"),
    pytest.param(b"GET /apps/3/x HTTP/7.7\r\n\r\n", 400, id="version"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400, id="tls"),
]


@pytest.mark.parametrize(("raw", "status"), TOO_BIG)
async def test_what_is_no_request_is_answered_and_the_connection_ends(
    server: Running, raw: bytes, status: int
) -> None:
    async with server.http() as http:
        http.send(raw)
        answer = await http.answer()
        assert (answer.status, answer.headers["connection"]) == (status, "close")
        assert await http.ended() == b""
    assert server.metrics.faults_total == 0


async def test_the_refusal_of_a_large_body_is_read_though_the_body_is_still_sent(server: Running) -> None:
    async with server.http() as http:
        http.send(b"POST /apps/3/events HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000)
        assert (await http.answer()).status == 413
        assert await http.ended() == b""


LOOPS = [
    pytest.param("POST", SOCKET, UPGRADE, id="no-get"),
    pytest.param("GET", SOCKET, UPGRADE | {"upgrade": "websocket"}, id="twice"),
    pytest.param(
        "POST",
        EVENTS,
        UPGRADE | {"Transfer-Encoding": "chunked"},
        id="a-body-of-unknown-length-and-an-upgrade",
    ),
]


@pytest.mark.parametrize(("method", "target", "headers"), LOOPS)
@pytest.mark.parametrize("after_a_page", [False, True])
async def test_an_upgrade_that_is_none_is_not_handed_back_and_forth_without_end(
    server: Running, method: str, target: str, headers: dict[str, str], after_a_page: bool
) -> None:
    async with server.http() as http:
        if after_a_page:
            await http.ask("GET", "/page")
        http.send(Http.request(method, target, headers=headers))
        assert (await http.answer()).status == 400
    assert server.metrics.faults_total == 0


async def test_an_upgrade_to_something_else_is_a_request_like_any_other(server: Running) -> None:
    async with server.http() as http:
        answer = await http.ask("GET", "/page", headers={"Upgrade": "h2c", "Connection": "Upgrade"})
        assert answer.text == "page GET /page"


async def test_a_socket_asked_for_over_http_1_0_is_not_opened(server: Running) -> None:
    async with server.http() as http:
        http.send(Http.request("GET", SOCKET, headers=UPGRADE).replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert (await http.answer()).status == 400


# ---- slow and silent peers ------------------------------------------------------------------------------------


async def test_a_head_that_does_not_come_in_time_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT_S", 0.2)
    async with serving() as server, server.http() as silent, server.http() as slow, server.http() as body:
        slow.send(b"GET /apps/3/chan")
        body.send(b"POST /apps/3/events HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf")
        for http in (silent, slow, body):
            assert await http.ended() == b""
        assert len(server.server._waiting) == 0


async def test_a_head_has_so_many_lines(server: Running) -> None:
    lines = {f"X-{number}": "1" for number in range(limits.HEAD_LINES - 1)}  # beside Host
    async with server.http() as http:
        assert (await http.ask("GET", "/healthz", headers=lines)).status == 200
        refused = await http.ask("GET", "/healthz", headers={**lines, "X": "1"})
        assert (refused.status, refused.text) == (431, "A request head may have 128 lines of headers\n")
        assert await http.ended() == b""
    assert server.metrics.http_refused_total == {"431": 1}


async def test_the_next_head_on_a_connection_has_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as server, server.http() as http:
        assert (await http.ask("GET", "/healthz")).status == 200
        monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT_S", -1)
        await server.server.look_at_the_clock()
        http.send(b"GET /heal")
        (front,) = server.server._waiting
        assert isinstance(front, Front)
        await until(lambda: front._buffer)
        await server.server.look_at_the_clock()
        assert await http.ended() == b""
        assert server.metrics.handshakes_timed_out_total == 1


async def test_an_idle_connection_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HTTP_IDLE_S", 0.2)
    async with serving() as server, server.http() as http:
        assert (await http.ask("GET", "/healthz")).status == 200
        assert await http.ended() == b""


async def test_answers_that_nobody_reads_stop_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger who sends requests and reads nothing takes a bounded part of our memory, and his time runs out."""
    monkeypatch.setattr(limits, "HTTP_IDLE_S", 0.5)
    async with serving() as server, server.http() as http:
        http.writer.transport.pause_reading()  # type: ignore[attr-defined]
        asked = Http.request("GET", "/apps/3/channels?auth_key=x") * 200
        sent = 0
        while http.writer.transport.get_write_buffer_size() < 1 << 20:
            http.send(asked)
            sent += 200
            await asyncio.sleep(0)
        (front,) = server.server._waiting
        assert isinstance(front, Front)
        assert front._transport is not None
        assert front._transport.get_write_buffer_size() < 256 * 1024
        assert len(front._buffer) <= server.server._doors.api.body_bytes * 2
        assert server.metrics.http_requests_total < sent
        await until(lambda: len(server.server._waiting) == 0)


async def test_who_floods_us_is_read_in_turn_with_everyone_else(server: Running) -> None:
    """Else one caller would hold up all others for as long as it sends."""
    request = Http.request("HEAD", "/apps/3/channels", headers={"X-Ballast": "x" * 2000})
    with socket.create_connection(("127.0.0.1", server.port)) as flooder:
        sent = fill(flooder, request * 200)
        assert sent > 1 << 20, "the system takes in too little to show anything"
        turns = [0]
        while turns[-1] < sent // len(request):
            await asyncio.sleep(0)
            turns.append(server.metrics.http_requests_total)
        assert max(after - before for before, after in pairwise(turns)) * len(request) <= 256 * 1024 + len(
            request
        )


# ---- a broker that takes its time -----------------------------------------------------------------------------


async def test_calls_wait_for_the_broker_in_their_order_and_pages_do_not_overtake(clock: ManualClock) -> None:
    broker = WaitingBroker(clock)
    async with serving(broker=broker, web=pages) as server, server.socket() as alice, server.http() as http:
        await alice.enter("a")
        broker.publishing.shut()
        http.send(event("1") + event("2") + Http.request("GET", "/page"))
        await broker.publishing.arrived.wait()
        broker.publishing.open()
        assert [(await http.answer()).text for _ in range(3)] == ["{}", "{}", "page GET /page"]
        assert await data_of(alice, 2) == ["1", "2"]


async def test_a_caller_that_floods_while_the_broker_is_asked_is_read_no_further(clock: ManualClock) -> None:
    broker = WaitingBroker(clock)
    async with serving(broker=broker) as server, server.http() as http:
        broker.publishing.shut()
        flood = b"".join(event(str(number)) for number in range(100)) * 50
        http.send(flood)
        await broker.publishing.arrived.wait()
        broker.publishing.open()
        assert [(await http.answer()).text for _ in range(5000)] == ["{}"] * 5000
        assert server.metrics.faults_total == 0


async def test_a_broker_that_does_not_take_it_is_503_and_the_connection_stays(clock: ManualClock) -> None:
    broker = WaitingBroker(clock)
    async with serving(broker=broker) as server, server.http() as http:
        broker.publishing.failures = 1
        http.send(event("1"))
        answer = await http.answer()
        assert (answer.status, answer.text[:27]) == (503, "The event was not published")
        http.send(event("2"))
        assert (await http.answer()).status == 200
        assert server.metrics.faults_total == 0


async def test_a_caller_that_leaves_while_the_broker_is_asked(clock: ManualClock) -> None:
    broker = WaitingBroker(clock)
    async with serving(broker=broker) as server:
        broker.publishing.shut()
        async with server.http() as http:
            http.send(event("1", Connection="close"))
            await broker.publishing.arrived.wait()
        broker.publishing.open()
        await until(lambda: server.metrics.publications_total)
        assert server.metrics.faults_total == 0


async def test_a_fault_of_our_own_is_500_and_counted(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_args: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(server.node, "hub", breaks)
    async with server.http() as http:
        answer = await http.ask("GET", signed("GET", "/apps/3/channels"))
        assert (answer.status, answer.text) == (500, "Internal server error\n")
    assert server.metrics.faults_total == 1
