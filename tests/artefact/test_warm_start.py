"""Servers that start from a warm interpreter: each a process of its own, that leaves nothing and is not left alone."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from forms import FULL
from school import SERVE, open_school
from server_process import credentials
from warm_start import Started, Warm

ENV = {"PATH": os.defpath, "HOME": "/nonexistent", **credentials()}
SERVING = ["serve", "--channels-only", "--port", "0"]

STARTS_ONE = """
import os, sys
from pathlib import Path
from warm_start import Warm

server = Warm().start(sys.argv[1:], cwd=Path.cwd(), env=os.environ, stderr=2)
print(server.pid, server.stdout.readline(), flush=True)
server.wait()
"""


class Starting:
    """A warm process, and what the test has it start in a folder."""

    def __init__(self, warm: Warm, folder: Path) -> None:
        self.warm = warm
        self._folder = folder
        self.begun: list[Started] = []

    def __call__(self, *arguments: str, **env: str) -> Started:
        with (self._folder / "log").open("a") as log:
            self.begun.append(
                self.warm.start(arguments, cwd=self._folder, env={**ENV, **env}, stderr=log.fileno())
            )
        return self.begun[-1]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starting]:
    warm = Warm()
    start = Starting(warm, tmp_path)
    yield start
    warm.close()
    for each in start.begun:
        each.stdout.close()


def libraries(pid: int) -> set[str]:
    """Files of code in C that a process has loaded."""
    words = Path(f"/proc/{pid}/maps").read_text().split()
    return {Path(word).name for word in words if word.endswith(".so")}


def has_ended(process: int) -> bool:
    """Whether a process that is no child of ours ends within a while."""
    return bool(select.select([process], [], [], 15)[0])


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_a_server_that_is_killed_leaves_no_end_of_its_pipe_in_one_that_was_started_after_it(
    start: Starting,
) -> None:
    first = start(*SERVING)
    second = start(*SERVING)
    for each in (first, second):
        assert each.stdout.readline().startswith("listening on ")
    first.kill()
    assert first.wait(15) == -signal.SIGKILL
    assert first.stdout.read() == ""
    assert second.poll() is None


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_each_of_those_who_ask_at_once_has_its_own(start: Starting) -> None:
    commands = ["why", "channels", "apps", "keys", "backup", "webhooks"]

    def says(command: str) -> tuple[int, str]:
        process = start(command, "--help")
        said = process.stdout.read()
        return process.wait(15), said.split()[2]

    with ThreadPoolExecutor(len(commands)) as threads:
        assert list(threads.map(says, commands)) == [(0, command) for command in commands]


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_an_interrupt_of_the_whole_run_leaves_it_to_each_test_to_end_its_server(
    start: Starting,
) -> None:
    before = start(*SERVING)
    assert before.stdout.readline()
    os.kill(start.warm.pid, signal.SIGINT)
    assert start("--version").wait(15) == 0
    before.send_signal(signal.SIGINT)
    assert before.wait(15) == 0


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_when_the_warm_process_dies_its_servers_do_and_whoever_waits_is_told(
    start: Starting,
) -> None:
    server = start(*SERVING)
    assert server.stdout.readline()
    process = os.pidfd_open(server.pid)
    os.kill(start.warm.pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="servers are started from has ended: -9"):
        server.wait(15)
    with pytest.raises(RuntimeError, match="servers are started from has ended: -9"):
        start(*SERVING)
    assert has_ended(process)
    os.close(process)


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_servers_end_with_the_process_that_asked_for_them(tmp_path: Path) -> None:
    asking = subprocess.Popen(
        [sys.executable, "-c", STARTS_ONE, *SERVING],
        cwd=tmp_path,
        env={**os.environ, **ENV, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert asking.stdout is not None
    with asking, asking.stdout:
        process = os.pidfd_open(int(asking.stdout.readline().split()[0]))
        asking.kill()
    assert has_ended(process)
    os.close(process)


def test_a_server_of_the_application_loads_no_library_that_was_not_there_before(
    start: Starting, tmp_path: Path
) -> None:
    """What is written in C stands for all that is imported: without it a start costs what a cold one does."""
    server = start(*SERVE[3:], "0", **open_school(tmp_path).env)
    assert server.stdout.readline().startswith("listening on ")
    assert libraries(server.pid) - libraries(start.warm.pid) == set()
