"""A WebSocket over a real socket: the handshake, the closing handshake, and a peer that does not read."""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest

from callers import UPGRADE, Http, client_frame, fill, until
from servers import APP, KEY, Running, serving
from toolboxai import limits
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.publication import Publication
from toolboxai.transport.heads import RequestHead
from toolboxai.transport.websocket import BadHandshake, WebSocketProtocol, channels_frame, handshake_reply

APP_PATH = f"/app/{KEY}?protocol=7"


def test_the_known_answer_of_the_rfc() -> None:
    head = RequestHead(
        raw={b"sec-websocket-version": b"13", b"sec-websocket-key": b"dGhlIHNhbXBsZSBub25jZQ=="}
    )
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in handshake_reply(head)


@pytest.mark.parametrize(
    ("version", "key", "status"),
    [
        (b"8", b"dGhlIHNhbXBsZSBub25jZQ==", "426"),
        (b"", b"dGhlIHNhbXBsZSBub25jZQ==", "426"),
        (b"13", b"", "400"),
        (b"13", base64.b64encode(b"short"), "400"),
        (b"13", b"not base64 at all!", "400"),
        (b"13", b"\xff" * 24, "400"),
    ],
)
def test_a_handshake_that_the_rfc_does_not_know(version: bytes, key: bytes, status: str) -> None:
    with pytest.raises(BadHandshake) as bad:
        handshake_reply(RequestHead(raw={b"sec-websocket-version": version, b"sec-websocket-key": key}))
    assert bad.value.status.startswith(status)


def test_a_publication_is_one_text_frame() -> None:
    assert channels_frame(
        Publication("a", "e", "1")
    ) == b'\x81\x28{"event":"e","channel":"a","data":"1"}'.replace(
        b"\x28", bytes((len('{"event":"e","channel":"a","data":"1"}'),))
    )


@asynccontextmanager
async def raw_socket(server: Running) -> AsyncIterator[Http]:
    """Upgraded and greeted; every byte from here on is the test's."""
    async with server.http() as http:
        assert (await http.ask("GET", APP_PATH, headers=UPGRADE)).status == 101
        await http.reader.readuntil(b'}"}')
        yield http


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Key": "short"}, 400),
    ],
)
async def test_a_bad_handshake_is_told_over_http(
    server: Running, change: dict[str, str], status: int
) -> None:
    async with server.http() as http:
        answer = await http.ask("GET", APP_PATH, headers=UPGRADE | change)
        assert answer.status == status
        if status == 426:
            assert (answer.headers["sec-websocket-version"], answer.headers["upgrade"]) == ("13", "websocket")
        assert await http.ended() == b""


async def test_neither_extensions_nor_subprotocols_are_agreed_on(server: Running) -> None:
    asked = {"Sec-WebSocket-Extensions": "permessage-deflate", "Sec-WebSocket-Protocol": "chat"}
    async with server.http() as http:
        answer = await http.ask("GET", APP_PATH, headers=UPGRADE | asked)
        assert answer.status == 101
        assert not set(answer.headers) & {"sec-websocket-extensions", "sec-websocket-protocol"}


async def test_frames_right_behind_the_request_are_heard(server: Running) -> None:
    ping = client_frame(0x1, b'{"event":"pusher:ping"}')
    async with server.http() as http:
        http.send(http.request("GET", APP_PATH, headers=UPGRADE) + ping)
        assert (await http.answer()).status == 101
        assert (await http.reader.readuntil(b"pusher:pong")).startswith(b"\x81")


async def test_a_close_is_answered_with_its_code_and_the_connection_ends(server: Running) -> None:
    async with raw_socket(server) as http:
        http.send(client_frame(0x8, b"\x0f\xa1bye"), client_frame(0x9, b"too late"))
        assert await http.ended() == b"\x88\x02\x0f\xa1"
    assert server.metrics.connections == 0


