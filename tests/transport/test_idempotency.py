"""A repeat with the same key is told what the first was told."""

import pytest

from toolboxai.errors import ChannelsApiError
from toolboxai.testing.clock import ManualClock
from toolboxai.transport.answers import Answer
from toolboxai.transport.idempotency import KEPT, WINDOW_S, Idempotency

DONE = Answer(200, b'{"done":1}')


@pytest.fixture
def answers(clock: ManualClock) -> Idempotency:
    return Idempotency(clock)


def first(
    answers: Idempotency, key: str, body: bytes = b"{}", *, app: str = "3", path: str = "events"
) -> None:
    assert answers.begin(app, path, key, body) is None


def test_a_repeat_is_answered_within_the_window_and_is_a_first_again_after_it(
    answers: Idempotency, clock: ManualClock
) -> None:
    first(answers, "k")
    answers.end("3", "events", "k", DONE)
    clock.advance(WINDOW_S - 0.1)
    assert answers.begin("3", "events", "k", b"{}") is DONE
    clock.advance(0.1)
    first(answers, "k")


def test_another_app_or_call_has_keys_of_its_own(answers: Idempotency) -> None:
    first(answers, "k")
    answers.end("3", "events", "k", DONE)
    first(answers, "k", app="4")
    first(answers, "k", path="batch_events")


def test_another_body_is_refused(answers: Idempotency) -> None:
    first(answers, "k")
    answers.end("3", "events", "k", DONE)
    with pytest.raises(ChannelsApiError) as refused:
        answers.begin("3", "events", "k", b"[]")
    assert refused.value.status == 422


def test_while_the_first_is_in_work_a_repeat_has_to_wait(answers: Idempotency) -> None:
    first(answers, "k")
    with pytest.raises(ChannelsApiError) as refused:
        answers.begin("3", "events", "k", b"{}")
    assert refused.value.status == 409


def test_what_failed_may_be_tried_again(answers: Idempotency) -> None:
    first(answers, "k")
    answers.end("3", "events", "k", None)
    first(answers, "k", b"[]")


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "a\x7f", "k" * 256])
def test_a_key_is_some_printable_characters(answers: Idempotency, key: str) -> None:
    with pytest.raises(ChannelsApiError, match="1 to 255 printable ASCII characters") as refused:
        answers.begin("3", "events", key, b"")
    assert refused.value.status == 400
    first(answers, "!~" * 127)


def test_the_oldest_are_forgotten_and_an_app_cannot_forget_anothers(answers: Idempotency) -> None:
    first(answers, "other", app="4")
    answers.end("4", "events", "other", DONE)
    for number in range(KEPT + 1):
        first(answers, f"k{number}")
        answers.end("3", "events", f"k{number}", DONE)
    first(answers, "k0")
    assert answers.begin("3", "events", f"k{KEPT}", b"{}") is DONE
    assert answers.begin("4", "events", "other", b"{}") is DONE
    assert len(answers._apps["3"]) <= KEPT


def test_time_alone_empties_the_memory(answers: Idempotency, clock: ManualClock) -> None:
    for number in range(100):
        first(answers, f"k{number}")
    clock.advance(WINDOW_S)
    first(answers, "new")
    assert len(answers._apps["3"]) == 1
