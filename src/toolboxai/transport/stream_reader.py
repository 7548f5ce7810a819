"""One reader of a channel: a connection of the hub that only listens."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.close_codes import CloseCode
from toolboxai.hub.connection import GONE, Connection
from toolboxai.hub.outbox import Outbox
from toolboxai.node.catch_up import Arrival
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.event_stream import encode_object
from toolboxai.protocol.publication import Dialect, Position, Publication
from toolboxai.protocol.refusals import Refusal
from toolboxai.transport.lasting import Lasting
from toolboxai.transport.queued_wire import QueuedWire
from toolboxai.transport.stream_access import Admitted

__all__ = ["StreamReader"]

log = logging.getLogger(__name__)
_NORMAL: Final = 1000
_SLOW: Final = "Over capacity: this connection reads too slowly"


class StreamReader(QueuedWire):
    """Its wire and its owner in one.

    Args:
        node: the process.
        admitted: what it may read.
        dialect: the form of what it reads.
        answer: on which it is written.
        tell: the form of what is told of the stream itself, from an event's name and its data.
    """

    def __init__(
        self,
        node: Node,
        admitted: Admitted,
        dialect: Dialect,
        answer: Lasting,
        tell: Callable[[str, str], bytes],
    ) -> None:
        super().__init__()
        self._node = node
        self._admitted = admitted
        self._answer = answer
        self._tell = tell
        self._metrics = node.app_metrics(admitted.app)
        outbox = Outbox(self, cap_bytes=limits.OUTBOX_BYTES, metrics=self._metrics, on_full=self._overflow)
        self._connection = Connection(
            admitted.app, node.new_socket_id(), dialect, outbox, owner=self, visitor=admitted.visitor
        )
        self.on_lagging = self._lagging
        self._closing_since = 0.0
        self._attached = False
        self.wrote_at = node.clock.monotonic()
        self.ends_at = float("inf")  # monotonic seconds

    # ---- the wire -------------------------------------------------------------------------------------------

    def frame(self, text: bytes) -> bytes:
        """See the wire. Messages of the protocol are for its own clients."""
        del text
        return b""

    def hold(self, held: bool) -> None:
        """See the wire. Nothing is read."""

    def probe(self) -> None:
        """See the wire. Writing shows whether the peer is there."""

    def confirm(self, number: int) -> bool:
        """See the wire. Readers are not asked: they say themselves where they were."""
        del number
        return False

    def shut(self, code: int, reason: str) -> None:
        """See the wire."""
        self._last("pusher:error", encode_object({"code": code, "message": reason}), code, reason)

    # ---- the owner ------------------------------------------------------------------------------------------

    @property
    def heard_at(self) -> None:
        """See the owner. Readers say nothing."""
        return

    @property
    def ponged_at(self) -> None:
        """See the owner. Nobody pings them."""
        return

    @property
    def received(self) -> int:
        """See the owner."""
        return 0

    def close(self, code: int, message: str) -> None:
        """See the owner."""
        self._connection.ended = ("server", code, message)
        self.detach()
        self.shut(code, message)

    def expired(self, channel: ChannelName) -> None:
        """See the owner."""
        self._connection.ended = ("server", CloseCode.UNAUTHORIZED, "authorisation expired")
        self.detach()
        data = encode_object({"channel": channel.text})
        self._last("pusher:subscription_expired", data, CloseCode.UNAUTHORIZED, "authorisation expired")

    @property
    def refusals(self) -> Mapping[str, Refusal]:
        """See the owner. Who is refused has no connection."""
        return {}

    def app_changed(self, app: App) -> None:
        """See the owner."""
        self._connection.app = app

    def _last(self, event: str, data: str, code: int, reason: str) -> None:
        self.write(self._tell(event, data))
        self._finish(code, reason)

    def finish(self) -> None:
        """Bring nothing that comes from here on."""
        self._node.settle(self._connection, self._admitted.channel.text)
        self._connection.noted().deaf_at = self._node.ring.count
        self._connection.outbox.close()
        self._connection.ended = ("server", _NORMAL, "")
        self._finish(CloseCode.RECONNECT_NOW, "")

    def _finish(self, code: int, reason: str) -> None:
        if self.end(code, reason):
            self._closing_since = self._node.clock.monotonic()

    def _lagging(self, lags: bool) -> None:
        (self._connection.outbox.lagging if lags else self._connection.outbox.recovered)()
        if self._attached:
            self._node.rewire(self._connection)

    def _overflow(self) -> None:
        """As in the pump: in the middle of a fan-out, nothing is changed before the loop's next turn."""
        self._node.too_slow(self._connection)
        asyncio.get_running_loop().call_soon(self._end_slow)

    def _end_slow(self) -> None:
        if self._attached:
            log.warning("slow reader closed", extra={"channel": self._admitted.channel.text})
            self.close(CloseCode.OVER_CAPACITY, _SLOW)

    # ---- coming and going -----------------------------------------------------------------------------------

    def attach(self) -> None:
        """It counts as a connection of its app from now on."""
        self._node.attach(self._connection)
        self._attached = True

    async def follow(self, since: Position | None) -> tuple[list[Publication], Arrival]:
        """Follow the channel: what it has missed, and on what terms; everything after that comes through the wire.

        Raises:
            PublishFailed: the broker does not answer.
        """
        channel = self._admitted.channel
        catch_up = await self._node.follow(self._connection, channel, since=since, placed=True)
        # From here on no await: what was missed and the subscription are one step.
        arrival = catch_up.finish()
        if not self._attached:  # sent away meanwhile
            await self._node.released(self._connection, channel)
            return [], arrival
        leave = self._admitted.leave
        expires_at = None if leave is None else leave.expires_at
        self._node.subscribe(self._connection, channel, arrival, expires_at=expires_at)
        missed = [
            publication for publication in arrival.missed if since is None or _after(publication, since)
        ]
        return missed, arrival

    def detach(self) -> None:
        """It has gone."""
        self._connection.outbox.close()
        if self._attached:
            self._attached = False
            self._node.detach(self._connection)

    def let_go(self) -> None:
        """See the queue. Nobody may call it from here on: what it is the wire and the owner of, it does not know any more."""
        super().let_go()
        self._connection.owner = GONE
        del self._connection

    # ---- time -----------------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """Do what is due; whether it has been silent for long. Called every second or so."""
        now = self._node.clock.monotonic()
        leave = self._admitted.leave
        if leave is not None and self.closing is None and not leave.holds():
            self.expired(self._admitted.channel)
        if now >= self.ends_at:
            self.finish()
        if self.closing is not None:
            if now - self._closing_since >= limits.APP_CLOSE_GRACE_S and not self._answer.given_up:
                self._node.metrics.connections_aborted_total += 1
                self._answer.give_up()
            return False
        return not self.waits and now - self.wrote_at >= limits.STREAM_COMMENT_S


def _after(publication: Publication, since: Position) -> bool:
    position = publication.position
    return position.epoch != since.epoch or position.offset > since.offset
