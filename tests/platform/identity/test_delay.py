"""The wait that doubles."""

from toolboxai.platform.identity.delay import KEYS, GrowingDelay, Patience

PATIENCE = Patience(free=2, longest_s=60, forgive_s=100)


def test_the_first_failures_are_free_and_then_the_wait_doubles_up_to_its_bound() -> None:
    delay = GrowingDelay()
    waits = []
    for _ in range(10):
        delay.failed("anna", PATIENCE, now=0.0)
        waits.append(delay.wait_s("anna", PATIENCE, now=0.0))
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_the_wait_runs_from_the_last_failure() -> None:
    delay = GrowingDelay()
    for now in (0.0, 0.0, 10.0):
        delay.failed("anna", PATIENCE, now=now)
    assert delay.wait_s("anna", PATIENCE, now=10.25) == 0.75
    assert delay.wait_s("anna", PATIENCE, now=11.0) == 0


def test_one_key_does_not_wait_for_another() -> None:
    delay = GrowingDelay()
    for _ in range(5):
        delay.failed("anna", PATIENCE, now=0.0)
    assert delay.wait_s("ben", PATIENCE, now=0.0) == 0


def test_a_success_makes_it_forget() -> None:
    delay = GrowingDelay()
    for _ in range(5):
        delay.failed("anna", PATIENCE, now=0.0)
    delay.succeeded("anna")
    delay.succeeded("ben")
    assert delay.wait_s("anna", PATIENCE, now=0.0) == 0
    delay.failed("anna", PATIENCE, now=0.0)
    assert delay.wait_s("anna", PATIENCE, now=0.0) == 0


def test_time_forgives_one_failure_after_the_other() -> None:
    delay = GrowingDelay()
    for _ in range(5):
        delay.failed("anna", PATIENCE, now=0.0)
    delay.failed("anna", PATIENCE, now=200.0)  # two of the five are forgiven
    assert delay.wait_s("anna", PATIENCE, now=200.0) == 2
    delay.failed("anna", PATIENCE, now=10_000.0)
    assert delay.wait_s("anna", PATIENCE, now=10_000.0) == 0


def test_what_fails_now_and_then_never_adds_up() -> None:
    delay = GrowingDelay()
    for number in range(1000):
        delay.failed("anna", PATIENCE, now=number * 101.0)
        assert delay.wait_s("anna", PATIENCE, now=number * 101.0) == 0


def test_it_forgets_the_oldest_rather_than_grow_without_end() -> None:
    delay = GrowingDelay()
    for number in range(KEYS + 1):
        for _ in range(3):
            delay.failed(str(number), PATIENCE, now=0.0)
    assert delay.wait_s("0", PATIENCE, now=0.0) == 0
    assert delay.wait_s(str(KEYS), PATIENCE, now=0.0) == 1
