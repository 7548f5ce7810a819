"""What others do on a core is a disturbance, what a process does to itself is none."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.generator import ROOT
from bench.machine import cpu_seconds, describe, on_core, pinned_cores, waited_seconds

# Works outside the interpreter's lock, so that two threads of it compete for the core.
WORK = """
import hashlib, os, sys, threading
os.sched_setaffinity(0, {int(sys.argv[1])})
work = lambda: hashlib.pbkdf2_hmac("sha256", b"a", b"b", 10**9)
for _ in range(int(sys.argv[2])):
    threading.Thread(target=work, daemon=True).start()
print("begun", flush=True)
work()
"""
LOOK_S = 0.6


@contextmanager
def working(core: int, more_threads: int) -> Iterator[int]:
    command = [sys.executable, "-c", WORK, str(core), str(more_threads)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process.pid
        finally:
            process.kill()


def looked_at(pid: int) -> tuple[float, float]:
    """Seconds that it waited, and CPU seconds that it had, during a look."""
    waited, had = waited_seconds(pid), cpu_seconds(pid)
    time.sleep(LOOK_S)
    return waited_seconds(pid) - waited, cpu_seconds(pid) - had


def test_a_process_that_shares_its_core_waits_as_long_as_the_other_runs() -> None:
    core = pinned_cores()[0]
    with working(core, 0) as pid, working(core, 0):
        waited, had = looked_at(pid)
    assert waited > LOOK_S * 0.2
    assert had < LOOK_S * 0.8


def test_threads_of_one_process_do_not_disturb_it() -> None:
    core = pinned_cores()[0]
    with working(core, 2) as pid:
        waited, had = looked_at(pid)
    lacking = max(LOOK_S - had, 0.0)  # whatever else the machine was busy with
    assert waited < lacking + 0.1


STARTS_ONE = """
import subprocess, sys
from bench.machine import at_birth, pinned_cores
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], preexec_fn=at_birth(pinned_cores()[0]))
print(child.pid, flush=True)
child.wait()
"""


def test_what_the_bench_started_ends_with_it_also_when_it_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", STARTS_ONE], stdout=subprocess.PIPE, cwd=ROOT) as bench:
        assert bench.stdout is not None
        child = os.pidfd_open(int(bench.stdout.readline()))
        assert select.select([child], [], [], 0.0)[0] == []
        bench.send_signal(signal.SIGKILL)
        ended, _, _ = select.select([child], [], [], 10.0)
    os.close(child)
    assert ended


def test_whoever_takes_a_core_for_itself_still_knows_all_that_there_were() -> None:
    before, cores, described = os.sched_getaffinity(0), pinned_cores(), describe()["cores"]
    with on_core(cores[1]):
        assert os.sched_getaffinity(0) == {cores[1]}
        assert pinned_cores() == cores
        assert describe()["cores"] == described
    assert os.sched_getaffinity(0) == before
