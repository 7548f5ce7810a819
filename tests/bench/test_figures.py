"""Medians, spreads and ratios of rounds."""

import pytest
from bench.figures import METRICS, Spread, ratios, spread

from bench_samples import sample


def test_a_spread_is_the_median_between_the_smallest_and_the_largest_round() -> None:
    assert spread([3.0, 1.0, 2.0, 10.0]) == Spread(2.5, 1.0, 10.0)


def test_no_rounds_have_no_median() -> None:
    with pytest.raises(ValueError, match="no rounds"):
        spread([])


def test_a_ratio_is_taken_within_a_round_and_not_between_medians() -> None:
    # The machine became twice as slow for everyone in the second round: the ratio has not changed.
    assert ratios([30.0, 60.0, 30.0], [10.0, 20.0, 10.0]) == Spread(3.0, 3.0, 3.0)


def test_servers_with_unlike_numbers_of_rounds_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratios([1.0, 2.0], [1.0])


def test_costs_are_microseconds_of_the_servers_time_for_each_unit_of_work() -> None:
    measured = sample(server_cpu_s=0.5, deliveries=100_000, answers=1000, connections=500, seconds=2.0)
    assert METRICS["cpu_us_per_delivery"](measured) == pytest.approx(5.0)
    assert METRICS["cpu_us_per_request"](measured) == pytest.approx(500.0)
    assert METRICS["cpu_us_per_connection"](measured) == pytest.approx(1000.0)
    assert METRICS["deliveries_per_s"](measured) == pytest.approx(50_000.0)
