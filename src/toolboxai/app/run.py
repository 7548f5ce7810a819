"""Starting and ending a server."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from toolboxai.app.channels import make_node, make_served_apps
from toolboxai.app.demo import DemoAccount
from toolboxai.app.kept import Kept
from toolboxai.app.storage import Storage
from toolboxai.app.webhooks_when_needed import WebhooksWhenNeeded
from toolboxai.config import Settings
from toolboxai.errors import ConfigError
from toolboxai.node.node import Node
from toolboxai.node.served_apps import ServedApps
from toolboxai.transport.server import Server, listen_on

__all__ = ["Running", "running", "serve"]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Args:
        url: where, such as ``http://127.0.0.1:8009``.
        node: its hub and broker, for whoever embeds it.
        apps: the apps that it serves.
        kept: what outlives it.
    """

    url: str
    node: Node
    apps: ServedApps
    kept: Kept


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    channels_only: bool = False,
    demo: DemoAccount | None = None,
    reread: Callable[[], Settings] | None = None,
) -> AsyncIterator[Running]:
    """A server in this process and loop; at the end it drains.

    Args:
        settings: checked, with an app in them.
        channels_only: no secret of ours, no route of the application, and a database for webhooks only.
        demo: an account that may sign in with a one-time code.
        reread: reads the settings anew, for a reload of the apps; None: they stay as they are.

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
        storage = Storage(settings, node.clock)
        webhooks = await stack.enter_async_context(WebhooksWhenNeeded(storage, node))
        if not channels_only or any(app.webhooks for app in node.apps):
            await webhooks.begin()
        apps = make_served_apps(node, settings, reread or (lambda: settings), before=webhooks.before)
        kept = await stack.enter_async_context(
            Kept(settings, node)
        )  # saved after all that publishes has ended
        web, authorise, old_sockets = None, None, None
        if channels_only:
            await kept.load()
        else:
            from toolboxai.app.application import application

            web, authorise, old_sockets = await stack.enter_async_context(
                application(settings, node, apps, storage, kept, demo=demo)
            )
        server = Server(
            node,
            listener,
            web=web,
            drain_s=server_settings.drain_s,
            authorise=authorise,
            old_sockets=old_sockets,
        )
        await stack.enter_async_context(server.running())
        await stack.enter_async_context(storage.answering(kept))
        stack.callback(webhooks.hold_on)  # before the drain: its clients come back to the next start
        yield Running(server.url, node, apps, kept)


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
    reread: Callable[[], Settings],
    on_ready: Callable[[str], None],
) -> int:
    """Run a server until SIGTERM or SIGINT; blocks. SIGHUP reloads its apps.

    Args:
        settings: as in `running`.
        channels_only: as in `running`.
        demo: as in `running`.
        reread: as in `running`.
        on_ready: called with the URL, once it answers.

    Returns:
        The exit status: 0 after a drain.

    Raises:
        ConfigError: as in `running`.
    """

    async def until_told() -> int:
        told, reload = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told.set)
        loop.add_signal_handler(signal.SIGHUP, reload.set)
        async with running(settings, channels_only=channels_only, demo=demo, reread=reread) as server:
            assert server.node.background is not None  # it runs
            server.node.background.every(0, _reload_when(reload, server.apps), name="reload")
            _calm_the_collector()
            on_ready(server.url)
            await told.wait()
        return 0

    return _run(until_told())


def _reload_when(told: asyncio.Event, apps: ServedApps) -> Callable[[], Awaitable[None]]:
    """Waits until it is told, then reloads; signals that come meanwhile are one more reload together."""

    async def once() -> None:
        await told.wait()
        told.clear()
        await apps.reload_or_log()

    return once


def _run(main: Coroutine[Any, Any, int]) -> int:
    try:
        import uvloop
    except ImportError:  # not for this platform: the plain loop serves, at a lower speed
        return asyncio.run(main)
    return uvloop.run(main)
