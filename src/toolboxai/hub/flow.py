"""What waits for a slow reader of channels with a flow rule: the newest of each kind, or the newest of all, or its end.

A reader that keeps up never meets this: its frames go straight to the wire.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TypeAlias

from toolboxai.apps.app import FlowRule
from toolboxai.hub.ring import Fate
from toolboxai.metrics import AppMetrics
from toolboxai.protocol.publication import Dialect, Position, Publication

__all__ = ["FlowQueue", "LeaveOut"]

LeaveOut: TypeAlias = Callable[[Position, Fate, Position | None], None]
"""Takes note of a publication that is left out, why, and which newer one took its place."""

_Key: TypeAlias = tuple[object, object]


_MEMBERS = object()  # who comes and goes is told in any case: a list of members with holes is wrong for good


class _Waiting:
    """Of one channel: frames by what they are the newest of, in the order in which they leave."""

    __slots__ = ("bytes", "frames")

    def __init__(self) -> None:
        self.frames: OrderedDict[_Key, tuple[bytes, Position]] = OrderedDict()
        self.bytes = 0

    def take(self, key: _Key) -> Position | None:
        """Drop what is the same as this, only older; returns which publication that was."""
        taken = self.frames.pop(key, None)
        if taken is None:
            return None
        self.bytes -= len(taken[0])
        return taken[1]

    def add(self, key: _Key, frame: bytes, position: Position) -> None:
        self.frames[key] = frame, position
        self.bytes += len(frame)

    def next(self) -> bytes:
        _key, (frame, _position) = self.frames.popitem(last=False)
        self.bytes -= len(frame)
        return frame

    def drop_oldest(self) -> Position | None:
        """Drop the oldest that may be left out, and tell which it was; None when there is none."""
        oldest = next((key for key in self.frames if key[0] is not _MEMBERS), None)
        return None if oldest is None else self.take(oldest)


class FlowQueue:
    """Frames of one connection, by channel. Order holds within each channel.

    Args:
        cap_bytes: of all channels together.
        metrics: what is left out is counted there.
        leave_out: and told here, one by one.

    Attributes:
        bytes: that wait.
    """

    __slots__ = ("_cap", "_channels", "_leave_out", "_metrics", "_numbers", "bytes")

    def __init__(self, *, cap_bytes: int, metrics: AppMetrics, leave_out: LeaveOut) -> None:
        self._cap = cap_bytes
        self._metrics = metrics
        self._leave_out = leave_out
        self._channels: dict[str, _Waiting] = {}
        self._numbers = 0
        self.bytes = 0

    def __bool__(self) -> bool:
        return bool(self._channels)

    def __contains__(self, channel: str) -> bool:
        return channel in self._channels

    @property
    def first(self) -> Mapping[str, Position]:
        """By channel, the publication that is the next of it to leave."""
        return {
            channel: next(iter(waiting.frames.values()))[1] for channel, waiting in self._channels.items()
        }

    def put(self, publication: Publication, rule: FlowRule, dialect: Dialect, *, buffered: int) -> bool:
        """Let it wait, and leave out what the rule allows; False when the connection has to be closed instead.

        Args:
            publication: the newest of its channel.
            rule: of the channel.
            dialect: of the connection.
            buffered: bytes that are before these on their way out.
        """
        frame = publication.frame(dialect)
        waiting = self._channels.setdefault(publication.channel, _Waiting())
        self.bytes -= waiting.bytes
        key = self._key(publication, rule)
        older = waiting.take(key)
        if older is not None:
            self._metrics.events_conflated_total += 1
            self._leave_out(older, "conflated", publication.position)
        droppable = rule.on_full == "drop_oldest" and not publication.of_members
        fits = self._make_room(waiting, rule, len(frame), buffered)
        if fits:
            waiting.add(key, frame, publication.position)
        elif droppable:  # the connection's other channels fill it: nothing older is left to drop
            self._drop(publication.position)
        self.bytes += waiting.bytes
        if not waiting.frames:
            del self._channels[publication.channel]
        return fits or droppable

    def next(self) -> bytes:
        """The oldest frame of the channel that has waited longest; the others' turn is next."""
        channel, waiting = next(iter(self._channels.items()))
        frame = waiting.next()
        self.bytes -= len(frame)
        del self._channels[channel]
        if waiting.frames:
            self._channels[channel] = waiting
        return frame

    def drop(self, channel: str) -> None:
        """Nobody waits for this channel any more."""
        waiting = self._channels.pop(channel, None)
        if waiting is not None:
            self.bytes -= waiting.bytes

    def clear(self) -> None:
        """Nobody waits for anything any more."""
        self._channels.clear()
        self.bytes = 0

    def _make_room(self, waiting: _Waiting, rule: FlowRule, size: int, buffered: int) -> bool:
        """Whether a frame of this size may wait as well."""
        while (rule.queue_bytes and waiting.bytes + size > rule.queue_bytes) or (
            self.bytes + waiting.bytes + size + buffered > self._cap
        ):
            oldest = None if rule.on_full == "close" else waiting.drop_oldest()
            if oldest is None:
                return False
            self._drop(oldest)
        return True

    def _drop(self, position: Position) -> None:
        self._metrics.events_dropped_total += 1
        self._leave_out(position, "dropped", None)

    def _key(self, publication: Publication, rule: FlowRule) -> _Key:
        """What the publication is the newest of; one that is like no other has a number of its own."""
        self._numbers += 1
        if publication.of_members:
            return _MEMBERS, self._numbers
        value = publication.conflation_key(rule.conflate_by) if rule.conflate_by else None
        return (None, self._numbers) if value is None else (publication.event, value)
