"""Starting and ending a server."""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolboxai.adapters.service_manager import ServiceManager
from toolboxai.app.channels import make_node, make_served_apps
from toolboxai.app.demo import DemoAccount
from toolboxai.app.identity import follow_settings, make_key_ring
from toolboxai.app.kept import Kept
from toolboxai.app.storage import Storage
from toolboxai.app.webhooks_when_needed import WebhooksWhenNeeded
from toolboxai.config import Settings
from toolboxai.config.leaves import secrets_of
from toolboxai.errors import ConfigError
from toolboxai.limits import SERIES_PERIOD_S
from toolboxai.logs import keep_secret
from toolboxai.node.node import Node
from toolboxai.node.served_apps import ServedApps
from toolboxai.transport.activation import handed_down
from toolboxai.transport.server import Server, listen_on

if TYPE_CHECKING:
    from toolboxai.app.application import Application
    from toolboxai.transport.tls import Certificate

__all__ = ["Running", "running", "serve"]

_audit = logging.getLogger("toolboxai.audit")


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Args:
        url: where, such as ``http://127.0.0.1:8009``.
        node: its hub and broker, for whoever embeds it.
        apps: the apps that it serves.
        kept: what outlives it.
        hurry: called while it drains, has it end at once.
        prepare: does beforehand what its first clients would otherwise have everybody wait for.
        certificate: that it shows; None: it speaks no TLS.
    """

    url: str
    node: Node
    apps: ServedApps
    kept: Kept
    hurry: Callable[[], None]
    prepare: Callable[[], None]
    certificate: "Certificate | None"


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    channels_only: bool = False,
    demo: DemoAccount | None = None,
    reread: Callable[[], Settings] | None = None,
    listener: socket.socket | None = None,
) -> AsyncIterator[Running]:
    """A server in this process and loop; at the end it drains.

    Args:
        settings: checked, with an app in them.
        channels_only: no secret of ours, no route of the application, and a database only for webhooks and what is kept.
        demo: an account that may sign in with a one-time code.
        reread: reads the settings anew, for a reload of apps and keys; None: they stay as they are.
        listener: a socket that listens already; None: one is made as the settings say.

    Raises:
        ConfigError: the port is taken, the certificate cannot be used, or the database's schema is not the one that
            this version needs.
    """
    server_settings, metrics = settings.server, settings.metrics
    keep_secret(*secrets_of(settings))
    listener = listener or _listener(server_settings.host, server_settings.port)
    async with AsyncExitStack() as stack:
        stack.callback(listener.close)
        node = make_node(settings)
        certificate = _certificate(settings, node)
        storage = Storage(settings, node.clock)
        webhooks = await stack.enter_async_context(WebhooksWhenNeeded(storage, node))
        if not channels_only or any(app.webhooks for app in node.apps):
            await webhooks.begin()
        ring = None if channels_only else make_key_ring(settings)
        apps = make_served_apps(
            node,
            settings,
            reread or (lambda: settings),
            before=webhooks.before,
            beside={} if ring is None else {"auth.jwt_keys": partial(follow_settings, ring)},
        )
        # Saved after all that publishes has ended.
        kept = await stack.enter_async_context(Kept(settings, node))
        served: Application | None = None
        if ring is None:
            await kept.load()
        else:
            from toolboxai.app.application import application

            served = await stack.enter_async_context(
                application(settings, node, apps, storage, kept, ring, demo=demo)
            )
        server = Server(
            node,
            listener,
            web=served and served.web,
            drain_s=server_settings.drain_s,
            authorise=served and served.streams,
            old_sockets=served and served.old_sockets,
            checks={} if served is None else served.checks,
            metrics_token=None if metrics.token is None else metrics.token.get_secret_value(),
            soketi_prefix=metrics.soketi_prefix if metrics.soketi else None,
            proxies=server_settings.proxies(),
            allow_list=server_settings.allowed(),
            proxy_protocol=server_settings.proxy_protocol,
            certificate=certificate,
            batched_sends=server_settings.batched_sends,
        )
        sources = server.operations.exposition.sources
        sources += [webhooks.samples] if served is None else [webhooks.samples, served.samples]
        server.operations.checks["storage"] = storage.trouble
        await stack.enter_async_context(server.running())
        if served is not None:
            assert node.background is not None  # it runs
            node.background.every(SERIES_PERIOD_S, served.series.look, name="series")
            stack.push_async_callback(served.notifications.leaving)  # before the drain closes anybody
            stack.callback(served.leave)
        await stack.enter_async_context(storage.answering(kept))
        stack.callback(webhooks.hold_on)  # before the drain: its clients come back to the next start
        prepare = _nothing if served is None else served.prepare
        yield Running(server.url, node, apps, kept, server.hurry, prepare, certificate)


def _nothing() -> None:
    """There is no application, and nothing to prepare."""


def _listener(host: str, port: int) -> socket.socket:
    try:
        return listen_on(host, port)
    except OSError as fault:
        raise ConfigError(
            [
                f"cannot listen on {host}:{port} ({fault.strerror}); "
                "choose another with --port or TOOLBOXAI_PORT, or stop what uses it"
            ]
        ) from fault


def _certificate(settings: Settings, node: Node) -> "Certificate | None":
    files = settings.server
    if files.tls_certificate is None or files.tls_key is None:
        return None
    from toolboxai.transport.tls import Certificate

    return Certificate(
        Path(files.tls_certificate), Path(files.tls_key), clock=node.clock, metrics=node.metrics
    )


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
    """Run a server until SIGTERM or SIGINT; blocks. A second one ends it at once.

    SIGHUP reloads its apps, its keys and its certificate. It listens on the socket that a supervisor has handed down,
    where there is one, and tells who started it how it is, where ``NOTIFY_SOCKET`` says how.

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
    listener = handed_down(os.environ)

    async def until_told() -> int:
        told, reload = asyncio.Event(), asyncio.Event()
        hurry: Callable[[], None] | None = None
        manager = ServiceManager(os.environ.get("NOTIFY_SOCKET"))

        def leave() -> None:
            if told.is_set() and hurry is not None:
                hurry()
            told.set()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, leave)
        loop.add_signal_handler(signal.SIGHUP, reload.set)
        async with running(
            settings, channels_only=channels_only, demo=demo, reread=reread, listener=listener
        ) as server:
            hurry = server.hurry
            assert server.node.background is not None  # it runs
            server.node.background.every(0, _reload_when(reload, server, manager), name="reload")
            server.prepare()
            _calm_the_collector()
            on_ready(server.url)
            manager.ready(f"listening on {server.url}")
            await told.wait()
            manager.stopping()
        return 0

    return _run(until_told())


def _reload_when(
    told: asyncio.Event, server: Running, manager: ServiceManager
) -> Callable[[], Awaitable[None]]:
    """Waits until it is told, then reloads; signals that come meanwhile are one more reload together."""

    async def once() -> None:
        await told.wait()
        told.clear()
        manager.reloading()
        try:
            _audit.info("settings are read anew", extra={"by": "SIGHUP"})
            await server.apps.reload_or_log()
            if server.certificate is not None:
                await server.certificate.renew()
        finally:
            manager.ready(f"listening on {server.url}")

    return once


def _run(main: Coroutine[Any, Any, int]) -> int:
    try:
        import uvloop
    except ImportError:  # not for this platform: the plain loop serves, at a lower speed
        return asyncio.run(main)
    return uvloop.run(main)