async def test_no_event_follows_the_answer_to_a_close(server: Running) -> None:
    """Not even when the answer itself still waits behind events that the peer has not read."""
    a = [ChannelName.parse("a")]
    async with raw_socket(server) as http:
        http.send(client_frame(0x1, b'{"event":"pusher:subscribe","data":{"channel":"a"}}'))
        await http.reader.readuntil(b'"data":"{}"}')
        http.writer.transport.pause_reading()  # type: ignore[attr-defined]
        (wire,) = server.server._acceptor.sockets
        while not wire.buffered():
            await server.node.publish(APP, a, "e", "x" * 10_000)
            await asyncio.sleep(0)
        wire.data_received(client_frame(0x8, b"\x03\xe8"))
        await server.node.publish(APP, a, "late", "1")
        assert server.node.hub(APP).subscribers("a") == 0
        await asyncio.sleep(0)
        http.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert (await http.ended()).endswith(b"\x88\x02\x03\xe8")


async def test_who_floods_us_is_read_in_turn_with_everyone_else(server: Running) -> None:
    """Else one peer would hold up all others for as long as it sends."""
    frame = client_frame(0x1, b'{"event":"pusher:pong"}')
    with socket.create_connection(("127.0.0.1", server.port)) as flooder:
        flooder.sendall(Http.request("GET", APP_PATH, headers=UPGRADE))
        await until(lambda: server.metrics.connections)
        sent = fill(flooder, frame * 10_000)
        assert sent > 1 << 20, "the system takes in too little to show anything"
        turns = [0]
        while turns[-1] < sent // len(frame):
            await asyncio.sleep(0)
            turns.append(server.metrics.messages_received_total)
        assert max(after - before for before, after in pairwise(turns)) * len(frame) <= 256 * 1024 + len(
            frame
        )


async def test_a_close_without_a_code_is_answered_without_one(server: Running) -> None:
    async with raw_socket(server) as http:
        http.send(client_frame(0x8))
        assert await http.ended() == b"\x88\x00"


async def test_broken_framing_ends_the_connection_with_its_code(server: Running) -> None:
    async with raw_socket(server) as http:
        http.send(b"\x81\x01a")
        assert (await http.ended()).startswith(b"\x88\x23\x03\xeaframes of a client must be masked")
    assert server.metrics.connections == 0
    assert server.metrics.faults_total == 0


async def test_a_message_over_the_limit_is_1009(server: Running) -> None:
    async with raw_socket(server) as http:
        http.send(client_frame(0x1, b"x" * (limits.MESSAGE_BYTES + 1)))
        assert (await http.ended())[2:4] == (1009).to_bytes(2, "big")


async def test_a_peer_that_just_goes_is_gone(server: Running) -> None:
    async with raw_socket(server) as http:
        http.writer.write_eof()
        assert await http.ended() == b""
    assert server.metrics.connections == 0


async def test_a_peer_that_does_not_answer_the_close_is_cut_off_after_the_grace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "APP_CLOSE_GRACE_S", 0.05)
    async with serving() as server, server.http() as http:
        assert (await http.ask("GET", "/app/NOPE?protocol=7", headers=UPGRADE)).status == 101
        assert b"\x0f\xa1App key NOPE" in await http.ended()
        await until(lambda: not server.server._acceptor.sockets)
        assert server.metrics.connections_aborted_total == 1


class FullTransport(asyncio.Transport):
    """A transport whose peer does not read: nothing leaves before the test says so."""

    def __init__(self, **extra: object) -> None:
        super().__init__(extra)
        self.waiting = b""
        self.high = 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high or 0

    def get_write_buffer_size(self) -> int:
        return len(self.waiting)

    def write(self, data: Any) -> None:
        self.waiting += data

    def is_closing(self) -> bool:
        return False


class Nobody:
    """Listens to nothing."""

    def receive_all(self, texts: Sequence[bytes]) -> None: ...

    def receive_binary(self, payload: bytes) -> None: ...

    def pong(self, payload: bytes) -> None: ...

    def leaving(self, code: int) -> None: ...

    def farewell(self, code: int, reason: str) -> bytes:
        return b""

    def heard(self) -> None: ...

    def lagging(self, lags: bool) -> None: ...

    def closed(self) -> None: ...


