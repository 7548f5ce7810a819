"""What clients send: the generators count what comes back, and ratios are taken round by round."""

import shutil
import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from bench.build import compile_program
from bench.figures import Spread
from bench.ingest import Side, Taken, Talk, _rival, compared, ratio, take, told
from bench.line import Line
from bench.machine import pinned_cores
from bench.servers import Kind, running

BARE = Kind("bare", "websockets", _rival("bare"), "/")
OURS, OLD = ("toolboxai", "ping", 16), ("FastAPI", "echo", 16)


def taken(*cpu_us: float) -> Sequence[Taken]:
    return [Taken(each, 1000.0, 0.5, 0.0) for each in cpu_us]


def test_a_ratio_is_the_median_of_the_rounds_and_not_of_the_sides() -> None:
    found = {OURS: taken(1.0, 2.0, 4.0), OLD: taken(8.0, 6.0, 4.0)}
    assert ratio(found, OLD, OURS) == Spread(3.0, 1.0, 8.0)


def test_the_figures_of_each_server_are_told_and_what_is_like_stands_side_by_side() -> None:
    found = {OURS: taken(1.0), OLD: taken(9.0), ("before", "ping", 16): taken(2.0)}
    assert [line.split()[0] for line in told(found)] == ["server", "FastAPI", "before", "toolboxai"]
    lines = compared(found, "toolboxai", "before")
    assert [" ".join(line.split()) for line in lines] == [
        "ping, 16 under way: FastAPI (echo) 9.00x (9.00 to 9.00)",
        "ping, 16 under way: before (ping) 2.00x (2.00 to 2.00)",
    ]


@pytest.mark.parametrize("language", ["C", "Python"])
def test_a_generator_counts_what_comes_back(language: str, tmp_path: Path) -> None:
    if language == "Python":
        program = [sys.executable, "-m", "bench.pyingest"]
    elif shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    else:
        program = [str(compile_program("ingest", tmp_path / "build"))]
    core = pinned_cores()[0]
    with running(BARE, core) as server, closing(Line(server.port, "/")) as line:
        talk = Talk(line, [(line, {"event": "x"})])
        side = Side("websockets", server, {"echo": talk})
        for depth in (1, 5):
            found = take(program, side, talk, depth, 0.05)
            assert found.per_s * 0.05 >= depth
            assert found.cpu_us > 0
            assert 0 <= found.vain <= 1


def test_a_server_that_closes_is_a_failure_and_no_figure() -> None:
    program = [sys.executable, "-m", "bench.pyingest"]
    with running(BARE, pinned_cores()[0]) as server, closing(Line(server.port, "/")) as line:
        gone = Talk(line, [(line, {"event": "x"})])
        line.socket.shutdown(socket.SHUT_RD)
        with pytest.raises(RuntimeError, match="the server is gone"):
            take(program, Side("websockets", server, {}), gone, 1, 0.05)
