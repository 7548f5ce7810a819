"""Stock pusher-js without WebSockets, in Node and in a real browser: the HTTP fallback transports alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from auth_endpoint import AuthEndpoint
from callers import until
from forms import FULL
from line import Line
from pumps import heard_at
from pusher_pages import Open, Page
from servers import APP, Running, make_app, serving
from toolboxai.close_codes import CloseCode
from toolboxai.protocol.channel import ChannelName
from toolboxai.testing.clock import ManualClock

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("pusher-js")]

NEWS = ChannelName.parse("news")
EACH = [("node", "xhr_streaming"), ("chromium", "xhr_polling")]
ALL = [*EACH, ("chromium", "xhr_streaming"), ("node", "xhr_polling")]
SIGNS = {"four-bytes": "😀", **({"one-byte": "x", "three-bytes": "€"} if FULL else {})}
TRANSPORTS = pytest.mark.parametrize(("page", "transport"), ALL if FULL else EACH, indirect=["page"])


@asynccontextmanager
async def without_sockets(
    page: Open, server: Running, transport: str, *, port: int = 0, **options: Any
) -> AsyncIterator[Page]:
    """A page that has nothing but this transport, connected."""
    where = {"httpHost": "127.0.0.1", "httpPort": port or server.port}
    async with page(server, enabledTransports=[transport], **where, **options) as alice:
        await alice.connected()
        yield alice


async def publish(server: Running, numbers: range, padding: str = "") -> None:
    for number in numbers:
        await server.node.publish(APP, [NEWS], "e", f'{{"n":{number},"text":"{padding}"}}')


async def hears_all(alice: Page, numbers: range) -> None:
    """The events of these numbers, in order, and nothing else."""
    for number in numbers:
        event, data = await alice.hears("news")
        assert (event, data["n"]) == ("e", number)


@TRANSPORTS
async def test_a_page_subscribes_hears_in_order_and_whispers(
    server: Running, page: Open, transport: str
) -> None:
    async with (
        without_sockets(page, server, transport) as alice,
        without_sockets(page, server, transport, user="ben") as bob,
    ):
        for who in (alice, bob):
            await who.enter("news")
            await who.enter("private-chat")
        await publish(server, range(200), "ü€😀")
        await hears_all(alice, range(200))
        await hears_all(bob, range(200))
        alice.order("trigger", channel="private-chat", event="client-x", data={"t": 1})
        assert await bob.hears("private-chat") == ("client-x", {"t": 1})
        await alice.enter("presence-room")
        alice.order("signin")
        await alice.until(signin_success=True)
    assert server.metrics.faults_total == 0


@TRANSPORTS
async def test_a_page_comes_back_after_its_line_was_cut(server: Running, page: Open, transport: str) -> None:
    async with (
        Line(server.port).running() as line,
        without_sockets(page, server, transport, port=line.port) as alice,
    ):
        await alice.enter("news")
        await publish(server, range(3))
        await hears_all(alice, range(3))
        line.cut()
        await alice.until(state="connecting")
        line.mend()
        await alice.connected()
        await alice.until(channel="news", event="pusher:subscription_succeeded")
        await publish(server, range(3, 6))
        await hears_all(alice, range(3, 6))


@TRANSPORTS
@pytest.mark.parametrize("sign", SIGNS.values(), ids=SIGNS)
async def test_nothing_is_lost_when_a_page_has_had_its_fill_of_an_answer(
    server: Running, page: Open, transport: str, sign: str
) -> None:
    """A page that has received 262144 characters drops the answer and asks anew, in the middle of everything."""
    async with without_sockets(page, server, transport) as alice:
        await alice.enter("news")
        await publish(server, range(400), sign * (2000 // len(sign.encode("utf-16-le"))))
        await hears_all(alice, range(400))
        await publish(server, range(400, 410))
        await hears_all(alice, range(400, 410))
        assert server.metrics.connections_total == 1  # it has been one connection all along


@TRANSPORTS
async def test_4001_ends_it_for_good(server: Running, page: Open, transport: str) -> None:
    where = {"httpHost": "127.0.0.1", "httpPort": server.port}
    async with page(server, key="NOPE", enabledTransports=[transport], **where) as alice:
        told = await alice.until(state="disconnected")
        assert told["from"] == "connecting"
        assert alice.said[0]["error"]["data"]["code"] == 4001
        alice.order("intents")
        assert await alice.next() == {"state": "disconnected", "retries": False}
    assert server.metrics.connections_total == 0


@TRANSPORTS
async def test_an_idle_page_answers_heartbeats_and_is_kept(
    clock: ManualClock, endpoint: AuthEndpoint, page: Open, transport: str
) -> None:
    async with (
        serving(clock=clock, web=endpoint.app) as server,
        without_sockets(page, server, transport) as alice,
    ):
        await alice.enter("news")
        (pump,) = server.server._acceptor.pumps
        (session,) = server.server._polling._sessions.values()
        for _ in range(8):  # longer than silence is borne
            await until(lambda: session._receiver is not None and not session.waits)
            await server.advance(21)
            await until(lambda: heard_at(pump) == clock.monotonic())
        await publish(server, range(1))
        await hears_all(alice, range(1))
        assert server.metrics.connections_total == 1


@TRANSPORTS
async def test_a_server_that_leaves_is_left_at_once_and_come_back_to(
    server: Running, page: Open, transport: str
) -> None:
    async with without_sockets(page, server, transport) as alice:
        await alice.enter("news")
        (pump,) = server.server._acceptor.pumps
        pump.close(CloseCode.RECONNECT_NOW, "Please reconnect immediately")
        await alice.connected()
        await alice.until(channel="news", event="pusher:subscription_succeeded")
        assert server.metrics.connections_total == 2
        assert server.metrics.connections == 1


@pytest.mark.parametrize(("page", "transport"), ALL if FULL else EACH[:1], indirect=["page"])
async def test_a_page_with_a_key_of_its_own_is_handed_what_it_missed(
    endpoint: AuthEndpoint, page: Open, transport: str
) -> None:
    async with (
        serving(make_app(resume=True), web=endpoint.app) as server,
        Line(server.port).running() as line,
        without_sockets(page, server, transport, port=line.port, httpPath="/s/page-0001/pusher") as alice,
    ):
        await alice.enter("news")
        (pump,) = server.server._acceptor.pumps
        receipts = pump._connection.receipts
        assert receipts is not None
        await publish(server, range(3))
        await hears_all(alice, range(3))
        await until(lambda: (cursor := receipts.cursor("news")) and cursor.position.offset >= 3)
        line.cut()
        await alice.until(state="connecting")
        await publish(server, range(3, 6))
        line.mend()
        await alice.connected()
        await alice.until(channel="news", event="pusher:subscription_succeeded")
        await publish(server, range(6, 8))
        await hears_all(alice, range(3, 8))
        assert server.metrics.faults_total == 0
