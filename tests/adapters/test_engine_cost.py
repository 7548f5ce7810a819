"""What a lesson out of 2,000 words and a world around it cost, measured on the engine's own process: time, memory, and no network."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from content_runs import water_request
from toolboxai.adapters.engine_worker import Building, Call, Reply
from toolboxai.adapters.pipe_messages import read_message, write_message
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.package import Package
from toolboxai.platform.content.model.quiz import Quiz
from toolboxai.platform.content.model.request import SUPPORTED_QUESTION_TYPES, Objective
from toolboxai.platform.roblox.model.files import WorldFile, WorldFormat
from toolboxai.platform.roblox.model.instances import Script
from toolboxai.platform.roblox.model.plan import Land, WorldPlan
from toolboxai.platform.roblox.model.spec import Size, Theme
from world_plans import lesson as a_lesson
from world_plans import wish

T = TypeVar("T")

TEXT = Path(__file__).parents[1] / "corpus" / "texts" / "en_ocean.md"
WORDS = 2000

# The engine's process as the server starts it, but that it may open no socket and look up no name.
WORKER = """
    import sys

    def refuse(event, arguments):
        if event.startswith("socket."):
            raise PermissionError(f"the engine asked for the network: {event}")

    sys.addaudithook(refuse)
    from toolboxai.adapters.engine_worker import main

    main()
"""


def words(text: str, number: int) -> str:
    """The beginning of a text, so many words long."""
    kept: list[str] = []
    for line in text.splitlines():
        there = line.split()
        kept.append(" ".join(there[:number]))
        number -= len(there)
        if number <= 0:
            break
    return "\n".join(kept)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The engine's process."""
    script = tmp_path / "worker.py"
    script.write_text(textwrap.dedent(WORKER))
    with subprocess.Popen(
        [sys.executable, script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.defpath, "HOME": "/nonexistent", "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        yield process
        process.kill()


def answer(worker: "subprocess.Popen[bytes]", call: Call | Building, kind: type[T]) -> T:
    assert worker.stdin is not None
    assert worker.stdout is not None
    write_message(worker.stdin, call)
    while True:
        body = read_message(worker.stdout)
        assert body is not None, "the engine's process has ended"
        reply = msgspec.json.decode(body, type=Reply)
        if reply.progress is None:
            assert (reply.fault, reply.refused) == (None, None), reply
            return msgspec.json.decode(reply.result, type=kind)


def cpu_s(pid: int) -> float:
    """Seconds of all cores together, from its start."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="LEFT OUT: the kernel's figures are read from /proc")
@pytest.mark.timeout(60)
def test_2000_words_take_less_than_5_s_of_one_core_and_300_mb_and_no_network(
    worker: "subprocess.Popen[bytes]",
) -> None:
    request = water_request(
        source_text=words(TEXT.read_text(encoding="utf-8"), WORDS),
        learning_objectives=[Objective("Describe the ocean"), Objective("Explain how waves form")],
        num_questions=20,
        question_types=list(SUPPORTED_QUESTION_TYPES),
    )
    assert len(request.source_text.split()) == WORDS
    analysis = answer(worker, Call(request), Analysis)
    lesson = answer(worker, Call(request, analysis), Lesson)
    quiz = answer(worker, Call(request, analysis, lesson), Quiz)
    package = answer(worker, Call(request, analysis, lesson, quiz, "content_1"), Package)
    seconds, megabytes = cpu_s(worker.pid), peak_mb(worker.pid)
    print(f"{WORDS} words: {seconds:.2f} s of CPU, {megabytes:.0f} MB, {len(package.files)} files")  # noqa: T201  # for -rP
    assert package.summary.quiz_questions > 0
    assert seconds < 5
    assert megabytes < 300


@pytest.mark.skipif(sys.platform != "linux", reason="LEFT OUT: the kernel's figures are read from /proc")
@pytest.mark.timeout(60)
def test_a_medium_world_takes_less_than_10_s_of_cpu_and_no_network(
    worker: "subprocess.Popen[bytes]",
) -> None:
    spec = wish(Theme.FANTASY, Size.MEDIUM, of=a_lesson(20, 40, letters=900))
    land = answer(worker, Building("terrain", spec), Land)
    plan = answer(worker, Building("buildings", spec, land), WorldPlan)
    scripts = answer(worker, Building("scripts", spec, None, plan), list[Script])
    files = answer(worker, Building("files", spec, None, plan, tuple(scripts)), list[WorldFile])
    seconds, megabytes = cpu_s(worker.pid), peak_mb(worker.pid)
    print(f"a medium world: {seconds:.2f} s of CPU, {megabytes:.0f} MB, {len(files)} files")  # noqa: T201  # for -rP
    assert len(files) == len(WorldFormat)
    assert seconds < 10
    assert megabytes < 300
