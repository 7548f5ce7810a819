"""How fast an old connection may talk: every limit at its edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.legacy.pace import Close, Fault, Fine, Pace, Refused, Verdict

PASSED, IGNORED = Fine.PASSED, Fine.IGNORED


def several(times: int, pace: Pace, now: float = 0.0) -> list[Verdict]:
    return [pace.message(now) for _ in range(times)]


def test_a_hundred_messages_pass_and_the_next_when_the_first_is_a_minute_old() -> None:
    pace = Pace()
    assert pace.message(0.0) is PASSED
    assert several(99, pace, 30.0) == [PASSED] * 99
    assert pace.message(59.999) == Refused(limit=100, retry_after=1)
    assert pace.message(60.0) is PASSED
    assert pace.message(60.0) == Refused(limit=100, retry_after=30)
    assert pace.message(90.0) is PASSED


def test_the_wait_is_told_in_whole_seconds_that_suffice() -> None:
    for first in (0.0, 0.1, 1234.567):
        pace = Pace(messages_per_minute=1)
        assert pace.message(first) is PASSED
        assert pace.message(first) == Refused(limit=1, retry_after=60)
        assert pace.message(first + 0.5) == Refused(limit=1, retry_after=60)
        assert pace.message(first + 60.5) is PASSED


def test_the_third_refusal_within_a_minute_closes() -> None:
    pace = Pace(messages_per_minute=1)
    assert several(4, pace, 5.0) == [PASSED, Refused(1, 60), Refused(1, 60), Close(Fault.TOO_FAST, 60)]
    assert Fault(4129) is Fault.TOO_FAST


def test_refusals_that_are_a_minute_apart_do_not_close() -> None:
    def third_refusal(at: float) -> Verdict:
        pace = Pace(messages_per_minute=1)
        assert (pace.message(0.0), pace.message(0.0)) == (PASSED, Refused(1, 60))
        assert (pace.message(59.0), pace.message(60.0 - 2**-10)) == (Refused(1, 1), Close(Fault.TOO_FAST, 1))
        pace = Pace(messages_per_minute=1)
        assert (pace.message(0.0), pace.message(1.0), pace.message(2.0)) == (
            PASSED,
            Refused(1, 59),
            Refused(1, 58),
        )
        assert pace.message(60.0) is PASSED
        return pace.message(at)

    assert third_refusal(60.999) == Close(Fault.TOO_FAST, 60)
    assert third_refusal(61.0) == Refused(1, 59)


def test_the_sixth_sign_in_of_a_minute_is_refused() -> None:
    pace = Pace()
    assert [pace.attempt(float(second)) for second in range(5)] == [PASSED] * 5
    assert pace.attempt(59.0) == Refused(limit=5, retry_after=1)
    assert pace.attempt(60.0) is PASSED
    assert pace.attempt(60.0) == Refused(limit=5, retry_after=1)


def test_refused_messages_and_sign_ins_close_together() -> None:
    pace = Pace(messages_per_minute=1, auth_attempts_per_minute=1)
    assert (pace.message(0.0), pace.attempt(0.0)) == (PASSED, PASSED)
    assert (pace.message(0.0), pace.attempt(0.0)) == (Refused(1, 60), Refused(1, 60))
    assert pace.attempt(0.0) == Close(Fault.TOO_FAST, 60)


def test_zero_is_no_limit() -> None:
    pace = Pace(messages_per_minute=0, auth_attempts_per_minute=0)
    assert several(1000, pace) == [PASSED] * 1000
    assert [pace.attempt(0.0) for _ in range(1000)] == [PASSED] * 1000


def test_beats_beyond_ten_a_second_are_passed_over() -> None:
    pace = Pace()
    assert [pace.beat(0.0) for _ in range(11)] == [PASSED] * 10 + [IGNORED]
    assert pace.beat(0.999) is IGNORED
    assert [pace.beat(1.0) for _ in range(11)] == [PASSED] * 10 + [IGNORED]


def test_five_hundred_pongs_at_once_disturb_nothing() -> None:
    pace = Pace()
    assert {pace.beat(0.0) for _ in range(500)} == {PASSED, IGNORED}
    assert several(101, pace) == [PASSED] * 100 + [Refused(100, 60)]
    assert [pace.beat(1.0), pace.attempt(1.0)] == [PASSED, PASSED]


def test_a_thousand_beats_in_ten_seconds_are_borne_and_one_more_closes() -> None:
    pace = Pace()
    assert pace.beat(0.0) is PASSED
    assert {pace.beat(5.0) for _ in range(999)} == {PASSED, IGNORED}
    assert pace.beat(10.0) is PASSED
    assert pace.beat(10.0) == Close(Fault.TOO_FAST, 5)


@pytest.mark.parametrize("kind", [Fault.BAD_JSON, Fault.UNKNOWN_TYPE])
def test_the_third_bad_message_within_a_minute_closes(kind: Fault) -> None:
    pace = Pace()
    assert [pace.bad(at, kind) for at in (0.0, 1.0, 59.999)] == [PASSED, PASSED, Close(kind)]
    pace = Pace()
    assert [pace.bad(at, kind) for at in (0.0, 1.0, 60.0, 60.999)] == [PASSED, PASSED, PASSED, Close(kind)]


def test_each_kind_of_bad_message_is_counted_by_itself_and_has_its_code() -> None:
    pace = Pace(messages_per_minute=1)
    for kind in (Fault.BAD_JSON, Fault.UNKNOWN_TYPE):
        assert [pace.bad(0.0, kind) for _ in range(2)] == [PASSED] * 2
    assert several(3, pace) == [PASSED, Refused(1, 60), Refused(1, 60)]
    assert pace.bad(0.0, Fault.BAD_JSON) == Close(Fault(1002))
    assert pace.bad(0.0, Fault.UNKNOWN_TYPE) == Close(Fault(1003))


@given(st.lists(st.floats(0, 40), max_size=60), st.integers(1, 6))
def test_whoever_waits_as_long_as_told_passes(gaps: list[float], most: int) -> None:
    pace, now = Pace(messages_per_minute=most), 0.0
    for gap in gaps:
        now += gap
        said = pace.message(now)
        if said is PASSED:
            continue
        assert isinstance(said, Refused | Close)
        assert 1 <= said.retry_after <= 60
        now += said.retry_after + 1e-6
        assert pace.message(now) is PASSED
