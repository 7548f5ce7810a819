"""A server that is looked at is measured beside one that is not."""

import sys
from pathlib import Path

import pytest
from bench.machine import pinned_cores
from bench.watched import Plan, measured

from forms import FULL


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
@pytest.mark.timeout(60)
def test_each_crowd_has_a_figure_of_both(tmp_path: Path) -> None:
    plan = Plan(starts=1, rounds=1, round_s=0.2, crowds=((10, 1),))
    (figure,) = measured(plan, [sys.executable, "-m", "bench.pyload"], tmp_path, pinned_cores())
    assert (figure.subscribers, figure.in_flight) == (10, 1)
    assert figure.closed > 0
    assert figure.opened > 0
    assert figure.middle == pytest.approx((figure.opened / figure.closed - 1) * 100)
