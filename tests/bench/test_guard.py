"""The guard against regressions: what it asks for, and when it cries."""

import json
from pathlib import Path

import pytest
from bench.guard import FIGURES, judge, wanted

from bench import guard

RECORDED = {"one": {"publish": 6.0, "fanout-1": 0.9}, "other": {"publish": 8.0, "connect": 5.0}}


def test_a_processor_that_was_recorded_is_measured_by_its_own_ratios() -> None:
    assert wanted(RECORDED, "other") == {"publish": 8.0, "connect": 5.0}


def test_any_other_by_the_least_of_all() -> None:
    assert wanted(RECORDED, "new") == {"publish": 6.0, "fanout-1": 0.9, "connect": 5.0}


@pytest.mark.parametrize(("ratio", "slower"), [(4.21, []), (4.19, ["publish"]), (9.0, [])])
def test_three_tenths_may_be_lost(ratio: float, slower: list[str]) -> None:
    assert judge({"publish": ratio, "unknown": 0.1}, {"publish": 6.0}) == slower


def test_what_is_committed_names_every_figure() -> None:
    recorded = json.loads(guard.RECORDED.read_text(encoding="utf-8"))
    assert recorded
    for ratios in recorded.values():
        assert set(ratios) == set(FIGURES)
        assert all(ratio > 0 for ratio in ratios.values())


@pytest.mark.parametrize(("better", "code"), [(1, 0), (20, 1)])
def test_a_run_against_real_servers(
    better: int,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ratios that are asked for far above what can be had fail after they were measured anew; others hold."""
    monkeypatch.setattr(guard, "ROUNDS", 1)
    monkeypatch.setattr(guard, "ATTEMPTS", 2)
    monkeypatch.setattr(guard, "FIGURES", {"publish": FIGURES["publish"]})
    monkeypatch.setattr("sys.argv", ["guard", "--file", str(tmp_path / "guard.json")])
    (tmp_path / "guard.json").write_text(json.dumps({"some processor": {"publish": 1.5 * better}}))
    assert guard.main() == code
    said = capsys.readouterr().out
    assert ("measured anew: publish" in said) == bool(code)


def test_where_nothing_is_recorded_nothing_is_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["guard", "--file", str(tmp_path / "guard.json")])
    assert guard.main() == 2
    assert "no ratios are recorded" in capsys.readouterr().err
