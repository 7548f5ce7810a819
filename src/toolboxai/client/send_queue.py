"""Client events on their way out: in order for each channel, and no faster than the server takes them."""

import math
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from toolboxai.client.effects import Dropped, Effect, Send
from toolboxai.client.errors import SendQueueFull
from toolboxai.client.frames import encode
from toolboxai.protocol.rates import SlidingWindow

__all__ = ["SendQueue"]


class _Queued(NamedTuple):
    channel: str
    name: str
    text: str


class SendQueue:
    """What waits to be sent, across connections.

    Args:
        events_per_s: events sent at most, counted anew on each connection.
        most: events that may wait.
    """

    def __init__(self, *, events_per_s: float, most: int) -> None:
        if not 0 < events_per_s < math.inf:
            raise ValueError(f"events_per_s {events_per_s}: more than none, and a number")
        # Small groups, half a second and more apart: what a network bunches together may be two of them, and a server
        # that counts any stretch of a second still takes both.
        self._at_once = int(events_per_s / 2) + 1
        self._stretch_s = self._at_once / events_per_s
        self._most = most
        self._waiting: deque[_Queued] = deque()
        self._sent: SlidingWindow | None = None
        self.throttled_until: float | None = None
        """When `flush` can send more, in monotonic seconds; None while the throttle holds nothing back."""

    def connected(self) -> None:
        """A connection begins: the server counts from here."""
        self._sent = SlidingWindow(self._at_once, self._stretch_s)

    def disconnected(self) -> None:
        """The connection is gone; what waits stays for the next one."""
        self.throttled_until = None

    def put(self, channel: str, name: str, data: Any) -> None:
        """Let an event wait for `flush`.

        Raises:
            SendQueueFull: so many wait already; this one was not taken.
            ValueError: the data is nothing that JSON can say.
        """
        if len(self._waiting) >= self._most:
            raise SendQueueFull(f"{self._most} events wait to be sent, {name!r} on {channel} was not taken")
        try:
            text = encode(name, data, channel)  # as it is now, and while whoever calls can still be told
        except (TypeError, ValueError, OverflowError, RecursionError) as fault:
            raise ValueError(f"the data of {name!r} cannot be written as JSON: {fault}") from None
        self._waiting.append(_Queued(channel, name, text))

    def flush(self, now: float, subscribed: Callable[[str], bool]) -> list[Effect]:
        """Send what may leave: in order for each channel, none past a channel that is not there yet.

        Args:
            now: monotonic seconds.
            subscribed: whether the server confirmed this channel on the present connection.
        """
        effects: list[Effect] = []
        held: deque[_Queued] = deque()
        self.throttled_until = None
        while self._waiting:
            item = self._waiting.popleft()
            if not subscribed(item.channel) or self._sent is None:
                held.append(item)
            elif self._sent.take(now):
                effects.append(Send(item.text))
            else:
                self._waiting.appendleft(item)
                self.throttled_until = self._sent.free_at
                break
        self._waiting = held + self._waiting
        return effects

    def forget(self, channel: str) -> list[Effect]:
        """The channel is denied or left: its events will not be sent, and that is told."""
        gone = [item for item in self._waiting if item.channel == channel]
        self._waiting = deque(item for item in self._waiting if item.channel != channel)
        return [Dropped(item.channel, item.name) for item in gone]
