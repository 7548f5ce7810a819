"""Rounds that others disturbed are taken again."""

from bench.stand import ATTEMPTS, until_undisturbed

from bench_samples import sample

QUIET = sample(waited=0.01)
WAITED = sample(waited=0.3)
STOLEN = sample(stolen=0.2)


def test_a_quiet_round_is_taken_once() -> None:
    rounds = iter([QUIET, WAITED])
    assert until_undisturbed(lambda: next(rounds), more=lambda: True) == [QUIET]


def test_a_disturbed_round_is_taken_again_until_it_is_quiet() -> None:
    rounds = iter([WAITED, STOLEN, QUIET])
    assert until_undisturbed(lambda: next(rounds), more=lambda: True) == [WAITED, STOLEN, QUIET]


def test_after_some_attempts_it_is_kept_as_it_is() -> None:
    assert until_undisturbed(lambda: WAITED, more=lambda: True) == [WAITED] * ATTEMPTS


def test_when_time_is_up_there_is_no_second_attempt() -> None:
    assert until_undisturbed(lambda: WAITED, more=lambda: False) == [WAITED]
