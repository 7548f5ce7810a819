"""What a large channel does to a small one is measured in the same round."""

import sys
from pathlib import Path

from bench.fairness import LOADS, Plan, Round, added_ms, measured
from bench.machine import pinned_cores
from bench.servers import OURS


def test_each_load_has_its_rounds(tmp_path: Path) -> None:
    plan = Plan(rounds=1, round_s=0.3, large=20, small=2, rate=20)
    taken = measured(plan, [OURS], [sys.executable, "-m", "bench.pyload"], tmp_path, pinned_cores())
    assert list(taken) == ["toolboxai"]
    for name in LOADS:
        (told,) = taken["toolboxai"][name]
        assert 0 < told.p50 <= told.p99
        assert told.lost == 0


def test_what_is_added_is_taken_within_each_round() -> None:
    rounds = {
        "alone": [Round(1, p99, 0, 0) for p99 in (2.0, 50.0, 3.0)],
        "closed loop": [Round(1, p99, 0, 0) for p99 in (6.0, 55.0, 90.0)],
    }
    assert added_ms(rounds, "closed loop") == 5.0
