"""The rows, run against a server that holds them and against one that does not."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request

from callers import until
from servers import APP_ID, KEY, SECRET, make_app, serving
from toolboxai.conform.row import ROWS
from toolboxai.conform.run import ELSEWHERE, KNOWN, Outcome, Verdict, run
from toolboxai.conform.target import Target, Unreachable

FAILED, PASSED, SKIPPED = Verdict.FAILED, Verdict.PASSED, Verdict.SKIPPED


async def outcomes(port: int, *numbers: int, patience_s: float = 5.0, path: str = "") -> dict[int, Outcome]:
    url = f"ws://127.0.0.1:{port}{path}"
    async with Target(url, APP_ID, KEY, SECRET, patience_s=patience_s, silence_s=0.02) as target:
        return {each.number: each async for each in run(target, numbers or None, jobs=8)}


def test_every_row_of_the_table_is_known_once() -> None:
    assert frozenset(range(1, 84)) == KNOWN
    assert not ROWS.keys() & ELSEWHERE.keys()


async def test_our_server_passes_every_row_that_can_be_checked_from_outside() -> None:
    async with serving(make_app(subscription_counts=True)) as server:
        found = await outcomes(server.port)
    assert {number: each.reason for number, each in found.items() if each.verdict is FAILED} == {}
    assert {number for number, each in found.items() if each.verdict is SKIPPED} == ELSEWHERE.keys()
    assert list(found) == sorted(KNOWN)
    assert server.metrics.faults_total == 0


async def test_what_the_settings_do_not_let_us_check_is_left_out_and_said() -> None:
    async with serving(make_app(subscription_counts=False)) as server:
        found = await outcomes(server.port, 43, 72)
    assert {each.verdict for each in found.values()} == {SKIPPED}
    assert {each.reason for each in found.values()} == {"the app does not tell subscription counts"}


async def test_an_app_that_forbids_what_a_row_needs_fails_it_with_the_servers_words() -> None:
    async with serving(make_app(client_events=False, signin=False)) as server:
        found = await outcomes(server.port, 58, 66, patience_s=0.2)
    assert {each.verdict for each in found.values()} == {FAILED}
    assert "signing in is switched off" in found[66].reason


class Sloppy:
    """A server with the faults that are seen in the field."""

    def __init__(self) -> None:
        self.members: set[ServerConnection] = set()

    def refuses_upgrade(self, wire: ServerConnection, request: Request) -> Any:
        return wire.respond(404, "no such app") if "NOPE" in request.path else None

    async def talk(self, wire: ServerConnection) -> None:
        established = {"socket_id": "1.2", "activity_timeout": 30}
        await wire.send(
            json.dumps({"event": "pusher:connection_established", "data": json.dumps(established)})
        )
        async for text in wire:
            if text in ("not json",) or isinstance(text, bytes):
                continue
            message = json.loads(text)
            if message["event"] == "pusher:ping":
                await wire.send('{"event":"pusher:pong","data":"{}"}')
            elif message["event"] == "pusher:subscribe":
                self.members.add(wire)
                told = {
                    "event": "pusher_internal:subscription_succeeded",
                    "channel": message["data"]["channel"],
                }
                await wire.send(json.dumps(told))
            elif message["event"].startswith("client-"):
                for member in self.members:
                    await member.send(text)


@asynccontextmanager
async def sloppy() -> AsyncIterator[int]:
    server = Sloppy()
    async with serve(server.talk, "127.0.0.1", 0, process_request=server.refuses_upgrade) as listening:
        yield listening.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (2, "two socket ids"),
        (4, "HTTP 404"),
        (10, "the answer to"),
        (14, "nothing within"),
        (16, "'data': '{}'"),
        (17, "expected"),
        (22, "the type of data in subscription_succeeded"),
        (38, "the type of data"),
        (58, "the type of data"),
    ],
)
async def test_a_server_with_faults_is_told_which(number: int, reason: str) -> None:
    async with sloppy() as port:
        found = await outcomes(port, number, patience_s=0.3)
    assert found[number].verdict is FAILED
    assert reason in found[number].reason


async def test_the_rows_that_such_a_server_holds_are_passed_all_the_same() -> None:
    async with sloppy() as port:
        found = await outcomes(port, 1, 3, 11, patience_s=2.0)
    assert {each.verdict for each in found.values()} == {PASSED}


async def test_a_row_that_does_not_end_is_ended() -> None:
    async with (
        sloppy() as port,
        Target(f"ws://127.0.0.1:{port}", APP_ID, KEY, SECRET, patience_s=60) as target,
    ):
        (outcome,) = [each async for each in run(target, [14], timeout_s=0.2)]
    assert outcome.verdict is FAILED
    assert outcome.reason == "it did not end within 0.2 s"


async def test_an_answer_too_deep_to_read_is_the_servers_failure() -> None:
    async def talk(wire: ServerConnection) -> None:
        await wire.send("[" * 100_000)
        await wire.wait_closed()

    async with serve(talk, "127.0.0.1", 0) as listening:
        found = await outcomes(listening.sockets[0].getsockname()[1], 1, 2)
    assert {each.verdict for each in found.values()} == {FAILED}


async def test_a_server_that_does_not_answer_the_handshake_is_named() -> None:
    with socket.create_server(
        ("127.0.0.1", 0)
    ) as listening:  # the system takes the call, and nobody answers it
        found = await outcomes(listening.getsockname()[1], 1, patience_s=0.1)
    assert found[1].reason == "expected the answer to a handshake, got nothing within 0.1 s"


async def test_what_a_server_says_reaches_the_terminal_written_out() -> None:
    async def talk(wire: ServerConnection) -> None:
        await wire.close(4001, "\x1b[2J")

    async with serve(talk, "127.0.0.1", 0) as listening:
        found = await outcomes(listening.sockets[0].getsockname()[1], 1)
    assert "\\x1b[2J" in found[1].reason


async def test_who_has_heard_enough_leaves_nothing_running() -> None:
    async with (
        serving() as server,
        Target(f"ws://127.0.0.1:{server.port}", APP_ID, KEY, SECRET, silence_s=5.0) as target,
    ):
        verdicts = run(target, [1, 18])
        assert (await anext(verdicts)).verdict is PASSED
        await verdicts.aclose()  # type: ignore[attr-defined]  # it is a generator
        await until(lambda: server.metrics.connections == 0)


async def test_nobody_there_is_told_before_any_row() -> None:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with Target(f"http://127.0.0.1:{port}", APP_ID, KEY, SECRET) as target:
        with pytest.raises(Unreachable, match="no server answers at"):
            await target.reach()
