"""Delivery is measured with and without workers of agents beside it."""

import sys
from pathlib import Path

import pytest
from bench.agents import Plan, lines, measured
from bench.machine import pinned_cores

from forms import FULL


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
@pytest.mark.timeout(60)
def test_a_round_has_both_and_tasks_were_done_beside_it(tmp_path: Path) -> None:
    plan = Plan(workers=4, tasks=50, rounds=1, round_s=0.5)
    rounds = measured(plan, [sys.executable, "-m", "bench.pyload"], tmp_path, pinned_cores())
    assert len(rounds) == 1
    assert rounds[0].tasks > 0
    assert rounds[0].quiet.lost == rounds[0].loaded.lost == 0
    assert len(lines(rounds, plan.round_s)) == 3
