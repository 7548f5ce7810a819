"""The samples for nginx and Caddy: stock clients over wss, with every transport, through a proxy that knows nothing of us."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from websockets.exceptions import InvalidStatus

from auth_endpoint import AuthEndpoint
from callers import Http, until
from old_school import old_school
from pages import pages
from proxies import Proxy
from pusher_pages import in_browser
from secure_pages import TRANSPORTS, in_node_with, is_served
from servers import APP, KEY, Running, serving
from toolboxai.legacy.admissions import Limits
from toolboxai.protocol.proxies import TrustedProxies
from toolboxai.web.content import LARGER_BODIES
from toolboxai.web.security import Authenticator
from windows import Windows

pytestmark = [pytest.mark.peers, pytest.mark.timeout(60), pytest.mark.xdist_group("proxies")]

TRUSTED = ["127.0.0.1/32"]


@pytest.fixture
async def server(proxy: Proxy, endpoint: AuthEndpoint) -> AsyncIterator[Running]:
    """The server as clients see it, who all come through the proxy."""
    async with serving(web=endpoint.app, port=proxy.upstream) as running:
        yield through(proxy, running)


def through(proxy: Proxy, running: Running) -> Running:
    return replace(running, port=proxy.port, files=proxy.files)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_pusher_js_is_served_over_tls_with_every_transport(
    server: Running, node_packages: Path, transport: str
) -> None:
    async with in_node_with(transport, server) as alice:
        await is_served(server, alice)


@pytest.mark.parametrize("proxy", ["nginx"], indirect=True)
async def test_a_page_in_a_browser_is_served_too(
    server: Running, node_packages: Path, browser: Windows
) -> None:
    async with in_browser(browser, server) as alice:
        await is_served(server, alice)


async def test_an_event_stream_is_handed_on_piece_by_piece(server: Running) -> None:
    async with server.http() as http:
        http.send(Http.request("GET", f"/apps/{APP.id}/channels/news/sse?auth_key={KEY}"))
        head = await asyncio.wait_for(http.reader.readuntil(b"\r\n\r\n"), 5)
        assert head.startswith(b"HTTP/1.1 200 ")
        for number in range(3):  # each arrives though the answer has not ended and nothing else was written
            await server.trigger("news", "e", f'"number {number}"')
            await asyncio.wait_for(http.reader.readuntil(b"number %d" % number), 5)


async def test_a_reader_who_leaves_is_missed_though_nothing_is_written(server: Running) -> None:
    async with server.http() as http:
        http.send(Http.request("GET", f"/apps/{APP.id}/channels/news/sse?auth_key={KEY}"))
        await asyncio.wait_for(http.reader.readuntil(b"\r\n\r\n"), 5)
        assert len(server.node.hub(APP).connections) == 1
    await until(lambda: not server.node.hub(APP).connections)


async def test_the_clients_address_arrives_and_a_forged_one_does_not(
    server: Running, endpoint: AuthEndpoint
) -> None:
    authenticator: Any = Authenticator(identity=None, proxies=TrustedProxies(map(ip_network, TRUSTED)))  # type: ignore[arg-type]  # no token is asked for

    def address(request: Request) -> JSONResponse:
        return JSONResponse(authenticator.address(request))

    endpoint.app.router.routes.append(Route("/address", address))
    forged = {"X-Forwarded-For": "10.9.9.9", "Forwarded": "for=10.9.9.9"}
    async with server.http(local_addr=("127.0.0.5", 0)) as http:
        for headers in ({}, forged):
            assert json.loads((await http.ask("GET", "/address", headers=headers)).text) == "127.0.0.5"


async def test_the_old_sockets_pass_and_are_counted_by_the_clients_address(proxy: Proxy) -> None:
    async with old_school(
        proxies=TRUSTED, limits=Limits(connections_per_ip=1), port=proxy.upstream
    ) as school:
        school.running = through(proxy, school.running)
        async with (
            school.at("/ws/content/gen_1", "good:anna", local_addr=("127.0.0.5", 0)) as anna,
            school.at("/ws/content/gen_1", "good:ben", local_addr=("127.0.0.6", 0)) as ben,
        ):
            await school.publish("private-content-generation-gen_1", "content_progress", seq=1, progress=50)
            assert [(await who.until("content_progress"))["seq"] for who in (anna, ben)] == [1, 1]
            with pytest.raises(InvalidStatus) as refused:
                async with school.at("/ws/content/gen_1", local_addr=("127.0.0.6", 0)):
                    pass
            assert refused.value.response.status_code == 429


async def test_a_text_as_long_as_a_lesson_may_be_gets_through(proxy: Proxy) -> None:
    longest = b"x" * max(LARGER_BODIES.values())
    async with serving(web=pages, port=proxy.upstream) as running, through(proxy, running).http() as http:
        answer = await http.ask("POST", "/page", longest)
        assert (answer.status, len(answer.body)) == (200, len(longest) + len("page POST /page "))


async def test_the_proxy_lives_through_a_restart_of_the_server(
    proxy: Proxy, endpoint: AuthEndpoint, node_packages: Path
) -> None:
    async with serving(web=endpoint.app, port=proxy.upstream) as first:
        server = through(proxy, first)
        page = in_node_with("ws", server)
        alice = await page.__aenter__()
        await alice.connected()
        await alice.enter("news")
    try:
        await alice.until(state="connecting")
        async with serving(web=endpoint.app, port=proxy.upstream) as second:
            server = through(proxy, second)
            await alice.connected()
            await alice.until(channel="news", event="pusher:subscription_succeeded")
            await server.trigger("news", "e", "1")
            assert await alice.hears("news") == ("e", 1)
    finally:
        await page.__aexit__(None, None, None)
