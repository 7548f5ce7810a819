"""A load balancer says who called it, before anything else; nobody else is heard on that."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from callers import Http, Socket, until
from certificates import Authority
from pages import Message
from servers import APP_ID, Running, make_app, serving, signed
from strangers import DOORS, Stranger, proxy_block, proxy_line
from toolboxai import limits
from toolboxai.transport.asgi import Receive, Send

BALANCER, STRANGER = "127.0.0.9", "127.0.0.2"
PUPIL, ANOTHER = "192.0.2.7", "2001:db8::7"
HEALTH = Http.request("GET", "/healthz")
OK = b"ok\n"


async def whose(scope: Message, receive: Receive, send: Send) -> None:
    """Answers with the address and port that it is told."""
    await receive()
    text = "{} {}".format(*scope["client"]).encode()
    headers = [(b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    app = make_app(max_connections_per_ip=1)
    async with serving(app, web=whose, proxies=[BALANCER], proxy_protocol=True) as running:
        yield running


@pytest.mark.parametrize(
    "header", [proxy_line(PUPIL), proxy_block(PUPIL), proxy_block(ANOTHER), proxy_line(ANOTHER)]
)
async def test_the_header_names_the_peer_however_it_is_cut(server: Running, header: bytes) -> None:
    address = PUPIL if PUPIL.encode() in header or b"\xc0\x00\x02\x07" in header else ANOTHER
    async with Stranger.at(server.port, BALANCER) as client:
        for at in range(len(header)):
            await client.says(header[at : at + 1])
        await client.says(Http.request("GET", "/page"))
        assert await client.hears(f"{address} 40000".encode())
    async with Stranger.at(server.port, BALANCER, header, HEALTH, Http.request("GET", "/page")) as client:
        assert await client.hears(f"{address} 40000".encode())
        assert OK in client.heard
    assert server.metrics.proxy_headers_refused_total == 0


async def test_limits_count_whom_it_names_also_after_a_page_of_the_web_server(server: Running) -> None:
    door = DOORS["socket"]
    async with (
        Stranger.at(server.port, BALANCER, proxy_line(PUPIL), door.request()) as first,
        Stranger.at(server.port, BALANCER, proxy_line(ANOTHER), Http.request("GET", "/page")) as another,
    ):
        assert await first.hears(door.opened)
        async with Stranger.at(server.port, BALANCER, proxy_block(PUPIL), door.request()) as second:
            assert await second.hears(door.opened, door.refused) == door.refused
        assert await another.hears(ANOTHER.encode())
        await another.says(door.request())
        assert await another.hears(door.opened, door.refused) == door.opened
        async with Stranger.at(server.port, BALANCER, proxy_line(ANOTHER), door.request()) as second:
            assert await second.hears(door.opened, door.refused) == door.refused


async def test_the_peer_that_it_names_is_the_one_from_which_headers_are_walked() -> None:
    """A balancer before a proxy of ours: it names the proxy, and the proxy names the pupil."""
    async with serving(web=whose, proxies=[BALANCER, "10.0.0.0/8"], proxy_protocol=True) as server:
        for near, told in (("10.0.0.1", PUPIL), (PUPIL, PUPIL)):
            asked = signed("GET", f"/apps/{APP_ID}/channels")
            headers = {"X-Forwarded-For": f"10.0.0.7, {told}"}
            async with Stranger.at(
                server.port, BALANCER, proxy_line(near), Http.request("GET", asked)
            ) as client:
                assert await client.hears(b'"channels"')
            door = DOORS["socket"]
            async with Stranger.at(server.port, BALANCER, proxy_line(near), door.request(headers)) as client:
                assert await client.hears(door.opened)
                assert server.server._acceptor.crowds.of_address(next(iter(server.node.apps)), PUPIL) == 1
            await until(lambda: server.metrics.connections == 0)


async def test_metrics_are_for_this_machine_and_not_for_whom_the_balancer_names(server: Running) -> None:
    asked = Http.request("GET", "/metrics")
    async with Stranger.at(server.port, BALANCER, proxy_line(PUPIL), asked) as client:
        assert await client.hears(b" 403 ")
    async with Stranger.at(
        server.port, BALANCER, proxy_line(PUPIL), Http.request("GET", "/page"), asked
    ) as client:
        assert await client.hears(b" 403 ")
    async with Stranger.at(server.port, BALANCER, b"PROXY UNKNOWN\r\n", asked) as client:
        assert await client.hears(b"toolboxai_connections", b" 403 ") == b"toolboxai_connections"


async def test_who_is_no_balancer_needs_no_header_and_is_refused_with_one(server: Running) -> None:
    async with Stranger.at(server.port, STRANGER, HEALTH) as client:
        assert await client.hears(OK)
    for forged in (proxy_line(PUPIL), proxy_block(PUPIL)):
        async with Stranger.at(server.port, STRANGER, forged, HEALTH) as client:
            assert b"PROXY headers are not taken from this address" in await client.ended()
    assert server.metrics.proxy_headers_refused_total == 2


async def test_where_it_is_switched_off_nobodys_header_is_taken() -> None:
    async with serving(web=whose, proxies=[BALANCER]) as server:
        for forged in (proxy_line(PUPIL), proxy_block(PUPIL)):
            async with Stranger.at(server.port, BALANCER, forged, HEALTH) as client:
                assert b" 400 " in await client.ended()
        assert server.metrics.proxy_headers_refused_total == 2


@pytest.mark.parametrize(
    "begins",
    [
        HEALTH,
        b"PROXY TCP4 1.1.1.1 2.2.2.2 1 x\r\n",
        b"PROXY UNKNOWN " + b"x" * 200,
        proxy_block(PUPIL)[:13] + b"\xff" + proxy_block(PUPIL)[14:],
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff",
    ],
)
async def test_a_balancer_that_says_anything_else_is_refused(server: Running, begins: bytes) -> None:
    async with Stranger.at(server.port, BALANCER, begins, HEALTH) as client:
        assert await client.ended() == b""
    assert server.metrics.proxy_headers_refused_total == 1
    assert len(server.server._waiting) == 0


async def test_half_a_header_is_waited_for_as_long_as_for_half_a_request(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT_S", -1)
    async with (
        Stranger.at(server.port, BALANCER) as silent,
        Stranger.at(server.port, BALANCER, proxy_line(PUPIL)[:20]) as half,
    ):
        await until(lambda: len(server.server._waiting) == 2)
        await asyncio.sleep(0)  # both are read as far as they come
        await server.server.look_at_the_clock()
        assert [await silent.ended(), await half.ended()] == [b"", b""]
    assert server.metrics.proxy_headers_refused_total == server.metrics.handshakes_timed_out_total == 2


async def test_nothing_is_left_of_connections_that_end_within_the_header(server: Running) -> None:
    for header in (proxy_line(PUPIL), proxy_block(PUPIL)):
        for size in range(0, len(header), 5):
            async with Stranger.at(server.port, BALANCER, header[:size]):
                pass
    async with Stranger.at(server.port, BALANCER, proxy_line(PUPIL), HEALTH) as client:
        assert await client.hears(OK)
    await until(lambda: len(server.server._waiting) == 0)


async def test_a_shutdown_does_not_wait_for_a_header() -> None:
    async with serving(proxies=[BALANCER], proxy_protocol=True) as server:
        silent = Stranger.at(server.port, BALANCER, proxy_line(PUPIL)[:5])
        client = await silent.__aenter__()
        await until(lambda: len(server.server._waiting) == 1)
    assert await client.ended() == b""
    await silent.__aexit__(None, None, None)


# ---- with TLS of our own ------------------------------------------------------------------------------------


@asynccontextmanager
async def through_balancer(port: int, header: bytes) -> AsyncIterator[socket.socket]:
    """A connection of the balancer that has said whom it speaks for, and passes on the rest unread."""
    with socket.socket() as wire:
        wire.setblocking(False)
        wire.bind((BALANCER, 0))
        await asyncio.get_running_loop().sock_connect(wire, ("127.0.0.1", port))
        await asyncio.get_running_loop().sock_sendall(wire, header)
        yield wire


@pytest.mark.parametrize("header", [proxy_line(PUPIL), proxy_block(PUPIL)])
async def test_tls_is_spoken_behind_the_header(tmp_path: Path, header: bytes) -> None:
    files = Authority(tmp_path).issue()
    app = make_app(max_connections_per_ip=1)
    async with serving(app, web=whose, proxies=[BALANCER], proxy_protocol=True, files=files) as server:
        async with (
            through_balancer(server.port, header) as wire,
            server.socket(sock=wire, server_hostname="127.0.0.1") as pupil,
        ):
            await pupil.enter("a")
            await server.trigger("a", "e", '"who is no balancer speaks TLS at once"')
            assert (await pupil.hear())["event"] == "e"
            assert server.server._acceptor.crowds.of_address(app, PUPIL) == 1
            async with (
                through_balancer(server.port, header) as another,
                Socket.opened(
                    server.ws_url(), sock=another, ssl=server.trust, server_hostname="127.0.0.1"
                ) as second,
            ):
                assert (await second.hear())["data"]["code"] == 4004
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, local_addr=(BALANCER, 0))
        writer.write(header)
        await writer.start_tls(files.trust(), server_hostname="127.0.0.1")
        writer.write(Http.request("GET", "/page"))
        assert await reader.readuntil(f"{PUPIL} 40000".encode())
        writer.transport.abort()
        await until(lambda: server.metrics.connections == 0)
        assert server.metrics.proxy_headers_refused_total == server.metrics.faults_total == 0


async def test_what_is_no_tls_behind_the_header_is_refused_without_a_word(tmp_path: Path) -> None:
    files = Authority(tmp_path).issue()
    async with serving(proxies=[BALANCER], proxy_protocol=True, files=files) as server:
        async with Stranger.at(server.port, BALANCER, proxy_line(PUPIL), HEALTH) as client:
            assert OK not in await client.ended()
        async with Stranger.at(server.port, BALANCER, HEALTH) as client:
            assert await client.ended() == b""
        assert server.metrics.proxy_headers_refused_total == 1
        assert server.metrics.faults_total == 0


async def test_a_handshake_of_tls_is_bounded_as_half_a_request_is(
    tmp_path: Path,
) -> None:
    files = Authority(tmp_path).issue()
    async with (
        serving(proxies=[BALANCER], proxy_protocol=True, files=files) as server,
        Stranger.at(server.port, BALANCER, proxy_line(PUPIL), b"\x16\x03") as pupil,
        Stranger.at(server.port, STRANGER, b"\x16\x03") as stranger,
    ):
        waiting = server.server._waiting
        await until(lambda: {one.peer for one in waiting} == {PUPIL, STRANGER})
        for one in waiting:
            one.make_room()
        assert [await pupil.ended(), await stranger.ended()] == [b"", b""]
        await until(lambda: len(waiting) == 0)
        assert server.metrics.faults_total == 0


async def test_a_shutdown_does_not_wait_for_a_handshake_of_tls(tmp_path: Path) -> None:
    files = Authority(tmp_path).issue()
    async with AsyncExitStack() as clients:
        async with serving(proxies=[BALANCER], proxy_protocol=True, files=files) as server:
            client = await clients.enter_async_context(
                Stranger.at(server.port, BALANCER, proxy_line(PUPIL), b"\x16\x03")
            )
            await until(lambda: any(one.peer == PUPIL for one in server.server._waiting))
        assert await client.ended() == b""
