"""A real Channels server in a process of its own, and settings that nothing outside the test can change."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_places import APP, Served, clean_environ
from server_process import PROGRAM, serving


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
    command = [*PROGRAM, "serve", "--channels-only", "--port", "0"]
    with serving(command, env=clean_environ() | APP, cwd=tmp_path_factory.mktemp("server")) as server:
        yield Served(server.url)
