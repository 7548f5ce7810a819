"""What a world costs is measured by component, and is a fraction of what is promised."""

from bench.worlds import measured, row, wish

from toolboxai.platform.roblox.model.spec import Size, Theme


def test_a_medium_world_takes_a_fraction_of_the_ten_seconds_of_cpu_that_it_may() -> None:
    cost = measured(wish(Theme.FANTASY, Size.MEDIUM), rounds=1)
    assert min(cost) > 0
    assert cost.whole < 3
    assert row(Theme.FANTASY, Size.MEDIUM, cost).startswith("| fantasy, medium | ")
