"""What was promised against what a run reached."""

import pytest
from bench.results import Results
from bench.targets import TARGETS, Outcome, judge

from bench_samples import sample, whole_run, with_curves


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


@pytest.mark.parametrize("fault", ["dropped", "disorder"])
def test_a_dropped_subscriber_and_an_event_out_of_order_count_as_loss(fault: str) -> None:
    results = whole_run()
    results.samples["crowd"]["toolboxai"] = [sample(**{fault: 1})]
    assert outcome(results, "lost").met is False


def test_without_the_c_loop_its_ratio_is_not_measured_and_the_others_are() -> None:
    results = whole_run()
    for servers in results.samples.values():
        servers.pop("c")
    judged = judge(results)
    ours_alone = [one.target.title for one in judged if one.target.figure == "fanout-1" and one.met is None]
    assert ours_alone == ["fan-out, 1 in flight: CPU against C"]


def test_every_row_has_an_outcome_after_a_long_run() -> None:
    unmeasured = [one.target.title for one in judge(with_curves(whole_run())) if one.met is None]
    assert unmeasured == ["connections served within p99 250 ms, 1 a second: ours against the old way"]


def test_what_grows_is_the_dearest_size_against_the_cheapest_of_the_same_round() -> None:
    results = with_curves(whole_run())
    for size, worse in (("100", 2.0), ("10000", 2.0)):  # a round in which everything was twice as dear
        results.samples[f"growth-{size}"]["toolboxai"][1] = sample(
            server_cpu_s=results.samples[f"growth-{size}"]["toolboxai"][0].server_cpu_s * worse,
            deliveries=100_000,
        )
    results.samples.pop("growth-1000")
    grown = outcome(results, "channel grows").reached
    assert grown is not None
    assert (grown.low, grown.high) == pytest.approx((1.2, 1.2))


def test_one_that_never_reads_is_compared_with_the_same_crowd_without_it() -> None:
    results = with_curves(whole_run())
    assert outcome(results, "never reads: p99").met is True
    results.samples["silent-with"]["toolboxai"] = [sample(p99_ms=120.0)]
    assert outcome(results, "never reads: p99").met is False
    results.silent_mb = [9.0, 9.0]
    assert outcome(results, "grows by").met is False


def test_a_phase_that_ended_within_a_round_is_judged_by_the_whole_rounds() -> None:
    results = whole_run()
    results.add("fanout-1", "toolboxai", sample())
    against_c = outcome(results, "against C")
    assert against_c.reached is not None
    assert against_c.reached.high == pytest.approx(2.0)


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
