"""RFC 6455, judged by the cases of the Autobahn suite, on an echo over the very transport class of the product."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from kosoku import FailureError, run_fuzzingclient
from kosoku._kosoku import CaseResult
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from both_loops import usual_backend
from toolboxai import limits
from toolboxai.transport.frames import Opcode, build_frame
from toolboxai.transport.heads import parse_head
from toolboxai.transport.websocket import WebSocketProtocol, handshake_reply

__all__ = ["usual_backend"]  # the frames are read alike on either loop: the other one in the full form

LIMIT_BYTES = 16 << 20  # the largest message of the suite; the product allows 64 KiB
# How many cases each group has: a group that the runner would leave out must not pass by silence.
CASES = {1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 145, 7: 37, 9: 54, 10: 1}
LARGE = 9
DECLINED = {12: 90, 13: 126}


class Echo:
    """Says everything back."""

    def __init__(self, wire: WebSocketProtocol[Any]) -> None:
        self._wire = wire

    def receive_all(self, texts: Sequence[bytes]) -> None:
        for text in texts:
            self._wire.write(self._wire.frame(text))

    def receive_binary(self, payload: bytes) -> None:
        self._wire.write(build_frame(Opcode.BINARY, payload))

    def pong(self, payload: bytes) -> None: ...

    def leaving(self, code: int) -> None: ...

    def farewell(self, code: int, reason: str) -> bytes:
        return b""

    def heard(self) -> None: ...

    def lagging(self, lags: bool) -> None: ...

    def closed(self) -> None: ...


class EchoDoor(asyncio.Protocol):
    """Reads one request head and becomes a WebSocket."""

    def __init__(self, max_message_bytes: int) -> None:
        self._max = max_message_bytes
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._head += data
        head, blank, rest = self._head.partition(b"\r\n\r\n")
        if blank:
            self._transport.write(handshake_reply(parse_head(head + blank)))
            protocol = WebSocketProtocol(self._transport, Echo, max_message_bytes=self._max)
            self._transport.set_protocol(protocol)
            if rest:
                protocol.data_received(rest)


@asynccontextmanager
async def echoing(max_message_bytes: int) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: EchoDoor(max_message_bytes), "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def run(max_message_bytes: int, cases: list[str], *, at_once: int = 4) -> list[CaseResult]:
    async with echoing(max_message_bytes) as url:
        try:
            return await run_fuzzingclient(url, cases, None, concurrency=at_once)
        except FailureError as failed:
            return failed.results


async def run_whole() -> list[CaseResult]:
    """Every case. The large messages are alone, so that no other case waits behind them.

    The runner gives a peer one second to end a connection, whatever else the machine is doing: a close that it found
    late is asked for once more, by itself, and what it says then counts.
    """
    results = await run(LIMIT_BYTES, [f"{group}.*" for group in CASES if group != LARGE])
    results += await run(LIMIT_BYTES, [f"{LARGE}.*"], at_once=1)
    for place, result in enumerate(results):
        if result.was_server_connection_drop_timeout or result.was_close_handshake_timeout:
            [results[place]] = await run(LIMIT_BYTES, [result.case_id], at_once=1)
    return results


@pytest.mark.timeout(90)  # messages of up to 16 MiB, back and forth: 5 s on an idle machine
async def test_every_case_of_the_suite_passes(capsys: pytest.CaptureFixture[str]) -> None:
    results = await run_whole()
    with capsys.disabled():
        print(f"\nRFC 6455: {sum(r.passed for r in results)} of {len(results)} cases passed")  # noqa: T201 - the count is the proof
    assert Counter(int(r.case_id.partition(".")[0]) for r in results) == CASES
    assert [(r.case_id, r.behavior.value, r.behavior_close.value) for r in results if not r.passed] == []


@pytest.mark.filterwarnings("ignore:unclosed file .*testdata:ResourceWarning")  # the suite's own files
async def test_compression_is_declined_in_every_case_that_offers_it() -> None:
    """No extension is agreed on, so the suite calls the cases unimplemented; each must end with a clean close."""
    results = await run(LIMIT_BYTES, [f"{group}.*" for group in DECLINED])
    assert Counter(int(r.case_id.partition(".")[0]) for r in results) == DECLINED
    assert {(r.behavior.value, r.behavior_close.value) for r in results} == {("UNIMPLEMENTED", "OK")}
    assert not any("sec-websocket-extensions" in r.http_response.lower() for r in results)


@pytest.mark.parametrize("pieces", [1, 4], ids=["whole", "in-fragments"])
async def test_in_production_a_message_above_64_kib_is_1009(pieces: int) -> None:
    async with echoing(limits.MESSAGE_BYTES) as url, connect(url, compression=None, proxy=None) as client:
        await client.send(["x" * (limits.MESSAGE_BYTES // pieces)] * pieces)
        assert await client.recv() == "x" * limits.MESSAGE_BYTES
        await client.send(["x" * (limits.MESSAGE_BYTES // pieces)] * pieces + ["x"])
        with pytest.raises(ConnectionClosedError) as closed:
            await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
    assert "65536 bytes" in closed.value.rcvd.reason
