"""Pages with stock pusher-js, in Node and in a browser, told what to do by the test."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from programs import PATIENCE_S, running
from pusher_js import node
from servers import KEY, Running
from windows import Windows

__all__ = ["Open", "Page", "in_browser", "in_node"]

SCRIPT = str(Path(__file__).parent / "peers" / "in_node.mjs")


class Page:
    """What one page was told to do, and what it tells, in order."""

    def __init__(self, send: Callable[[str], None], take: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._send = send
        self._take = take
        self.said: list[dict[str, Any]] = []

    def order(self, order: str, **more: Any) -> None:
        self._send(json.dumps({"order": order, **more}))

    async def next(self) -> dict[str, Any]:
        """The next thing it tells."""
        async with asyncio.timeout(PATIENCE_S):
            self.said.append(await self._take())
        return self.said[-1]

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """The next thing that holds all this; those before it are passed over."""
        while True:
            said = await self.next()
            if wanted.items() <= said.items():
                return said

    async def hears(self, channel: str) -> tuple[str, Any]:
        """The next event on a channel; nothing else may come before it."""
        said = await self.next()
        assert said.get("channel") == channel, said
        return said["event"], said["data"]

    async def enter(self, channel: str, **more: Any) -> Any:
        """Subscribe and be let in; the data of the success."""
        self.order("subscribe", channel=channel, **more)
        event, data = await self.hears(channel)
        assert event == "pusher:subscription_succeeded", (event, data)
        return data

    async def hears_nothing(self) -> None:
        """What it is sent keeps its order: when the pong comes first, nothing else was on its way."""
        self.order("ping")
        assert await self.next() == {"pong": True}

    async def connected(self) -> str:
        """Wait for the next connection; its socket id."""
        return str((await self.until(state="connected"))["socket_id"])


Open = Callable[..., AbstractAsyncContextManager[Page]]
"""Opens a page: `in_node`, or `in_browser` with its first argument given."""


def _settings(server: Running, user: str, key: str, port: int, options: dict[str, Any]) -> str:
    where = {"wsPort": port} if port else {}
    base = f"{server.scheme}://127.0.0.1:{server.port}"
    return json.dumps({"key": key, "base": base, "user": user, "options": where | options})


@asynccontextmanager
async def in_node(
    server: Running, *, user: str = "anna", key: str = KEY, port: int = 0, **options: Any
) -> AsyncIterator[Page]:
    """A page in a Node process of its own.

    Args:
        server: with an `AuthEndpoint` as its web application.
        user: for whom the endpoint signs.
        key: of the app.
        port: where the socket connects, when it is not the server's own.
        options: of pusher-js.
    """
    # Node believes its own list, and whom this names.
    environ = {} if server.files is None else {"NODE_EXTRA_CA_CERTS": str(server.files.authority)}
    settings = _settings(server, user, key, port, options)
    async with running(node(), SCRIPT, settings, environ=environ) as program:
        yield Page(program.tell, program.next)


@asynccontextmanager
async def in_browser(
    windows: Windows, server: Running, *, user: str = "anna", key: str = KEY, port: int = 0, **options: Any
) -> AsyncIterator[Page]:
    """A page in a window of its own of a browser; otherwise as `in_node`."""
    async with windows.window(
        f"{server.scheme}://127.0.0.1:{server.port}/page", ready="window.ready"
    ) as window:
        await window.run(f"openPage({_settings(server, user, key, port, options)})")

        def send(order: str) -> None:
            window.begin(f"(({{ order, ...more }}) => {{ orders[order](more) }})({order})")

        yield Page(send, window.told.get)
