"""Connection, silence and faults, row by row of the protocol's conformance table, over real sockets."""

import json
import re

import pytest

from callers import UPGRADE, Socket, client_frame, error
from servers import KEY, HandClock, Running, make_app, serving
from toolboxai.apps.app import AppKey

ESTABLISHED = "pusher:connection_established"


@pytest.mark.parametrize("query", ["protocol=7", "protocol=6&client=Pysher"], ids=["row-1", "row-3"])
async def test_the_first_message_names_the_socket_and_its_timeout(server: Running, query: str) -> None:
    async with Socket.opened(server.ws_url(query=query)) as alice:
        first = await alice.hear()
    assert first["event"] == ESTABLISHED
    assert isinstance(first["data"], str)
    data = json.loads(first["data"])
    assert re.fullmatch(r"\d+\.\d+", data["socket_id"])
    assert data["activity_timeout"] == 120
    assert isinstance(data["activity_timeout"], int)


async def test_row_2_two_sockets_have_two_ids(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        assert alice.id != bob.id


REFUSALS = [
    pytest.param("/app/NOPE", "protocol=7", 4001, "NOPE", id="row-4-unknown-key"),
    pytest.param(
        f"/app/{KEY}", "protocol=99", 4007, "Unsupported protocol version", id="row-5-unsupported-version"
    ),
    pytest.param(f"/app/{KEY}", "protocol=abc", 4006, "version", id="row-6-no-number"),
    pytest.param("/app/DISABLED", "protocol=7", 4003, "disabled", id="row-7-disabled"),
    pytest.param(f"/app/{KEY}", "protocol=-1", 4007, "Unsupported protocol version", id="below-all"),
    pytest.param(f"/app/{KEY}", "protocol=99999999999", 4007, "Unsupported protocol version", id="above-all"),
    pytest.param("/nope", "protocol=7", 4005, "Path not found", id="row-9-path"),
    pytest.param("/apps/3/channels", "protocol=7", 4005, "Path not found", id="row-9-path-of-the-api"),
    pytest.param("/users/1/terminate_connections", "", 4005, "Path not found", id="row-9-bare-path"),
    pytest.param("/healthz", "protocol=7", 4005, "Path not found", id="row-9-health"),
    pytest.param("/app/" + "K" * 300, "protocol=7", 4001, "K" * 64, id="row-4-long-key"),
    pytest.param("/app/" + "é" * 100, "protocol=7", 4001, "é" * 64, id="row-4-long-key-of-two-bytes"),
]


@pytest.mark.parametrize(("path", "query", "code", "said"), REFUSALS)
async def test_who_may_not_connect_is_upgraded_told_and_closed(
    path: str, query: str, code: int, said: str
) -> None:
    disabled = make_app(id="4", keys=(AppKey("DISABLED", "s"),), enabled=False)
    async with serving(make_app(), disabled) as server:
        async with Socket.opened(server.ws_url(path, query)) as stranger:
            heard, closed_with, _reason = await stranger.ending()
        assert [(frame["event"], frame["data"]["code"]) for frame in heard] == [("pusher:error", code)]
        assert said in heard[0]["data"]["message"]
        assert closed_with == code
        assert server.metrics.connections_refused_total.total() == 1


async def test_row_8_over_the_limit_of_connections_only_the_newcomer_goes() -> None:
    async with serving(make_app(max_connections=1)) as server, server.socket() as alice:
        async with Socket.opened(server.ws_url()) as bob:
            assert await bob.ending() == (
                [error("Application is over connection quota", 4004)],
                4004,
                "Application is over connection quota",
            )
        await alice.hears_nothing()


@pytest.mark.parametrize("data", [{}, "", None], ids=["object", "string", "none"])
async def test_row_10_a_ping_is_answered(server: Running, data: object) -> None:
    async with server.socket() as alice:
        assert await alice.ask("pusher:ping", data) == {"event": "pusher:pong", "data": {}}


async def test_a_pong_that_nobody_asked_for_is_taken_silently(server: Running) -> None:
    async with server.socket() as alice:
        await alice.say("pusher:pong", "")
        await alice.hears_nothing()


async def test_row_11_a_websocket_ping_comes_back_with_its_payload(server: Running) -> None:
    async with server.socket() as alice:
        pong = await alice.wire.ping(b"are you there")  # the library matches the answer's payload
        assert await pong >= 0


async def test_row_12_a_mute_client_is_probed_then_closed_with_4201(clock: HandClock) -> None:
    impatient = make_app(activity_timeout_s=1, pong_timeout_s=1)
    async with serving(impatient, clock=clock) as server, server.http() as mute:
        assert (await mute.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)).status == 101
        await mute.reader.readuntil(b'}"}')
        clock.advance(1.1)
        assert await mute.reader.readuntil(b"\x89\x00")  # a WebSocket ping, without payload
        clock.advance(1.1)
        rest = await mute.reader.readuntil(b"Pong reply not received")
        rest += await mute.reader.readexactly(len(b'"}}') + 4 + len("Pong reply not received"))
        text = b'{"event":"pusher:error","data":{"code":4201,"message":"Pong reply not received"}}'
        assert rest == bytes((0x81, len(text))) + text + b"\x88\x19\x10\x69Pong reply not received"


async def test_row_13_pong_frames_alone_keep_a_client(clock: HandClock) -> None:
    impatient = make_app(activity_timeout_s=1, pong_timeout_s=1)
    async with serving(impatient, clock=clock) as server, server.http() as mute:
        assert (await mute.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)).status == 101
        await mute.reader.readuntil(b'}"}')
        for _ in range(5):
            clock.advance(1.1)
            assert (await mute.reader.readuntil(b"\x89\x00")).endswith(b"\x89\x00")
            mute.send(client_frame(0xA), client_frame(0x9, b"read so far"))
            assert await mute.reader.readexactly(13) == b"\x8a\x0bread so far"


async def test_row_14_what_is_no_json_is_named_and_the_socket_stays(server: Running) -> None:
    async with server.socket() as alice:
        await alice.wire.send("not json")
        assert await alice.hear() == error("Invalid message format")
        await alice.hears_nothing()


async def test_row_15_a_binary_frame_is_ignored(server: Running) -> None:
    async with server.socket() as alice:
        await alice.wire.send(b"\x00\x01")
        await alice.hears_nothing()


async def test_row_83_a_shutdown_sends_everyone_away_with_4200() -> None:
    async with serving(drain_s=0.05) as server:
        sockets = [Socket.opened(server.ws_url()) for _ in range(3)]
        clients = [await socket.__aenter__() for socket in sockets]
        for client in clients:
            assert (await client.hear())["event"] == ESTABLISHED
    for client, socket in zip(clients, sockets, strict=True):
        assert await client.ending() == (
            [error("Please reconnect immediately", 4200)],
            4200,
            "Please reconnect immediately",
        )
        await socket.__aexit__(None, None, None)
    assert server.metrics.connections == 0
    assert server.metrics.connections_aborted_total == 0
