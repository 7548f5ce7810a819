"""What became of the last publications. Only what cannot be told later is noted here, when it happens."""

from collections import deque
from collections.abc import Container, Iterator
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from toolboxai import limits
from toolboxai.protocol.publication import Origin, Position, Publication

__all__ = ["Fate", "LeftOut", "Moment", "Published", "Ring"]

Fate: TypeAlias = Literal["conflated", "dropped", "known", "failed", "slow"]
"""Why a subscriber was left out: a newer event of the same kind came before it could be written; its queue was full;
it had the event from elsewhere already; its transport had gone; too much waited for it before its turn came."""


class Moment(msgspec.Struct, frozen=True, gc=False):
    """When something happened, among the publications.

    Args:
        serial: so many publications had been delivered before.
        at: unix seconds.
    """

    serial: int
    at: float


class Published(NamedTuple):
    """One publication, without its data.

    Args:
        app_id: whose channel.
        position: names it, in every life of the server.
        channel: where.
        event: its name.
        size: of its data, bytes.
        at: unix seconds of acceptance.
        origin: who published it.
        exclude: the socket id of the connection that was not to get it.
        subscribers: connections of this process that were subscribed when it was delivered, that one included.
        serial: its number in the order of deliveries.
    """

    app_id: str
    position: Position
    channel: str
    event: str
    size: int
    at: float
    origin: Origin
    exclude: str | None
    subscribers: int
    serial: int


class LeftOut(msgspec.Struct, frozen=True, gc=False):
    """One publication that one subscriber was not sent.

    Args:
        position: of the publication.
        socket_id: of the subscriber.
        fate: why.
        newer: the publication that took its place.
        serial: so many publications had been delivered before it was left out.
    """

    position: Position
    socket_id: str
    fate: Fate
    newer: Position | None
    serial: int


_Record: TypeAlias = tuple[str, Position, str, str, int, float, Origin, str | None, int]


class Ring:
    """The last publications of all apps, in the order in which this process delivered them, and who was left out.

    Args:
        publications: so many at most.
        left_out: so many cases at most.

    Attributes:
        count: publications that were ever added.
        vague: of publications with a serial below this not all who were left out are remembered.
    """

    __slots__ = ("_kept", "_left_out", "_left_out_most", "count", "vague")

    def __init__(self, *, publications: int = limits.PUBLICATIONS, left_out: int = limits.LEFT_OUT) -> None:
        self._kept: deque[_Record] = deque(maxlen=publications)
        self._left_out: deque[LeftOut] = deque()
        self._left_out_most = left_out
        self.count = 0
        self.vague = 0

    def __len__(self) -> int:
        return len(self._kept)

    # ---- the hot path ---------------------------------------------------------------------------------------

    def add(self, app_id: str, publication: Publication, subscribers: int) -> None:
        """It was delivered to so many, but for those who were left out. This is on the way of every event."""
        data = publication.data
        self._kept.append(  # a plain tuple: it is made for each, and read as `Published` for few
            (
                app_id,
                publication.position,
                publication.channel,
                publication.event,
                len(data) if data.isascii() else len(data.encode(errors="surrogatepass")),
                publication.at,
                publication.origin,
                publication.exclude,
                subscribers,
            )
        )
        self.count += 1

    # ---- what is rare ---------------------------------------------------------------------------------------

    def leave_out(
        self, socket_id: str, publication: Position, fate: Fate, newer: Position | None = None
    ) -> None:
        """A subscriber is not sent this publication; an empty name: nobody is."""
        self._left_out.append(LeftOut(publication, socket_id, fate, newer, self.count))
        while len(self._left_out) > self._left_out_most:
            self.vague = self._left_out.popleft().serial + 1

    def moment(self, at: float) -> Moment:
        """Now, which is at these unix seconds."""
        return Moment(self.count, at)

    # ---- asking ---------------------------------------------------------------------------------------------

    def find(self, position: Position) -> Published | None:
        """The publication at this position; None: it never was, or is too old. It looks through all, newest first."""
        for back, record in enumerate(reversed(self._kept), 1):
            if record[1] == position:
                return Published(*record, serial=self.count - back)
        return None

    def lately(self, app_id: str, channels: Container[str], since: float) -> Iterator[Published]:
        """What was published on these channels, newest first; not to be kept over an await.

        Args:
            app_id: whose channels.
            channels: which.
            since: unix seconds; what is older is not looked at.
        """
        for back, record in enumerate(reversed(self._kept), 1):
            if record[5] < since:
                return
            if record[2] in channels and record[0] == app_id:
                yield Published(*record, serial=self.count - back)

    def left_out(self, position: Position) -> Iterator[LeftOut]:
        """Who was left out, as far as it is remembered, oldest first."""
        return (case for case in self._left_out if case.position == position)

    @property
    def since(self) -> float | None:
        """Unix seconds of the oldest that is remembered; None: all that there ever was are."""
        return self._kept[0][5] if self.count > len(self._kept) and self._kept else None
