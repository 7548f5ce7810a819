"""The HTTP fallback transports, row by row of the protocol's conformance table, over real sockets."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from callers import Http, error, succeeded, until
from servers import KEY, Running, make_app, serving
from streams import Session, Stream
from toolboxai import limits
from toolboxai.apps.app import AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.close_codes import CloseCode
from toolboxai.testing.clock import ManualClock

CORS = "access-control-allow-origin"


async def opened(stream: Stream) -> None:
    assert (stream.status, await stream.line()) == (200, "o")
    assert (await stream.hear())["event"] == "pusher:connection_established"


async def test_row_76_xhr_streaming_opens_and_stays_with_a_heartbeat_every_25_seconds(
    clock: ManualClock,
) -> None:
    async with serving(clock=clock) as server, Session(server).stream() as stream:
        await opened(stream)
        assert stream.headers["content-type"] == "application/javascript; charset=UTF-8"
        assert stream.headers["x-accel-buffering"] == "no"
        assert "no-store" in stream.headers["cache-control"]
        assert stream.headers[CORS] == "*"
        for _ in range(4):
            await server.advance(25)
            assert await stream.line() == "h"
        assert not stream.over


async def test_row_77_xhr_send_subscribes(server: Running) -> None:
    alice = Session(server)
    async with alice.stream() as stream:
        await opened(stream)
        await alice.say("pusher:subscribe", {"channel": "a"})
        assert await stream.hear() == succeeded("a")


async def test_row_78_an_empty_xhr_send_is_a_sign_of_life_and_not_answered(server: Running) -> None:
    alice = Session(server)
    async with alice.stream() as stream:
        await opened(stream)
        assert await alice.post([]) == 204
        await alice.say("pusher:ping", {})
        assert (await stream.hear())["event"] == "pusher:pong"


async def test_row_79_a_second_xhr_streaming_goes_on_where_the_first_was(server: Running) -> None:
    alice = Session(server)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(alice.stream())
        await opened(first)
        await alice.say("pusher:subscribe", {"channel": "a"})
        assert await first.hear() == succeeded("a")
        second = await stack.enter_async_context(alice.stream())
        assert await first.ended() == ""
        await server.trigger("a", "e", "1")
        assert (await second.hear())["data"] == "1"
        second.cut()
        (session,) = server.server._polling._sessions.values()
        await until(lambda: session._receiver is None)
        for number in range(3):
            await server.trigger("a", "e", f"{number}")
        third = await stack.enter_async_context(alice.stream())
        heard = [(await third.hear())["data"] for _ in range(3)]
        assert heard == ["0", "1", "2"]
        assert server.metrics.connections_total == 1


async def test_row_80_xhr_polls(clock: ManualClock) -> None:
    async with serving(clock=clock) as server:
        alice = Session(server)
        first, established = await alice.poll()
        assert first == "o"
        assert "pusher:connection_established" in established
        async with Http.opened(server.port) as http:
            http.send(http.request("POST", alice.target("xhr"), headers={"Content-Length": "0"}))
            (session,) = server.server._polling._sessions.values()
            await until(lambda: session._receiver is not None)
            await server.advance(25)
            answer = await http.answer()
        assert (answer.status, answer.text, answer.headers[CORS]) == (200, "h\n", "*")


@pytest.mark.parametrize(("key", "query", "code"), [("NOPE", "protocol=7", 4001), (KEY, "protocol=99", 4007)])
@pytest.mark.parametrize("transport", ["xhr_streaming", "xhr"])
async def test_row_81_who_may_not_connect_is_told_and_the_answer_ends(
    server: Running, key: str, query: str, code: int, transport: str
) -> None:
    async with Http.opened(server.port) as http:
        target = Session(server, key=key).target(transport, query)
        answer = await http.ask("POST", target, headers={"Content-Length": "0"})
    opening, close = answer.text.splitlines()
    assert (answer.status, opening) == (200, "o")
    assert json.loads(close[1:])[0] == code
    assert len(server.server._polling) == 0
    assert server.metrics.connections_refused_total.total() == 1


@pytest.mark.parametrize("transport", ["xhr_streaming", "xhr", "xhr_send"])
async def test_row_82_a_preflight_is_answered(server: Running, transport: str) -> None:
    page = {
        "Origin": "https://school.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = await Session(server).ask("OPTIONS", transport, headers=page)
    assert answer.status == 204
    assert answer.headers[CORS] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == "Content-Type"
    assert answer.headers["access-control-max-age"] == "86400"


async def test_row_83_a_server_that_leaves_says_so_on_http_sessions(server: Running) -> None:
    streaming, polling = Session(server), Session(server, "1/bbbbbbbb")
    async with Http.opened(server.port) as http, streaming.stream() as stream:
        await opened(stream)
        await polling.poll()
        http.send(http.request("POST", polling.target("xhr"), headers={"Content-Length": "0"}))
        await until(lambda: all(each._receiver for each in server.server._polling._sessions.values()))
        await server.server._drain()
        told = "Please reconnect immediately"
        assert await stream.hear() == error(told, CloseCode.RECONNECT_NOW)
        assert await stream.ended() == f'c[4200,"{told}"]\n'
        message, close = (await http.answer()).text.splitlines()
        assert json.loads(json.loads(message[1:])[0]) == error(told, CloseCode.RECONNECT_NOW)
        assert close == f'c[4200,"{told}"]'
        assert len(server.server._polling) == 0


async def test_row_83_a_server_that_leaves_waits_for_a_client_between_two_polls() -> None:
    async with serving(drain_s=5) as server, Http.opened(server.port) as http:
        alice = Session(server)
        await http.ask("POST", alice.target("xhr"), headers={"Content-Length": "0"})
        (session,) = server.server._polling._sessions.values()
        draining = asyncio.ensure_future(server.server._drain())
        await until(lambda: session.closing is not None)
        await until(lambda: not server.server._acceptor.pumps)
        assert not draining.done()
        answer = await http.ask("POST", alice.target("xhr"), headers={"Content-Length": "0"})
        assert answer.text.splitlines()[-1] == 'c[4200,"Please reconnect immediately"]'
        await draining


# ---- beside the rows --------------------------------------------------------------------------------------------


async def test_what_is_no_call_is_told_so_and_a_page_may_read_it(server: Running) -> None:
    alice = Session(server)
    await alice.poll()
    known = alice.target("xhr_send").partition("?")[0]
    async with Http.opened(server.port) as http:
        for method, target, body, status in [
            ("POST", f"/pusher/app/KEY/{'1' * 33}/aaaaaaaa/xhr", b"", 404),
            ("POST", "/pusher/app/KEY/1/aaaa.aaa/xhr", b"", 404),
            ("POST", "/pusher/app/KEY/1/aaaaaaaa/websocket", b"", 404),
            ("GET", known, b"", 405),
            ("POST", Session(server, "5/cccccccc").target("xhr_send"), b"[]", 404),
            ("POST", known, b"{}", 400),
            ("POST", known, b"[1]", 400),
            ("POST", known, b"", 400),
            ("POST", known, b'["a",', 400),
            ("POST", known, b'["\xff"]', 400),
            ("POST", known, b"[" * 100_000, 400),
            ("POST", known, Http.json([""] * 101), 400),
        ]:
            length = {} if body else {"Content-Length": "0"}
            answer = await http.ask(method, target, body, length)
            assert (answer.status, answer.headers[CORS]) == (status, "*"), (method, target)
            assert answer.text.endswith("\n")
    async with Http.opened(server.port) as http:
        answer = await http.ask("POST", known, b"x" * (3 * 64 * 1024))
        assert (answer.status, answer.headers[CORS]) == (413, "*")
    async with Http.opened(server.port) as http:  # announced, and not sent
        http.send(Http.request("POST", known, headers={"Content-Length": "9999999999999"}))
        answer = await http.answer()
        assert (answer.status, answer.headers[CORS]) == (413, "*")
    assert server.metrics.faults_total == 0


async def test_a_page_of_a_foreign_origin_is_refused(server: Running) -> None:
    answer = await Session(server).ask("POST", "xhr", headers={"Origin": "https://evil.example"})
    assert answer.text == 'o\nc[4009,"Origin not allowed"]\n'


async def test_sessions_count_as_connections_of_their_app() -> None:
    async with serving(make_app(max_connections=1)) as server:
        await Session(server).poll()
        second = await Session(server, "1/bbbbbbbb").ask("POST", "xhr")
        assert second.text == 'o\nc[4004,"Application is over connection quota"]\n'


async def test_sessions_of_an_app_that_is_removed_are_sent_away() -> None:
    async with serving(make_app(), make_app(id="5", keys=(AppKey("OTHER", "s"),))) as server:
        alice = Session(server, key="OTHER")
        await alice.poll()
        server.node.apply(AppRegistry([make_app()]))
        message, close = await alice.poll()
        assert (message[0], close) == ("a", 'c[4001,"Application does not exist"]')
        assert (server.metrics.connections, server.metrics.faults_total) == (0, 0)


async def test_a_process_has_so_many_sessions(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HTTP_SESSIONS", 1)
    alice = Session(server)
    await alice.poll()
    second = await Session(server, "1/bbbbbbbb").ask("POST", "xhr")
    assert second.text.startswith('o\nc[4100,"Over capacity')
    assert await alice.post([]) == 204


async def test_a_message_too_large_closes_with_1009(server: Running) -> None:
    alice = Session(server)
    async with alice.stream() as stream:
        await opened(stream)
        assert await alice.post(["x" * (64 * 1024 + 1)]) == 204
        assert await stream.ended() == 'c[1009,"a message may have 64 KiB"]\n'


async def test_a_client_that_does_not_come_back_is_let_go(clock: ManualClock) -> None:
    async with serving(clock=clock) as server:
        alice = Session(server)
        await alice.poll()
        await server.advance(9)
        assert server.metrics.connections == 1
        await server.advance(1)
        assert (server.metrics.connections, len(server.server._polling)) == (0, 0)
        assert server.server._acceptor.pumps == set()
        assert await alice.post([]) == 404


async def test_a_client_that_was_away_is_told_its_end(server: Running) -> None:
    alice = Session(server)
    await alice.poll()
    (pump,) = server.server._acceptor.pumps
    pump.close(CloseCode.OVER_CAPACITY, "too much")
    message, close = await alice.poll()
    assert (message[0], close) == ("a", 'c[4100,"too much"]')
    assert len(server.server._polling) == 0


async def test_a_stream_brings_no_more_than_a_page_takes_and_ends_for_a_client_that_does_not_ask_anew(
    clock: ManualClock,
) -> None:
    async with serving(clock=clock) as server:
        alice = Session(server)
        async with alice.stream() as stream:
            await opened(stream)
            await alice.say("pusher:subscribe", {"channel": "a"})
            await stream.hear()
            for number in range(40):
                await server.trigger("a", "e", f"{number} " + "x" * 9000)
            heard = [(await stream.hear())["data"].split()[0] for _ in range(29)]
            (session,) = server.server._polling._sessions.values()
            assert session.waits
            await server.advance(24)
            assert not stream.over
            await server.advance(1)
            assert await stream.ended() == ""
        async with alice.stream() as stream:
            heard += [(await stream.hear())["data"].split()[0] for _ in range(11)]
            assert heard == [str(number) for number in range(40)]
            assert server.metrics.connections_total == 1


async def test_a_client_that_reads_too_slowly_is_cut_off_and_counted(clock: ManualClock) -> None:
    async with serving(clock=clock) as server:
        alice = Session(server)
        async with alice.stream() as stream:
            await opened(stream)
            await alice.say("pusher:subscribe", {"channel": "a"})
            await stream.hear()
            stream.stop_reading()
            (session,) = server.server._polling._sessions.values()
            while not server.metrics.slow_consumers_total:
                await server.trigger("a", "e", "x" * 10_000)
            await until(lambda: session.closing is not None)
            await server.advance(5)
            await until(lambda: not len(server.server._polling) or session._receiver is None)
            assert server.metrics.connections_aborted_total == 1
            await server.advance(10)
            assert (len(server.server._polling), server.metrics.connections) == (0, 0)


async def test_nothing_is_left_when_all_have_gone(clock: ManualClock) -> None:
    async with serving(clock=clock) as server:
        before = len(asyncio.all_tasks())
        for number in range(8):
            alice = Session(server, f"{number}/aaaaaaaa")
            async with alice.stream() as stream:
                await opened(stream)
                await alice.say("pusher:subscribe", {"channel": "a"})
                await stream.hear()
        await until(lambda: not any(s._receiver for s in server.server._polling._sessions.values()))
        await server.advance(10)
        assert len(server.server._polling) == 0
        assert server.metrics.connections == 0
        await until(lambda: len(asyncio.all_tasks()) <= before)
        assert server.metrics.faults_total == 0
