"""Health and metrics."""

import asyncio
import re
from typing import Any

import pytest

from callers import UPGRADE, Http
from servers import KEY, Running, serving
from toolboxai.metrics import METRICS, Metrics
from toolboxai.node.pulse import BEAT_S, DEAF_S
from toolboxai.testing import ManualClock
from toolboxai.transport.exposition import Exposition
from toolboxai.transport.loop_lag import LAG_PERIOD_S, LoopLag
from toolboxai.transport.operations import Operations
from waiting_broker import WaitingBroker

TOKEN = "only-the-scraper-knows-this-one-0123456789"
ALIVE = ["/health", "/healthz", "/livez", "/live", "/up"]
READY = ["/readyz", "/ready", "/accept-traffic"]


def value(text: str, sample: str) -> float:
    """The number behind one line of the exposition."""
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    assert found is not None, f"{sample} is not in\n{text}"
    return float(found[1])


async def told(server: Running, sample: str) -> float:
    async with server.http() as http:
        return value((await http.ask("GET", "/metrics")).text, sample)


# ---- health -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ALIVE + READY)
async def test_a_server_that_runs_is_healthy_and_ready(server: Running, path: str) -> None:
    async with server.http() as http:
        answer = await http.ask("GET", path)
        assert (answer.status, answer.text) == (200, "ok\n")
        assert answer.headers["cache-control"] == "no-store"
        assert (await http.ask("HEAD", path)).status == 200
        refused = await http.ask("POST", path)
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_a_server_that_drains_is_healthy_and_not_ready() -> None:
    async with serving(drain_s=0.5) as server:
        http_context = server.http()
        http = await http_context.__aenter__()
        peers = [server.http() for _ in range(2)]
        for peer in peers:
            socket = await peer.__aenter__()
            assert (await socket.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)).status == 101
        ready = server.server.operations
        assert ready.ready
        ready.ready = False  # as the drain does first of all
        for path in READY:
            answer = await http.ask("GET", path)
            assert (answer.status, answer.text) == (503, "draining\n")
        for path in ALIVE:
            assert (await http.ask("GET", path)).status == 200
        assert value((await http.ask("GET", "/metrics")).text, 'toolboxai_ready{check="serving"}') == 0
        await http_context.__aexit__(None, None, None)
        for peer in peers:
            await peer.__aexit__(None, None, None)
    assert not server.server.operations.ready


async def test_what_is_wrong_is_told_line_by_line_and_never_ends_the_process(server: Running) -> None:
    server.server.operations.checks["database"] = lambda: "no answer for 12 s"
    server.server.operations.checks["jobs"] = lambda: "the engine has stopped"
    async with server.http() as http:
        answer = await http.ask("GET", "/readyz")
        assert (answer.status, answer.text) == (
            503,
            "database: no answer for 12 s\njobs: the engine has stopped\n",
        )
        assert (await http.ask("GET", "/livez")).status == 200
        text = (await http.ask("GET", "/metrics")).text
    assert [value(text, f'toolboxai_ready{{check="{name}"}}') for name in ("serving", "database")] == [1, 0]


async def test_a_node_to_which_nothing_comes_back_is_not_ready() -> None:
    """Its sockets are open, its answers are quick, and no event ever reaches anyone."""
    clock = ManualClock()
    broker = WaitingBroker(clock)
    async with serving(clock=clock, broker=broker) as server, server.http() as http:
        await server.node.pulse.beat()
        clock.advance(DEAF_S)
        assert (await http.ask("GET", "/readyz")).status == 200
        broker.publishing.failures = 2
        await server.node.pulse.beat()
        clock.advance(DEAF_S - 1)
        assert (await http.ask("GET", "/readyz")).status == 200
        clock.advance(1)
        await server.node.pulse.beat()
        answer = await http.ask("GET", "/readyz")
        told = f"broker: nothing that is published here has come back for {DEAF_S:.0f} s\n"
        assert (answer.status, answer.text) == (503, told)
        await server.node.pulse.beat()
        assert (await http.ask("GET", "/readyz")).status == 200
    assert BEAT_S < DEAF_S


