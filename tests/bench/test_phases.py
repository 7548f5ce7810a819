"""Rounds and phases: what is repeated, what is left out, how long it may take; and every phase for a moment."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from bench.build import CannotCompile, compile_program
from bench.generator import Generator, GeneratorFailed, Sample
from bench.phases.growth import shares
from bench.phases.silent import kernel_queue
from bench.plans import FULL, SHORT, TINY
from bench.results import Results
from bench.run import PHASES, run
from bench.servers import OURS
from bench.stand import ATTEMPTS, Stand, until_undisturbed
from bench.targets import judge

from bench_samples import sample
from forms import FULL as FULL_FORM

QUIET = sample(waited=0.01)
WAITED = sample(waited=0.3)
STOLEN = sample(stolen=0.2)


def test_a_quiet_round_is_taken_once() -> None:
    rounds = iter([QUIET, WAITED])
    assert until_undisturbed(lambda: next(rounds), more=lambda: True) == [QUIET]


def test_a_disturbed_round_is_taken_again_until_it_is_quiet() -> None:
    rounds = iter([WAITED, STOLEN, QUIET])
    assert until_undisturbed(lambda: next(rounds), more=lambda: True) == [WAITED, STOLEN, QUIET]


def test_after_some_attempts_it_is_kept_as_it_is() -> None:
    assert until_undisturbed(lambda: WAITED, more=lambda: True) == [WAITED] * ATTEMPTS


def test_when_time_is_up_there_is_no_second_attempt() -> None:
    assert until_undisturbed(lambda: WAITED, more=lambda: False) == [WAITED]


# ---- the stand --------------------------------------------------------------------------------------------------


def stand_at(path: Path, *, load: list[str] | None = None) -> Stand:
    return Stand(TINY, [OURS], load or [sys.executable, "-m", "bench.pyload"], path, lambda _text: None)


def pair_named(name: str) -> Generator:
    return cast(
        Generator, SimpleNamespace(server=SimpleNamespace(kind=SimpleNamespace(name=name, title=name)))
    )


def taking(rounds: dict[str, Callable[[], Sample]]) -> Callable[[Generator], Sample]:
    return lambda pair: rounds[pair.server.kind.name]()


def test_a_server_to_which_the_crowd_cannot_come_is_left_out_and_the_others_go_on(tmp_path: Path) -> None:
    stand = stand_at(tmp_path)

    def asking(name: str, answer: Callable[[str], Sample]) -> Generator:
        pair = pair_named(name)
        pair.ask = answer  # type: ignore[assignment, method-assign]
        return pair

    def refuse(_command: str) -> Sample:
        raise GeneratorFailed("no upgrade")

    pairs = [asking("failing", refuse), asking("lasting", lambda _command: QUIET)]
    assert [pair.server.kind.name for pair in stand.connected("growth", pairs, 100)] == ["lasting"]
    assert stand.results.notes == ["growth: failing is left out: no upgrade"]


def test_a_server_that_fails_is_left_out_of_the_figure_and_the_others_go_on(tmp_path: Path) -> None:
    stand = stand_at(tmp_path)
    lasting = iter([QUIET, QUIET, QUIET])
    failing = iter([QUIET])

    def give_up() -> Sample:
        for each in failing:
            return each
        raise GeneratorFailed("no answer")

    take = taking({"lasting": lambda: next(lasting), "failing": give_up})
    with stand.phase("publish", "for the test"):
        stand.rounds("publish", [pair_named("failing"), pair_named("lasting")], take, count=3)
    assert stand.results.samples["publish"] == {"lasting": [QUIET] * 3}
    assert stand.results.notes == ["publish: failing is left out: no answer"]


def test_a_phase_that_breaks_is_noted_and_the_run_goes_on(tmp_path: Path) -> None:
    stand = stand_at(tmp_path)
    with stand.phase("crowd", "for the test"):
        raise GeneratorFailed("it is gone")
    assert stand.results.notes == ["crowd was broken off: it is gone"]
    assert set(stand.results.seconds) == {"crowd"}


def test_when_its_time_is_over_a_phase_takes_no_further_round(tmp_path: Path) -> None:
    stand = stand_at(tmp_path)
    stand.plan.budgets["memory"] = 0.0
    try:
        with stand.phase("memory", "for the test"):
            stand.rounds("memory", [pair_named("one")], taking({"one": lambda: QUIET}), count=3)
    finally:
        stand.plan.budgets["memory"] = stand.plan.budgets["crowd"]
    assert len(stand.results.samples["memory"]["one"]) == 1
    assert stand.results.notes == ["memory: 1 rounds, for want of time"]


# ---- plans ------------------------------------------------------------------------------------------------------


def test_the_short_run_has_less_than_four_minutes_and_the_long_one_twenty() -> None:
    # Beside that half a minute goes by until all servers are up and the generator is calibrated, and as much in rounds
    # that had begun when their phase's time was over.
    assert SHORT.seconds < 180
    assert FULL.seconds < 1200
    assert set(FULL.budgets) == set(TINY.budgets) == set(PHASES)


@pytest.mark.parametrize("count", FULL.channels)
def test_as_many_channels_are_held_as_the_figure_says(count: int) -> None:
    holders, each = shares(count, FULL.held)
    assert holders * each == count


def test_what_the_kernel_holds_is_read_from_its_table(tmp_path: Path) -> None:
    table = tmp_path / "tcp"
    table.write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n"
        "   0: 0100007F:1F49 0200007F:9C40 01 0000A000:00000000 00:00000000\n"
        "   1: 0100007F:1F49 0301017F:9C41 01 0000FFFF:00000000 00:00000000\n"
        "   2: 0200007F:9C40 0100007F:1F49 01 0000BBBB:00000000 00:00000000\n"
    )
    assert kernel_queue(0x1F49, "127.0.0.2", table) == 0xA000


# ---- for real ---------------------------------------------------------------------------------------------------


def generator_in_c(build: Path) -> list[str]:
    try:
        return [str(compile_program("load", build))]
    except CannotCompile as reason:
        pytest.skip(f"the C half of the bench is left out: {reason}")


@pytest.mark.timeout(120)
def test_every_phase_of_ours_gives_its_figures(tmp_path: Path) -> None:
    stand = stand_at(tmp_path, load=generator_in_c(tmp_path / "build"))
    wanted = PHASES if FULL_FORM else ("silent",)
    run(stand, wanted)
    assert [note for note in stand.results.notes if "left out" in note or "broken" in note] == []
    assert {
        sample.lost
        for figure in stand.results.samples.values()
        for each in figure.values()
        for sample in each
    } == {0}
    measured = {outcome.target.figure for outcome in judge(stand.results) if outcome.reached is not None}
    assert "silent" in measured
    if FULL_FORM:
        assert measured >= {"memory", "crowd", "growth", "channels", "both"}
        assert stand.results.served[50][OURS.name].connections > 0


def test_the_generator_in_python_leaves_out_what_it_cannot_do(tmp_path: Path) -> None:
    stand = stand_at(tmp_path)
    run(stand, ("channels", "silent", "both"))
    assert len(stand.results.notes) == 3
    assert stand.results == Results(notes=stand.results.notes)
