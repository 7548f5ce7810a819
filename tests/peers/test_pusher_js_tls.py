"""Stock pusher-js over wss, with every transport, on our own port: no proxy is needed for TLS."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from auth_endpoint import AuthEndpoint
from certificates import Authority, Files
from secure_pages import TRANSPORTS, in_node_with, is_served
from servers import Running, serving

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("pusher-js")]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def files(authority: Authority) -> Files:
    return authority.issue()


@pytest.fixture
async def server(endpoint: AuthEndpoint, files: Files) -> AsyncIterator[Running]:
    async with serving(web=endpoint.app, files=files) as running:
        yield running


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_page_is_served_with_every_transport(
    server: Running, node_packages: Path, transport: str
) -> None:
    async with in_node_with(transport, server) as alice:
        await is_served(server, alice)


async def test_a_page_does_not_notice_that_the_certificate_was_replaced(
    server: Running, node_packages: Path, authority: Authority, files: Files
) -> None:
    certificate = server.server._certificate
    assert certificate is not None
    async with in_node_with("ws", server) as alice:
        await alice.connected()
        await alice.enter("news")
        authority.issue().copy_over(files)
        await certificate.renew()
        await server.trigger("news", "e", "1")
        assert await alice.hears("news") == ("e", 1)
        assert server.metrics.connections_total == 1
        await alice.enter("private-news")  # asked over a connection of its own, which is shown the new one
