"""The Channels server as an ASGI application, to be mounted in another one."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from toolboxai.adapters.system_clock import SystemClock
from toolboxai.apps.app import App, AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.channels.interface import Authorization, Channels, ChannelState, Event, Identity
from toolboxai.channels.signing import Signer
from toolboxai.clock import Clock
from toolboxai.close_codes import CloseCode
from toolboxai.errors import BadUserId, ChannelsApiError
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelKind
from toolboxai.protocol.user_id import check_user_id
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.asgi import ASGIApp, ChannelsASGI, Receive, Scope, Send, below_mount
from toolboxai.transport.asgi_socket import ASGISocket
from toolboxai.transport.channels_http import ChannelsApi
from toolboxai.transport.event_bodies import Event as CheckedEvent
from toolboxai.transport.event_bodies import channel_name
from toolboxai.transport.operations import Operations
from toolboxai.transport.silence import shortest_wait

__all__ = ["ChannelsServer"]


class ChannelsServer:
    """Speaks Channels at ``/app/KEY`` and ``/apps/ID`` below where it is mounted, and satisfies ``Channels``.

    It starts with the first request that reaches it. Give `lifespan` to the outermost application, or hold `running`
    open, so that it also ends in order: applications that are mounted are not told of the end by their server.

    Args:
        app_id: digits.
        key: for clients.
        secret: for servers; signs.
        encryption_master_key_base64: 32 bytes in base64, for encrypted channels.
        inner: answers every other path; without it they are 404.
        clock: the machine's, when none is given.
        settings: any field of ``App``, such as ``client_events=False``.
    """

    def __init__(
        self,
        *,
        app_id: str,
        key: str,
        secret: str,
        encryption_master_key_base64: str | None = None,
        inner: ASGIApp | None = None,
        clock: Clock | None = None,
        **settings: Any,
    ) -> None:
        self._app = App(id=app_id, keys=(AppKey(key, secret),), **settings)
        self._signer = Signer(self._app, encryption_master_key_base64)
        clock = clock or SystemClock()
        dice = random.SystemRandom()
        self.node = Node(AppRegistry([self._app]), MemoryBroker(clock, dice), clock=clock, dice=dice)
        self._operations = Operations(self.node.metrics)
        self._http = ChannelsASGI(ChannelsApi(self.node), self._operations, inner)
        self._inner = inner
        self._background: Background | None = None
        self._acceptor: Acceptor | None = None
        self._own: asyncio.Task[None] | None = None
        self._started = asyncio.Event()

    # ---- ASGI -----------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "lifespan":
            await self._serve_lifespan(receive, send)
            return
        await self._start()
        if scope["type"] == "websocket" and self._is_ours(scope):
            assert self._acceptor is not None
            assert self._background is not None
            await ASGISocket(receive, send).serve(scope, self._acceptor, self.node, self._background)
        else:
            await self._http(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        return self._inner is None or below_mount(scope).startswith("/app/")

    async def _serve_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self.running():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def lifespan(self, _application: object) -> AsyncIterator[None]:
        """For ``FastAPI(lifespan=channels.lifespan)``: as `running`."""
        async with self.running():
            yield

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ChannelsServer"]:
        """Sweep and watch for silence; at the end close every connection with 4200."""
        if self._background is not None:
            raise RuntimeError("this ChannelsServer is running already; one loop can run it, once at a time")
        loop = asyncio.get_running_loop()
        async with Background(self.node.metrics) as background:
            self._background = self.node.background = background
            self._acceptor = Acceptor(self.node, background)
            self.node.turn.join(loop.call_soon)
            background.every(1.0, self.node.sweep, name="sweep")
            background.every(shortest_wait(self.node.apps), self._check_silence, name="silence")
            self._operations.ready = True
            self._started.set()
            try:
                yield self
            finally:
                self._operations.ready = False
                self._leave(self._acceptor)
                self.node.turn.join(None)
                self._background = self._acceptor = None
                self._started.clear()

    async def _start(self) -> None:
        """Run from the first request on, where nobody else has seen to it."""
        if self._background is None:
            if self._own is None or self._own.done():
                self._own = asyncio.get_running_loop().create_task(self._run(), name="channels")
            await self._started.wait()

    async def _run(self) -> None:
        with suppress(asyncio.CancelledError):  # the loop ends
            async with self.running():
                await asyncio.Event().wait()

    async def _check_silence(self) -> None:
        for pump in tuple(self._acceptor.pumps if self._acceptor else ()):
            pump.check_silence()

    @staticmethod
    def _leave(acceptor: Acceptor) -> None:
        acceptor.draining = True
        for pump in tuple(acceptor.pumps):
            pump.close(CloseCode.RECONNECT_NOW, "Please reconnect immediately")

    # ---- what the application does --------------------------------------------------------------------------

    def dependency(self) -> Channels:
        """For ``Depends(channels.dependency)``; tests put a fake in its place."""
        return self

    async def trigger(
        self, channels: str | Sequence[str], event: str, data: Any, *, socket_id: str | None = None
    ) -> None:
        """See ``Channels``."""
        await self._publish(self._signer.checked(channels, event, data, socket_id))

    async def trigger_batch(self, events: Sequence[Event]) -> None:
        """See ``Channels``."""
        if len(events) > 10:
            raise ChannelsApiError(400, f"Batch too large ({len(events)} > 10)")
        for event in [
            self._signer.checked(each.channel, each.name, each.data, each.socket_id) for each in events
        ]:
            await self._publish(event)

    async def send_to_user(self, user_id: str, event: str, data: Any) -> None:
        """See ``Channels``."""
        await self.trigger(f"{ChannelKind.SERVER_TO_USER.value.prefix}{user_id}", event, data)

    async def _publish(self, event: CheckedEvent) -> None:
        await self.node.publish(self._app, event.channels, event.name, event.data, exclude=event.socket_id)

    def authorize(
        self,
        socket_id: str,
        channel: str,
        *,
        user_id: str | None = None,
        user_info: Mapping[str, Any] | None = None,
        expires_at: float | None = None,
    ) -> Authorization:
        """See ``Channels``."""
        return self._signer.authorize(
            socket_id, channel, user_id=user_id, user_info=user_info, expires_at=expires_at
        )

    def authenticate(
        self,
        socket_id: str,
        user_id: str,
        *,
        user_info: Mapping[str, Any] | None = None,
        watchlist: Sequence[str] = (),
    ) -> Identity:
        """See ``Channels``."""
        return self._signer.authenticate(socket_id, user_id, user_info=user_info, watchlist=watchlist)

    async def terminate_connections(self, user_id: str) -> None:
        """See ``Channels``."""
        try:
            await self.node.terminate(self._app, check_user_id(user_id))
        except BadUserId as fault:
            raise ChannelsApiError(400, f"Invalid user id: {fault}") from fault

    async def occupied(self, prefix: str = "") -> Sequence[str]:
        """See ``Channels``."""
        return [name for name in self.node.hub(self._app).channels() if name.startswith(prefix)]

    async def state(self, channel: str) -> ChannelState:
        """See ``Channels``."""
        name = channel_name(self._app, channel)
        users = await self.node.members(self._app, channel) if name.facts.presence else ()
        return ChannelState(self.node.hub(self._app).subscribers(channel), tuple(users))
