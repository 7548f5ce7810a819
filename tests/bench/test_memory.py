"""What a connection takes is measured, and is no more than it may be."""

import sys
from pathlib import Path

import pytest
from bench.figures import Spread
from bench.machine import raise_file_limit
from bench.memory import ALLOWED_KB, ROWS, Plan, lines, measured, of_connection
from bench.servers import OLD, OURS

from forms import FULL


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_idle_connection_that_is_subscribed_takes_no_more_than_it_may() -> None:
    raise_file_limit()
    taken = of_connection(OURS, "subscribed", Plan(connections=600))
    assert 1.0 < taken / 1000 <= ALLOWED_KB


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
@pytest.mark.timeout(120)
def test_each_thing_has_a_figure(tmp_path: Path) -> None:
    raise_file_limit()
    found = measured(Plan(rounds=1, connections=400, events=2000), tmp_path, [OLD])
    assert set(found) == set(ROWS) - {"naive"}
    assert 0 < found["further"].median < found["occupying"].median
    assert found["subscribed"].median < found["member"].median < found["old"].median
    assert 0.2 < found["kept"].median < 2


def test_the_table_names_each_thing_and_how_far_its_rounds_lie_apart() -> None:
    assert lines({"kept": Spread(0.85, 0.8, 0.9)})[2:] == [
        "| an event of 200 bytes that a history keeps | 0.85 (0.80 to 0.90) |"
    ]
