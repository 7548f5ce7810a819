"""Clocks that differ are told by how much."""

from email.utils import formatdate

import pytest

from toolboxai.cli.checks.clocks import by_date, clock
from toolboxai.cli.checks.finding import Verdict

NOW = 1_780_000_000.0


@pytest.mark.parametrize(
    ("ahead_s", "verdict"),
    [
        (0, Verdict.OK),
        (-30, Verdict.OK),
        (31, Verdict.WARNING),
        (-299, Verdict.WARNING),
        (300, Verdict.FAULT),
        (-900, Verdict.FAULT),
    ],
)
def test_half_of_the_signatures_window_is_a_fault(ahead_s: float, verdict: Verdict) -> None:
    found = clock("the server", ahead_s)
    assert found.verdict is verdict
    if verdict is not Verdict.OK:
        assert f"{ahead_s:+.0f} s" in found.text
        assert "600 s" in found.text
        assert "NTP" in found.text


def test_the_date_of_an_answer_tells() -> None:
    (found,) = by_date("the server", formatdate(NOW + 700, usegmt=True), NOW)
    assert found.verdict is Verdict.FAULT
    assert "+700 s" in found.text
    assert by_date("the server", None, NOW) == by_date("the server", "yesterday", NOW) == []
