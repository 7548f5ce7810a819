"""Clients that are lost all at once come back to a real server, and the bench tells when."""

from pathlib import Path

import pytest
from bench.figures import part
from bench.machine import pinned_cores
from bench.reconnect import ALLOWED_S, measured

from forms import FULL

CLIENTS = 10_000 if FULL else 100


@pytest.mark.timeout(120)
def test_everybody_is_back_and_subscribed_in_time(tmp_path: Path) -> None:
    (storm,) = measured(CLIENTS, 1, tmp_path, pinned_cores())
    assert (storm.clients, storm.failed, storm.lost) == (CLIENTS, 0, 0)
    assert 0 < storm.p50_s <= storm.p99_s <= storm.last_s < ALLOWED_S
    assert storm.server_cpu_us > 0
    assert storm.calm_p99_ms > 0
    assert storm.storm_p99_ms > 0


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [
        ([], 0.5, 0.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([1.0, 2.0], 1, 2.0),
        (list(map(float, range(100))), 0.99, 99.0),
    ],
)
def test_a_part_of_the_values_lies_below(values: list[float], share: float, wanted: float) -> None:
    assert part(values, share) == wanted
