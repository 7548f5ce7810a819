"""The last ten minutes as numbers, a point a second: kept always, so that whoever looks sees how it came to this."""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from typing import Final, NamedTuple, TypeAlias

from toolboxai import limits
from toolboxai.clock import Clock
from toolboxai.metrics import Metrics

__all__ = ["Jobs", "Load", "Point", "Series", "quantile"]


class Load(NamedTuple):
    """Jobs of this process.

    Args:
        running: at this moment.
        waiting: for their turn.
        finished: that have ended since the start, however they did.
    """

    running: int
    waiting: int
    finished: int


Jobs: TypeAlias = Callable[[], Load]


class Point(NamedTuple):
    """One second, or a little more.

    Args:
        n: its number; the next has the next.
        at: unix seconds of its end.
        connections: open at its end.
        messages_in: that clients sent, a second.
        messages_out: that were handed to connections, a second.
        publications: that were accepted, a second, one per channel.
        p99_ms: milliseconds within which 99 of 100 turns of the loop had handed their events to all subscribers;
            None: there was none.
        jobs: of the application.
        jobs_finished: how many have ended in it.
    """

    n: int
    at: float
    connections: int
    messages_in: float
    messages_out: float
    publications: float
    p99_ms: float | None
    jobs: Load
    jobs_finished: int


class _Seen(NamedTuple):
    at: float
    messages_in: int
    messages_out: int
    publications: int
    delivery: Sequence[tuple[str, float]]
    finished: int


class Series:
    """Reads counters that are kept anyway; called every second.

    Args:
        metrics: of the process.
        clock: for times.
        jobs: of the application.
    """

    def __init__(self, metrics: Metrics, clock: Clock, jobs: Jobs) -> None:
        self._metrics = metrics
        self._clock = clock
        self._jobs = jobs
        self._points: deque[Point] = deque(maxlen=limits.SERIES_POINTS)
        self._n = 0
        self._before = self._see(jobs())

    @property
    def newest(self) -> int:
        """The number of the newest point; 0 before the first."""
        return self._n

    async def look(self) -> None:
        """Add a point; it does not wait."""
        jobs = self._jobs()
        before, now = self._before, self._see(jobs)
        self._before = now
        lasted = now.at - before.at
        if lasted <= 0:
            return

        def rate(old: int, new: int) -> float:
            return round(max(new - old, 0) / lasted, 1)  # an app that is removed takes its counts along

        p99 = quantile(0.99, before.delivery, now.delivery)
        self._n += 1
        self._points.append(
            Point(
                n=self._n,
                at=self._clock.now(),
                connections=self._metrics.connections,
                messages_in=rate(before.messages_in, now.messages_in),
                messages_out=rate(before.messages_out, now.messages_out),
                publications=rate(before.publications, now.publications),
                p99_ms=None if p99 is None else round(p99 * 1000, 3),
                jobs=jobs,
                jobs_finished=max(now.finished - before.finished, 0),
            )
        )

    def after(self, n: int) -> Sequence[Point]:
        """The points that came after this number, oldest first; all where the number is of another life."""
        behind = self._n - n
        if behind < 0 or behind >= len(self._points):
            return tuple(self._points)
        return tuple(islice(self._points, len(self._points) - behind, None))

    def _see(self, jobs: Load) -> _Seen:
        metrics = self._metrics
        return _Seen(
            self._clock.monotonic(),
            metrics.messages_received_total,
            metrics.messages_sent_total,
            metrics.publications_total,
            metrics.delivery_seconds.buckets(),
            jobs.finished,
        )


_END: Final = "+Inf"


def quantile(
    part: float, before: Sequence[tuple[str, float]], now: Sequence[tuple[str, float]]
) -> float | None:
    """The value below which this part of what came between two looks at a histogram lies, as Prometheus reckons it.

    Within a bucket values are taken as evenly spread; beyond the last bound it is that bound.

    Args:
        part: such as 0.99.
        before: see ``metrics.Histogram.buckets``.
        now: the same, later.

    Returns:
        None: nothing came.
    """
    counts = [(bound, new - old) for (bound, new), (_, old) in zip(now, before, strict=True)]
    wanted = counts[-1][1] * part
    if not wanted:
        return None
    for (low, below), (high, up_to) in pairwise([("0", 0.0), *counts]):
        if up_to >= wanted:
            if high == _END:
                return float(low)
            return float(low) + (float(high) - float(low)) * (wanted - below) / (up_to - below)
    return None
