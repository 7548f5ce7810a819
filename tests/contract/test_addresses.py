"""Limits per address hold at every door alike, and nobody gets around them by saying that they come from elsewhere."""

import asyncio
import json
import logging
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network
from itertools import count
from typing import Any

import pytest

from callers import Http, error, until
from old_school import old_school
from servers import APP_ID, KEY, Running, make_app, serving, signed
from strangers import DOORS, Door, Stranger, proxy_block, proxy_line
from toolboxai.apps.registry import AppRegistry
from toolboxai.legacy.admissions import Limits
from toolboxai.protocol.allow_list import AllowedNetwork
from toolboxai.testing.clock import ManualClock

HERE, ELSEWHERE, PROXY = "127.0.0.2", "127.0.0.3", "127.0.0.9"
SCHOOL = "203.0.113.7"
HURRY = b"4100"  # stands in what one hears who connects too fast
LISTED = [AllowedNetwork(ip_network("203.0.113.0/24"))]
ONE_EACH = make_app(max_connections_per_ip=1)
_numbers = count()


def request(door: Door, **headers: str) -> bytes:
    """Of a session of its own, where it is one."""
    return door.request(headers).replace(b"NAME", b"s%d" % next(_numbers))


@asynccontextmanager
async def one_each(**server: Any) -> AsyncIterator[Running]:
    """A server whose doors let in one connection of an address; a school is listed."""
    some = {"proxies": [PROXY], "allow_list": LISTED, **server}
    async with old_school(ONE_EACH, limits=Limits(connections_per_ip=1), **some) as school:
        yield school.running


async def said(stack: AsyncExitStack, server: Running, address: str, door: Door, *pieces: bytes) -> bytes:
    """What one hears who comes from there and says this; the connection stays open."""
    stranger = await stack.enter_async_context(Stranger.at(server.port, address, *pieces))
    return await stranger.hears(door.opened, door.refused, HURRY, b" 400 ")


def away(server: Running) -> int:
    """How many fallback sessions have no request of their client to answer."""
    return sum(session._receiver is None for session in server.server._polling._sessions.values())


# ---- at every door --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
async def test_a_second_connection_of_an_address_is_refused_and_let_in_when_the_first_has_gone(
    door: Door,
) -> None:
    async with one_each() as server, AsyncExitStack() as stack:
        async with AsyncExitStack() as first:
            assert await said(first, server, HERE, door, request(door)) == door.opened
            assert await said(stack, server, HERE, door, request(door)) == door.refused
            assert await said(stack, server, ELSEWHERE, door, request(door)) == door.opened
        if door is DOORS["fallback"]:
            await until(lambda: away(server) == 1)
            await server.advance(11)  # until then its client might have come back with another request
        await until(lambda: server.metrics.connections == 1)
        assert await said(stack, server, HERE, door, request(door)) == door.opened


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
async def test_who_forges_an_address_gains_nothing(door: Door) -> None:
    forged = {"X-Forwarded-For": SCHOOL}, {"Forwarded": f"for={SCHOOL}"}
    async with one_each() as server, AsyncExitStack() as stack:
        assert await said(stack, server, HERE, door, request(door)) == door.opened
        for headers in forged:
            assert await said(stack, server, HERE, door, request(door, **headers)) == door.refused
        for header in (proxy_line(SCHOOL), proxy_block(SCHOOL)):
            assert await said(stack, server, HERE, door, header, request(door)) == b" 400 "
        # Through the proxy it writes in front of what the proxy writes.
        through = {"X-Forwarded-For": f"{SCHOOL}, 198.51.100.1"}
        assert await said(stack, server, PROXY, door, request(door, **through)) == door.opened
        assert await said(stack, server, PROXY, door, request(door, **through)) == door.refused
        both = {"X-Forwarded-For": "198.51.100.2", "Forwarded": f"for={SCHOOL}"}
        assert await said(stack, server, PROXY, door, request(door, **both)) == door.opened
        assert await said(stack, server, PROXY, door, request(door, **both)) == door.refused
    assert server.metrics.proxy_headers_refused_total == 2


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
async def test_a_listed_network_has_limits_of_its_own(door: Door) -> None:
    async with one_each(proxy_protocol=True) as server, AsyncExitStack() as stack:
        for header in (proxy_line(SCHOOL), proxy_block(SCHOOL)) * 4:
            assert await said(stack, server, PROXY, door, header, request(door)) == door.opened
        for wanted in (door.opened, door.refused):
            assert await said(stack, server, PROXY, door, proxy_line("198.51.100.1"), request(door)) == wanted


