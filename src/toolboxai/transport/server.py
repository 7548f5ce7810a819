"""The server of one process: listening, sweeping, draining."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from email.utils import formatdate
from types import MappingProxyType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from toolboxai import limits
from toolboxai.close_codes import CloseCode
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.node.pulse import BEAT_S
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.asgi import ASGIApp, ChannelsASGI
from toolboxai.transport.background_check import CHECK_S, BackgroundCheck
from toolboxai.transport.channels_http import ChannelsApi
from toolboxai.transport.event_streams import EventStreams
from toolboxai.transport.front import Doors, Front
from toolboxai.transport.loop_lag import LAG_PERIOD_S, LoopLag
from toolboxai.transport.old_sockets import OldSockets
from toolboxai.transport.old_sockets_parts import OldSocketsParts
from toolboxai.transport.operations import operations_of
from toolboxai.transport.polling import Polling
from toolboxai.transport.silence import shortest_wait
from toolboxai.transport.soketi_names import SoketiNames
from toolboxai.transport.stream_access import AuthoriseStream
from toolboxai.transport.web import Unfinished, WebProtocol

__all__ = ["Server", "listen_on"]

log = logging.getLogger(__name__)
BACKLOG = 4096  # a reconnect storm arrives at once; the kernel caps this at net.core.somaxconn
WEB_GRACE_S = 5.0  # requests in work get so long to end after the drain


def listen_on(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        OSError: the address is taken, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


class Server:
    """Everything that speaks on the one port.

    Args:
        node: the process's hub and broker.
        listener: from `listen_on`.
        web: the application's own routes, or None: Channels alone.
        drain_s: over how long a shutdown spreads the closing of connections.
        authorise: who may read private channels of the own app as event streams; None: nobody.
        old_sockets: what the old sockets need; None: they are not served.
        metrics_token: opens ``/metrics`` to others than this machine.
        checks: what is looked at in the background, by its name; while one finds something wrong, `/readyz` says so.
        soketi_prefix: tells the numbers under soketi's names too, behind this; None: not.

    Attributes:
        operations: health and metrics; whoever knows more of these adds to them.
    """

    def __init__(
        self,
        node: Node,
        listener: socket.socket,
        *,
        web: ASGIApp | None = None,
        drain_s: float = 5.0,
        authorise: AuthoriseStream | None = None,
        old_sockets: OldSocketsParts | None = None,
        metrics_token: str | None = None,
        soketi_prefix: str | None = None,
        checks: Mapping[str, BackgroundCheck] = MappingProxyType({}),
    ) -> None:
        self._node = node
        self._listener = listener
        self._drain_s = drain_s
        self._background = Background(node.metrics)
        self._acceptor = Acceptor(node, self._background)
        self._polling = Polling(node, self._acceptor, self._background)
        self._streams = EventStreams(node, authorise)
        self._old_sockets = (
            None if old_sockets is None else OldSockets(node, self._acceptor, self._background, old_sockets)
        )
        self._lag = LoopLag(node.metrics)
        self.operations = operations_of(node, self._lag, token=metrics_token)
        self._checks = checks
        self.operations.checks |= {name: check.trouble for name, check in checks.items()}
        if soketi_prefix is not None:
            self.operations.exposition.soketi = SoketiNames(node, soketi_prefix, self._port)
        api = ChannelsApi(node)
        self._web_state = ServerState()
        self._unfinished: Unfinished = {}
        self._web = uvicorn.Config(
            ChannelsASGI(api, self.operations, web, rooms=(self._polling, self._streams)),
            http=HttpToolsProtocol,
            ws=self._front,  # type: ignore[arg-type]  # a factory serves: uvicorn only calls it
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=int(limits.HTTP_IDLE_S),
        )
        self._web.load()
        self._doors = Doors(
            acceptor=self._acceptor,
            old_sockets=self._old_sockets,
            api=api,
            operations=self.operations,
            make_web=self._make_web,
            background=self._background,
            immediate=node.broker.immediate,
            metrics=node.metrics,
            idle={},
        )

    def _port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """Where it listens, as a person would type it."""
        host, port = self._listener.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Server"]:
        """Listen; at the end stop listening, drain, and let requests in work finish."""
        loop = asyncio.get_running_loop()
        async with self._background:
            self._tick()
            self._node.turn.join(loop.call_soon)
            self._node.background = self._background
            self._background.every(1.0, self._sweep, name="sweep")
            self._background.every(1.0, self._node.let_go, name="let go")
            self._background.every(
                lambda: shortest_wait(self._node.apps), self._check_silence, name="silence"
            )
            for name, check in self._checks.items():
                self._background.every(CHECK_S, check.look, name=f"check of {name}")
            self._background.every(LAG_PERIOD_S, self._lag.look, name="loop lag")
            self._background.every(BEAT_S, self._node.pulse.beat, name="pulse")
            server = await loop.create_server(self._front, sock=self._listener, backlog=BACKLOG)
            self.operations.ready = True
            try:
                yield self
            finally:
                self.operations.ready = False
                server.close()
                await self._drain()
                await self._finish_web()
                self._node.turn.join(None)

    def _front(self, **uvicorn_asks: Any) -> Front:
        return Front(self._doors, from_web=bool(uvicorn_asks))

    def _make_web(self) -> asyncio.Protocol:
        return WebProtocol(self._web, self._web_state, self._unfinished)

    # ---- time -----------------------------------------------------------------------------------------------

    async def look_at_the_clock(self) -> None:
        """Do everything that is due by now; for whoever has moved the clock by hand."""
        await self._sweep()
        await self._node.let_go()
        await self._check_silence()

    async def _sweep(self) -> None:
        self._tick()
        now = asyncio.get_running_loop().time()
        for front, deadline in tuple(self._doors.idle.items()):
            if deadline < now:
                self._doors.idle.pop(front, None)
                front.close_idle()
        for connection, deadline in tuple(self._unfinished.items()):
            if deadline < now:
                self._unfinished.pop(connection, None)
                connection.give_up()
        self._node.sweep()
        self._polling.sweep()
        if self._old_sockets is not None:
            self._old_sockets.look_at_the_clock()
        self._streams.sweep()

    def _tick(self) -> None:
        """Keep the time that answers tell; for the web server's answers this is what its own loop would do."""
        self._doors.date = formatdate(self._node.clock.now(), usegmt=True).encode()
        self._web_state.default_headers = [(b"date", self._doors.date)]

    async def _check_silence(self) -> None:
        for pump in tuple(self._acceptor.pumps):
            pump.check_silence()

    # ---- leaving --------------------------------------------------------------------------------------------

    async def _drain(self) -> None:
        """Close every connection with 4200, spread over the drain time, and wait until the peers have gone."""
        self._acceptor.draining = True
        self._streams.leave()
        loop = asyncio.get_running_loop()
        pumps = tuple(self._acceptor.pumps)
        start = loop.time()
        log.info("draining", extra={"connections": len(pumps), "drain_s": self._drain_s})
        for count, pump in enumerate(pumps):
            pump.close(CloseCode.RECONNECT_NOW, "Please reconnect immediately")
            pause = start + self._drain_s * (count + 1) / len(pumps) - loop.time()
            if count + 1 < len(pumps) and pause > 0.001:
                await asyncio.sleep(pause)
        told_by = loop.time() + min(self._drain_s, limits.APP_CLOSE_GRACE_S)
        with suppress(TimeoutError):  # who is left then has been cut off
            async with asyncio.timeout(limits.APP_CLOSE_GRACE_S + 0.5):
                await self._acceptor.emptied()
        with suppress(
            TimeoutError
        ):  # between two polls a client is away for a moment; who is left then has gone
            async with asyncio.timeout_at(told_by):
                await self._polling.emptied()

    async def _finish_web(self) -> None:
        for front in tuple(self._doors.idle):
            front.close_idle()
        for connection in tuple(self._web_state.connections):
            connection.shutdown()
        tasks = tuple(self._web_state.tasks)
        if tasks:
            _done, pending = await asyncio.wait(tasks, timeout=WEB_GRACE_S)
            for task in pending:
                task.cancel()
