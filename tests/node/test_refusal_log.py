"""Who was refused is written down; a flood of them is counted."""

import logging

import pytest

from toolboxai.node.feed import Feed
from toolboxai.node.refusal_log import RefusalLog
from toolboxai.testing.clock import ManualClock

log = logging.getLogger("toolboxai.tests")


def test_a_flood_leaves_so_many_lines_a_minute_and_then_its_number(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = ManualClock()
    refusals = RefusalLog(clock, Feed(clock))
    for number in range(1000):
        refusals.tell(log, "refused", address=f"192.0.2.{number % 250}")
    refusals.tell(log, "something else", address="192.0.2.1")
    assert [record.message for record in caplog.records] == ["refused"] * 60 + ["something else"]
    caplog.clear()
    clock.advance(60.0)
    for _ in range(2):
        refusals.tell(log, "refused", address="192.0.2.7")
    first, second = caplog.records
    assert vars(first)["left_out"] == 940
    assert vars(first)["address"] == "192.0.2.7"
    assert "left_out" not in vars(second)
