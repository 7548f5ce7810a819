"""A real browser: where it is, and how it is started."""

import os
import shutil

import pytest

__all__ = ["ARGUMENTS", "chromium"]

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
