"""The Channels server as an ASGI application, to be mounted in another one."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from toolboxai.adapters.system_clock import SystemClock
from toolboxai.apps.app import App, AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.channels.checked import CheckedChannels
from toolboxai.channels.interface import ChannelState
from toolboxai.clock import Clock
from toolboxai.close_codes import CloseCode
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.node.pulse import BEAT_S
from toolboxai.protocol.channel import ChannelName
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.asgi import ChannelsASGI, Receive, Scope, Send
from toolboxai.transport.asgi_socket import ASGISocket
from toolboxai.transport.channels_http import ChannelsApi
from toolboxai.transport.event_bodies import Event as CheckedEvent
from toolboxai.transport.event_streams import EventStreams
from toolboxai.transport.loop_lag import LAG_PERIOD_S, LoopLag
from toolboxai.transport.operations import Operations, operations_of
from toolboxai.transport.polling import Polling
from toolboxai.transport.silence import shortest_wait

__all__ = ["ChannelsServer"]

log = logging.getLogger(__name__)


class _Life:
    """What there is from a start to its end, in one loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        background: Background,
        node: Node,
        api: ChannelsApi,
        operations: Operations,
    ) -> None:
        self.loop = loop
        self.background = background
        self.acceptor = Acceptor(node, background)
        self.polling = Polling(node, self.acceptor, background)
        self.streams = EventStreams(node, self.acceptor)
        self.http = ChannelsASGI(api, operations, rooms=(self.polling, self.streams))

    async def check_silence(self) -> None:
        """Ask whoever has been silent for long, or let go of it."""
        for pump in tuple(self.acceptor.pumps):
            pump.check_silence()

    def leave(self) -> None:
        """Send everyone away, to come back at once."""
        self.acceptor.draining = True
        self.streams.leave()
        for pump in tuple(self.acceptor.pumps):
            pump.close(CloseCode.RECONNECT_NOW, "Please reconnect immediately")

    def forget(self) -> None:
        """The loop has gone, and every connection with it."""
        for pump in tuple(self.acceptor.pumps):
            pump.closed()
        self.streams.forget()


