"""Percent and estimate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.content.records.sessions import STAGES, Stage
from toolboxai.platform.content.run.meter import Meter, Reading, stage_end, stage_start
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


def test_what_is_spent_is_the_time_of_work_and_not_that_of_waiting(clock: ManualClock) -> None:
    meter = Meter(clock, 0)
    clock.advance(1)
    for stage in STAGES:
        for _ in range(11):
            meter.read(stage, 0, 0, "waits")
            clock.advance(10)
        meter.read(stage, 0, 5, "works")
        clock.advance(100)
        meter.read(stage, 5, 5, "works")
        clock.advance(1000)
    assert meter.spent_s == 1 + 4 * (10 + 100 + 1000), (
        "the last report of each wait may be of work that began"
    )


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
            assert reading.estimated_completion == pytest.approx(began + 100, abs=0.01)
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
    assert reading.estimated_completion == pytest.approx(clock.now() + 10 * 12 / 38, abs=0.01)


EXPECTED = dict(zip(STAGES, (4.0, 1.0, 4.0, 1.0), strict=True))


def estimate(reading: Reading | None, clock: ManualClock) -> float:
    """Seconds from now."""
    assert reading is not None
    assert reading.estimated_completion is not None
    return reading.estimated_completion - clock.now()


def test_what_was_learnt_is_the_estimate_from_the_first_report_on(clock: ManualClock) -> None:
    meter = Meter(clock, 0, expected=EXPECTED)
    assert estimate(meter.read(Stage.ANALYSIS, 0, 10, "begins"), clock) == pytest.approx(10, abs=0.01)
    clock.advance(2)
    assert estimate(meter.read(Stage.ANALYSIS, 5, 10, "on"), clock) == pytest.approx(8, abs=0.01)


def test_a_run_that_is_slower_than_those_before_it_is_expected_later_and_later(clock: ManualClock) -> None:
    meter = Meter(clock, 0, expected=EXPECTED)
    ends = [clock.now() + estimate(meter.read(Stage.ANALYSIS, 0, 10, "begins"), clock)]
    for done in (1, 2, 3):
        clock.advance(2)
        ends.append(clock.now() + estimate(meter.read(Stage.ANALYSIS, done, 10, "slowly"), clock))
    assert ends == sorted(set(ends))


def test_one_that_goes_on_after_a_restart_is_expected_to_take_what_is_left(clock: ManualClock) -> None:
    meter = Meter(clock, 55, expected=EXPECTED)
    assert estimate(meter.read(Stage.QUIZ, 0, 10, "again"), clock) == pytest.approx(5, abs=0.01)


def test_while_nobody_reports_the_same_percent_is_told_within_each_second_with_a_new_estimate(
    clock: ManualClock,
) -> None:
    meter = Meter(clock, 0, expected=EXPECTED)
    meter.read(Stage.ANALYSIS, 5, 10, "Reading")
    told = []
    for _ in range(50):
        clock.advance(0.1)
        assert meter.quiet_s() <= 1
        reading = meter.beat(Stage.ANALYSIS)
        if reading is not None:
            told.append((reading, clock.now() + estimate(reading, clock)))
    assert len(told) == 5
    assert {(reading.percent, reading.message) for reading, _ in told} == {(20, "Reading")}
    assert len({end for _, end in told}) == 5


def test_a_stage_that_has_said_nothing_yet_beats_from_its_beginning(clock: ManualClock) -> None:
    meter = Meter(clock, 0)
    meter.read(Stage.ANALYSIS, 10, 10, "done")
    clock.advance(1)
    reading = meter.beat(Stage.LESSON)
    assert reading is not None
    assert reading.percent == stage_start(Stage.LESSON)
    assert meter.beat(Stage.LESSON) is None


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
