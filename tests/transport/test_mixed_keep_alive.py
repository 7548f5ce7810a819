"""One connection may carry every kind of request; this holds what the front leans on inside the web server."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any

from callers import UPGRADE, Http
from servers import APP_ID, KEY, serving, signed

EVENTS = f"/apps/{APP_ID}/events"
HEADLINE = Http.json({"name": "headline", "channels": ["news"], "data": "{}"})


async def page(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """The application: says which path it was asked for."""
    body = f"page {scope['path']}".encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def test_application_signed_api_and_websocket_share_one_connection() -> None:
    async with serving(web=page) as server, server.http() as http:
        published = signed("POST", EVENTS, HEADLINE, at=server.clock.now())
        answer = await http.ask("POST", published, HEADLINE)
        assert (answer.status, answer.text) == (200, "{}"), "the front answers itself"

        answer = await http.ask("GET", "/lessons")
        assert (answer.status, answer.text) == (200, "page /lessons")
        assert answer.headers["date"].endswith("GMT"), (
            "written into the web server's state every second by us"
        )

        answer = await http.ask("POST", published, HEADLINE)
        assert (answer.status, answer.text) == (200, "{}"), (
            "the web server has the connection, and reaches the same API"
        )
        assert server.metrics.publications_total == 2
        assert (await http.ask("GET", "/healthz")).text == "ok\n"

        answer = await http.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)
        assert (answer.status, answer.headers["upgrade"]) == (101, "websocket"), (
            "it hands the upgrade back to us"
        )
        opcode, size = await http.reader.readexactly(2)
        assert opcode == 0x81
        assert json.loads(await http.reader.readexactly(size))["event"] == "pusher:connection_established"
        assert server.metrics.connections == 1


async def test_an_idle_connection_of_the_web_server_ends_with_the_server() -> None:
    async with AsyncExitStack() as stack:
        async with serving(web=page) as server:
            http = await stack.enter_async_context(server.http())
            assert (await http.ask("GET", "/")).text == "page /"
        assert await http.ended() == b""
