"""Publications of one loop turn, delivered together at its end."""

from collections.abc import Callable
from typing import TypeAlias

from toolboxai.protocol.publication import Publication

__all__ = ["Soon", "Turn"]

Soon: TypeAlias = Callable[[Callable[[], None]], object]
"""Runs a callable when the loop has taken in what is ready: ``loop.call_soon``."""


class Turn:
    """Collects what the broker delivers and fans it out once per turn of the loop.

    When sixteen publishers are read in one turn, their sixteen events reach each subscriber in one write instead of
    sixteen, and the system call behind a write is most of what a delivery costs. A single event waits for nothing:
    the turn ends at once. Order holds within each channel.

    Args:
        deliver: the fan-out; gets the app's id and publications of one channel, in order.
        now: monotonic seconds.
        took: told, once per turn, how many seconds its first publication waited until all of them were delivered.
    """

    __slots__ = ("_began", "_deliver", "_now", "_queue", "_soon", "_took")

    def __init__(
        self,
        deliver: Callable[[str, list[Publication]], None],
        *,
        now: Callable[[], float],
        took: Callable[[float], None],
    ) -> None:
        self._deliver = deliver
        self._now = now
        self._took = took
        self._began = 0.0
        self._queue: dict[tuple[str, str], list[Publication]] = {}
        self._soon: Soon | None = None

    def join(self, soon: Soon | None) -> None:
        """Use this loop from now on; with None every publication is delivered on the spot."""
        self.flush()
        self._soon = soon

    def add(self, app_id: str, publication: Publication) -> None:
        """Deliver this publication at the end of the turn, after those added before it to its channel."""
        if self._soon is None:
            self._deliver(app_id, [publication])
            return
        if not self._queue:
            self._began = self._now()
            self._soon(self.flush)
        self._queue.setdefault((app_id, publication.channel), []).append(publication)

    def flush(self) -> None:
        """Deliver now; called before any subscription changes, so that each sees exactly what came before it."""
        if self._queue:
            queue, self._queue = self._queue, {}
            began = self._began
            for (app_id, _channel), publications in queue.items():
                self._deliver(app_id, publications)
            self._took(self._now() - began)