async def test_all_ways_into_an_app_are_counted_together() -> None:
    ways = ["socket", "fallback", "event stream"]
    for first in ways:
        async with one_each() as server, AsyncExitStack() as stack:
            assert await said(stack, server, HERE, DOORS[first], request(DOORS[first])) == DOORS[first].opened
            for name in ways:
                assert (
                    await said(stack, server, HERE, DOORS[name], request(DOORS[name])) == DOORS[name].refused
                )
            assert (
                server.metrics.ip_quota_refused_total == server.metrics.connections_refused_total.total() == 3
            )


# ---- what is said, counted and written down -------------------------------------------------------------------


async def test_a_full_address_stays_away_and_one_in_a_hurry_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    app = make_app(max_connections_per_ip=2, connects_per_s_per_ip=1)
    clock = ManualClock()
    async with serving(app, clock=clock) as server, server.socket():
        async with server.http() as http:
            refused = await http.ask("GET", f"/apps/{APP_ID}/channels/a/sse?key={KEY}")
            assert (refused.status, refused.headers["retry-after"]) == (429, "1")
        hurry = "Over capacity: this address connects too fast; come back later"
        assert await refusal(server) == ([error(hurry, 4100)], 4100, hurry)
        clock.advance(1.0)
        async with server.socket():
            full = "Application is over connection quota: 2 connections of one address are allowed"
            assert await refusal(server) == ([error(full, 4004)], 4004, full)
            async with server.http() as http:
                refused = await http.ask("GET", f"/apps/{APP_ID}/channels/a/sse?key={KEY}")
                assert (refused.status, refused.headers["retry-after"]) == (429, "30")
    metrics = server.metrics
    assert (metrics.ip_quota_refused_total, metrics.ip_rate_refused_total) == (2, 2)
    assert metrics.connections_refused_total.total() == 4
    told = [vars(record) for record in caplog.records if record.message == "connection refused"]
    assert [(one["code"], one["address"], one["app_id"]) for one in told] == [
        (4100, "127.0.0.1", APP_ID),
        (4004, "127.0.0.1", APP_ID),
    ]


async def refusal(server: Running) -> tuple[list[dict[str, Any]], int, str]:
    from callers import Socket

    async with Socket.opened(server.ws_url()) as socket:
        return await socket.ending()


async def test_a_long_poll_counts_while_it_waits_and_takes_no_pace() -> None:
    app = make_app(max_connections_per_ip=1, connects_per_s_per_ip=1)
    target = f"/apps/{APP_ID}/channels/a/poll?key={KEY}"
    async with serving(app, clock=ManualClock()) as server, server.http() as http, server.http() as another:
        for _ in range(5):
            cursor = json.loads((await http.ask("GET", target)).body)["cursor"]
        http.send(Http.request("GET", f"{target}&after={cursor}&wait=20"))
        await until(lambda: server.metrics.connections == 1)
        assert (await another.ask("GET", target)).status == 429
        await server.trigger("a", "e", "1")
        assert (await http.answer()).status == 200
        assert (await another.ask("GET", target)).status == 200


async def test_limits_follow_a_change_of_the_app_and_count_who_is_there_already() -> None:
    clock = ManualClock()
    async with serving(make_app(), clock=clock) as server, server.socket(), server.socket():
        server.node.apply(AppRegistry([make_app(max_connections_per_ip=2)]))
        assert (await refusal(server))[1] == 4004
        server.node.apply(AppRegistry([make_app(max_connections_per_ip=3, connects_per_s_per_ip=1)]))
        async with server.socket():
            server.node.apply(AppRegistry([make_app(connects_per_s_per_ip=1)]))
            assert (await refusal(server))[1] == 4100
        server.node.apply(AppRegistry([make_app()]))
        async with server.socket(), server.socket():
            pass


