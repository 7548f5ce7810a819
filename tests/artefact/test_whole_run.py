"""How a whole run of these tests spreads them over processes, and what it does when one of those dies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(60)

ROOT = Path(__file__).resolve().parents[2]

KILLED = """
import os, signal

def test_before():
    pass

def test_the_end():
    os.kill(os.getpid(), signal.SIGKILL)

def test_after():
    pass
"""

SHARING = """
import os, pytest

pytestmark = [pytest.mark.timeout(5), pytest.mark.xdist_group("some")]

@pytest.mark.parametrize("number", range(4))
def test_where(number):
    with open("places", "a") as file:
        print(os.getpid(), file=file)
"""


def run(folder: Path, workers: int) -> "subprocess.CompletedProcess[str]":
    """Tests in a folder, under the settings of these."""
    settings = ["-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "-p", "grouped"]
    spread = ["--rootdir", str(folder), "-n", str(workers), "--dist", "loadgroup"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *settings, *spread, folder],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_when_a_process_dies_the_run_ends_and_names_the_test(tmp_path: Path) -> None:
    """pytest-xdist 3.8 gives what was done already to the worker that it starts instead, and waits for it for ever."""
    (tmp_path / "test_killed.py").write_text(KILLED, encoding="utf-8")
    done = run(tmp_path, 1)
    assert done.returncode == 1, done.stdout
    assert "crashed while running 'test_killed.py::test_the_end'" in done.stdout


def test_a_group_runs_in_one_process(tmp_path: Path) -> None:
    for name in ("test_one.py", "test_two.py"):
        (tmp_path / name).write_text(SHARING, encoding="utf-8")
    done = run(tmp_path, 2)
    assert done.returncode == 0, done.stdout
    assert len((tmp_path / "places").read_text().split()) == 8
    assert len(set((tmp_path / "places").read_text().split())) == 1
