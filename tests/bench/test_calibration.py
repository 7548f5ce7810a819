"""Whether the generator could have been the limit is worked out, and said."""

from pathlib import Path

import pytest
from bench.build import CannotCompile, compile_program
from bench.calibration import Capacity, bound, calibrate
from bench.servers import c_joined

from bench_samples import sample

TAKES_4_MILLION = Capacity(4_000_000.0, 0.95, 0.8)


def test_the_margin_is_over_the_fastest_round() -> None:
    rounds = [sample(deliveries=1_000_000), sample(deliveries=2_000_000), sample(deliveries=0)]
    assert TAKES_4_MILLION.margin(rounds) == 2.0
    assert TAKES_4_MILLION.sentence(rounds).endswith(
        "95% of its core (the server: 80%), 2.0 times the fastest round of this run."
    )


def test_too_little_margin_is_said_aloud() -> None:
    assert "LESS THAN 1.3" in TAKES_4_MILLION.sentence([sample(deliveries=3_500_000)])


def test_without_deliveries_there_is_no_margin_to_speak_of() -> None:
    assert TAKES_4_MILLION.sentence([]).endswith("(the server: 80%).")


@pytest.mark.parametrize(
    ("server_s", "own_s", "limited"),
    [
        (0.99, 0.97, False),  # both have all they can do: the server's limit is what is measured
        (0.4, 0.88, True),
        (0.86, 0.84, False),  # one in flight: each waits for the other
        (0.2, 0.5, False),  # by the clock, and neither has much to do
    ],
)
def test_a_round_in_which_the_server_waited_for_the_generator(
    server_s: float, own_s: float, limited: bool
) -> None:
    assert sample(server_cpu_s=server_s, own_cpu_s=own_s).generator_bound is limited


def test_such_rounds_are_named() -> None:
    limited = sample(server_cpu_s=0.4, own_cpu_s=0.9)
    said = bound(
        {"publish": {"c": [limited, sample()], "toolboxai": [sample()]}, "connect": {"c": [limited]}}
    )
    assert said is not None
    assert said.endswith("publish of c (1 of 2), connect of c (1 of 1).")
    assert bound({"publish": {"toolboxai": [sample()]}}) is None


def test_the_fastest_server_there_can_be_serves_it(tmp_path: Path) -> None:
    try:
        load, loop = compile_program("load", tmp_path), compile_program("sendloop", tmp_path)
    except CannotCompile as reason:
        pytest.skip(f"the C half of the bench is left out: {reason}")
    found = calibrate(c_joined(loop), [str(load)], tmp_path, seconds=0.1)
    assert found.deliveries_per_s > 1000
    assert 0 < found.own_share < 1.1
    assert 0 < found.server_share < 1.1
