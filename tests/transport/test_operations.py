"""Health and metrics."""

import pytest

from callers import UPGRADE
from servers import KEY, Running, serving
from toolboxai.metrics import METRIC_HELP, Metrics
from toolboxai.transport.operations import Operations


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/up", "/readyz", "/ready"])
async def test_a_server_that_runs_is_healthy_and_ready(server: Running, path: str) -> None:
    async with server.http() as http:
        answer = await http.ask("GET", path)
        assert (answer.status, answer.text) == (200, "ok\n")
        assert (await http.ask("POST", path)).status == 405


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
        assert (await http.ask("GET", "/readyz")).text == "draining\n"
        assert (await http.ask("GET", "/ready")).status == 503
        assert (await http.ask("GET", "/healthz")).status == 200
        await http_context.__aexit__(None, None, None)
        for peer in peers:
            await peer.__aexit__(None, None, None)
    assert not server.server.operations.ready


async def test_metrics_are_for_this_machine(server: Running) -> None:
    async with server.socket(), server.http() as http:
        text = (await http.ask("GET", "/metrics")).text
        assert "toolboxai_connections 1.0" in text
        assert "# TYPE toolboxai_connections_total counter" in text
        for header in ("X-Forwarded-For", "Forwarded"):
            refused = await http.ask("GET", "/metrics", headers={header: "127.0.0.1"})
            assert (refused.status, refused.text) == (403, "metrics are served to this machine only\n")


@pytest.mark.parametrize(("peer", "status"), [("127.0.0.9", 200), ("::1", 200), ("10.0.0.1", 403), ("", 403)])
def test_the_address_of_the_peer_decides(peer: str, status: int) -> None:
    operations = Operations(Metrics())
    assert operations.handle("GET", "/metrics", peer=peer, forwarded=False).status == status


def test_every_number_has_its_help() -> None:
    assert set(METRIC_HELP) == set(Metrics().snapshot())
    text = Operations(Metrics()).handle("GET", "/metrics", peer="::1", forwarded=False).body.decode()
    for help_text in METRIC_HELP.values():
        assert help_text in text
