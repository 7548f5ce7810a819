"""Deliveries are measured alone and beside each load."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from bench.beside import QUIET, Plan, Round, as_json, figures, lines, measured, pooled_ms
from bench.beside_loads import LOADS, article
from bench.generator import Sample
from bench.machine import pinned_cores

from forms import FULL

SAMPLE = Sample(
    seconds=1.0, server_cpu_s=0.1, own_cpu_s=0.1, connections=2, published=20, completed=20, deliveries=40,
    answers=20, refused=0, lost=0, disorder=0, dropped=0, failed=0, samples=40, p50_ms=1.0, p99_ms=2.0, max_ms=3.0,
    late=((1000, 39), (3000, 1)),
)  # fmt: skip


def taken(load: str, *slow_ms: int, single: bool = False) -> list[Round]:
    """Rounds of which each has two slow deliveries among a hundred."""
    return [
        Round(
            single,
            load,
            replace(SAMPLE, late=((1000, 98), (each * 1000, 2)), p99_ms=each, max_ms=each + 1),
            5,
        )
        for each in slow_ms
    ]


def test_a_load_is_compared_with_none_on_the_same_cores() -> None:
    rounds = [*taken(QUIET, 2, 2, 2), *taken("exports", 10, 40, 20), *taken(QUIET, 7, single=True)]
    quiet, exports, alone = figures(rounds)
    assert (quiet.p99_ms, quiet.more_ms, quiet.max_ms) == (2, 0, 3)
    assert (exports.p50_ms, exports.p99_ms, exports.more_ms) == (1, 20, 18)
    assert (exports.low_ms, exports.high_ms, exports.max_ms) == (10, 40, 41)
    assert (exports.publications, exports.turns) == (60, 15)
    assert (alone.p99_ms, alone.more_ms) == (7, 0)
    assert "met, +18.00 ms (exports)" in lines([quiet, exports, alone])[-1]


def test_one_late_delivery_of_one_round_decides_nothing() -> None:
    rounds = taken("exports", *[3] * 9, 90)
    assert max(each.sample.p99_ms for each in rounds) == 90
    assert pooled_ms(rounds, 0.99) == 3


def test_a_round_is_disturbed_where_others_work_and_is_told() -> None:
    (quiet,), (load,) = taken(QUIET, 2), taken("exports", 3)
    stolen = load._replace(sample=replace(load.sample, stolen=0.2))
    assert [each.disturbed for each in (load, load._replace(foreign=0.2), stolen)] == [False, True, True]
    assert [each.disturbed for each in figures([quiet, load, stolen])] == [0, 1]


def test_more_than_is_allowed_is_told() -> None:
    assert "NOT MET, +28.00 ms (logins)" in lines(figures([*taken(QUIET, 2), *taken("logins", 30)]))[-1]


def test_a_load_that_did_nothing_does_not_count_as_met() -> None:
    idle = [Round(False, "logins", SAMPLE, 0)]
    assert "NOT MET: nothing was done by logins" in lines(figures([*taken(QUIET, 2), *idle]))[-1]


def test_what_is_written_down_is_json() -> None:
    rounds = taken(QUIET, 1)
    told = json.loads(json.dumps(as_json(rounds, figures(rounds), Plan())))
    assert told["rounds"][0]["sample"]["p99_ms"] == 1
    assert told["plan"]["loads"] == list(LOADS)


def test_an_article_is_as_long_as_it_was_asked_for() -> None:
    assert 900 < len(article(900).split()) < 1400


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
@pytest.mark.timeout(60)
def test_a_round_has_both_and_something_was_done_beside_it(tmp_path: Path) -> None:
    plan = Plan(rounds=1, round_s=1.0, alone_s=0.5, loads=("exports",), single=(True,))
    rounds = measured(plan, [sys.executable, "-m", "bench.pyload"], tmp_path, pinned_cores())
    assert [each.load for each in rounds] == [QUIET, "exports"]
    assert rounds[1].turns > 0
    assert all(each.sample.lost == 0 for each in rounds)
    assert all(sum(many for _, many in each.sample.late) == each.sample.samples for each in rounds)
