"""What who started us is told, and that nothing depends on its listening."""

import logging
import os
import socket
from pathlib import Path

import pytest

from toolboxai.adapters.service_manager import ServiceManager


@pytest.mark.parametrize("abstract", [False, True])
def test_each_state_is_one_message(abstract: bool, tmp_path: Path) -> None:
    name = f"toolboxai-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}" if abstract else name)
        manager = ServiceManager(f"@{name}" if abstract else name)
        manager.ready("listening")
        manager.reloading()
        manager.stopping()
        said = [listener.recv(1000).decode().split("\n") for _ in range(3)]
    assert said[0] == ["READY=1", "STATUS=listening"]
    assert said[1][0] == "RELOADING=1"
    assert said[1][1].removeprefix("MONOTONIC_USEC=").isdigit()
    assert said[2][0] == "STOPPING=1"


@pytest.mark.parametrize("address", [None, ""])
def test_without_a_listener_nothing_is_said(address: str | None, caplog: pytest.LogCaptureFixture) -> None:
    ServiceManager(address).ready("listening")
    assert caplog.records == []


def test_a_listener_that_is_gone_is_logged_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ServiceManager(str(tmp_path / "gone")).ready("listening")
    assert [each.levelno for each in caplog.records] == [logging.WARNING]
