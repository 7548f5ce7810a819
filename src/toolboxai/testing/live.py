"""A Channels server for tests: on a free port, in a thread of its own, with a clock that tests move."""

import asyncio
import random
import secrets
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

from toolboxai.apps.app import App, AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.channels.signing import Signer, text_of
from toolboxai.node.node import Node
from toolboxai.testing.clock import ManualClock
from toolboxai.transport.server import Server, listen_on

__all__ = ["LiveServer"]

T = TypeVar("T")
_PATIENCE_S = 10.0


class LiveServer:
    """A context manager; stock clients and libraries connect to it as to any other Channels server.

    It has a thread and a loop of its own, and every call waits for it. Asynchronous tests call it all the same: each
    call is short, but for `wait_for_subscription`, in whose place they await `subscription`.

    Args:
        seed: of socket ids, so that a run can be repeated.
        encryption_master_key_base64: 32 bytes in base64, for encrypted channels.
        settings: any field of ``App`` beside ``id`` and ``keys``, such as ``subscription_counts=True``.

    Attributes:
        app_id: for server libraries.
        key: for clients.
        secret: for server libraries.
        host: where it listens.
        port: where it listens.
        clock: stands still; `advance` moves it.
    """

    def __init__(
        self, *, seed: int = 0, encryption_master_key_base64: str | None = None, **settings: Any
    ) -> None:
        self.app_id, self.key, self.secret = "1", "test-key", secrets.token_hex(16)
        self.host, self.port = "127.0.0.1", 0
        self.clock = ManualClock()
        self._app = App(id=self.app_id, keys=(AppKey(self.key, self.secret),), **settings)
        self._signer = Signer(self._app, encryption_master_key_base64)
        self._dice = random.Random(seed)  # noqa: S311 - a test wants to be repeated
        self._loop: asyncio.AbstractEventLoop | None = None
        self._node: Node | None = None
        self._server: Server | None = None
        self._end: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "LiveServer":
        if self._thread is not None:
            raise RuntimeError("this LiveServer runs already; make another one")
        ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="channels", daemon=True)
        self._thread.start()
        try:
            ready.result(_PATIENCE_S)
        except BaseException:  # an interrupted test included
            self._loop = self._thread = None
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, fault, trace
        if self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
        if self._thread is not None:
            self._thread.join(_PATIENCE_S)
        self._loop = self._thread = None

    def _run(self, ready: "Future[None]") -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as fault:  # whoever waits for the start has to learn of it
            if ready.done():
                raise
            ready.set_exception(fault)

    async def _serve(self, ready: "Future[None]") -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        broker = MemoryBroker(self.clock, self._dice)
        self._node = Node(AppRegistry([self._app]), broker, clock=self.clock, dice=self._dice)
        listener = listen_on(self.host, 0)
        self.port = listener.getsockname()[1]
        self._server = Server(self._node, listener, drain_s=0.0)
        async with self._server.running():
            ready.set_result(None)
            await self._end.wait()

    # ---- where it is ----------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Its HTTP side."""
        return f"http://{self.host}:{self.port}"

    @property
    def websocket_url(self) -> str:
        """Where clients connect."""
        return f"ws://{self.host}:{self.port}/app/{self.key}?protocol=7"

    # ---- what a test does -----------------------------------------------------------------------------------

    def trigger(
        self, channels: str | list[str], event: str, data: Any, *, socket_id: str | None = None
    ) -> list[str]:
        """Publish one event; it is delivered when this returns the ids of the publications.

        Raises:
            ChannelsApiError: see ``Channels.trigger``.
        """
        checked = self._signer.checked(channels, event, text_of(data), socket_id)
        return self._do(self._publish(checked.channels, checked.name, checked.data, socket_id))

    async def _publish(self, channels: Any, event: str, data: str, socket_id: str | None) -> list[str]:
        assert self._node is not None
        positions = await self._node.publish(self._app, channels, event, data, exclude=socket_id)
        self._node.turn.finish()
        return [position.text for position in positions]

    def advance(self, seconds: float) -> None:
        """Let time go by, and have the server do what is due then: probes, closes, expiries, counts, caches."""
        self._do(self._advance(seconds))

    async def _advance(self, seconds: float) -> None:
        assert self._server is not None
        self.clock.advance(seconds)
        await self._server.look_at_the_clock()

    @property
    def connections(self) -> int:
        """How many are open."""
        return self._do(self._connections())

    async def _connections(self) -> int:
        assert self._node is not None
        return len(self._node.hub(self._app))

    def subscribers(self, channel: str) -> int:
        """How many connections are on this channel."""
        return self._do(self._subscribers(channel))

    async def _subscribers(self, channel: str) -> int:
        assert self._node is not None
        return self._node.hub(self._app).subscribers(channel)

    def wait_for_subscription(self, channel: str, *, subscribers: int = 1, timeout_s: float = 5.0) -> None:
        """Return when so many connections are on the channel.

        Raises:
            TimeoutError: they are not, in time.
            RuntimeError: it is called where a loop runs, in which the page could not go on; await `subscription`.
        """
        if _in_a_loop():
            raise RuntimeError(
                "wait_for_subscription() would stop the loop in which it is called: await subscription() instead"
            )
        self._do(self._until_subscribed(channel, subscribers, timeout_s), timeout_s + _PATIENCE_S)

    async def subscription(self, channel: str, *, subscribers: int = 1, timeout_s: float = 5.0) -> None:
        """Return when so many connections are on the channel; for tests whose page runs in their own loop.

        Raises:
            TimeoutError: they are not, in time.
        """
        work = self._until_subscribed(channel, subscribers, timeout_s)
        await asyncio.wrap_future(self._begin(work))

    async def _until_subscribed(self, channel: str, subscribers: int, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while await self._subscribers(channel) < subscribers:  # noqa: ASYNC110 - the hub tells nobody
                    await asyncio.sleep(0.002)
        except TimeoutError:
            found = await self._subscribers(channel)
            raise TimeoutError(
                f"{channel!r} has {found} subscribers after {timeout_s:g} s, {subscribers} were awaited"
            ) from None

    def _do(self, work: Coroutine[Any, Any, T], timeout_s: float = _PATIENCE_S) -> T:
        return self._begin(work).result(timeout_s)

    def _begin(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        if self._loop is None:
            work.close()
            raise RuntimeError("the server does not run: use it as a context manager, or by its fixture")
        return asyncio.run_coroutine_threadsafe(work, self._loop)


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