class ChannelsServer(CheckedChannels):
    """Speaks Channels at ``/app/KEY`` and ``/apps/ID`` below where it is mounted, and satisfies ``Channels``.

    It starts with the first request that reaches it. Give `lifespan` to the outermost application, or hold `running`
    open, so that it also ends in order: applications that are mounted are not told of the end by their server.

    Args:
        app_id: digits.
        key: for clients.
        secret: for servers; signs.
        further_keys: accepted beside `key`, while one takes the place of another.
        encryption_master_key_base64: 32 bytes in base64, for encrypted channels.
        clock: the machine's, when none is given.
        settings: any other field of ``App``, such as ``client_events=False``.

    Raises:
        ValueError: webhooks are asked for; they need the server's own database.
    """

    def __init__(
        self,
        *,
        app_id: str,
        key: str,
        secret: str,
        further_keys: Sequence[AppKey] = (),
        encryption_master_key_base64: str | None = None,
        clock: Clock | None = None,
        **settings: Any,
    ) -> None:
        app = App(id=app_id, keys=(AppKey(key, secret), *further_keys), **settings)
        if app.webhooks:
            raise ValueError(
                "webhooks are posted by `toolboxai serve`; a mounted server has no queue for them"
            )
        super().__init__(app, encryption_master_key_base64)
        clock = clock or SystemClock()
        dice = random.SystemRandom()
        self.node = Node(AppRegistry([app]), MemoryBroker(clock, dice), clock=clock, dice=dice)
        self._lag = LoopLag(self.node.metrics)
        self._operations = operations_of(self.node, self._lag)
        self._api = ChannelsApi(self.node)
        self._life: _Life | None = None
        self._starting: asyncio.Future[_Life] | None = None
        self._own: asyncio.Task[None] | None = None  # held, so that it is not collected

    # ---- ASGI -----------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "lifespan":
            await self._serve_lifespan(receive, send)
        elif scope["type"] == "websocket":
            life = await self._started()
            await ASGISocket(receive, send).serve(scope, life.acceptor, self.node, life.background)
        else:
            life = await self._started()
            await life.http(scope, receive, send)

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
        """Sweep and watch for silence; at the end close every connection with 4200.

        Raises:
            RuntimeError: it runs already.
        """
        if self._current() is not None:
            raise RuntimeError("this ChannelsServer is running already; one loop can run it, once at a time")
        loop = asyncio.get_running_loop()
        async with Background(self.node.metrics) as background:
            life = _Life(loop, background, self.node, self._api, self._operations)
            try:
                self._begin(life)
                yield self
            finally:
                if self._life is life:  # else its loop was closed, and what it left has been cleared away
                    self._end(life)

    def _begin(self, life: _Life) -> None:
        self._life = life
        self.node.background = life.background
        self.node.turn.join(life.loop.call_soon)
        life.background.every(1.0, self._sweep, name="sweep")
        life.background.every(1.0, self.node.let_go, name="let go")
        life.background.every(shortest_wait(self.node.apps), life.check_silence, name="silence")
        life.background.every(LAG_PERIOD_S, self._lag.look, name="loop lag")
        life.background.every(BEAT_S, self.node.pulse.beat, name="pulse")
        self._operations.ready = True

    def _end(self, life: _Life) -> None:
        self._operations.ready = False
        self._life = None
        if life.loop.is_closed():
            self.node.turn.join(None)  # first: its loop takes nothing any more
            life.forget()
        else:
            self.node.turn.finish()
            life.leave()
            self.node.turn.join(None)

    async def _sweep(self) -> None:
        self.node.sweep()
        if self._life is not None:
            self._life.acceptor.crowds.sweep(self.node.clock.monotonic())
            self._life.polling.sweep()
            self._life.streams.sweep()

    # ---- where nobody else sees to it that it runs ----------------------------------------------------------

    def _current(self) -> "_Life | None":
        """What runs; what a loop that was closed has left behind is cleared away."""
        life = self._life
        if life is not None and life.loop.is_closed():
            self._end(life)
            life = self._starting = None
        return life

    async def _started(self) -> "_Life":
        """Run from the first request on."""
        life = self._current()
        if life is None:
            if self._starting is None or self._starting.get_loop() is not asyncio.get_running_loop():
                self._starting = asyncio.get_running_loop().create_future()
                self._own = asyncio.create_task(self._run(self._starting), name="channels")
            life = await asyncio.shield(self._starting)
        return life

    async def _run(self, started: "asyncio.Future[_Life]") -> None:
        """Until the loop ends; whoever waits for the start learns of its failure."""
        try:
            async with self.running():
                assert self._life is not None
                started.set_result(self._life)
                await asyncio.Event().wait()
        except Exception as fault:  # whatever it is: told to who waits for the start, or else to the log
            if not started.done():
                started.set_exception(fault)
            elif not started.get_loop().is_closed():
                log.exception("the Channels server has ended")
        finally:
            if self._starting is started:
                self._starting = None

    # ---- what the application does --------------------------------------------------------------------------

    async def _publish(self, event: CheckedEvent, text: str) -> Sequence[str]:
        del text
        self._current()
        positions = await self.node.publish(
            self._app, event.channels, event.name, event.data, exclude=event.socket_id
        )
        return [position.text for position in positions]

    async def _terminate(self, user_id: str) -> None:
        self._current()
        await self.node.terminate(self._app, user_id)

    async def occupied(self, prefix: str = "") -> Sequence[str]:
        """See ``Channels``."""
        self._current()
        return [name for name in self.node.hub(self._app).channels() if name.startswith(prefix)]

    async def _state(self, channel: ChannelName) -> ChannelState:
        self._current()
        users = await self.node.members(self._app, channel.text) if channel.facts.presence else ()
        return ChannelState(self.node.hub(self._app).subscribers(channel.text), tuple(users))
