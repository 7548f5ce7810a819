"""What was promised against what a run reached."""

import pytest
from bench.results import Results
from bench.targets import TARGETS, Outcome, judge

from bench_samples import sample, whole_run


def outcome(results: Results, words: str) -> Outcome:
    return next(one for one in judge(results) if words in one.target.title)


def test_more_than_is_allowed_is_not_met() -> None:
    against_c = outcome(whole_run(), "against C")
    assert against_c.reached is not None
    assert against_c.reached.median == pytest.approx(2.0)
    assert against_c.met is False


def test_times_better_counts_the_other_above_ours() -> None:
    old = outcome(whole_run(), "1 in flight: CPU, the old way")
    assert old.reached is not None
    assert old.reached.median == pytest.approx(30.0)
    assert (old.met, old.moonshot_met) == (True, True)


def test_less_than_wanted_is_not_met() -> None:
    default = outcome(whole_run(), "16 in flight: CPU, today's default")
    assert default.reached is not None
    assert default.reached.median == pytest.approx(10.0)
    assert default.met is False


def test_one_lost_event_fails_the_promise_of_none() -> None:
    results = whole_run()
    assert outcome(results, "lost").met is True
    results.samples["crowd"]["toolboxai"] = [sample(lost=1)]
    assert outcome(results, "lost").met is False


def test_a_dropped_subscriber_counts_as_loss() -> None:
    results = whole_run()
    results.samples["crowd"]["toolboxai"] = [sample(dropped=1)]
    assert outcome(results, "lost").met is False


def test_without_the_c_loop_its_ratio_is_not_measured_and_the_others_are() -> None:
    results = whole_run()
    for servers in results.samples.values():
        servers.pop("c")
    judged = judge(results)
    assert [one.target.title for one in judged if one.met is None] == ["fan-out, 1 in flight: CPU against C"]


def test_a_run_without_rounds_meets_nothing_and_misses_nothing() -> None:
    assert {one.met for one in judge(Results())} == {None}
    assert len(judge(Results())) == len(TARGETS)


def test_a_verdict_knows_how_many_of_its_rounds_were_disturbed() -> None:
    results = whole_run()
    results.add("publish", "toolboxai", sample(waited=0.2))
    results.add("publish", "naive", sample(stolen=0.2))
    results.add("publish", "old", sample(stolen=0.2))  # no part of that ratio
    assert outcome(results, "signed publish").disturbed == 2
    assert outcome(results, "against C").disturbed == 0
