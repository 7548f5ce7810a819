"""What a lesson out of 2,000 words costs, measured on the engine's own process: time, memory, and no network."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from content_runs import water_request
from toolboxai.adapters.engine_worker import Call, Reply, read_message, write_message
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.package import Package
from toolboxai.platform.content.model.quiz import Quiz
from toolboxai.platform.content.model.request import SUPPORTED_QUESTION_TYPES, Objective

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


def answer(worker: "subprocess.Popen[bytes]", call: Call, kind: type[T]) -> T:
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
def test_2000_words_take_less_than_5_s_of_one_core_and_300_mb_and_no_network(tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text(textwrap.dedent(WORKER))
    request = water_request(
        source_text=words(TEXT.read_text(encoding="utf-8"), WORDS),
        learning_objectives=[Objective("Describe the ocean"), Objective("Explain how waves form")],
        num_questions=20,
        question_types=list(SUPPORTED_QUESTION_TYPES),
    )
    assert len(request.source_text.split()) == WORDS
    worker = subprocess.Popen(
        [sys.executable, script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.defpath, "HOME": "/nonexistent", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        analysis = answer(worker, Call(request), Analysis)
        lesson = answer(worker, Call(request, analysis), Lesson)
        quiz = answer(worker, Call(request, analysis, lesson), Quiz)
        package = answer(worker, Call(request, analysis, lesson, quiz, "content_1"), Package)
        seconds, megabytes = cpu_s(worker.pid), peak_mb(worker.pid)
    finally:
        worker.kill()
        worker.communicate()
    print(f"{WORDS} words: {seconds:.2f} s of CPU, {megabytes:.0f} MB, {len(package.files)} files")  # noqa: T201  # for -rP
    assert package.summary.quiz_questions > 0
    assert seconds < 5
    assert megabytes < 300