async def test_a_loop_that_comes_late_to_everything_is_not_ready() -> None:
    now, metrics = [100.0], Metrics()
    lag = LoopLag(metrics, now=lambda: now[0])
    for late in (0.0, 0.004, 2.5):
        now[0] += LAG_PERIOD_S + late
        await lag.look()
    assert lag.trouble() == "the event loop came 2.5 s late to what was due"
    assert dict(metrics.loop_lag_seconds.buckets())["0.005"] == 1
    assert metrics.loop_lag_seconds.sum == pytest.approx(2.504)
    now[0] += LAG_PERIOD_S
    await lag.look()
    assert lag.trouble() is None


async def test_the_root_is_for_health_where_there_is_no_page(server: Running) -> None:
    async def page(_scope: Any, _receive: Any, send: Any) -> None:
        length = [(b"content-length", b"6")]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": b"a page"})

    async with server.http() as http:
        assert (await http.ask("GET", "/")).text == "ok\n"
    async with serving(web=page) as other, other.http() as http:
        assert (await http.ask("GET", "/")).text == "a page"


# ---- who may see the metrics --------------------------------------------------------------------------------


async def test_metrics_are_for_this_machine(server: Running) -> None:
    async with server.socket(), server.http() as http:
        answer = await http.ask("GET", "/metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert value(answer.text, 'toolboxai_connections{app="3",transport="websocket"}') == 1
        assert "# TYPE toolboxai_connections_total counter" in answer.text
        for header in ("X-Forwarded-For", "Forwarded"):
            refused = await http.ask("GET", "/metrics", headers={header: "127.0.0.1"})
            assert refused.status == 403
            assert "TOOLBOXAI_METRICS_TOKEN" in refused.text


@pytest.mark.parametrize(
    ("peer", "status"),
    [("127.0.0.9", 200), ("::1", 200), ("::ffff:127.0.0.1", 200), ("10.0.0.1", 403), ("", 403)],
)
def test_the_address_of_the_peer_decides(peer: str, status: int) -> None:
    operations = Operations(Exposition())
    assert operations.handle("GET", "/metrics", peer=peer, forwarded=False).status == status


async def test_a_token_opens_the_metrics_to_others() -> None:
    async with serving(metrics_token=TOKEN) as server, server.http() as http:
        through = {"X-Forwarded-For": "203.0.113.9"}
        for right in (f"Bearer {TOKEN}", f"bearer  {TOKEN}"):
            assert (
                await http.ask("GET", "/metrics", headers={**through, "Authorization": right})
            ).status == 200
        for wrong in ("", "Bearer", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", f"Bearer {TOKEN} x"):
            refused = await http.ask("GET", "/metrics", headers={**through, "Authorization": wrong})
            assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
            assert "Authorization: Bearer TOKEN" in refused.text
            assert TOKEN not in refused.text
        assert (await http.ask("GET", f"/metrics?token={TOKEN}", headers=through)).status in (401, 404)
        assert (await http.ask("GET", "/metrics")).status == 200


# ---- numbers ------------------------------------------------------------------------------------------------


async def test_every_number_has_its_help_and_its_kind(server: Running) -> None:
    async with server.http() as http:
        text = (await http.ask("GET", "/metrics")).text
    for name, family in METRICS.items():
        assert f"# HELP toolboxai_{name} {family.help}\n" in text
        assert f"# TYPE toolboxai_{name} {family.kind}\n" in text


async def test_connections_are_told_by_app_and_transport_and_their_ends_by_code(server: Running) -> None:
    operations = server.server.operations
    async with server.socket() as first, server.socket() as second:
        await first.wire.close(1001)
        await second.say("pusher:subscribe", {"channel": "a"})
        await second.hear()
        text = operations.exposition.text().decode()
        assert value(text, 'toolboxai_connections{app="3",transport="websocket"}') == 1
        assert value(text, 'toolboxai_connections{app="3",transport="xhr"}') == 0
        assert value(text, 'toolboxai_channels{app="3"}') == 1
        for connection in server.node.connections:
            connection.owner.close(4009, "You got disconnected by the app.")
        await second.ending()
    text = operations.exposition.text().decode()
    closed = 'toolboxai_connections_closed_total{app="3",by="%s",code="%s"}'
    assert value(text, closed % ("client", "1001")) == 1
    assert value(text, closed % ("server", "4009")) == 1
    assert value(text, 'toolboxai_connections_total{app="3",transport="websocket"}') == 2


async def test_refusals_are_told_by_reason(server: Running) -> None:
    for path in (f"/app/{KEY}?protocol=3", "/app/nobody?protocol=7", "/app/other?protocol=7"):
        async with server.http() as http:
            await http.ask("GET", path, headers=UPGRADE)
    text = server.server.operations.exposition.text().decode()
    assert value(text, 'toolboxai_connections_refused_total{reason="unsupported_version"}') == 1
    assert value(text, 'toolboxai_connections_refused_total{reason="unknown_app"}') == 2


async def test_bytes_and_messages_are_those_that_pass(server: Running) -> None:
    metrics = server.node.metrics.app("3")
    async with server.socket() as alice, server.socket() as bob:
        for socket in (alice, bob):
            await socket.enter("a")
        received, sent = metrics.received_bytes_total, metrics.sent_bytes_total
        messages = metrics.messages_sent_total
        await alice.say("pusher:ping", {})
        pong = await alice.hear_raw()
        assert metrics.received_bytes_total - received == len('{"event": "pusher:ping", "data": {}}')
        assert metrics.sent_bytes_total - sent == len(pong) + 2  # the head of its frame
        sent = metrics.sent_bytes_total
        await server.trigger("a", "e", "x" * 40)
        heard = [await socket.hear_raw() for socket in (alice, bob)]
        assert metrics.sent_bytes_total - sent == sum(len(text) + 2 for text in heard)
        assert metrics.messages_sent_total - messages == 3
        assert metrics.deliveries_total == 2
        took = metrics.http_received_bytes_total, metrics.http_sent_bytes_total, metrics.http_requests_total
        assert took == (len(Http.json({"name": "e", "channels": ["a"], "data": "x" * 40})), 2, 1)
    assert dict(server.metrics.delivery_seconds.buckets())["+Inf"] >= 1


async def test_a_reader_that_lags_is_seen_with_what_waits_for_it(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        (connection,) = server.node.connections
        connection.outbox.lagging()
        server.node.rewire(connection)
        text = server.server.operations.exposition.text().decode()
        assert value(text, 'toolboxai_connections_lagging{app="3"}') == 1
        assert value(text, 'toolboxai_outbox_queued_bytes{app="3"}') == connection.outbox.waiting_bytes
        connection.outbox.recovered()
        server.node.rewire(connection)
        assert await told(server, 'toolboxai_connections_lagging{app="3"}') == 0


async def test_the_process_tells_its_descriptors_its_memory_and_its_version(server: Running) -> None:
    async with server.http() as http:
        text = (await http.ask("GET", "/metrics")).text
    assert value(text, "process_open_fds") > 3
    assert value(text, "process_resident_memory_bytes") > 1 << 20
    assert value(text, "process_start_time_seconds") > 0
    assert re.search(
        r'^toolboxai_build_info\{python="3\.\d+\.\d+",version="[^"]+"\} 1\.0$', text, re.MULTILINE
    )


async def test_what_a_stranger_says_is_never_a_label(server: Running) -> None:
    async with server.http() as http:
        answer = await http.ask(
            "GET", f"/app/{KEY}?protocol=7&client=odd-client", headers={**UPGRADE, "User-Agent": "odd-agent"}
        )
        assert answer.status == 101
        await asyncio.sleep(0)
        assert "odd" not in server.server.operations.exposition.text().decode()
