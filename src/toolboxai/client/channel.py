"""A subscribed channel: any number of readers, each of which gets every event from when it begins."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Final
from weakref import WeakSet

from toolboxai.client.effects import Event
from toolboxai.client.errors import EventsOverflow
from toolboxai.client.listeners import ANY, Listener, Listeners
from toolboxai.client.messages import Listening, Reading
from toolboxai.client.presence import Member, Presence

__all__ = ["Channel"]

BACKLOG: Final = (
    10_000  # events that wait for one reader; at 10 a second that is a quarter of an hour of standstill
)

KEPT: Final = (
    1_000  # events that wait for a first reader where listeners take them: perhaps nobody wants to read
)


class _Reader:
    """One ``async for`` over a channel."""

    def __init__(self, events: deque[Event], channel: "Channel") -> None:
        self._events = events
        self._channel = channel
        self._changed = asyncio.Event()
        self._overflow = False

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            if self._overflow:
                raise EventsOverflow(
                    f"more than {BACKLOG} events waited for this reader of {self._channel.name}; read faster"
                )
            if self._channel.ended:
                if self._channel.error is not None:
                    raise self._channel.error
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._events.popleft()

    @property
    def waiting(self) -> list[Event]:
        """What is still to be read."""
        return list(self._events)

    @property
    def count(self) -> int:
        """Of those."""
        return len(self._events)

    def put(self, event: Event) -> None:
        """Another event; past the limit none is taken any more, and the reader is told after those it has."""
        if len(self._events) >= BACKLOG:
            self._overflow = True
        if not self._overflow:
            self._events.append(event)
        self._changed.set()

    def wake(self) -> None:
        """Look again: the channel ended."""
        self._changed.set()


class Channel:
    """One subscription. ``async for event in channel`` reads; what came before the first reader waits for it.

    Args:
        name: the channel.
        trigger: sends a client event, or raises.
        leave: ends the subscription.
        presence: who is there.
        fault: told what the user's listeners raise.
    """

    def __init__(
        self,
        name: str,
        *,
        trigger: Callable[[str, str, Any], None],
        leave: Callable[[str], None],
        presence: Presence,
        fault: Callable[[str], None],
    ) -> None:
        self.name = name
        self.ended = False
        self.error: BaseException | None = None
        self.confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._trigger = trigger
        self._leave = leave
        self._presence = presence
        self._listeners = Listeners(fault)
        self._before: _Reader | None = _Reader(deque(), self)
        self._readers: WeakSet[_Reader] = WeakSet()  # a loop that was left takes its reader along

    def __aiter__(self) -> AsyncIterator[Event]:
        first, self._before = self._before, None
        reader = first or _Reader(deque(), self)
        self._readers.add(reader)
        return reader

    @property
    def on(self) -> Listening:
        """``channel.on(name, listener)``: call ``listener(data, event)`` for each event of this name.

        What still waits for a first reader is told to it, too. The answer ends the listening.
        """
        return self._on

    def on_any(self, listener: Callable[[Event], object]) -> Callable[[], None]:
        """Call this for all events; the answer ends that."""
        return self._on(ANY, lambda _data, event: listener(event))

    @property
    def of(self) -> Reading:
        """``async for data in channel.of(name)``: the data of each event of this name, typed where it is known."""
        return self._of

    @property
    def members(self) -> list[Member]:
        """Who is on a presence channel now; on others nobody."""
        return [] if self.ended else [*self._presence]

    @property
    def me(self) -> Member | None:
        """Oneself on a presence channel."""
        return None if self.ended else self._presence.me

    def trigger(self, name: str, data: Any) -> None:
        """Send a client event to the other subscribers, in order, as soon as connection and throttle allow.

        One that left before the connection broke may be lost: nobody confirms client events.

        Raises:
            SendQueueFull: too much waits already; this event was not taken.
            ConnectionClosed: the client was closed.
            ValueError: the name does not begin with ``client-``, or the channel is of a kind that carries none.
        """
        self._trigger(self.name, name, data)

    def unsubscribe(self) -> None:
        """End the subscription; readers end after the events that they have."""
        self._leave(self.name)

    def deliver(self, event: Event) -> None:
        """For the client: an event for all readers and listeners."""
        self._listeners.tell(event)
        if self._before is not None and self._listeners and self._before.count >= KEPT:
            self._before = None
        for reader in (self._before, *self._readers):
            if reader is not None:
                reader.put(event)

    def end(self, error: BaseException | None = None) -> None:
        """For the client: nothing comes any more, by the user's wish or for this reason."""
        if self.ended:
            return
        self.ended, self.error = True, error
        if not self.confirmed.done():
            self.confirmed.set_result(None)
        for reader in (self._before, *self._readers):
            if reader is not None:
                reader.wake()

    def _on(self, name: str, listener: Listener, /) -> Callable[[], None]:
        return self._listeners.add(name, listener, [] if self._before is None else self._before.waiting)

    def _of(self, name: str, /) -> AsyncIterator[Any]:
        return _data_of(aiter(self), name)


async def _data_of(events: AsyncIterator[Event], name: str) -> AsyncIterator[Any]:
    async for event in events:
        if event.name == name:
            yield event.data
