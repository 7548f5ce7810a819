"""What is remembered of one connection, so that it can be told afterwards what it got and what it did not."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from toolboxai import limits
from toolboxai.hub.connection import Connection
from toolboxai.hub.receipts import Receipts
from toolboxai.hub.ring import Moment, Published
from toolboxai.hub.trail import Handed, Trail
from toolboxai.protocol.publication import Position
from toolboxai.protocol.refusals import Refusal

__all__ = ["Attendance", "Departed", "Traces"]

_NOTHING: Trail = Trail()


class Attendance(NamedTuple):
    """One subscription of a connection to a channel.

    Args:
        entered: when it began.
        left: when it ended; None: it has not.
        expired: whether its authorisation had run out.
        handed: what it was handed of what the channel keeps when it entered; None: nothing.
    """

    entered: Moment
    left: Moment | None
    expired: bool
    handed: Handed | None


class Traces(msgspec.Struct, frozen=True, gc=False):
    """Of a connection that is open, or gone.

    Args:
        app_id: of its app.
        socket_id: its name.
        user_id: as whom it is, or was at its end, signed in.
        opened: when it was opened.
        gone: when it ended; None: it is open.
        ended: code and reason of the close that we began; None: the client ended it, or its line was lost.
        channels: since when it is, or was at its end, subscribed to what.
        trail: the rest of what was noted.
        receipts: what it is known to have received.
        refusals: by channel, why its last subscribe was refused.
        unsent: by channel, the first publication that waits, or waited at its end, for it to read on.
        waiting_bytes: handed to its transport and not yet taken by the operating system.
    """

    app_id: str
    socket_id: str
    user_id: str | None
    opened: Moment
    gone: Moment | None
    ended: tuple[int, str] | None
    channels: Mapping[str, Moment]
    trail: Trail
    receipts: Receipts | None
    refusals: Mapping[str, Refusal]
    unsent: Mapping[str, Position]
    waiting_bytes: int

    @classmethod
    def of(cls, connection: Connection, gone: Moment | None = None) -> "Traces":
        """What is known of it now; `gone` when it is about to be let go."""
        by, code, reason = connection.ended
        return cls(
            connection.app.id,
            connection.socket_id,
            connection.user_id,
            connection.opened,
            gone,
            (code, reason) if by == "server" else None,
            connection.channels if gone is None else dict(connection.channels),
            connection.trail or _NOTHING,
            connection.receipts,
            connection.owner.refusals,
            connection.outbox.waiting,
            connection.outbox.buffered if gone is None else 0,
        )

    def attendances(self, channel: str) -> list[Attendance]:
        """Its subscriptions to a channel that are remembered, oldest first."""
        found = [
            Attendance(stay.entered, stay.left, stay.expired, stay.handed)
            for stay in self.trail.stays
            if stay.channel == channel
        ]
        entered = self.channels.get(channel)
        if entered is not None:
            found.append(Attendance(entered, self.gone, False, self.trail.handed.get(channel)))
        return found

    def attended(self, publication: Published) -> bool:
        """Whether it was subscribed when the publication was delivered."""
        entered = self.channels.get(publication.channel)
        if entered is not None and entered.serial <= publication.serial:
            return self.gone is None or publication.serial < self.gone.serial
        return any(
            each.left is not None and each.entered.serial <= publication.serial < each.left.serial
            for each in self.attendances(publication.channel)
        )

    def handed(self, publication: Published) -> Moment | None:
        """When it entered and was handed this publication with what the channel keeps; None: it was not."""
        for each in self.attendances(publication.channel):
            if each.handed is not None and each.handed.holds(publication):
                return each.entered
        return None

    def acknowledged(self, publication: Published) -> bool | None:
        """Whether it has confirmed to have received what was written up to this; None: nobody asks it."""
        receipts = self.receipts
        cursor = None if receipts is None else receipts.cursor(publication.channel)
        if receipts is None or cursor is None:
            return None
        position = cursor.position
        if position.epoch == publication.position.epoch and position.offset >= publication.position.offset:
            return True
        return False if receipts.wanted else None


class Departed:
    """The last connections that are gone, of all apps.

    Args:
        most: so many.
        stays_most: subscriptions of them together.
    """

    def __init__(self, *, most: int = limits.DEPARTED, stays_most: int = limits.DEPARTED_STAYS) -> None:
        self._most = most
        self._stays_most = stays_most
        self._stays = 0
        self._gone: OrderedDict[str, Traces] = OrderedDict()
        self.since: float | None = None
        """Unix seconds since when all that have gone are remembered; None: since the start."""

    def __len__(self) -> int:
        return len(self._gone)

    def add(self, traces: Traces) -> None:
        """It is gone."""
        self._gone[traces.socket_id] = traces
        self._stays += _weight(traces)
        while len(self._gone) > self._most or (self._stays > self._stays_most and len(self._gone) > 1):
            _name, oldest = self._gone.popitem(last=False)
            self._stays -= _weight(oldest)
            self.since = None if oldest.gone is None else oldest.gone.at

    def find(self, socket_id: str) -> Traces | None:
        """The connection of this name."""
        return self._gone.get(socket_id)

    def of_channel(self, app_id: str, channel: str) -> list[Traces]:
        """Those that were on one channel of one app, and perhaps others with subscriptions that were over before."""
        return [
            traces
            for traces in self._gone.values()
            if (channel in traces.channels or traces.trail.stays) and traces.app_id == app_id
        ]


def _weight(traces: Traces) -> int:
    return len(traces.channels) + len(traces.trail.stays)
