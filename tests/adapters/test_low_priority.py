"""What gives way: processes with all that they import, and nobody else."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toolboxai.adapters import low_priority
from toolboxai.adapters.low_priority import NICENESS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="LEFT OUT: priorities of Linux")

SOURCES = Path(__file__).parents[2] / "src" / "toolboxai" / "adapters"
AUTOGROUP = Path("/proc/self/autogroup")
SAYS = """
import os, pathlib
group = pathlib.Path("/proc/self/autogroup")
print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0), group.read_text() if group.exists() else "")
import late
"""


def said(folder: Path, *, session: bool) -> list[str]:
    """What a module says when it begins."""
    (folder / "early.py").write_text(SAYS)
    (folder / "late.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "toolboxai.adapters.low_priority", "early"],
        env=os.environ | {"PYTHONPATH": f"{folder}:{SOURCES.parents[1]}"},
        start_new_session=session,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def mine() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)


def test_a_module_gives_way_before_it_imports_anything(tmp_path: Path) -> None:
    nice, scheduler, *group = said(tmp_path, session=True)
    assert int(nice) == min(mine() + NICENESS, 19)
    assert int(scheduler) == os.SCHED_BATCH
    if group:  # Linux shares among sessions here
        assert group[-1] == str(NICENESS)


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="LEFT OUT: Linux does not share among sessions here")
def test_the_session_of_others_keeps_its_share(tmp_path: Path) -> None:
    before = AUTOGROUP.read_text()
    said(tmp_path, session=False)
    assert AUTOGROUP.read_text() == before


@pytest.mark.parametrize(("busy", "told"), [(0, ["10"]), (3, ["10"]), (10**6, [])])
def test_a_session_is_told_again_while_others_are(
    busy: int, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []
    heard: list[str] = []

    class Group:
        def write_text(self, text: str, encoding: str) -> None:
            if len(paused) < busy:
                raise BlockingIOError
            heard.append(text)

    monkeypatch.setattr(low_priority, "_AUTOGROUP", Group())
    monkeypatch.setattr(time, "sleep", paused.append)
    low_priority._session_gives_way()
    assert heard == told
    assert len(paused) == min(busy, 20)


def test_all_processes_of_the_server_are_started_so() -> None:
    program, started = (
        re.compile(r'"-m",\s*"([\w.]+)"'),
        re.compile(r'started\("(toolboxai\.adapters[\w.]+)"'),
    )
    sources = [path.read_text("utf-8") for path in SOURCES.rglob("*.py")]
    assert [each for text in sources for each in program.findall(text)] == ["toolboxai.adapters.low_priority"]
    assert len({module for text in sources for module in started.findall(text)}) == 5
