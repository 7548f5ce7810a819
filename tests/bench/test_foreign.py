"""Others' work is told from one's own."""

import subprocess
import sys
import time

import pytest
from bench.foreign import Foreign, _all_s, _ours_s

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="LEFT OUT: it reads what Linux counts")

WORKS = "import time\nwhile time.process_time() < 0.2: pass"


def test_what_children_do_is_our_own_even_when_they_have_ended() -> None:
    before = _ours_s()
    subprocess.run([sys.executable, "-c", WORKS], check=True)
    assert _ours_s() - before > 0.18  # it is counted in hundredths
    assert _all_s() >= _ours_s()


def test_nobody_can_use_more_than_there_is() -> None:
    others = Foreign()
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert 0 <= others.cores() < 1024
