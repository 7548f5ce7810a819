"""Connections without a whole request take a bounded part of the server, and who has one is served."""

import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from ipaddress import ip_network
from typing import Any

import pytest

from callers import Http, until
from pages import pages
from servers import Running, serving
from strangers import Stranger
from toolboxai import limits
from toolboxai.protocol.allow_list import AllowedNetwork
from toolboxai.transport import waiting
from toolboxai.transport.waiting import places

HALF = b"GET /apps/3/chan"
PAGE = Http.request("GET", "/page")
FLOOD, SCHOOL, PROXY = "127.0.0.2", "127.0.0.3", "127.0.0.4"


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setattr(limits, "WAITING", 5)
    async with serving(web=pages) as running:
        yield running


async def waits(server: Running, many: int) -> None:
    await until(lambda: len(server.server._waiting) == many)


async def test_of_too_many_those_who_have_waited_longest_are_closed_and_newcomers_served(
    server: Running,
) -> None:
    async with AsyncExitStack() as stack:
        silent: list[Stranger] = []
        for count in range(5):
            silent.append(await stack.enter_async_context(Stranger.at(server.port, FLOOD, HALF)))
            await waits(server, count + 1)
        for _ in range(3):
            async with server.socket() as alice:
                await alice.enter("a")
        assert [await each.ended() for each in silent[:1]] == [b""]
        assert server.metrics.waiting_crowded_out_total == 1, "who comes in makes room again"
        await waits(server, 4)


async def test_connections_between_two_requests_are_counted_and_those_with_one_under_way_are_not(
    server: Running,
) -> None:
    async with AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(server.http()) for _ in range(4)]
        for http in idle:
            assert (await http.ask("GET", "/page")).status == 200
        await waits(server, 4)
        busy = await stack.enter_async_context(server.http())
        busy.send(b"POST /form HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nha")
        await waits(server, 5)
        assert (await idle[0].ask("GET", "/page")).status == 200, "who has asked just now is the newest"
        async with server.http() as newcomer:
            assert (await newcomer.ask("GET", "/healthz")).status == 200
            assert await idle[1].ended() == b""
            busy.send(b"lf")
            assert (await busy.answer()).text == "page POST /form half"
            assert (await idle[0].ask("GET", "/page")).status == 200


@pytest.fixture
def few_per_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WAITING_PER_ADDRESS", 2)


@pytest.mark.usefixtures("few_per_address")
async def test_of_one_address_so_many_may_wait_for_longer_than_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = [AllowedNetwork(ip_network(f"{SCHOOL}/32"))]
    async with serving(proxies=[PROXY], allow_list=listed) as server, AsyncExitStack() as stack:
        here: dict[str, list[Stranger]] = {address: [] for address in (FLOOD, SCHOOL, PROXY)}
        for address, strangers in here.items():
            for _ in range(4):
                strangers.append(await stack.enter_async_context(Stranger.at(server.port, address, HALF)))
                await waits(server, sum(map(len, here.values())))
        server.server._waiting.sweep()
        assert len(server.server._waiting) == 12, "newcomers: all of a school come back at once"
        monkeypatch.setattr(waiting, "_NEWCOMER_S", 0.0)
        server.server._waiting.sweep()
        await waits(server, 10)
        assert [await each.ended() for each in here[FLOOD][:2]] == [b"", b""]
        assert server.metrics.waiting_crowded_out_total == 2


async def test_only_half_a_request_is_counted_as_a_handshake_that_did_not_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT_S", -1)
    monkeypatch.setattr(limits, "HTTP_IDLE_S", -1)
    async with serving() as server, server.http() as silent, server.http() as half, server.http() as idle:
        half.send(HALF)
        assert (await idle.ask("GET", "/healthz")).status == 200
        await waits(server, 3)
        await server.server.look_at_the_clock()
        assert [await http.ended() for http in (silent, half, idle)] == [b"", b"", b""]
        assert server.metrics.handshakes_timed_out_total == 2
        assert len(server.server._waiting) == 0


@pytest.mark.parametrize(
    ("descriptors", "most"),
    [(1024, 512), (1 << 20, limits.WAITING), (resource.RLIM_INFINITY, limits.WAITING), (2, 1)],
)
def test_where_few_descriptors_are_to_be_had_fewer_may_wait(
    monkeypatch: pytest.MonkeyPatch, descriptors: int, most: int
) -> None:
    def getrlimit(_kind: int) -> tuple[int, Any]:
        return descriptors, descriptors

    monkeypatch.setattr(resource, "getrlimit", getrlimit)
    assert places() == most