async def test_of_pings_whose_answers_nobody_reads_only_the_newest_is_answered() -> None:
    """A pong is no message and passes no cap; the RFC lets older pings go unanswered."""
    transport = FullTransport()
    protocol = WebSocketProtocol(transport, lambda _wire: Nobody())
    protocol.data_received(client_frame(0x9, b"first"))
    protocol.pause_writing()
    for number in range(900):
        protocol.data_received(client_frame(0x9, b"%d" % number))
    assert transport.waiting == b"\x8a\x05first"
    protocol.resume_writing()
    assert transport.waiting == b"\x8a\x05first\x8a\x03899"
    protocol.resume_writing()
    protocol.data_received(client_frame(0x9, b"last"))
    assert transport.waiting == b"\x8a\x05first\x8a\x03899\x8a\x04last"


def test_nothing_passes_the_transport_of_a_connection_that_has_ended() -> None:
    here, there = socket.socketpair()
    with here, there:
        protocol = WebSocketProtocol(FullTransport(socket=here), lambda _wire: Nobody())
        assert protocol.line is protocol
        assert (protocol.descriptor, protocol.waits()) == (here.fileno(), 0)
        protocol.connection_lost(None)
        assert protocol.line is None
        assert protocol.waits()


def test_what_waits_before_it_counts_as_slow() -> None:
    transport = FullTransport()
    WebSocketProtocol(transport, lambda _wire: Nobody())
    assert transport.high == 64 * 1024


async def test_a_flood_of_small_messages_is_read_in_turn_with_everyone_else() -> None:
    """What one read brings may be thousands of messages; others have a turn after every few of them."""
    flood = client_frame(0x1, b"x") * 20_000
    pings = 0
    async with serving() as server, server.socket() as bob:
        loop = asyncio.get_running_loop()
        with socket.socket() as peer:
            peer.setblocking(False)
            await loop.sock_connect(peer, ("127.0.0.1", server.port))
            hello = Http.request("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)
            await loop.sock_sendall(peer, hello)
            flooding = asyncio.create_task(loop.sock_sendall(peer, flood))
            while server.metrics.messages_received_total - pings < 15_000:
                await bob.hears_nothing()
                pings += 1
                assert await loop.sock_recv(peer, 1 << 20)
            await flooding
    assert pings > 5


@pytest.mark.parametrize("opcode", [0x9, 0xA], ids=["ping", "pong"])
async def test_a_flood_of_control_frames_ends_the_connection_and_is_counted(
    server: Running, opcode: int
) -> None:
    async with raw_socket(server) as http:
        http.send(client_frame(opcode) * (limits.CONTROL_FRAMES + 1))
        said = await http.ended()
    assert b"\x03\xf0more than 1000 control frames within 10 s" in said
    assert server.metrics.framing_faults_total == 1


async def test_pongs_that_were_asked_for_are_no_flood(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONTROL_FRAMES", 2)
    async with raw_socket(server) as http:
        (wire,) = server.server._acceptor.sockets
        for number in range(10):
            wire.confirm(number)
            http.send(client_frame(0xA, number.to_bytes(8, "big")))
        http.send(client_frame(0x9, b"1") + client_frame(0x9, b"2"))
        async with asyncio.timeout(5):
            await http.reader.readuntil(b"\x8a\x012")
    assert server.metrics.framing_faults_total == 0


async def test_who_was_refused_and_does_not_go_takes_a_bounded_number_of_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "SENT_AWAY", 2)
    async with serving() as server, server.http() as first, server.http() as second, server.http() as third:
        for http in (first, second, third):
            assert (await http.ask("GET", "/app/unknown?protocol=7", headers=UPGRADE)).status == 101
        assert b"4001" in await first.ended()
        assert len(server.server._acceptor.sockets) == 2
    assert server.metrics.connections_aborted_total == 1
