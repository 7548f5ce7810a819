"""Starting and ending a server."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from toolboxai.app.channels import make_node
from toolboxai.app.demo import DemoAccount
from toolboxai.config import Settings
from toolboxai.errors import ConfigError
from toolboxai.node.node import Node
from toolboxai.transport.server import Server, listen_on

__all__ = ["Running", "running", "serve"]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Args:
        url: where, such as ``http://127.0.0.1:8009``.
        node: its hub and broker, for whoever embeds it.
    """

    url: str
    node: Node


@asynccontextmanager
async def running(
    settings: Settings, *, channels_only: bool = False, demo: DemoAccount | None = None
) -> AsyncIterator[Running]:
    """A server in this process and loop; at the end it drains.

    Args:
        settings: checked, with an app in them.
        channels_only: no database, no secret of ours, no route of the application.
        demo: an account that may sign in with a one-time code.

    Raises:
        ConfigError: the port is taken, or the database's schema is not the one that this version needs.
    """
    server_settings = settings.server
    try:
        listener = listen_on(server_settings.host, server_settings.port)
    except OSError as fault:
        raise ConfigError(
            [
                f"cannot listen on {server_settings.host}:{server_settings.port} ({fault.strerror}); "
                "choose another with --port or TOOLBOXAI_PORT, or stop what uses it"
            ]
        ) from fault
    async with AsyncExitStack() as stack:
        stack.callback(listener.close)
        node = make_node(settings)
        web, authorise = None, None
        if not channels_only:
            from toolboxai.app.application import application

            web, authorise = await stack.enter_async_context(application(settings, node, demo=demo))
        server = Server(node, listener, web=web, drain_s=server_settings.drain_s, authorise=authorise)
        await stack.enter_async_context(server.running())
        yield Running(server.url, node)


def _calm_the_collector() -> None:
    """What start-up made stays until the end, and connections are freed by counting: look for cycles less often.

    A storm of connections otherwise spends a fifth of its time in looking through all of them again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def serve(
    settings: Settings,
    *,
    channels_only: bool = False,
    demo: DemoAccount | None = None,
    on_ready: Callable[[str], None],
) -> int:
    """Run a server until SIGTERM or SIGINT; blocks.

    Args:
        settings: as in `running`.
        channels_only: as in `running`.
        demo: as in `running`.
        on_ready: called with the URL, once it answers.

    Returns:
        The exit status: 0 after a drain.

    Raises:
        ConfigError: as in `running`.
    """

    async def until_told() -> int:
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told.set)
        async with running(settings, channels_only=channels_only, demo=demo) as server:
            _calm_the_collector()
            on_ready(server.url)
            await told.wait()
        return 0

    return _run(until_told())


def _run(main: Coroutine[Any, Any, int]) -> int:
    try:
        import uvloop
    except ImportError:  # not for this platform: the plain loop serves, at a lower speed
        return asyncio.run(main)
    return uvloop.run(main)
