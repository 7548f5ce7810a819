"""A soak: what counts as growth, and that a short one of a real server comes to its end with nothing lost."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from bench.machine import raise_file_limit
from bench.soak import Plan, metric, quantile, soaked
from bench.soak_report import Look, Soak, grown, lines, written

from bench import churn

METRICS = """\
# TYPE lag histogram
lag_bucket{le="0.005"} 90.0
lag_bucket{le="0.01"} 99.0
lag_bucket{le="+Inf"} 100.0
open{app="1",transport="websocket"} 3.0
open{app="1",transport="xhr"} 2.0
opened 7.0
"""


def soak(*resident: int, **counts: int) -> Soak:
    looks = [Look(10.0 * number, size, 1, 1, 0.0, 0.0, 0.0, 0.0) for number, size in enumerate(resident, 1)]
    usual = dict.fromkeys(("comers", "leavers", "deliveries", "lost", "disorder", "broken", "refused"), 0)
    return Soak(looks, usual | counts)


def test_growth_is_from_the_first_sixth_to_the_last() -> None:
    assert grown([100, 100, 500, 100, 500, 100, 100, 100, 1, 1, 103, 103]) == pytest.approx(3.0)
    assert grown([1, 2, 3, 4, 5]) is None


def test_the_first_tenth_of_the_time_is_left_out() -> None:
    assert soak(1, 1, *[100] * 18).growth() == pytest.approx(0.0)


def test_a_server_that_grows_or_loses_something_is_in_trouble() -> None:
    assert soak(*[100] * 20).troubles() == []
    assert soak(*[100] * 10, *[103] * 10).troubles() == ["memory grew by 3.00 %"]
    assert soak(*[100] * 20, lost=2, broken=1).troubles() == ["2 lost", "1 broken"]
    assert soak(1).troubles() == ["memory was not seen often enough"]


def test_numbers_are_read_from_what_the_server_tells() -> None:
    assert metric(METRICS, "open{") == 5
    assert quantile(METRICS, "lag", 0.99) == 0.01
    assert quantile(METRICS, "lag", 0.5) == 0.005
    assert quantile("", "lag", 0.5) == 0


@pytest.mark.timeout(60)
def test_a_short_one_loses_nothing_and_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(churn, "SETTLED_S", 0.5)
    raise_file_limit()
    plan = Plan(
        seconds=1.5, every_s=0.2, crowd=60, publications_per_s=40, client_events_per_s=10, remembered=0
    )
    done = soaked(plan, tmp_path, lambda _soak: None)
    assert done.counts["comers"] == 60 + done.counts["leavers"] == 90
    assert done.counts["deliveries"] > 100
    assert [done.counts[name] for name in ("lost", "disorder", "broken", "refused")] == [0, 0, 0, 0]
    assert len(done.looks) == 7
    written(done, asdict(plan), tmp_path / "soak.json", over=True)
    told = json.loads((tmp_path / "soak.json").read_text())
    assert (told["over"], len(told["looks"])) == (True, 7)
    assert lines(done)[-1].startswith(("met", "NOT MET: memory grew"))
