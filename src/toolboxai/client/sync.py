"""The client without asyncio: the same words, with a loop in a thread of its own behind them."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, suppress
from typing import Any, Final, ParamSpec

from toolboxai.client.channel import Channel
from toolboxai.client.client import ChannelsClient
from toolboxai.client.connect import connect
from toolboxai.client.effects import Event
from toolboxai.client.errors import ConnectionClosed
from toolboxai.client.loop_thread import LoopThread
from toolboxai.client.messages import Listening, ReadingSync
from toolboxai.client.presence import Member
from toolboxai.client.ways import ConnectionState

__all__ = ["SyncChannel", "SyncClient", "connect_sync"]

P = ParamSpec("P")

_END: Final = object()


class _Reader:
    """One ``for`` over a channel, or several threads that share it: each event is for one of them.

    What was asked for and did not come in time is what the next asking gets.
    """

    def __init__(self, thread: LoopThread, channel: Channel) -> None:
        self._thread = thread
        self._events = thread.do(lambda: aiter(channel))
        self._asked: Future[Any] | None = None
        self._turn = threading.Lock()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        event = self.next(None)
        assert event is not None
        return event

    def next(self, timeout_s: float | None) -> Event | None:
        """The next event, or None when it did not come in this time; raises StopIteration at the end."""
        self._thread.check()
        until = None if timeout_s is None else time.monotonic() + timeout_s
        if not self._turn.acquire(timeout=-1 if timeout_s is None else max(timeout_s, 0.0)):
            return None
        try:
            event = self._answer(None if until is None else max(until - time.monotonic(), 0.0))
        finally:
            self._turn.release()
        if event is _END:
            raise StopIteration
        assert isinstance(event, Event | None)
        return event

    def _answer(self, timeout_s: float | None) -> Any:
        try:
            if self._asked is None:
                self._asked = self._thread.begin(self._one())
            event = self._asked.result(timeout_s)
        except NotYet:
            if self._asked is None or self._asked.done():
                raise
            return None
        except (CancelledError, ConnectionClosed):
            if self._asked is not None and not self._asked.cancelled():
                raise  # the channel's own end
            event = self._thread.afterwards(self._one())
        self._asked = None
        return event

    async def _one(self) -> Any:
        return await anext(self._events, _END)


class SyncChannel:
    """One subscription. ``for event in channel`` reads; what came before the first reader waits for it.

    Args:
        channel: behind it.
        thread: where that lives.
    """

    def __init__(self, channel: Channel, thread: LoopThread) -> None:
        self.name = channel.name
        self._channel = channel
        self._thread = thread
        self._reader: _Reader | None = None
        self._making = threading.Lock()

    def __iter__(self) -> Iterator[Event]:
        return _Reader(self._thread, self._channel)

    def next(self, timeout_s: float | None = None) -> Event | None:
        """The next event that nobody got by `next` yet; None when none came within this time, or comes any more.

        Args:
            timeout_s: None waits as long as it takes.

        Raises:
            ClientError: the channel ended for this reason.
        """
        self._thread.check()
        with self._making:
            if self._reader is None:
                self._reader = _Reader(self._thread, self._channel)
        try:
            return self._reader.next(timeout_s)
        except StopIteration:
            return None

    @property
    def on(self) -> Listening:
        """``channel.on(name, listener)``: call ``listener(data, event)`` for each event, on the client's own thread."""
        return self._on

    def on_any(self, listener: Callable[[Event], object]) -> Callable[[], None]:
        """Call this for all events, on the client's own thread; the answer ends that."""
        end = self._thread.do(lambda: self._channel.on_any(listener))
        return lambda: self._thread.do(end)

    @property
    def of(self) -> ReadingSync:
        """``for data in channel.of(name)``: the data of each event of this name, typed where it is known."""
        return self._of

    @property
    def ended(self) -> bool:
        """Whether nothing comes any more."""
        return self._channel.ended

    @property
    def members(self) -> list[Member]:
        """Who is on a presence channel now; on others nobody."""
        return self._thread.do(lambda: self._channel.members)

    @property
    def me(self) -> Member | None:
        """Oneself on a presence channel."""
        return self._thread.do(lambda: self._channel.me)

    def trigger(self, name: str, data: Any) -> None:
        """Send a client event; see `Channel.trigger`, for what it raises, too."""
        self._thread.do(lambda: self._channel.trigger(name, data))

    def unsubscribe(self) -> None:
        """End the subscription; readers end after the events that they have."""
        self._thread.do(self._channel.unsubscribe)

    def _on(self, name: str, listener: Callable[[Any, Event], object], /) -> Callable[[], None]:
        end = self._thread.do(lambda: self._channel.on(name, listener))
        return lambda: self._thread.do(end)

    def _of(self, name: str, /) -> Iterator[Any]:
        return (event.data for event in iter(self) if event.name == name)


class SyncClient:
    """A connection that comes back. Made by `connect_sync`; its methods may be called from any thread.

    Args:
        client: behind it.
        thread: where that lives.
    """

    def __init__(self, client: ChannelsClient, thread: LoopThread) -> None:
        self._client = client
        self._thread = thread

    @property
    def socket_id(self) -> str | None:
        """The present connection's id; None while there is none."""
        return self._client.socket_id

    @property
    def state(self) -> ConnectionState:
        """What the connection is doing."""
        return self._client.state

    def subscribe(self, name: str, *, since: int | None = None, events_url: str | None = None) -> SyncChannel:
        """Subscribe, and wait for the server's confirmation; see `ChannelsClient.subscribe`, for what it raises, too."""
        asked = self._client.subscribe(name, since=since, events_url=events_url)
        return SyncChannel(self._thread.wait(asked), self._thread)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the server with the client's token; see `ChannelsClient.request`, for what it raises, too."""
        return self._thread.wait(self._client.request(method, path, body))

    def close(self) -> None:
        """End the connection and every reader; nothing comes back. May be called twice."""
        self._thread.check()
        with suppress(ConnectionClosed):  # it is closed already
            self._thread.wait(self._client.close())


def _without_asyncio(
    connecting: Callable[P, AbstractAsyncContextManager[ChannelsClient]],
) -> Callable[P, AbstractContextManager[SyncClient]]:
    @contextmanager
    def connecting_sync(*words: P.args, **options: P.kwargs) -> Iterator[SyncClient]:
        thread = LoopThread()
        try:
            client = connecting(*words, **options)
            entered = thread.wait(client.__aenter__())
            try:
                yield SyncClient(entered, thread)
            finally:
                if thread.lives:
                    thread.wait(client.__aexit__(None, None, None))
        finally:
            thread.stop()

    return connecting_sync


connect_sync = _without_asyncio(connect)
"""`connect` for programs without asyncio: the same arguments, ``with`` in place of ``async with``."""
