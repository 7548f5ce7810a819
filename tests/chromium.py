"""A real browser: where it is, and how it is started."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["ARGUMENTS", "chromium", "listening"]

ARGUMENTS = (
    "--no-sandbox",  # in CI the tests are root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no other machine can be reached
)


def chromium() -> str:
    """The program; without it the test is left out aloud, and in CI it fails."""
    found = shutil.which("chromium")
    if found is None:
        told = "Chromium is not installed. On Debian: sudo apt-get install -y chromium"
        if os.environ.get("CI", "false") not in ("", "false"):
            pytest.fail(told)
        pytest.skip(told)
    return found


@contextmanager
def listening(home: Path) -> Iterator[str]:
    """A browser for several tests, each with a window of its own; the address at which it takes orders."""
    where = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={home}"]
    with subprocess.Popen([chromium(), *where, *ARGUMENTS], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            told = (re.search(r"DevTools listening on (ws://\S+)", line) for line in process.stderr)
            found = next((match for match in told if match), None)
            assert found is not None, "chromium ended before it listened"
            yield found.group(1)
        finally:
            process.kill()
