"""A real Channels server in a process of its own, and settings that nothing outside the test can change."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_places import APP, Served, clean_environ


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("TOOLBOXAI_", "PUSHER_")):
            monkeypatch.delenv(name)


@pytest.fixture
def app_environ(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in APP.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture(scope="module")
def channels_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`toolboxai serve --channels-only`, as an operator starts it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "toolboxai", "serve", "--channels-only", "--port", "0"],
        env=clean_environ() | APP,
        cwd=tmp_path_factory.mktemp("server"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("listening on http://127.0.0.1:"), said
        yield Served(said.removeprefix("listening on ").strip(), process)
        process.terminate()
        assert process.wait(15) == 0
