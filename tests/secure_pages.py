"""A page with stock pusher-js that speaks TLS and one transport alone, and what it has to be able to do."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pusher_pages import Page, in_node
from servers import Running, channel_auth

__all__ = ["TRANSPORTS", "in_node_with", "is_served"]

TRANSPORTS = ("ws", "xhr_streaming", "xhr_polling")


@asynccontextmanager
async def in_node_with(transport: str, server: Running) -> AsyncIterator[Page]:
    """A page in Node that has nothing but this transport."""
    async with in_node(
        server, enabledTransports=[transport], httpHost="127.0.0.1", httpsPort=server.port
    ) as page:
        yield page


async def is_served(server: Running, alice: Page) -> None:
    """She connects, subscribes, is authorised, hears in order, and is heard."""
    await alice.connected()
    await alice.enter("news")
    await alice.enter("private-chat")
    for number in range(20):
        await server.trigger("news", "e", json.dumps({"n": number, "text": "ü€😀" * 100}))
    assert [(await alice.hears("news"))[1]["n"] for _ in range(20)] == list(range(20))
    async with server.socket() as bob:
        await bob.enter("private-chat", channel_auth(bob.id, "private-chat"))
        alice.order("trigger", channel="private-chat", event="client-x", data={"t": 1})
        assert (await bob.hear())["event"] == "client-x"
    assert server.metrics.faults_total == 0
