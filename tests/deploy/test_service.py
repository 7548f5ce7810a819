"""The systemd unit: systemd's own check takes it, and what it says of us is so."""

import os
import shlex
import subprocess
from collections import defaultdict
from pathlib import Path

from typer.main import get_command

from proxies import DEBIAN, DEPLOY, debian_program, library_path
from toolboxai import limits
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import cli
from toolboxai.config.model import ServerTable
from toolboxai.transport.server import WEB_GRACE_S

UNIT = DEPLOY / "toolboxai.service"
SOCKET = DEPLOY / "toolboxai.socket"


def said() -> dict[str, list[str]]:
    """What the unit says, by name."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found[name].append(value)
    return found


def analyzed(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """systemd's own tool, on the unit with a program that is there on every machine."""
    (command,) = said()["ExecStart"]
    text = UNIT.read_text(encoding="utf-8").replace(command.split()[0], "/bin/sh")
    (folder / UNIT.name).write_text(text)
    program = debian_program("usr/bin/systemd-analyze")
    return subprocess.run(
        [program, *arguments, str(folder / UNIT.name)],
        env={
            "PATH": os.defpath,
            "LD_LIBRARY_PATH": library_path(),
            "SYSTEMD_UNIT_PATH": f"{folder}:{DEBIAN}/lib/systemd/system:{DEBIAN}/usr/lib/systemd/system",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=15,
        check=False,
    )


def test_systemd_takes_it_without_a_word(tmp_path: Path) -> None:
    done = analyzed(tmp_path, "verify", "--man=no")
    assert (done.returncode, done.stdout) == (0, "")


def test_nor_has_it_one_about_the_socket(tmp_path: Path) -> None:
    (tmp_path / SOCKET.name).write_text(SOCKET.read_text(encoding="utf-8"))
    done = analyzed(tmp_path, "verify", "--man=no", str(tmp_path / SOCKET.name))
    assert (done.returncode, done.stdout) == (0, "")


def test_a_word_that_systemd_does_not_know_would_be_found(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "other.service").write_text(text.replace("ProtectHome", "ProtectHouse").replace("/opt", "/bin"))
    done = analyzed(tmp_path, "verify", "--man=no", str(broken / "other.service"))
    assert "ProtectHouse" in done.stdout


def test_systemd_finds_little_that_it_could_still_lose(tmp_path: Path) -> None:
    done = analyzed(
        tmp_path, "security", "--offline=yes", "--threshold=18"
    )  # of 100; a unit without a word has 96
    assert done.returncode == 0, done.stdout


def test_the_command_is_one_of_ours() -> None:
    (start,) = said()["ExecStart"]
    program, name, *arguments = shlex.split(start)
    assert Path(program).name == "toolboxai"
    command = getattr(get_command(cli), "commands")[name]  # noqa: B009 - of a type that typer does not name
    known = {option for each in command.params for option in each.opts}
    assert {word for word in arguments if word.startswith("--")} <= known


def test_it_is_given_the_time_to_leave_and_the_files_for_its_connections() -> None:
    found = said()
    longest_s = ServerTable().drain_s + limits.APP_CLOSE_GRACE_S + 0.5 + WEB_GRACE_S
    assert float(found["TimeoutStopSec"][0]) > max(longest_s, ServerTable().drain_s + 10)
    assert int(found["LimitNOFILE"][0]) >= 65536
    assert found["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert found["Type"] == ["notify"]


def test_a_wrong_setting_is_not_tried_again_and_again() -> None:
    assert said()["RestartPreventExitStatus"] == [str(int(ExitCode.CONFIGURATION))]


def test_it_writes_where_its_state_is() -> None:
    found = said()
    assert found["WorkingDirectory"] == [f"/var/lib/{found['StateDirectory'][0]}"]
