"""A repeat with the same key is told what the first was told."""

import pytest

from toolboxai.errors import ChannelsApiError
from toolboxai.testing.clock import ManualClock
from toolboxai.transport.answers import Answer
from toolboxai.transport.idempotency import KEPT_BYTES, WINDOW_S, First, Idempotency

DONE = Answer(200, b'{"done":1}')


@pytest.fixture
def answers(clock: ManualClock) -> Idempotency:
    return Idempotency(clock)


def begin(
    answers: Idempotency, key: str, body: bytes = b"{}", *, app: str = "3", path: str = "events"
) -> First:
    return answers.begin(app, path, key, body)


def answered(answers: Idempotency, key: str, answer: Answer = DONE, *, app: str = "3") -> None:
    first = begin(answers, key, app=app)
    assert first.answer is None
    answers.end(first, answer)


def test_a_repeat_is_answered_within_the_window_and_is_a_first_again_after_it(
    answers: Idempotency, clock: ManualClock
) -> None:
    answered(answers, "k")
    clock.advance(WINDOW_S - 0.1)
    assert begin(answers, "k").answer is DONE
    clock.advance(0.1)
    assert begin(answers, "k").answer is None


def test_another_app_or_call_has_keys_of_its_own(answers: Idempotency) -> None:
    answered(answers, "k")
    assert begin(answers, "k", app="4").answer is None
    assert begin(answers, "k", path="batch_events").answer is None


def test_another_body_is_refused(answers: Idempotency) -> None:
    answered(answers, "k")
    with pytest.raises(ChannelsApiError) as refused:
        begin(answers, "k", b"[]")
    assert refused.value.status == 422


def test_while_the_first_is_in_work_a_repeat_has_to_wait(answers: Idempotency) -> None:
    begin(answers, "k")
    with pytest.raises(ChannelsApiError) as refused:
        begin(answers, "k")
    assert refused.value.status == 409


def test_what_failed_may_be_tried_again(answers: Idempotency) -> None:
    answers.end(begin(answers, "k"), None)
    assert begin(answers, "k", b"[]").answer is None


@pytest.mark.parametrize("key", ["", " ", " a", "a ", "é", "a\x7f", "a\n", "k" * 256])
def test_a_key_is_some_printable_characters(answers: Idempotency, key: str) -> None:
    with pytest.raises(ChannelsApiError, match="1 to 255 printable ASCII characters") as refused:
        begin(answers, key)
    assert refused.value.status == 400


@pytest.mark.parametrize("key", ["k", "a b", "!~" * 127, "k" * 255])
def test_any_other_key_will_do(answers: Idempotency, key: str) -> None:
    answered(answers, key)


def test_what_is_kept_is_bounded_in_bytes_and_an_app_cannot_have_anothers_forgotten(
    answers: Idempotency,
) -> None:
    large = Answer(200, b"x" * (KEPT_BYTES // 10))
    answered(answers, "other", app="4")
    waiting = begin(answers, "in work")
    for number in range(5):
        answered(answers, f"k{number}", large)
    answers.end(waiting, DONE)
    for number in range(5, 12):
        answered(answers, f"k{number}", large)
    assert begin(answers, "k11").answer is large
    assert begin(answers, "other", app="4").answer is DONE
    assert begin(answers, "in work").answer is None  # it was the oldest
    assert answers._apps["3"].bytes <= KEPT_BYTES


def test_headers_take_room_as_well(answers: Idempotency) -> None:
    for number in range(20):
        ids = ((b"X-Toolboxai-Publication-Id", b"x" * (KEPT_BYTES // 10)),)
        answered(answers, f"k{number}", Answer(200, b"{}", headers=ids))
    assert answers._apps["3"].bytes <= KEPT_BYTES
    assert len(answers._apps["3"].entries) < 10


def test_what_is_in_work_is_not_forgotten_for_want_of_room_and_holds_up_no_other(
    answers: Idempotency,
) -> None:
    begin(answers, "in work")
    for number in range(20):
        answered(answers, f"k{number}", Answer(200, b"x" * (KEPT_BYTES // 10)))
        assert answers._apps["3"].bytes <= KEPT_BYTES
    with pytest.raises(ChannelsApiError, match="still in work"):
        begin(answers, "in work")
    assert begin(answers, "k19").answer is not None


def test_an_answer_that_comes_when_its_time_is_over_is_not_anothers(
    answers: Idempotency, clock: ManualClock
) -> None:
    slow = begin(answers, "k")
    clock.advance(WINDOW_S)
    again = begin(answers, "k", b"[]")
    answers.end(slow, DONE)
    assert again.answer is None


def test_time_alone_empties_the_memory(answers: Idempotency, clock: ManualClock) -> None:
    for number in range(100):
        answered(answers, f"k{number}")
    clock.advance(WINDOW_S)
    begin(answers, "new")
    kept = answers._apps["3"]
    assert [first.name.key for first in kept.entries.values()] == ["new"]
    assert kept.bytes == sum(first.bytes for first in kept.entries.values())
