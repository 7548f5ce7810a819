"""Descriptors and the time to leave: of this shell, of the process that serves, of the service's unit."""

import os
import resource
import socket
from pathlib import Path

import pytest

from doc_snippets import ROOT
from toolboxai.cli.checks.finding import Verdict
from toolboxai.cli.checks.process import open_files, serving_process, unit_file, unit_files, wanted_files

GOOD = """
[Service]
ExecStart=/opt/toolboxai/.venv/bin/toolboxai serve
Restart=on-failure
TimeoutStopSec=20
LimitNOFILE=65536
"""


def test_wanted_is_what_the_apps_allow_and_some_more() -> None:
    assert wanted_files(0) == 4096
    assert wanted_files(10_000) == 10_200


def test_a_limit_below_what_the_apps_allow_is_a_fault() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    found = open_files(hard)
    assert found.verdict is Verdict.FAULT
    assert "LimitNOFILE=" in found.text


def test_the_process_that_has_the_port_is_found_with_its_own_limit() -> None:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        (found,) = serving_process(port, soft)
        assert found.verdict is Verdict.FAULT
        assert f"process {os.getpid()} on port {port} may open {soft}" in found.text
        if soft > wanted_files(0):
            (found,) = serving_process(port, 0)
            assert found.verdict is Verdict.OK
    assert list(serving_process(port, 0)) == []


@pytest.mark.parametrize("text", [GOOD, (ROOT / "deploy" / "toolboxai.service").read_text()])
def test_a_unit_that_gives_what_is_needed_is_good(text: str) -> None:
    (found,) = unit_file("toolboxai.service", text, 0, drain_s=5)
    assert found.verdict is Verdict.OK


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        ("LimitNOFILE=65536", "", "LimitNOFILE=(none), set it to 65536"),
        ("LimitNOFILE=65536", "LimitNOFILE=1024", "LimitNOFILE=1024, set it to 65536"),
        (
            "TimeoutStopSec=20",
            "TimeoutStopSec=10s",
            "TimeoutStopSec=10s kills it while it leaves, set it to 15",
        ),
        ("Restart=on-failure", "", "set Restart=on-failure"),
    ],
)
def test_each_trouble_of_a_unit_is_told(line: str, instead: str, told: str) -> None:
    (found,) = unit_file("toolboxai.service", GOOD.replace(line, instead), 0, drain_s=5)
    assert found.verdict is Verdict.WARNING
    assert told in found.text


@pytest.mark.parametrize("span", ["1min 30s", "1min", "90", "infinity"])
def test_spans_of_systemd_are_understood(span: str) -> None:
    text = GOOD.replace("TimeoutStopSec=20", f"TimeoutStopSec={span}")
    (found,) = unit_file("toolboxai.service", text, 0, drain_s=5)
    assert found.verdict is Verdict.OK


def test_the_first_unit_that_is_there_counts(tmp_path: Path) -> None:
    file = tmp_path / "toolboxai.service"
    file.write_text(GOOD)
    (found,) = unit_files(0, drain_s=5, places=[tmp_path / "none", file])
    assert str(file) in found.text
    assert list(unit_files(0, drain_s=5, places=[tmp_path / "none"])) == []
