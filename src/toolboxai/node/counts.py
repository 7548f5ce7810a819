"""Telling the connections on a channel how many they are."""

from collections.abc import Callable

from toolboxai import limits
from toolboxai.clock import Clock
from toolboxai.hub.hub import Hub
from toolboxai.protocol.publication import Publication

__all__ = ["SubscriptionCounts"]


class SubscriptionCounts:
    """``pusher_internal:subscription_count`` of one app.

    Up to a hundred connections each change is told at once; above, at most once in five seconds, and only what has
    changed: the message goes to everyone, so that a channel that fills up would otherwise cost the square of its size.

    Args:
        hub: whose subscriptions are counted.
        clock: for the five seconds.
        on_told: called with each channel and number that is told; a channel that is empty now has nobody to hear it.
    """

    def __init__(
        self, hub: Hub, clock: Clock, *, on_told: Callable[[str, int], None] = lambda _channel, _count: None
    ) -> None:
        self._hub = hub
        self._clock = clock
        self._on_told = on_told
        self._told: dict[str, tuple[int, float]] = {}  # of large channels: the number, and when it was told
        self._due: set[str] = set()

    def changed(self, channel: str) -> None:
        """Someone has come to the channel, or gone."""
        count = self._hub.subscribers(channel)
        told = self._told.get(channel)
        if count > limits.SUBSCRIPTION_COUNT_EACH and told is not None and not self._rested(told[1]):
            self._due.add(channel)
        else:
            self._tell(channel, count)

    def sweep(self) -> None:
        """Tell what had to wait; called every second or so."""
        for channel in tuple(self._due):
            count, at = self._told[channel]
            if self._rested(at):
                self._due.discard(channel)
                now = self._hub.subscribers(channel)
                if now != count:
                    self._tell(channel, now)

    def _rested(self, told_at: float) -> bool:
        return self._clock.monotonic() - told_at >= limits.SUBSCRIPTION_COUNT_S

    def _tell(self, channel: str, count: int) -> None:
        self._due.discard(channel)
        if count > limits.SUBSCRIPTION_COUNT_EACH:
            self._told[channel] = (count, self._clock.monotonic())
        else:
            self._told.pop(channel, None)
        self._on_told(channel, count)
        if count:
            data = f'{{"subscription_count":{count}}}'
            self._hub.fan_out(Publication(channel, "pusher_internal:subscription_count", data, kept=False))