async def test_after_churn_of_many_addresses_nothing_is_left() -> None:
    clock = ManualClock()
    app = make_app(max_connections_per_ip=2, connects_per_s_per_ip=3)
    async with serving(app, clock=clock, proxies=["127.0.0.1"]) as server:
        for turn in range(30):
            async with AsyncExitStack() as stack:
                for number in range(4):
                    headers = {"X-Forwarded-For": f"198.51.100.{turn}, 2001:db8:0:{number % 2}::{turn}"}
                    door = DOORS[["socket", "fallback", "event stream"][turn % 3]]
                    await said(stack, server, "127.0.0.1", door, request(door, **headers))
        await until(lambda: server.metrics.connections == away(server))
        await server.advance(11)
        await until(lambda: len(server.server._acceptor.crowds) == 0)
        assert server.metrics.connections == 0
        assert len(server.server._acceptor._sent_away) <= 30 * 4


async def test_a_call_whose_signature_does_not_hold_is_written_down_with_its_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    wrong = signed("GET", f"/apps/{APP_ID}/channels")[:-1] + "x"
    async with serving(proxies=["127.0.0.1"]) as server, server.http() as http:
        for path in (wrong, wrong.replace("/apps", "//apps", 1)):
            await http.ask("GET", path, headers={"X-Forwarded-For": "198.51.100.1"})
    (told,) = [vars(record) for record in caplog.records if record.message == "signed call refused"]
    assert (told["address"], told["status"], told["path"]) == (
        "198.51.100.1",
        401,
        f"/apps/{APP_ID}/channels",
    )


# ---- a whole school -------------------------------------------------------------------------------------------
PUPILS = 2000


@pytest.fixture
def descriptors() -> Iterator[None]:
    """A pupil takes two: both ends of its connection are here."""
    needed = 2 * PUPILS + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert needed <= hard or hard == resource.RLIM_INFINITY, "this test needs `ulimit -Hn` 4500"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(needed, soft), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("descriptors")
async def test_two_thousand_pupils_behind_one_address_are_served_while_a_stranger_is_limited() -> None:
    """Through a balancer with the PROXY protocol, and through a proxy with headers, half of them each."""
    socket, old = DOORS["socket"], DOORS["old socket"]
    app = make_app(max_connections_per_ip=3, connects_per_s_per_ip=3)
    some: dict[str, Any] = {"proxies": [PROXY, "10.0.0.1"], "allow_list": LISTED, "proxy_protocol": True}
    async with (
        old_school(app, limits=Limits(connections_per_ip=3), **some) as school,
        AsyncExitStack() as stack,
    ):
        server = school.running
        ways = [
            (proxy_block(SCHOOL), request(socket)),
            (proxy_block("10.0.0.1"), request(socket, **{"X-Forwarded-For": f"198.51.100.9, {SCHOOL}"})),
        ]

        async def arrive(number: int, door: Door, *pieces: bytes) -> bytes:
            return await said(stack, server, PROXY, door, *pieces)

        for begin in range(0, PUPILS, 100):
            here = [arrive(number, socket, *ways[number % 2]) for number in range(begin, begin + 100)]
            assert set(await asyncio.gather(*here)) == {socket.opened}
        assert server.metrics.connections == PUPILS
        for _ in range(20):
            assert await arrive(0, old, proxy_block(SCHOOL), request(old)) == old.opened
        stranger = [await arrive(0, socket, proxy_block("198.51.100.9"), request(socket)) for _ in range(6)]
        assert stranger == [socket.opened] * 3 + [socket.refused] * 3
        strangers_old = [await arrive(0, old, proxy_block("198.51.100.9"), request(old)) for _ in range(5)]
        assert strangers_old == [old.opened] * 3 + [old.refused] * 2
        assert server.metrics.ip_quota_refused_total == 3
        assert server.metrics.waiting_crowded_out_total == 0
