"""A socket that a supervisor hands down: it is taken when it is one, and when it is meant for us."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from configparser import ConfigParser

import pytest

from server_process import ROOT
from toolboxai.config import Settings
from toolboxai.transport.activation import handed_down
from toolboxai.transport.server import BACKLOG

# Takes what is handed down as descriptor 3, and says what it is.
TAKER = """
import os, sys
from toolboxai.errors import ConfigError
from toolboxai.transport.activation import handed_down
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = sys.argv[2]
try:
    listener = handed_down(os.environ)
except ConfigError as fault:
    sys.exit(str(fault))
assert not any(name.startswith("LISTEN_") for name in os.environ)
assert not listener.getblocking() and not listener.get_inheritable()
print(listener.getsockname()[1])
"""


def taken(handed: socket.socket, count: str = "1") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", TAKER, str(handed.fileno()), count],
        pass_fds=(handed.fileno(),),
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=15,
    )


def test_a_listening_socket_is_taken_as_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        program = taken(listener)
        assert program.stdout == f"{listener.getsockname()[1]}\n", program.stderr


@pytest.mark.parametrize(
    ("make", "count", "fault"),
    [
        (lambda: socket.create_server(("127.0.0.1", 0)), "2", "LISTEN_FDS is '2'"),
        (lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM), "1", "no listening TCP socket"),
        (lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM), "1", "no listening TCP socket"),
        (lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), "1", "no listening TCP socket"),
    ],
    ids=["two sockets", "not listening", "datagrams", "no network"],
)
def test_what_cannot_be_listened_on_is_refused_with_what_to_do(make: object, count: str, fault: str) -> None:
    with make() as handed:  # type: ignore[operator]
        program = taken(handed, count)
    assert program.returncode == 1
    assert fault in program.stderr
    assert "ListenStream=" in program.stderr


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_FDS": "1", "LISTEN_PID": "1"},
        {"LISTEN_FDS": "1", "LISTEN_PID": "nonsense"},
        {"LISTEN_PID": str(os.getpid())},
    ],
)
def test_what_is_meant_for_another_process_is_not_ours_and_not_our_childrens(
    environ: Mapping[str, str],
) -> None:
    given = {"PATH": "/bin", **environ}
    assert handed_down(given) is None
    assert given == {"PATH": "/bin"}


def test_the_unit_hands_down_one_socket_at_our_usual_address() -> None:
    unit = ConfigParser(strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names have capitals
    unit.read(ROOT / "deploy" / "toolboxai.socket")
    usual = Settings().server
    assert unit["Socket"]["ListenStream"] == f"{usual.host}:{usual.port}"
    assert (unit["Socket"]["Accept"], int(unit["Socket"]["Backlog"])) == ("no", BACKLOG)
