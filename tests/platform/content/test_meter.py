"""Percent and estimate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.content.meter import Meter, stage_end, stage_start
from toolboxai.platform.content.sessions import STAGES, Stage
from toolboxai.testing.clock import ManualClock


def test_the_stages_fill_the_whole() -> None:
    assert stage_start(STAGES[0]) == 0
    assert stage_end(STAGES[-1]) == 100
    assert [stage_end(stage) for stage in STAGES[:-1]] == [stage_start(stage) for stage in STAGES[1:]]


def test_the_first_report_of_each_stage_is_told(clock: ManualClock) -> None:
    meter = Meter(clock, 0)
    for stage in STAGES:
        reading = meter.read(stage, 0, 10, f"{stage} begins")
        assert reading is not None
        assert (reading.percent, reading.message) == (stage_start(stage), f"{stage} begins")
        assert meter.read(stage, 10, 10, "too soon") is None


def test_news_is_told_five_times_a_second_at_most_and_only_with_a_new_percent(clock: ManualClock) -> None:
    meter = Meter(clock, 0)
    told = 0
    for done in range(900):
        told += meter.read(Stage.ANALYSIS, done, 1000, "reading") is not None
        clock.advance(0.001)
    assert 2 <= told <= 6
    clock.advance(60)
    assert meter.read(Stage.ANALYSIS, 1000, 1000, "reading") is not None
    clock.advance(60)
    assert meter.read(Stage.ANALYSIS, 1000, 1000, "reading") is None


def test_there_is_no_estimate_before_there_is_a_speed(clock: ManualClock) -> None:
    meter = Meter(clock, 40)
    first = meter.read(Stage.LESSON, 0, 10, "begins")
    assert first is not None
    assert first.estimated_completion is None


def test_at_half_time_the_estimate_is_the_truth_when_work_is_even(clock: ManualClock) -> None:
    began, meter = clock.now(), Meter(clock, 0)
    for percent in range(100):
        stage = next(stage for stage in STAGES if percent < stage_end(stage))
        share = stage_end(stage) - stage_start(stage)
        reading = meter.read(stage, percent - stage_start(stage), share, "on")
        if percent == 50:
            assert reading is not None
            assert reading.estimated_completion == pytest.approx(began + 100)
        clock.advance(1)


def test_a_process_that_takes_over_measures_its_own_speed_and_does_not_fall_back(clock: ManualClock) -> None:
    meter = Meter(clock, 60)
    first = meter.read(Stage.QUIZ, 0, 10, "again")
    assert first is not None
    assert first.percent == 60
    clock.advance(10)
    reading = meter.read(Stage.QUIZ, 10, 10, "on")
    assert reading is not None
    assert reading.percent == 88
    assert reading.estimated_completion == pytest.approx(clock.now() + 10 * 12 / 28)


@given(
    st.lists(st.tuples(st.sampled_from(STAGES), st.integers(-5, 50), st.integers(-1, 40), st.floats(0, 9)))
)
def test_whatever_is_reported_percent_never_falls_and_stays_below_the_end(
    reports: list[tuple[Stage, int, int, float]],
) -> None:
    clock = ManualClock()
    meter = Meter(clock, 3)
    last = 3
    for stage, done, total, seconds in reports:
        reading = meter.read(stage, done, total, "x")
        clock.advance(seconds)
        if reading is not None:
            assert last <= reading.percent <= 99
            last = reading.percent
            assert (
                reading.estimated_completion is None or reading.estimated_completion >= clock.now() - seconds
            )
