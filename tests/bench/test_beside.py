"""Deliveries are measured alone and beside each load."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from bench.beside import QUIET, Plan, Round, as_json, figures, lines, measured
from bench.beside_loads import LOADS, article
from bench.generator import Sample
from bench.machine import pinned_cores

from forms import FULL

SAMPLE = Sample(
    seconds=1.0, server_cpu_s=0.1, own_cpu_s=0.1, connections=2, published=20, completed=20, deliveries=40,
    answers=20, refused=0, lost=0, disorder=0, dropped=0, failed=0, samples=40, p50_ms=1.0, p99_ms=2.0, max_ms=3.0,
)  # fmt: skip


def taken(load: str, *p99_ms: float, single: bool = False) -> list[Round]:
    return [Round(single, load, replace(SAMPLE, p99_ms=each, max_ms=each + 1), 5) for each in p99_ms]


def test_a_load_is_compared_with_none_on_the_same_cores() -> None:
    rounds = [*taken(QUIET, 1, 2, 30), *taken("exports", 10, 40, 20), *taken(QUIET, 7, single=True)]
    quiet, exports, alone = figures(rounds)
    assert (quiet.p99_ms, quiet.more_ms, quiet.max_ms) == (2, 0, 31)
    assert (exports.p99_ms, exports.more_ms, exports.max_ms, exports.turns) == (20, 18, 41, 15)
    assert (alone.p99_ms, alone.more_ms) == (7, 0)
    assert "met, +18.00 ms (exports)" in lines([quiet, exports, alone])[-1]


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
    plan = Plan(rounds=1, round_s=1.0, loads=("exports",), single=(True,))
    rounds = measured(plan, [sys.executable, "-m", "bench.pyload"], tmp_path, pinned_cores())
    assert [each.load for each in rounds] == [QUIET, "exports"]
    assert rounds[1].turns > 0
    assert all(each.sample.lost == 0 for each in rounds)
