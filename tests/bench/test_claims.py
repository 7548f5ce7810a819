"""The guide's claims beside a run: what it did not measure is left out, and what it did is judged by the claim."""

from pathlib import Path

from bench.claims import MARKS, section
from bench.report import place
from bench.results import Results

from bench_samples import whole_run, with_curves

SPEED = Path(__file__).parents[2] / "docs" / "speed.md"


def rows(results: Results) -> dict[str, list[str]]:
    lines = [
        line.strip("| ").split(" | ")
        for line in section(results, "abc1234").splitlines()
        if line.startswith("| ")
    ]
    return {title: cells for title, *cells in lines[1:]}  # without the head


def test_a_whole_run_has_a_row_for_each_claim() -> None:
    found = rows(with_curves(whole_run()))
    assert found["the same: 99 % within"] == ["225 ms", "7.50 ms", "30.0 (30.0 to 30.0)", "3: reached"]
    assert found["CPU of a delivery, one event under way"] == ["45.0 µs", "1.50 µs", "30.0 (30.0 to 30.0)"]
    served = {title: cells for title, cells in found.items() if title.startswith("connections")}
    assert {cells[-1] for cells in served.values()} <= {"20: reached", "20: not reached"}
    assert served


def test_what_a_run_has_not_measured_has_no_row() -> None:
    assert list(rows(Results())) == []


def test_the_page_takes_it() -> None:
    page = SPEED.read_text(encoding="utf-8")
    assert "abc1234" in place(page, section(whole_run(), "abc1234"), MARKS)
