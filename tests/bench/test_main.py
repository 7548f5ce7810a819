"""``python -m bench``: what it is asked, and what it leaves behind."""

import json
from pathlib import Path

import pytest
from bench.__main__ import HERE, _options, forget_old


def test_the_long_run_writes_the_page_and_no_other_does() -> None:
    assert _options(["--full"]).page
    for words in ([], ["--tiny"], ["--full", "--only", "publish"], ["--full", "--no-page"]):
        assert not _options(words).page
    assert _options(["--page"]).page
    assert _options([]).out == HERE


def test_phases_that_there_are_not_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _options(["--only", "levitation"])
    assert "fanout-16" in capsys.readouterr().err


def test_of_earlier_runs_the_last_is_kept(tmp_path: Path) -> None:
    for day in ("01", "03", "02", "04"):
        (tmp_path / f"abcde{day}.json").write_text(json.dumps({"date": f"2026-01-{day}"}))
    forget_old(tmp_path, tmp_path / "abcde04.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["abcde03.json", "abcde04.json"]


def test_what_is_kept_beside_the_runs_is_left_alone(tmp_path: Path) -> None:
    """The ratios of the guard have no date, and the figures of memory an older one than the runs."""
    for name, kept in (("guard", {}), ("memory", {"date": "2020-01-01"}), ("abcdef1", {}), ("abcdef2", {})):
        (tmp_path / f"{name}.json").write_text(json.dumps(kept))
    forget_old(tmp_path, tmp_path / "abcdef2.json")
    forget_old(tmp_path, tmp_path / "abcdef2.json")
    assert {"guard.json", "memory.json", "abcdef2.json"} <= {path.name for path in tmp_path.iterdir()}
