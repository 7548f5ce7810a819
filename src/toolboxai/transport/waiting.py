"""Connections on which a stranger lets us wait: for a request, for the rest of one, for the next. Bounded in time and number."""

import asyncio
import logging
import resource
from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import Final, Protocol

from toolboxai import limits
from toolboxai.metrics import Metrics
from toolboxai.node.refusal_log import RefusalLog
from toolboxai.protocol.allow_list import AllowList
from toolboxai.protocol.proxies import TrustedProxies, neighbourhood

__all__ = ["FOR_EVER", "Waiting", "Waits", "places"]

log = logging.getLogger(__name__)

FOR_EVER: Final = float("inf")
"""For who sees to its time itself."""

_DESCRIPTORS_TO_ONE: Final = 2
_NEWCOMER_S: Final = 1.0


class Waits(Protocol):
    """A connection that waits."""

    @property
    def peer(self) -> str:
        """The address at its other end; empty when it has gone."""
        ...

    def give_up(self) -> bool:
        """Its time is over; whether part of a request, or none at all, had come."""
        ...

    def make_room(self) -> None:
        """Others need its place."""
        ...


class Waiting:
    """All of them, who has waited longest first.

    When there are too many, those who have waited longest are closed, not the newcomer: who means well sends a request at
    once, and is never among the oldest.

    Args:
        metrics: counted up in place.
        refusals: log lines.
        proxies: whose connections are many people's.
        allow_list: the same.
        most: of all; None: what `places` says.
    """

    def __init__(
        self,
        metrics: Metrics,
        refusals: RefusalLog,
        *,
        proxies: TrustedProxies,
        allow_list: AllowList,
        most: int | None = None,
    ) -> None:
        self._metrics = metrics
        self._refusals = refusals
        self._proxies = proxies
        self._allow_list = allow_list
        self._most = places() if most is None else most
        self._times: OrderedDict[Waits, tuple[float, float]] = OrderedDict()  # since when, and until when
        self._loop: asyncio.AbstractEventLoop | None = None

    def __len__(self) -> int:
        return len(self._times)

    def __iter__(self) -> Iterator[Waits]:
        return iter(tuple(self._times))

    def __contains__(self, connection: object) -> bool:
        return connection in self._times

    def _time(self) -> float:
        if self._loop is None:  # asking for it costs a system call, and is done for each request
            self._loop = asyncio.get_running_loop()
        return self._loop.time()

    def begin(self, connection: Waits, seconds: float) -> None:
        """It waits from now on, and is given up after so long; what was said of it before does not count any more."""
        now = self._time()
        self._times[connection] = now, now + seconds
        self._times.move_to_end(connection)
        if len(self._times) > self._most:
            self._close(next(iter(self._times)), self._most)

    def end(self, connection: Waits) -> None:
        """It has what it waited for, or has gone."""
        self._times.pop(connection, None)

    def sweep(self) -> None:
        """Give up those whose time is over, and make room where one address takes too much; called every second or so."""
        now = self._time()
        for connection, (_, until) in tuple(self._times.items()):
            if until < now:
                del self._times[connection]
                self._metrics.handshakes_timed_out_total += connection.give_up()
        if len(self._times) > limits.WAITING_PER_ADDRESS:
            self._bound_addresses(now - _NEWCOMER_S)

    def _bound_addresses(self, before: float) -> None:
        """Of each address so many may wait. Newcomers are not counted: a school comes back within one moment."""
        counts: Counter[str] = Counter()
        for connection, (since, _) in reversed(tuple(self._times.items())):
            if since > before:
                continue
            key = neighbourhood(connection.peer)
            counts[key] += 1
            if counts[key] > limits.WAITING_PER_ADDRESS and not self._is_many(connection.peer):
                self._close(connection, limits.WAITING_PER_ADDRESS)

    def _is_many(self, peer: str) -> bool:
        return self._proxies.believes(peer) or self._allow_list.find(peer) is not None

    def _close(self, connection: Waits, most: int) -> None:
        del self._times[connection]
        self._metrics.waiting_crowded_out_total += 1
        self._refusals.tell(log, "waiting connection closed", address=connection.peer, most=most)
        connection.make_room()


def places() -> int:
    """How many may wait: a part of what the process may have open, so that who has come in has the rest."""
    most, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, min(limits.WAITING, most // _DESCRIPTORS_TO_ONE)) if most > 0 else limits.WAITING
