"""The server of one process: listening, sweeping, draining."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from email.utils import formatdate
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from toolboxai import limits
from toolboxai.close_codes import CloseCode
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.node.pulse import BEAT_S
from toolboxai.protocol.allow_list import NOBODY_LISTED, AllowList
from toolboxai.protocol.proxies import TrustedProxies
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.asgi import ASGIApp, ChannelsASGI
from toolboxai.transport.background_check import CHECK_S, BackgroundCheck
from toolboxai.transport.batches import open_batches
from toolboxai.transport.channels_http import ChannelsApi
from toolboxai.transport.event_streams import EventStreams
from toolboxai.transport.front import Doors, Front
from toolboxai.transport.loop_lag import LAG_PERIOD_S, LoopLag
from toolboxai.transport.old_sockets import OldSockets
from toolboxai.transport.old_sockets_parts import OldSocketsParts
from toolboxai.transport.operations import operations_of
from toolboxai.transport.polling import Polling
from toolboxai.transport.proxied import Peer, ProxiedListener
from toolboxai.transport.silence import shortest_wait
from toolboxai.transport.soketi_names import SoketiNames
from toolboxai.transport.stream_access import AuthoriseStream
from toolboxai.transport.waiting import Waiting
from toolboxai.transport.web import WebProtocol

if TYPE_CHECKING:  # what reads certificates takes 8 MB, which a server without TLS can do without
    from toolboxai.transport.tls import Certificate

__all__ = ["Server", "listen_on"]

log = logging.getLogger(__name__)
BACKLOG = 4096  # a reconnect storm arrives at once; the kernel caps this at net.core.somaxconn
WEB_GRACE_S = 5.0  # requests in work get so long to end after the drain
HURRY_S = 0.5  # peers that were told, and requests in work, once it is to hurry
LOOKED_AT = 256  # connections in one go, when those that have fallen silent are looked for


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
        proxies: whose word on addresses is taken.
        allow_list: networks whose addresses have limits of their own.
        proxy_protocol: whether connections of those proxies begin with the PROXY protocol.
        certificate: TLS is spoken with it, and nothing else; None: no TLS.
        batched_sends: whether many sockets are written to by one system call, where the system has one for that.

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
        proxies: TrustedProxies | None = None,
        allow_list: AllowList = NOBODY_LISTED,
        proxy_protocol: bool = False,
        certificate: "Certificate | None" = None,
        batched_sends: bool = True,
    ) -> None:
        self._node = node
        self._listener = listener
        self._drain_s = drain_s
        self._certificate = certificate
        self._batched_sends = batched_sends
        self._background = Background(node.metrics)
        proxies = proxies or TrustedProxies()
        self._acceptor = Acceptor(node, self._background, proxies=proxies, allow_list=allow_list)
        self._waiting = Waiting(node.metrics, node.refusals, proxies=proxies, allow_list=allow_list)
        self._polling = Polling(node, self._acceptor, self._background)
        self._streams = EventStreams(node, self._acceptor, authorise)
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
        self._web = uvicorn.Config(
            ChannelsASGI(api, self.operations, web, rooms=(self._polling, self._streams), proxies=proxies),
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
        self._hurried = asyncio.Event()
        self._doors = Doors(
            acceptor=self._acceptor,
            old_sockets=self._old_sockets,
            api=api,
            operations=self.operations,
            make_web=self._make_web,
            background=self._background,
            immediate=node.broker.immediate,
            metrics=node.metrics,
            refusals=node.refusals,
            waiting=self._waiting,
        )
        self._proxied: ProxiedListener | None = None
        if proxy_protocol:
            self._proxied = ProxiedListener(
                listener,
                self._front,
                proxies=proxies,
                background=self._background,
                waiting=self._waiting,
                metrics=node.metrics,
                refusals=node.refusals,
            )

    def _port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """Where it listens, as a person would type it."""
        scheme = "http" if self._certificate is None else "https"
        host, port = self._listener.getsockname()[:2]
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

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
            if self._certificate is not None:
                await self._certificate.look()
                self._background.every(limits.TLS_LOOK_S, self._certificate.look, name="certificate")
            close = await self._open(loop)
            batches = (
                open_batches() if self._batched_sends else None
            )  # last: what fails before leaves none behind
            self._node.write_at_once(batches)
            self.operations.ready = True
            try:
                yield self
            finally:
                self.operations.ready = False
                close()
                await self._drain()
                await self._finish_web()
                self._node.turn.join(None)
                self._node.write_at_once(None)
                if batches is not None:
                    batches.close()

    async def _open(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        """Listen; what is returned ends it."""
        tls: Mapping[str, Any] = {} if self._certificate is None else self._certificate.options()
        if self._proxied is None:
            return (await loop.create_server(self._front, sock=self._listener, backlog=BACKLOG, **tls)).close
        self._proxied.open(tls)
        return self._proxied.close

    def _front(self, named: Peer | None = None, **uvicorn_asks: Any) -> Front:
        return Front(self._doors, from_web=bool(uvicorn_asks), named=named)

    def _make_web(self, named: Peer | None) -> asyncio.Protocol:
        return WebProtocol(self._web, self._web_state, self._node.metrics, self._waiting, named)

    # ---- time -----------------------------------------------------------------------------------------------

    async def look_at_the_clock(self) -> None:
        """Do everything that is due by now; for whoever has moved the clock by hand."""
        await self._sweep()
        await self._node.let_go()
        await self._check_silence()
        if self._certificate is not None:
            await self._certificate.look()

    async def _sweep(self) -> None:
        self._tick()
        self._waiting.sweep()
        self._acceptor.crowds.sweep(self._node.clock.monotonic())
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
        pumps = self._acceptor.pumps
        for count, pump in enumerate(tuple(pumps), 1):
            if pump in pumps:  # and has not gone meanwhile
                pump.check_silence()
            if (
                count % LOOKED_AT == 0
            ):  # after a storm thousands fall silent at the same time, and are written to
                await asyncio.sleep(0)

    # ---- leaving --------------------------------------------------------------------------------------------

    def hurry(self) -> None:
        """Leave at once: all that are still there are told now, and nobody is waited for any longer."""
        self._hurried.set()

    async def _drain(self) -> None:
        """Close every connection with 4200, spread over the drain time, and wait until the peers have gone.

        The first goes at once, each other at a moment of chance within its part of the time: clients that come back
        after equal pauses would otherwise come in step.
        """
        self._acceptor.draining = True
        self._node.turn.finish()
        self._streams.leave()
        self._node.feed.leave()
        loop = asyncio.get_running_loop()
        pumps = tuple(self._acceptor.pumps)
        start, each_s = loop.time(), self._drain_s / max(len(pumps), 1)
        log.info("draining", extra={"connections": len(pumps), "drain_s": self._drain_s})
        for count, pump in enumerate(pumps):
            if count:
                chance = self._node.dice.getrandbits(16) / (1 << 16)
                await self._wait_until(start + (count + chance) * each_s)
            pump.close(CloseCode.RECONNECT_NOW, "Please reconnect immediately")
        ended = loop.time()
        # Who is left then has been cut off.
        await self._wait_for(self._acceptor.emptied(), ended + limits.APP_CLOSE_GRACE_S + 0.5)
        # Between two polls a client is away for a moment; who is left then has gone.
        await self._wait_for(self._polling.emptied(), ended + min(self._drain_s, limits.APP_CLOSE_GRACE_S))

    async def _wait_until(self, when: float) -> None:
        """Until this loop time, or until it is to hurry."""
        if when - asyncio.get_running_loop().time() > 0.001 and not self._hurried.is_set():
            await self._wait_for(self._hurried.wait(), when)

    async def _wait_for(self, something: Coroutine[Any, Any, object], when: float) -> None:
        """Until something has come to its end, until this loop time, or until it is to hurry; a moment at least."""
        work = asyncio.ensure_future(something)
        hurried = asyncio.ensure_future(self._hurried.wait())
        pause_s = max(when - asyncio.get_running_loop().time(), 0)
        await asyncio.wait((work, hurried), timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        if self._hurried.is_set() and not work.done():
            await asyncio.wait((work,), timeout=min(pause_s, HURRY_S))
        work.cancel()
        hurried.cancel()

    async def _finish_web(self) -> None:
        for connection in self._waiting:
            if not isinstance(connection, WebProtocol):  # the web server's may have requests in work
                connection.make_room()
        for web in tuple(self._web_state.connections):
            web.shutdown()
        tasks = tuple(self._web_state.tasks)
        if tasks:
            await self._wait_for(asyncio.wait(tasks), asyncio.get_running_loop().time() + WEB_GRACE_S)
            for task in tasks:
                task.cancel()
