"""Publications of one loop turn, delivered together at its end; large channels a slice a turn."""

from collections.abc import Callable
from typing import TypeAlias

from toolboxai.hub.slices import Slices
from toolboxai.protocol.publication import Publication

__all__ = ["Soon", "Turn"]

Soon: TypeAlias = Callable[[Callable[[], None]], object]
"""Runs a callable when the loop has taken in what is ready: ``loop.call_soon``."""


def _raise() -> None:
    raise


class Turn:
    """Collects what the broker delivers and fans it out once per turn of the loop.

    When sixteen publishers are read in one turn, their sixteen events reach each subscriber in one write instead of
    sixteen, and the system call behind a write is most of what a delivery costs. A single event waits for nothing:
    the turn ends at once. Order holds within each channel.

    What goes to more subscribers than one turn has time for is written a slice a turn, after all that came meanwhile on
    other channels: the loop sends what was written when a turn ends, so nobody waits for more than two slices.

    Args:
        deliver: the fan-out; gets the app's id and publications of one channel, in order, and whether they are all that the
            turn has.
        now: monotonic seconds.
        took: told, once per turn, how many seconds its first publication waited until all of them were delivered; and
            of a slice, how long it waited.
        slices: those that wait for their turn.
        failed: called while a slice's fault is handled; the other slices go on. Without it the fault is raised.
    """

    __slots__ = ("_began", "_begun", "_deliver", "_failed", "_now", "_queue", "_slices", "_soon", "_took")

    def __init__(
        self,
        deliver: Callable[[str, list[Publication], bool], None],
        *,
        now: Callable[[], float],
        took: Callable[[float], None],
        slices: Slices | None = None,
        failed: Callable[[], None] = _raise,
    ) -> None:
        self._deliver = deliver
        self._now = now
        self._took = took
        self._began = 0.0
        self._queue: dict[tuple[str, str], list[Publication]] = {}
        self._soon: Soon | None = None
        self._begun = False  # the loop is asked to call us
        self._slices = Slices() if slices is None else slices
        self._slices.on_due = self._begin
        self._failed = failed

    def join(self, soon: Soon | None) -> None:
        """Use this loop from now on; with None every publication is delivered on the spot."""
        self.finish()
        self._soon = soon
        self._begun = False

    def add(self, app_id: str, publication: Publication) -> None:
        """Deliver this publication at the end of the turn, after those added before it to its channel."""
        if self._soon is None:
            self._deliver(app_id, [publication], True)
            return
        if not self._queue:
            self._began = self._now()
            self._begin()
        self._queue.setdefault((app_id, publication.channel), []).append(publication)

    def _begin(self) -> None:
        if self._soon is None:
            self._write_slices()
        elif not self._begun:
            self._begun = True
            self._soon(self._go_on)

    def _go_on(self) -> None:
        self._begun = False
        self.flush()
        if self._slices:
            self._write_slice()
            if self._slices:
                self._begin()

    def flush(self) -> None:
        """Deliver now; called before any subscription changes, so that each sees exactly what came before it.

        Of large channels it is settled from here on who is owed it.
        """
        if self._queue:
            queue, self._queue = self._queue, {}
            began = self._began
            alone = len(queue) == 1
            for (app_id, _channel), publications in queue.items():
                self._deliver(app_id, publications, alone)
            self._took(self._now() - began)

    def finish(self) -> None:
        """Deliver now, to all subscribers of large channels too."""
        self.flush()
        self._write_slices()

    def _write_slices(self) -> None:
        while self._slices:
            self._write_slice()

    def _write_slice(self) -> None:
        try:
            waited = self._slices.next()
        except Exception:  # as the caller of `deliver` does for its part
            self._failed()
        else:
            if waited is not None:
                self._took(waited)
