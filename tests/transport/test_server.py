"""Listening, and leaving: with everyone told, nothing left, and no one waited for without end."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest

from callers import UPGRADE, Http
from pages import pages
from servers import KEY, serving, signed
from toolboxai import limits
from toolboxai.protocol.session import ServerSession
from toolboxai.protocol.states import Life
from toolboxai.testing.clock import ManualClock
from toolboxai.transport.server import listen_on

Message = MutableMapping[str, Any]


def test_a_taken_address_is_said_at_once() -> None:
    with listen_on("127.0.0.1", 0) as listener, pytest.raises(OSError, match="in use"):
        listen_on("127.0.0.1", listener.getsockname()[1])


def test_an_address_of_another_machine_is_said_at_once() -> None:
    with pytest.raises(OSError, match="assign"):
        listen_on("192.0.2.1", 0)


async def test_it_says_where_it_listens() -> None:
    async with serving() as server:
        assert server.server.url == f"http://127.0.0.1:{server.port}"


async def test_after_the_end_nobody_listens_and_nothing_is_open() -> None:
    async with serving(web=pages) as server, AsyncExitStack() as stack:
        idle = await stack.enter_async_context(server.http())
        used = await stack.enter_async_context(server.http())
        page = await stack.enter_async_context(server.http())
        await used.ask("GET", signed("GET", "/apps/3/channels"))
        await page.ask("GET", "/page")
        peers = (idle, used, page)
        stack.pop_all()
    for peer in peers:
        assert await peer.ended() == b""
        peer.writer.transport.abort()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)
    assert server.server._web_state.connections == set()


async def test_closing_is_spread_over_the_drain() -> None:
    """All at once would come back all at once."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        async with serving(drain_s=0.4) as server:
            peers = [await stack.enter_async_context(server.http()) for _ in range(5)]
            for peer in peers:
                await peer.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)
            begins = loop.time()

            async def told(peer: Http) -> float:
                await peer.reader.readuntil(b"\x10\x68Please reconnect immediately")
                peer.writer.write_eof()
                return loop.time() - begins

            waiting = [asyncio.ensure_future(told(peer)) for peer in peers]
        times = sorted([await each for each in waiting])
    assert times[0] < 0.2
    assert 0.3 < times[-1] < 2.0
    assert server.metrics.connections_aborted_total == 0


async def test_a_peer_that_does_not_go_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "APP_CLOSE_GRACE_S", 0.1)
    async with AsyncExitStack() as stack:
        async with serving() as server:
            peer = await stack.enter_async_context(server.http())
            await peer.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)
        assert server.metrics.connections_aborted_total == 1
    assert server.server._acceptor.sockets == set()


async def test_connections_that_leave_during_the_drain_do_not_disturb_it() -> None:
    async with AsyncExitStack() as stack:
        async with serving(drain_s=0.3) as server:
            peers = [await stack.enter_async_context(server.http()) for _ in range(6)]
            for peer in peers:
                await peer.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)

            async def all_go() -> None:
                async with asyncio.TaskGroup() as tasks:
                    for peer in peers:
                        tasks.create_task(peer.reader.readuntil(b'"}'))
                for peer in peers:
                    peer.writer.transport.abort()

            going = asyncio.ensure_future(all_go())
        await going
    assert server.metrics.connections == 0
    assert server.metrics.faults_total == 0


async def test_a_page_in_work_is_finished_before_the_end() -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        begun.set()
        await may_end.wait()
        await pages(scope, receive, send)

    async with AsyncExitStack() as stack:
        async with serving(web=slow) as server:
            peer = await stack.enter_async_context(server.http())
            peer.send(peer.request("GET", "/page"))
            await begun.wait()
            asyncio.get_running_loop().call_later(0.05, may_end.set)
        assert (await peer.answer()).text == "page GET /page"


async def test_from_the_first_moment_on_it_says_that_it_is_not_ready_and_serves_who_is_there() -> None:
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        async with serving(drain_s=30.0) as server:
            peers = [await stack.enter_async_context(server.http()) for _ in range(2)]
            for peer in peers:
                await peer.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)
            publisher = await stack.enter_async_context(server.http())
            assert (await publisher.ask("GET", "/readyz")).status == 200

            async def look() -> tuple[int, int]:
                told = [asyncio.ensure_future(peer.reader.readuntil(b"immediately")) for peer in peers]
                await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)
                answers = [
                    await publisher.ask("GET", path)
                    for path in ("/readyz", signed("GET", "/apps/3/channels"))
                ]
                with pytest.raises(ConnectionRefusedError):
                    await loop.create_connection(asyncio.Protocol, "127.0.0.1", server.port)
                server.server.hurry()
                await asyncio.wait(told)
                return answers[0].status, answers[1].status

            looking = asyncio.ensure_future(look())
            began = loop.time()
        assert await looking == (503, 200)
    assert loop.time() - began < 15, "nobody is waited for any longer once it is to hurry"


async def test_who_does_not_go_is_not_waited_for_when_it_is_to_hurry() -> None:
    loop = asyncio.get_running_loop()
    hanging = asyncio.Event()

    async def hangs(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        hanging.set()
        await asyncio.Event().wait()

    async with AsyncExitStack() as stack:
        async with serving(web=hangs) as server:
            deaf = await stack.enter_async_context(server.http())
            await deaf.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)
            waiting = await stack.enter_async_context(server.http())
            waiting.send(waiting.request("GET", "/page"))
            await hanging.wait()
            server.server.hurry()
            began = loop.time()
        assert loop.time() - began < limits.APP_CLOSE_GRACE_S


async def test_who_has_fallen_silent_is_looked_for_with_turns_for_everyone_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolboxai.transport.server.LOOKED_AT", 2)
    clock = ManualClock()
    async with serving(clock=clock) as server, AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(server.http()) for _ in range(5)]
        for peer in peers:
            await peer.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)
        pumps = tuple(server.server._acceptor.pumps)

        def probed() -> list[bool]:
            return [cast("ServerSession", pump.session)._life is Life.PROBED for pump in pumps]

        clock.advance(121)
        looking = asyncio.ensure_future(server.server._check_silence())
        await asyncio.sleep(0)
        assert probed() == [True] * 2 + [False] * 3
        pumps[-1].closed()  # a connection that goes meanwhile is left alone
        await looking
        assert probed() == [True] * 4 + [False]
