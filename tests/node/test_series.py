"""The last ten minutes as numbers."""

import pytest

from toolboxai import limits
from toolboxai.metrics import Histogram, Metrics
from toolboxai.node.series import Load, Series, quantile
from toolboxai.testing.clock import ManualClock


async def test_a_point_has_what_is_there_and_rates_of_what_has_come_since_the_last(
    clock: ManualClock,
) -> None:
    metrics, jobs = Metrics(), [Load(0, 0, 7)]
    series = Series(metrics, clock, lambda: jobs[-1])
    app = metrics.app("3")
    app.connections["websocket"] += 5
    app.messages_received_total += 30
    app.messages_sent_total += 400
    app.publications_total += 20
    for _ in range(100):
        metrics.delivery_seconds.observe(0.004)
    jobs.append(Load(2, 3, 8))
    clock.advance(2)
    await series.look()
    (point,) = series.after(0)
    assert (point.n, point.at, point.connections) == (1, clock.now(), 5)
    assert (point.messages_in, point.messages_out, point.publications) == (15.0, 200.0, 10.0)
    assert point.p99_ms == pytest.approx(4.975)
    assert (point.jobs, point.jobs_finished) == (Load(2, 3, 8), 1)


async def test_a_second_in_which_nothing_happens_has_noughts_and_no_delivery(clock: ManualClock) -> None:
    metrics = Metrics()
    metrics.app("gone").messages_sent_total = 9
    series = Series(metrics, clock, lambda: Load(0, 0, 0))
    del metrics.apps["gone"]
    clock.advance(1)
    await series.look()
    (point,) = series.after(0)
    assert (point.messages_out, point.p99_ms, point.jobs_finished) == (0.0, None, 0)


async def test_ten_minutes_are_kept_and_whoever_comes_back_gets_what_is_new(clock: ManualClock) -> None:
    series = Series(Metrics(), clock, lambda: Load(0, 0, 0))
    for _ in range(limits.SERIES_POINTS + 3):
        clock.advance(limits.SERIES_PERIOD_S)
        await series.look()
    assert [point.n for point in series.after(0)] == list(range(4, limits.SERIES_POINTS + 4))
    assert [point.n for point in series.after(series.newest - 2)] == [series.newest - 1, series.newest]
    assert series.after(series.newest) == ()
    assert len(series.after(10**9)) == limits.SERIES_POINTS, "a number of an earlier life"


def test_the_quantile_is_that_of_what_came_between_two_looks() -> None:
    histogram = Histogram(1.0, 2.0, 4.0)
    histogram.observe(100.0)
    before = histogram.buckets()
    assert quantile(0.99, before, before) is None
    for _ in range(100):
        histogram.observe(1.5)
    assert quantile(0.5, before, histogram.buckets()) == 1.5
    for _ in range(100):
        histogram.observe(9.0)
    assert quantile(0.99, before, histogram.buckets()) == 4.0, "beyond the last bound it is that bound"
